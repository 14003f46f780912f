// Light or dark: what the address says, else what the browser likes. An address that was corrected is shown.

/** @param {(theme: string) => void} changed called when a person has chosen one */
export function followTheme(changed) {
  const root = document.documentElement;
  const likes = matchMedia("(prefers-color-scheme: dark)");
  if (root.dataset.address) history.replaceState(history.state, "", location.pathname + root.dataset.address + location.hash);
  let chosen = root.dataset.theme;
  const draw = () => {
    root.dataset.theme = chosen || (likes.matches ? "dark" : "light");
  };
  likes.addEventListener("change", draw);
  document.querySelector(".theme")?.addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    const query = new URLSearchParams(location.search);
    query.set("theme", chosen);
    history.replaceState(history.state, "", `${location.pathname}?${query}${location.hash}`);
    draw();
    changed(chosen);
  });
  draw();
}
