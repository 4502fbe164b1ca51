/* Turns the links "Reply" of the page into a word to the composer instead of a new page. */
export default function reply(form) {
  const field = form.elements.namedItem("reply_to");
  const line = form.querySelector(".composer-answers");
  const name = form.querySelector("[data-answering]");
  if (!field || !line || !name) return;

  function write() {
    const editor = form.querySelector("[contenteditable=true]") ?? form.querySelector("textarea");
    form.scrollIntoView({ block: "nearest" });
    editor?.focus();
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[data-key=reply]");
    if (link) {
      const post = link.closest(".post");
      event.preventDefault();
      field.value = new URL(link.href).searchParams.get("reply_to") ?? "";
      name.textContent = `${post.querySelector(".post-who bdi").textContent}, ${post.id.replace("post-", "")}`;
      line.hidden = false;
      write();
    } else if (event.target.closest("[data-answer-none]")) {
      event.preventDefault();
      field.value = "";
      line.hidden = true;
      write();
    }
  });
}
