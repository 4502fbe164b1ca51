/* Keys for those who read without a mouse; the list of them is the dialog #keys. */
const ITEMS = ".post:not(.post-gone), .topic, .card, .result, .notice-row";
const WAIT = 1500;

let current = null;
let awaitingGo = 0;

const visible = (element) => element && element.getClientRects().length > 0;
const firstVisible = (selector, root = document) => [...root.querySelectorAll(selector)].find(visible);

function typing(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function move(step) {
  const items = [...document.querySelectorAll(ITEMS)].filter(visible);
  if (!items.length) return;
  let index = items.indexOf(current);
  if (index < 0) {
    const below = items.findIndex((item) => item.getBoundingClientRect().bottom > 0);
    index = step > 0 ? below - 1 : below + 1;
  }
  const next = items[Math.min(Math.max(index + step, 0), items.length - 1)];
  current?.removeAttribute("data-here");
  current = next;
  current.setAttribute("data-here", "");
  const focus = current.querySelector("[data-key=open]") ?? current;
  if (focus === current) current.tabIndex = -1;
  focus.focus({ preventScroll: true });
  current.scrollIntoView({ block: "nearest" });
}

/* After a swap the article is a new element with the old id. */
function here() {
  if (current && !current.isConnected) current = document.getElementById(current.id);
  return current;
}

function act(name) {
  const control = here()?.querySelector(`[data-key=${name}]`) ?? (name === "reply" ? document.querySelector("#write textarea, #write [contenteditable=true]") : null);
  if (!control) return false;
  if (control.matches("a, button")) control.click();
  else control.focus();
  return true;
}

function search() {
  const field = firstVisible("input[data-key=search]");
  if (field) {
    field.focus();
    field.select();
  } else {
    firstVisible("a[data-go=search]")?.click();
  }
}

const COMMANDS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => act("open"),
  r: () => act("reply"),
  t: () => act("thank"),
  b: () => act("bookmark"),
  "/": search,
  "?": () => document.getElementById("keys")?.showModal(),
  g: () => {
    awaitingGo = Date.now();
  },
};

export default function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && event.target.matches("[data-key=search]")) event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() - awaitingGo < WAIT && event.key !== "g") {
      awaitingGo = 0;
      const link = document.querySelector(`a[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    // A page may give keys of its own to what stands on it; the page's word goes first.
    const pressed = firstVisible(`[data-press="${CSS.escape(event.key)}"]`);
    if (pressed) {
      event.preventDefault();
      if (pressed.matches("textarea")) pressed.focus();
      else pressed.click();
      return;
    }
    const command = COMMANDS[event.key];
    if (!command) return;
    event.preventDefault();
    command();
  });
}
