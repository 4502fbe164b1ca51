/* Behind an @ the beginning of a name: those who can be named stand in a list below the text. */
const NAME = /(?:^|[\s(])@([\p{L}\p{N}._-]{1,40})$/u;
const WAIT = 150;
const ADDRESS = "/mentions/";
let numbers = 0;

export default function mention(form) {
  const editor = form.querySelector(".editor");
  if (!editor) return;
  const list = document.createElement("ul");
  list.className = "mentions";
  list.id = `mentions-${(numbers += 1)}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector("[data-draft-words]")?.content.querySelector("[data-word=people]")?.textContent ?? "@");
  list.hidden = true;
  editor.after(list);
  let timer = 0;
  let asked = "";
  let current = 0;

  const target = () => editor.querySelector("[contenteditable=true]") ?? editor.querySelector("textarea");

  function before() {
    const field = target();
    if (field.matches("textarea")) return field.selectionStart === field.selectionEnd ? field.value.slice(0, field.selectionStart) : "";
    const { anchorNode, anchorOffset, isCollapsed } = document.getSelection();
    if (!isCollapsed || anchorNode?.nodeType !== Node.TEXT_NODE || !field.contains(anchorNode)) return "";
    return anchorNode.parentElement.closest("code, pre, a") ? "" : anchorNode.textContent.slice(0, anchorOffset);
  }

  function close() {
    asked = "";
    list.hidden = true;
    list.replaceChildren();
    target().removeAttribute("aria-activedescendant");
  }

  function look() {
    clearTimeout(timer);
    const name = NAME.exec(before())?.[1];
    if (!name) {
      if (!list.hidden || asked) close();
      return;
    }
    timer = setTimeout(() => ask(name), WAIT);
  }

  async function ask(name) {
    asked = name;
    const space = form.elements.namedItem("space")?.value ?? "";
    const query = new URLSearchParams({ q: name, key: form.dataset.key ?? "", space });
    try {
      const answer = await fetch(`${ADDRESS}?${query}`, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok && asked === name) show((await answer.json()).people);
    } catch {
      close();
    }
  }

  function show(people) {
    list.replaceChildren(
      ...people.map(({ handle, name, headline }, index) => {
        const row = document.createElement("li");
        row.id = `${list.id}-${index}`;
        row.setAttribute("role", "option");
        row.dataset.handle = handle;
        const [who, what] = [document.createElement("bdi"), document.createElement("span")];
        who.textContent = name;
        what.textContent = headline ? `@${handle} · ${headline}` : `@${handle}`;
        row.append(who, " ", what);
        return row;
      }),
    );
    list.hidden = !people.length;
    mark(0);
  }

  function mark(index) {
    const rows = [...list.children];
    if (!rows.length) return;
    current = (index + rows.length) % rows.length;
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === current)));
    target().setAttribute("aria-activedescendant", rows[current].id);
  }

  function choose(row) {
    const name = NAME.exec(before())?.[1];
    close();
    if (name === undefined) return;
    const text = `@${row.dataset.handle} `;
    const field = target();
    if (field.matches("textarea")) {
      field.setRangeText(text, field.selectionStart - name.length - 1, field.selectionStart, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      editor.dispatchEvent(new CustomEvent("editor:replace", { detail: { length: name.length + 1, text } }));
    }
  }

  editor.addEventListener("input", look);
  editor.addEventListener("focusout", () => setTimeout(() => editor.contains(document.activeElement) || close(), 150));
  editor.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const acts = {
      ArrowDown: () => mark(current + 1),
      ArrowUp: () => mark(current - 1),
      Enter: () => choose(list.children[current]),
      Tab: () => choose(list.children[current]),
      Escape: close,
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }, { capture: true });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const row = event.target.closest("li");
    if (row) choose(row);
  });
}
