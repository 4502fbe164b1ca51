/* Leads on from the old place of a post to where it stands now: the server never sees what follows the "#". */
export default function moved(list) {
  const old = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  const link = old && list.contains(old) ? old.querySelector("a[href]") : null;
  if (link) location.replace(link.href);
}
