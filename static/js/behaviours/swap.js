/* A button with data-swap sends its form in the background and replaces its post, or the ancestor it names, by the answer.
   Without this file, or without htmx, the same button sends the same form and the page comes back. */
const REFUSED = [400, 403, 404, 409, 422, 429];

function tell(target, node) {
  const place = target.querySelector(".post-foot") ?? target;
  place.querySelector("[role=alert]")?.remove();
  place.append(node);
}

export default function swap(root) {
  let pressed = null;

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-swap]");
    const target = button?.closest(button.dataset.swap || ".post");
    if (!target || !window.htmx || event.defaultPrevented) return;
    event.preventDefault();
    if (target.getAttribute("aria-busy") === "true") return;
    target.setAttribute("aria-busy", "true");
    pressed = { id: target.id, key: button.dataset.key };
    window.htmx
      .ajax("POST", button.formAction, { source: button, target, swap: "outerHTML" })
      .finally(() => target.removeAttribute("aria-busy"));
  });

  /* A refusal is a sentence: it is shown where the button was, and the rest stays. */
  root.addEventListener("htmx:beforeSwap", (event) => {
    if (!REFUSED.includes(event.detail.xhr.status)) return;
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const sentence = answer.querySelector("[role=alert]");
    if (sentence) tell(event.detail.target, document.adoptNode(sentence));
  });

  root.addEventListener("htmx:sendError", (event) => {
    const unsent = document.getElementById("unsent");
    if (unsent) tell(event.detail.target, unsent.content.firstElementChild.cloneNode(true));
  });

  /* The keyboard stays where it was: on the button of the same name in the new element. */
  root.addEventListener("htmx:afterSettle", (event) => {
    /* Others settle too: counts that are asked for meanwhile are not what was pressed. */
    if (!pressed || event.target.id !== pressed.id) return;
    const again = pressed.key && event.target.querySelector(`[data-key="${CSS.escape(pressed.key)}"]`);
    pressed = null;
    if (again) again.focus({ preventScroll: true });
  });
}
