/* Ticking a filter changes the list without a new page: the panel that was open stays open, and the keyboard where it was. */
export default function facets(root) {
  let open = null;
  let focused = null;

  root.addEventListener("htmx:beforeSwap", () => {
    open = root.querySelector("details.filter[open]")?.dataset.key ?? null;
    const element = document.activeElement;
    focused = root.contains(element) && element.name ? { name: element.name, value: element.value } : null;
  });

  root.addEventListener("htmx:afterSwap", () => {
    const panel = open && root.querySelector(`details.filter[data-key="${CSS.escape(open)}"]`);
    if (panel) panel.open = true;
    const again =
      focused &&
      [...root.querySelectorAll(`[name="${CSS.escape(focused.name)}"]`)].find(
        (element) => element.type !== "checkbox" || element.value === focused.value,
      );
    if (again) again.focus({ preventScroll: true });
    open = focused = null;
  });
}
