// Text goes to the clipboard. Where a page has none, as over plain http, it is copied the old way, or shown to be copied by hand.

// The text in a dialog, marked.
/** @param {string} text */
function shown(text) {
  const dialog = document.createElement("dialog");
  const field = Object.assign(document.createElement("textarea"), {value: text, readOnly: true, rows: 8, cols: 60});
  const close = Object.assign(document.createElement("button"), {textContent: "Close", onclick: () => dialog.close()});
  field.setAttribute("aria-label", "Text to copy");
  field.style.cssText = "display: block; max-width: 100%; margin: 8px 0; font: 13px monospace";
  dialog.append("This browser does not let the page copy here. Press Ctrl+C, or ⌘C on a Mac:", field, close);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  field.select();
}

/** @param {string} text */
function byCommand(text) {
  const was = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = Object.assign(document.createElement("textarea"), {value: text, readOnly: true});
  field.style.cssText = "position: fixed; left: -9999px; top: 0";
  document.body.append(field);
  field.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    console.warn("The browser does not copy by command.");
  }
  field.remove();
  was?.focus?.({preventScroll: true});
  return done;
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!byCommand(text)) shown(text);
  }
}
