/* Before anything is painted: the choice of light or dark that the rest of the site keeps in a cookie (behaviours/theme.js). */
const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/);
document.documentElement.dataset.theme = chosen ? chosen[1] : "auto";
