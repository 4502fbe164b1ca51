/* Keeps what is typed into a form: at once on this device, two seconds after the last key on the server.
   The copy on the device goes when the server has it. The server answers with what the writer should know. */
const FIELDS = ["space", "kind", "title", "body", "body_format", "tags", "reply_to", "reason", "version", "to", "name",
  "summary", "link", "dissent", "note", "about", "options", "words"];
const TYPED = ["title", "body", "reason", "about", "options", "words"];
const WAIT = 2000;
const AGAIN = 10000;
const NOTHING = /^(\s|&nbsp;|<\/?(p|br|div)>)*$/i;

export default function draft(form) {
  const key = form.dataset.key;
  if (!key) return;
  const aids = form.querySelector("[data-draft-aids]");
  const said = form.querySelector("[data-draft-said]");
  const beside = form.querySelector("[data-draft-advice]");
  const similarPlace = document.querySelector("[data-draft-similar]");
  const titleField = form.elements.namedItem("title")?.closest(".field");
  const belowTitle = document.createElement("div");
  const address = form.querySelector("[data-draft-keep]")?.formAction ?? "/drafts/keep/";
  const member = value("typed_by");
  const place = `draft:${member}:${key}`;
  const writer = crypto.randomUUID?.() ?? String(Math.random());
  let sequence = Number(value("draft_sequence") || 0);
  let kept = "";
  let timer = 0;
  let saving = null;
  let apart = false;
  let leaving = false;

  belowTitle.className = "writing-advice";
  belowTitle.setAttribute("aria-live", "polite");
  if (similarPlace) titleField?.append(belowTitle);
  hidden("draft_key", key);
  hidden("draft_writer", writer);
  hidden("draft_sequence", sequence);
  kept = JSON.stringify(sent());
  if (!restore() && isDirty()) keepSoon();

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-draft-keep]")) return;
    event.preventDefault();
    save();
  });
  form.addEventListener("submit", submit, { capture: true });
  window.addEventListener("online", () => isDirty() && save());
  window.addEventListener("offline", () => isDirty() && tell("device"));
  window.addEventListener("pagehide", () => {
    if (leaving || apart || !isDirty() || !navigator.onLine) return;
    navigator.sendBeacon?.(address, body(words()));
  });

  function value(name) {
    return form.elements.namedItem(name)?.value ?? "";
  }

  function hidden(name, content) {
    let field = form.elements.namedItem(name);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = content;
  }

  function words() {
    const data = new FormData(form);
    return Object.fromEntries(FIELDS.map((name) => [name, data.get(name)]).filter(([, text]) => typeof text === "string" && text));
  }

  /* What somebody was quick enough to type before this was fetched: fields that are not as the server sent them. */
  function begun() {
    return TYPED.map((name) => form.elements.namedItem(name)).filter((field) => field && field.value !== field.defaultValue);
  }

  function sent() {
    const given = words();
    for (const { name, defaultValue } of begun()) {
      if (defaultValue) given[name] = defaultValue;
      else delete given[name];
    }
    return given;
  }

  function isDirty() {
    return JSON.stringify(words()) !== kept;
  }

  function changed(event) {
    if (!event.target.closest?.("[data-draft-aids]")) keepSoon();
  }

  function keepSoon() {
    remember();
    clearTimeout(timer);
    if (!apart) timer = setTimeout(save, WAIT);
  }

  /* --- this device ---------------------------------------------------------------------------------------- */

  function remember() {
    try {
      localStorage.setItem(place, JSON.stringify({ words: words(), sequence, at: Date.now() }));
    } catch {
      /* Full or switched off: the server is quick. */
    }
  }

  function forget() {
    try {
      localStorage.removeItem(place);
    } catch {
      /* Nothing was kept there either. */
    }
  }

  function restore() {
    let found = null;
    try {
      found = JSON.parse(localStorage.getItem(place));
    } catch {
      return false;
    }
    if (!found?.words || !TYPED.some((name) => found.words[name] && !NOTHING.test(found.words[name]))) return false;
    if (JSON.stringify(found.words) === kept) {
      forget();
      return false;
    }
    /* What the server has kept since is another window's: it says so itself when this is sent. */
    sequence = found.sequence;
    hidden("draft_sequence", sequence);
    fill(found.words, begun());
    tell("found");
    timer = setTimeout(save, 100);
    return true;
  }

  /* Fields that somebody has begun to fill stay; a text that was begun gets the given one below it. */
  function fill(given, typed = []) {
    const filled = typed.map(({ name }) => name);
    for (const [name, text] of Object.entries(given)) {
      if (name === "body" || name === "body_format" || name === "version") continue;
      const field = form.elements.namedItem(name);
      if (field && !filled.includes(name)) field.value = text;
    }
    const { body: source = "", body_format: format = "markdown" } = given;
    if (!filled.includes("body")) write("editor:set", { source, format });
    else if (source && source !== value("body")) write("editor:append", { source, format });
  }

  function write(name, detail) {
    const editor = form.querySelector(".editor");
    if (editor && "ready" in editor.dataset) {
      editor.dispatchEvent(new CustomEvent(name, { detail }));
      return;
    }
    const area = form.elements.namedItem("body");
    if (!area) return;
    area.value = name === "editor:append" && area.value ? `${area.value}\n\n${detail.source}` : detail.source;
    if (form.elements.namedItem("body_format")) form.elements.namedItem("body_format").value = detail.format;
    editor?.querySelector(".editor-text")?.remove();
  }

  /* --- the server ------------------------------------------------------------------------------------------- */

  function body(given, more = {}) {
    return new URLSearchParams({
      ...given,
      ...more,
      csrfmiddlewaretoken: value("csrfmiddlewaretoken"),
      draft_key: key,
      draft_sequence: String(sequence),
      draft_writer: writer,
    });
  }

  /* One after the other: a later text never overtakes an earlier one. Resolves to whether the server has it. */
  function save(more) {
    clearTimeout(timer);
    const turn = (saving ?? Promise.resolve()).then(() => send(more));
    saving = turn;
    turn.finally(() => saving === turn && (saving = null));
    return turn;
  }

  async function send(more) {
    if (apart || leaving) return false;
    if (!isDirty()) return true;
    if (!navigator.onLine) return later("device");
    const given = words();
    let answer = null;
    try {
      answer = await fetch(address, {
        method: "POST",
        body: body(given, more),
        headers: { Accept: "application/json" },
        redirect: "manual",
      });
    } catch {
      return later("device");
    }
    if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 401) return later("signed-out");
    if (answer.status === 409) return showBoth(await answer.json());
    if (answer.status === 413 || answer.status === 422) return tell("too-much");
    if (!answer.ok) return later("device");
    const { sequence: now, advice } = await answer.json();
    sequence = now;
    hidden("draft_sequence", sequence);
    kept = JSON.stringify(given);
    if (isDirty()) remember();
    else forget();
    tell("kept");
    if (beside && advice !== undefined) showAdvice(advice);
    return true;
  }

  /* What was said before stands where the writer of a title looks: at the side of a wide window, below the title in a
     narrow one. There it pushes the text down, so that it stays below the form while somebody writes in the text. */
  function showAdvice(advice) {
    beside.innerHTML = advice;
    if (!similarPlace || !titleField) return;
    const similar = beside.querySelector(".similar");
    const isWide = similarPlace.parentElement.getBoundingClientRect().top < form.getBoundingClientRect().bottom;
    if (isWide || titleField.contains(document.activeElement)) {
      const [place, other] = isWide ? [similarPlace, belowTitle] : [belowTitle, similarPlace];
      place.replaceChildren(...(similar ? [similar] : []));
      other.replaceChildren();
    } else if (belowTitle.childElementCount) {
      similar?.remove();
    }
  }

  function later(word) {
    remember();
    clearTimeout(timer);
    timer = setTimeout(save, AGAIN);
    return tell(word);
  }

  /* What is sent is kept before: then it is there again whatever becomes of the sending. */
  function submit(event) {
    if (leaving) return;
    if (apart || (navigator.onLine && !isDirty() && !saving)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    remember();
    if (!navigator.onLine) {
      tell("offline");
      return;
    }
    const wait = new Promise((resolve) => setTimeout(() => resolve(true), 4000));
    Promise.race([save({ quiet: "1" }), wait]).then((isKept) => {
      if (apart) return;
      if (!isKept && !navigator.onLine) return;
      clearTimeout(timer);
      leaving = true;
      form.requestSubmit(event.submitter);
      /* Another check may have stopped it, or the browser: typing goes on. */
      setTimeout(() => (leaving = false), 5000);
    });
  }

  /* --- two windows -------------------------------------------------------------------------------------------- */

  function showBoth({ sequence: theirs, words: other }) {
    apart = true;
    remember();
    const box = form.querySelector("[data-draft-both]")?.content.firstElementChild.cloneNode(true);
    if (!box || !aids) return false;
    box.querySelector(".writing-theirs").textContent = readable(other);
    box.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-both]")?.dataset.both;
      if (!choice) return;
      box.remove();
      apart = false;
      sequence = theirs;
      hidden("draft_sequence", sequence);
      if (choice === "theirs") {
        fill(other);
        forget();
      }
      if (choice === "below") write("editor:append", { source: other.body ?? "", format: other.body_format ?? "markdown" });
      kept = "";
      timer = setTimeout(save, 300);
    });
    aids.prepend(box);
    if (said) said.textContent = "";
    return false;
  }

  function readable({ title = "", about = "", options = "", words: said = "", body: text = "", body_format: format = "markdown" }) {
    let plain = text;
    if (format === "html") {
      const page = new DOMParser().parseFromString(text.replace(/<\/(p|h\d|li|blockquote|pre)>|<br>/g, "$&\n"), "text/html");
      plain = page.body.textContent;
    }
    return [title, about, options, said, plain.trim()].filter(Boolean).join("\n\n");
  }

  function tell(word) {
    const words = form.querySelector("[data-draft-words]")?.content;
    const text = words?.querySelector(`[data-word="${word}"]`)?.textContent;
    if (said && text && said.textContent !== text) said.textContent = text;
    return false;
  }
}
