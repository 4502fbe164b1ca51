/* Code and tables of a post that are wider than the text scroll by themselves: then the keyboard has to reach them. */
export default function scrollable(root) {
  const mark = (part) =>
    part.querySelectorAll(".prose :is(pre, table)").forEach((element) => {
      if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    });
  mark(root);
  root.addEventListener("htmx:load", (event) => mark(event.detail.elt));
}
