/* Asks now and then what came since the page was printed, and says it in a line over the page; nothing on it moves.
   A hidden tab does not ask. Without this file the next visit shows the same. */
const EVERY = 30_000;
const LONGEST = 480_000;

export default function live(place) {
  let mark = "";
  let wait = EVERY;
  let timer = 0;

  async function ask() {
    timer = 0;
    try {
      const headers = { "HX-Request": "true", ...(mark ? { "If-None-Match": mark } : {}) };
      const answer = await fetch(place.dataset.url, { headers, redirect: "error" });
      if (answer.status === 403 || answer.status === 404) return;
      if (answer.status === 200) place.innerHTML = await answer.text();
      else if (answer.status === 204) place.replaceChildren();
      else if (answer.status !== 304) throw new Error(String(answer.status));
      mark = answer.headers.get("ETag") ?? mark;
      wait = EVERY;
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    later();
  }

  function later() {
    if (!timer && !document.hidden && place.isConnected) timer = setTimeout(ask, wait);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      timer = 0;
    } else if (!timer) ask();
  });
  later();
}
