// What a page asks of the browser: whether it likes the dark, and names for what has none.

import {mendNames} from "./names.js";

let mended = false;

/** @param {{model: Panel.Model<never> & {dark: boolean}, el: HTMLElement}} component */
export function render({model, el}) {
  el.style.display = "none";
  if (!mended) mendNames();
  mended = true;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const tell = () => {
    model.dark = dark.matches;
  };
  dark.addEventListener("change", tell);
  model.on("remove", () => dark.removeEventListener("change", tell));
  tell();
}
