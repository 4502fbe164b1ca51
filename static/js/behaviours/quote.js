/* Puts what was selected in a post, or the post, into the composer as a quotation that leads back. */
const LONGEST = 600;

export default function quote(form) {
  const editor = form.querySelector(".editor");
  const thread = document.querySelector(".thread");
  if (!editor || !thread) return;
  const floating = document.createElement("button");
  floating.type = "button";
  floating.className = "button button-small quote-selection";
  floating.hidden = true;
  document.body.append(floating);
  let timer = 0;

  function selected() {
    const selection = document.getSelection();
    if (!selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const around = range.commonAncestorContainer;
    const prose = (around.nodeType === Node.ELEMENT_NODE ? around : around.parentElement)?.closest(".thread .post .prose");
    const text = selection.toString().trim();
    return prose && text ? { post: prose.closest(".post"), text, range } : null;
  }

  function put(post, link, text) {
    const name = post.querySelector(".post-who bdi")?.textContent ?? "";
    const said = `${name}, ${post.id.replace("post-", "")}:`;
    const address = new URL(link.dataset.from ?? link.href, location.href).pathname;
    const parts = text.split(/\n{2,}/).map((part) => part.replace(/\s+/g, " ").trim()).filter(Boolean);
    const box = document.createElement("blockquote");
    const source = document.createElement("a");
    source.href = address;
    source.textContent = said;
    box.append(paragraph(source), ...parts.map((part) => paragraph(part)));
    const plain = (words) => words.replace(/[\\`*_[\]<>#|~&]/g, "\\$&");
    const lines = [`[${plain(said)}](${address})`, ...parts.map(plain)].join("\n>\n> ");
    const detail = { html: `${box.outerHTML}<p></p>`, markdown: `> ${lines}\n\n` };
    editor.dispatchEvent(new CustomEvent("editor:insert", { detail }));
    form.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-key=quote]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const post = link.closest(".post");
    const chosen = selected();
    const whole = post.querySelector(".prose").innerText.trim();
    put(post, link, chosen?.post === post ? chosen.text : whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole);
  });

  /* Above the words that were selected; it goes with the selection. */
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const chosen = selected();
      const link = chosen?.post.querySelector("a[data-key=quote]");
      floating.hidden = !link;
      if (!link) return;
      const { left, bottom } = chosen.range.getBoundingClientRect();
      floating.textContent = link.textContent;
      floating.style.insetInlineStart = `${Math.max(8, Math.min(left, innerWidth - 120)) + scrollX}px`;
      floating.style.insetBlockStart = `${bottom + scrollY + 6}px`;
    }, 200);
  });
  floating.addEventListener("mousedown", (event) => event.preventDefault());
  floating.addEventListener("click", () => {
    const chosen = selected();
    const link = chosen?.post.querySelector("a[data-key=quote]");
    floating.hidden = true;
    if (link) put(chosen.post, link, chosen.text);
  });
}

function paragraph(content) {
  const element = document.createElement("p");
  element.append(content);
  return element;
}
