/* A Markdown text area becomes a rich text editor when somebody wants to write in it.
   The library is large, so it is fetched at the first touch; until then, and without it, the text area does the work.
   The form always sends the text area and its format: what the editor holds is written into them at every change. */

const PREFERENCE = "editor";
/* Refused by the server in any form; a paste from a word processor may hold some. */
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
/* Plain text that is meant as Markdown: a heading, list, quotation, fence or table row, or marks inside a line. */
const MARKDOWN = /^(#{1,6} |[-*+] |\d{1,9}[.)] |> ?|```|~~~|\|.+\|)|\*\*\S[^*]*\*\*|\[[^\]\n]+\]\([^)\s]+\)|`[^`\n]+`|~~\S[^~]*~~/m;
/* Markdown ends a code block with a line break that the editor would show as an empty line. */
const CODE_END = /\n(<\/code><\/pre>)/g;
const ADDRESS = /^(https?:|mailto:)/i;
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

export default function editor(root) {
  const area = root.querySelector("textarea");
  const format = root.querySelector(`input[name="${CSS.escape(area.name)}_format"]`);
  const linkRow = root.querySelector(".editor-link");
  const linkField = linkRow.querySelector("input");
  const said = root.querySelector(".editor-said");
  let rich = null;
  let opening = null;

  /* An empty field opens the way this person chose the last time; a text stays in the format it came in. */
  if (root.dataset.mode === "rich" && !area.value && preference() === "markdown") root.dataset.mode = "markdown";
  if (area.value && format.value !== "html") root.dataset.mode = "markdown";

  root.addEventListener("focusin", (event) => {
    if (root.dataset.mode === "rich" && event.target.matches("textarea, .editor-text:not([contenteditable])")) open();
  });
  root.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name === "mode") change();
    else if (name) open().then(() => rich && act(name));
  });
  /* Pressing a button must not take the selection out of the text. */
  root.addEventListener("mousedown", (event) => {
    if (rich && event.target.closest(".editor-tools button")) event.preventDefault();
  });
  linkField.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") act("linkSet");
    else hideLink();
  });
  area.form?.addEventListener("submit", () => {
    area.value = area.value.replace(CONTROLS, "");
  }, { capture: true });
  area.form?.addEventListener("reset", () => setTimeout(() => rich?.commands.setContent(area.value)));
  for (const label of area.labels) {
    label.addEventListener("click", (event) => {
      if (!rich) return;
      event.preventDefault();
      rich.commands.focus();
    });
  }

  /* Other behaviours write here by events: a draft, a file, a quotation, a name. */
  root.addEventListener("editor:set", ({ detail }) => put(detail.source, detail.format, false));
  root.addEventListener("editor:append", ({ detail }) => put(detail.source, detail.format, true));
  root.addEventListener("editor:insert", ({ detail }) => insert(detail));
  root.addEventListener("editor:replace", ({ detail }) => {
    const { from } = rich.state.selection;
    rich.chain().focus().insertContentAt({ from: from - detail.length, to: from }, detail.text).run();
  });

  root.dataset.ready = "";
  /* Whoever was quicker than this module has the focus in the text already. */
  const focused = document.activeElement;
  if (root.dataset.mode === "rich" && root.contains(focused) && focused.matches("textarea, .editor-text")) open();

  function act(name) {
    const chain = () => rich.chain().focus();
    const acts = {
      bold: () => chain().toggleBold().run(),
      italic: () => chain().toggleItalic().run(),
      heading: () => chain().toggleHeading({ level: 3 }).run(),
      bulletList: () => chain().toggleBulletList().run(),
      orderedList: () => chain().toggleOrderedList().run(),
      blockquote: () => chain().toggleBlockquote().run(),
      codeBlock: () => chain().toggleCodeBlock().run(),
      link: showLink,
      linkSet: setLink,
      linkRemove: () => {
        hideLink();
        chain().extendMarkRange("link").unsetLink().run();
      },
    };
    acts[name]?.();
  }

  function showLink() {
    linkField.value = rich.getAttributes("link").href ?? "";
    linkRow.hidden = false;
    linkField.focus();
    linkField.select();
    return true;
  }

  function hideLink() {
    linkRow.hidden = true;
    rich.commands.focus();
  }

  function setLink() {
    let href = linkField.value.trim();
    hideLink();
    if (!href) return;
    if (!HAS_SCHEME.test(href) && !/^[/#?]/.test(href)) href = href.includes("@") ? `mailto:${href}` : `https://${href}`;
    if (HAS_SCHEME.test(href) && !ADDRESS.test(href)) return;
    const chain = rich.chain().focus().extendMarkRange("link");
    if (rich.state.selection.empty && !rich.isActive("link")) {
      chain.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] }).run();
    } else {
      chain.setLink({ href }).run();
    }
  }

  /* --- the two ways of writing --------------------------------------------------------------------------- */

  async function change() {
    if (root.dataset.mode === "markdown") {
      remember("rich");
      root.dataset.mode = "rich";
      await open();
      return;
    }
    remember("markdown");
    await opening;
    if (!rich && format.value === "html" && area.value) await open();
    if (rich) await close();
    root.dataset.mode = "markdown";
    area.focus();
  }

  function open() {
    opening ??= start().catch((error) => {
      opening = null;
      root.dataset.mode = "markdown";
      said.textContent = root.querySelector("template").content.textContent;
      console.warn("editor:", error.message);
    });
    return opening;
  }

  async function start() {
    const shown = root.querySelector(".editor-text");
    const library = await import(root.dataset.library);
    let text = area.value;
    let content = shown ? shown.innerHTML : text && (await preview(text, format.value));
    while (text !== area.value) {
      text = area.value;
      content = text && (await preview(text, format.value));
    }
    /* Asked now: while the library came, somebody may have gone on to another field. */
    const hasFocus = root.contains(document.activeElement);
    rich = build(library, content.replace(CODE_END, "$1"));
    shown?.remove();
    area.hidden = true;
    root.dataset.mode = "rich";
    said.textContent = "";
    write();
    if (!hasFocus) return;
    rich.commands.focus("end");
    /* The command waits for the next frame; a letter that is typed before it would be lost. */
    rich.view.focus();
  }

  async function close() {
    const { toMarkdown } = await import("../markdown.js");
    area.value = toMarkdown(rich.getJSON());
    format.value = "markdown";
    area.hidden = false;
    linkRow.hidden = true;
    rich.destroy();
    rich = null;
    opening = null;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* The server turns Markdown into HTML, with the very function that will render the post. */
  async function preview(source, sourceFormat) {
    const body = new URLSearchParams({ source: source.replace(CONTROLS, ""), source_format: sourceFormat });
    body.set("csrfmiddlewaretoken", area.form.elements.namedItem("csrfmiddlewaretoken")?.value ?? "");
    const answer = await fetch(root.dataset.preview, { method: "POST", body, redirect: "error" });
    if (!answer.ok) throw new Error(`preview ${answer.status}`);
    return (await answer.json()).html;
  }

  function write() {
    area.value = rich.isEmpty ? "" : rich.getHTML();
    format.value = "html";
  }

  /* --- what others write into it --------------------------------------------------------------------------- */

  async function put(source, sourceFormat, below) {
    await opening;
    const old = below ? area.value : "";
    if (!rich && (!old.trim() || format.value === sourceFormat)) {
      area.value = old.trim() ? `${old.trimEnd()}\n\n${source}` : source;
      format.value = sourceFormat;
      root.querySelector(".editor-text")?.remove();
      root.dataset.mode = sourceFormat === "html" ? "rich" : "markdown";
      if (sourceFormat === "html") await open();
    } else {
      const html = source && (await preview(source, sourceFormat));
      await open();
      if (!rich) return;
      if (below) rich.commands.insertContentAt(rich.state.doc.content.size, html.replace(CODE_END, "$1"));
      else rich.commands.setContent(html.replace(CODE_END, "$1"));
      write();
    }
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function insert({ html, markdown }) {
    if (root.dataset.mode === "rich") {
      await open();
      if (rich) {
        rich.chain().focus().insertContent(html).run();
        return;
      }
    }
    const at = area.selectionEnd ?? area.value.length;
    const gap = at && !area.value.slice(0, at).endsWith("\n") ? "\n\n" : "";
    area.setRangeText(gap + markdown.trimStart(), at, at, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* --- the editor itself ----------------------------------------------------------------------------------- */

  function build(library, content) {
    const label = area.labels[0];
    if (label) label.id ||= `${area.id}_label`;
    const attributes = { class: "editor-text prose", role: "textbox", "aria-multiline": "true", dir: "auto" };
    if (label) attributes["aria-labelledby"] = label.id;
    for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
      if (area.hasAttribute(name)) attributes[name] = area.getAttribute(name);
    }
    const place = document.createElement("div");
    place.className = "editor-place";
    area.before(place);
    const made = new library.Editor({
      element: place,
      content,
      injectCSS: false,
      extensions: extensions(library, { "Mod-k": showLink }),
      editorProps: { attributes, handlePaste: paste, transformPastedHTML: plainTags },
      onUpdate() {
        write();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      },
      onTransaction: ({ editor: now }) => press(now),
      onDestroy: () => place.remove(),
    });
    press(made);
    return made;
  }

  function press(now) {
    for (const button of root.querySelectorAll(".editor-tools button")) {
      button.setAttribute("aria-pressed", String(now.isActive(button.dataset.do)));
    }
  }

  /* Markdown pasted as plain text is understood; pasting with Shift, or into code, leaves it as it is. */
  function paste(view, event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const types = event.clipboardData?.types ?? [];
    /* A code editor adds coloured HTML to the plain text; a word processor means its HTML. */
    const isPlain = !types.includes("text/html") || types.includes("vscode-editor-data");
    if (!isPlain || view.input?.shiftKey) return false;
    if (rich.isActive("codeBlock") || !MARKDOWN.test(text)) return false;
    const plain = () => rich.commands.insertContent(text.split(/\n{2,}/).map(paragraph));
    preview(text, "markdown").then((html) => rich.commands.insertContent(html.replace(CODE_END, "$1")), plain);
    return true;
  }
}

/* Word processors say in styles what is bold. The policy of the page keeps styles from being applied, so they are
   read as text and said in tags; what is left of them is dropped. */
function plainTags(html) {
  const quiet = html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(style|on\w+)(?=\s*=)/gi, " data-$1"));
  const { body } = new DOMParser().parseFromString(quiet, "text/html");
  for (const element of body.querySelectorAll("[data-style]")) {
    const style = element.dataset.style;
    element.removeAttribute("data-style");
    if (/font-weight:\s*(normal|400)/i.test(style) && element.matches("b, strong")) element.replaceWith(...element.childNodes);
    if (!element.matches("span")) continue;
    if (/font-weight:\s*(bold|[6-9]00)/i.test(style)) enclose(element, "strong");
    if (/font-style:\s*italic/i.test(style)) enclose(element, "em");
    if (/text-decoration[^;]*line-through/i.test(style)) enclose(element, "s");
  }
  return body.innerHTML;
}

