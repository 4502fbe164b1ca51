/* Closes an open menu on Escape and when something else is used; opening is the browser's own. */
export default function menu(root) {
  const close = (except) =>
    root.querySelectorAll("details.menu[open]").forEach((element) => {
      if (element !== except) element.open = false;
    });
  root.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest("details.menu[open]");
    close();
    open?.querySelector("summary").focus();
  });
}
