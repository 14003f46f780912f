// Gives a name or a role to what the components of others leave without, for those who listen.

const DONE = new WeakSet();

/**
 * What a button beside a number does to it.
 * @param {Element} node
 */
function stepOf(node) {
  const pair = [...(node.closest(".MuiGrid-container")?.querySelectorAll(".MuiIconButton-root") ?? [])];
  const less = pair.length ? pair.indexOf(node) > 0 : node.closest(".MuiInputAdornment-positionStart");
  return less ? "less" : "more";
}

/** @type {[string, (node: Element) => void][]} what is found how, and what it lacks */
const RULES = [
  ["[role=progressbar]:not([aria-label], [aria-labelledby])", (node) => node.setAttribute("aria-label", "busy")],
  ["span[aria-label]:not([role])", (node) => node.setAttribute("role", "note")],
  [".MuiToolbar-root > h5", (node) => node.setAttribute("aria-hidden", "true")],
  [".tabulator-tableholder:not([role])", (node) => node.setAttribute("role", "rowgroup")],
  [".tabulator-table[role=rowgroup]", (node) => node.setAttribute("role", "presentation")],
  [".MuiInputAdornment-root .MuiIconButton-root:not([aria-label])", (node) => node.setAttribute("aria-label", stepOf(node))],
];

/** @param {ParentNode} root */
function mend(root) {
  for (const [selector, act] of RULES) root.querySelectorAll(selector).forEach(act);
}

/**
 * Mend a document or shadow root, now and whenever something is added to it. The player's own is
 * left alone: it has its names, and a clock to keep.
 * @param {Document | ShadowRoot} root
 */
function watch(root) {
  if (DONE.has(root)) return;
  DONE.add(root);
  let asked = false;
  const look = () => {
    asked = false;
    if (root.querySelector(".neurogym")) return observer.disconnect();
    mend(root);
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) watch(node.shadowRoot);
  };
  const observer = new MutationObserver(() => {
    if (!asked) requestAnimationFrame(look);
    asked = true;
  });
  observer.observe(root, {childList: true, subtree: true});
  look();
}

/** Mend all of a page, also what is made later. */
export function mendNames() {
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (/** @type {ShadowRootInit} */ how) {
    const root = attach.call(this, how);
    if (how.mode === "open") queueMicrotask(() => watch(root));
    return root;
  };
  watch(document);
}
