/* Attaches behaviours: <form data-behaviour="once reply"> gets both. Every page works without any of them.
   The small ones come with this file; a large one (the editor) is fetched when a page first names it. */
import keys from "./behaviours/keys.js";
import live from "./behaviours/live.js";
import menu from "./behaviours/menu.js";
import once from "./behaviours/once.js";
import reply from "./behaviours/reply.js";
import scrollable from "./behaviours/scrollable.js";
import swap from "./behaviours/swap.js";

const known = { keys, live, menu, once, reply, scrollable, swap };
const attached = new WeakMap();

async function find(name) {
  return known[name] ?? (await import(`./behaviours/${name}.js`)).default;
}

async function attach(element) {
  const done = attached.get(element) ?? attached.set(element, new Set()).get(element);
  for (const name of element.dataset.behaviour.split(/\s+/)) {
    /* Asked at each turn: while one is fetched, the page may be gone through again. */
    if (!name || done.has(name)) continue;
    done.add(name);
    (await find(name))(element);
    if (!(name in known)) catchUp(element);
  }
}

/* Whoever was quicker than a fetched behaviour has typed already: it hears of that now. */
function catchUp(element) {
  const field = document.activeElement;
  if (!element.contains(field) || !("defaultValue" in field) || field.value === field.defaultValue) return;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function attachAll(root) {
  if (root.matches?.("[data-behaviour]")) attach(root);
  root.querySelectorAll("[data-behaviour]").forEach(attach);
}

attachAll(document);
document.addEventListener("htmx:load", (event) => attachAll(event.detail.elt));
