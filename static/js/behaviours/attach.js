/* Sends a chosen, dropped or pasted file and puts it into the text; the words for a picture are asked first. */
export default function attach(form) {
  const file = form.elements.namedItem("file");
  const alt = form.elements.namedItem("alt");
  const button = form.querySelector("[data-attach]");
  const said = form.querySelector("[data-draft-said]");
  const panel = button?.closest("details");
  const editor = form.querySelector(".editor");
  if (!file || !button || !editor) return;
  let isSending = false;

  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-attach]")) return;
    event.preventDefault();
    upload();
  });
  for (const field of [file, alt]) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || field === file) return;
      event.preventDefault();
      upload();
    });
  }
  form.addEventListener("submit", (event) => {
    if (!file.value || event.submitter?.matches("[data-attach]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    panel.open = true;
    tell("file");
    button.focus();
  }, { capture: true });
  editor.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  for (const name of ["drop", "paste"]) {
    editor.addEventListener(name, (event) => {
      const [given] = (event.dataTransfer ?? event.clipboardData)?.files ?? [];
      /* A word processor copies a picture of its text beside the text. */
      if (!given || (name === "paste" && event.clipboardData.types.includes("text/html"))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      take(given);
    }, { capture: true });
  }

  function take(given) {
    const holder = new DataTransfer();
    holder.items.add(given);
    file.files = holder.files;
    panel.open = true;
    if (given.type.startsWith("image/")) alt.focus();
    else upload();
  }

  async function upload() {
    if (isSending) return;
    isSending = true;
    tell("attaching");
    try {
      const data = new FormData();
      data.set("csrfmiddlewaretoken", form.elements.namedItem("csrfmiddlewaretoken").value);
      data.set("alt", alt.value);
      if (file.files[0]) data.set("file", file.files[0]);
      const answer = await fetch(button.formAction, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json", "HX-Request": "true" },
        redirect: "error",
      });
      if (answer.ok) put(await answer.json());
      else await refuse(answer);
    } catch {
      tell("failed");
    } finally {
      isSending = false;
    }
  }

  function put({ url, name, alt: words, is_image: isImage }) {
    const holder = document.createElement("p");
    const element = document.createElement(isImage ? "img" : "a");
    element.setAttribute(isImage ? "src" : "href", url);
    if (isImage) element.setAttribute("alt", words);
    else element.textContent = name;
    holder.append(element);
    const shown = (isImage ? words : name).replace(/[\\[\]`*_<>&]/g, "\\$&");
    const detail = { html: holder.outerHTML, markdown: `\n${isImage ? "!" : ""}[${shown}](${url})\n` };
    editor.dispatchEvent(new CustomEvent("editor:insert", { detail }));
    file.value = "";
    alt.value = "";
    panel.open = false;
    tell("attached");
  }

  async function refuse(answer) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const sentence = page.querySelector("[role=alert]")?.textContent.trim();
    if (sentence) said.textContent = sentence;
    else tell("failed");
    file.focus();
  }

  function tell(word) {
    const text = form.querySelector("[data-draft-words]").content.querySelector(`[data-word="${word}"]`)?.textContent;
    if (text) said.textContent = text;
  }
}
