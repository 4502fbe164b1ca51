/* Light, dark or as the device says: kept in a cookie of this device, so that the server prints it with the page. */
const YEAR = 365 * 24 * 3600;

export default function theme(section) {
  const buttons = [...section.querySelectorAll("[data-theme-choice]")];
  const root = document.documentElement;

  function show() {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === root.dataset.theme));
    }
  }

  section.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
    if (!choice) return;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${choice}; path=/; max-age=${choice === "auto" ? 0 : YEAR}; samesite=lax${secure}`;
    root.dataset.theme = choice;
    show();
  });

  section.hidden = false;
  show();
}
