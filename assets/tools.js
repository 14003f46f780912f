// What all parts of the player use.

export const TIMES = {
  ping: 2000, lost: 6000, firstAnswer: 20000, resend: 1500,
  afterStart: 400, database: 2000, more: 2500, turnDelay: 300, turnEvery: 70,
  tabs: 400,  // within which another tab says that it plays a run
  down: 80,  // for which a key that was tapped is seen to be down, at least
  mark: 400,  // for which it is seen what was chosen
};
export const INK = "#101010";
export const GREY = "#808080";
export const DIVIDER = "#6c6c6c";
/** @type {Wire.Panel} */
export const WHOLE = [0, 1];  // the panel of a task that has the stage to itself
export const TAU = 2 * Math.PI;
export const FEEDBACK = [
  ["", "", ""],
  ["early", "Too early", "!"],
  ["good", "Correct", "✓"],
  ["bad", "Wrong", "✗"],
  ["slow", "Too slow", "–"],
  ["good", "Well withheld", "✓"],
];
/** @type {{[n: number]: string}} */
export const COUNTS = {2: "Two", 3: "Three", 4: "Four"};
export const STALL = 150;  // ms between frames
export const LAG = 45;  // ms that a step can be late, and the next ones make up for it
export const PAID = ["good", "Reward", "●"];
export const UNPAID = ["slow", "No reward", "○"];

/** @param {number} v @param {number} low @param {number} high */
export const clamp = (v, low, high) => Math.max(low, Math.min(high, v));
/** @param {number[]} list */
export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
export const quiet = () => {};

const ARRAYS = [Float32Array, Float64Array, Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array];

const KINDS = {float32: Float32Array, float64: Float64Array, uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, int64: BigInt64Array};

/** @param {number} bytes */
export const randomId = (bytes) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Arrays come as text: {array: kind, data: base64}.
/** @param {string} name @param {any} value */
export function revive(name, value) {
  if (!value?.array) return value;
  const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
  const Kind = KINDS[/** @type {keyof typeof KINDS} */ (value.array)];
  return new Kind(bytes.buffer);
}

// A copy of a message: a trial writes into its rows, and one page gives the same trial more than once.
/** @param {any} value @returns {any} */
export function plain(value) {
  if (ArrayBuffer.isView(value)) {
    const Kind = ARRAYS.find((Kind) => value instanceof Kind);
    return Kind ? new Kind(/** @type {any} */ (value)) : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/**
 * An element with what is in it; an attribute `onclick` listens, one that is null or false is left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{[name: string]: any}} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** @param {string} path */
export function icon(path) {
  const box = h("span", {class: "icon", "aria-hidden": "true"});
  box.innerHTML = `<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
  return box;
}

/** A sum of rewards as people read it. @param {number} reward */
export const points = (reward) => Math.round(100 * reward) / 100;

export const ICONS = {
  view: "M2.5 13.5V8.5M6.2 13.5v-11M9.8 13.5v-7M13.5 13.5v-9",
  keys: "M2 4.5h12v7.5H2zM4.7 7h.01M8 7h.01M11.3 7h.01M5 9.6h6",
  sound: "M2.5 6.2v3.6h2.6L8.5 13V3L5.1 6.2zM10.8 5.6a3.4 3.4 0 0 1 0 4.8M12.6 3.6a6.2 6.2 0 0 1 0 8.8",
  silence: "M2.5 6.2v3.6h2.6L8.5 13V3L5.1 6.2zM11 6.2l3.4 3.6M14.4 6.2L11 9.8",
  full: "M2.5 6v-3.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4z",
};