function enclose(element, tag) {
  const around = element.ownerDocument.createElement(tag);
  around.append(...element.childNodes);
  element.append(around);
}

function paragraph(text) {
  return { type: "paragraph", content: text ? [{ type: "text", text: text.replace(/\n/g, " ") }] : [] };
}

function preference() {
  try {
    return localStorage.getItem(PREFERENCE);
  } catch {
    return null;
  }
}

function remember(mode) {
  try {
    localStorage.setItem(PREFERENCE, mode);
  } catch {
    /* Storage is switched off: the choice holds for this page. */
  }
}

/* What can be written is what the server keeps: no more, so that nothing disappears on sending. */
export function extensions(library, keys) {
  const { textblockTypeInputRule, wrappingInputRule } = library;
  const Heading = library.Heading.extend({
    /* Below the page's own headings there are two levels; every level of a pasted text becomes one of them. */
    parseHTML: () => [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: level > 3 ? 4 : 3 } })),
    addInputRules() {
      return [
        textblockTypeInputRule({ find: /^#\s$/, type: this.type, getAttributes: { level: 3 } }),
        textblockTypeInputRule({ find: /^#{2,6}\s$/, type: this.type, getAttributes: { level: 4 } }),
      ];
    },
  });
  const OrderedList = library.OrderedList.extend({
    addAttributes: () => ({
      start: { default: 1, parseHTML: (element) => Number.parseInt(element.getAttribute("start"), 10) || 1 },
    }),
    addNodeView: () => null,
    addInputRules() {
      return [
        wrappingInputRule({
          find: /^(\d{1,9})[.)]\s$/,
          type: this.type,
          getAttributes: (match) => ({ start: Number(match[1]) }),
          joinPredicate: (match, node) => node.childCount + node.attrs.start === Number(match[1]),
        }),
      ];
    },
  });
  const Link = library.Link.extend({ addKeyboardShortcuts: () => keys }).configure({
    autolink: true,
    markdownLinks: true,
    openOnClick: false,
    HTMLAttributes: { target: null, rel: null, class: null },
    isAllowedUri: (address) => ADDRESS.test(address) || !HAS_SCHEME.test(address),
    shouldAutoLink: (address) => /^https?:\/\//i.test(address),
  });
  /* Only what was uploaded here: a picture of another place becomes a link on the server. */
  const Picture = library.Node.create({
    name: "picture",
    group: "inline",
    inline: true,
    draggable: true,
    addAttributes: () => ({ src: { default: null }, alt: { default: "" } }),
    parseHTML: () => [{ tag: 'img[src^="/attachments/"]' }],
    renderHTML: ({ HTMLAttributes }) => ["img", HTMLAttributes],
  });
  return [
    library.Document,
    Picture,
    library.Paragraph,
    library.Text,
    library.HardBreak,
    library.Bold,
    library.Italic,
    library.Strike,
    library.Underline,
    library.Subscript,
    library.Superscript,
    library.Code,
    library.CodeBlock,
    library.Blockquote,
    library.BulletList,
    library.ListItem,
    library.HorizontalRule,
    library.Table,
    library.TableRow,
    library.TableHeader,
    library.TableCell,
    library.Gapcursor,
    library.History,
    Heading.configure({ levels: [3, 4] }),
    OrderedList,
    Link,
  ];
}
