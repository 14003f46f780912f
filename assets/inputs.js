// Keys, and what they turn and move: a dial of many answers, a hand of numbers.

import {rng} from "./dots.js";
import {keep, stored} from "./outbox.js";
import {line} from "./scene.js";
import {clamp, INK, TAU, TIMES} from "./tools.js";

// ---- dial: one of many answers ----

export class Dial {
  /** @param {Wire.Dial} dial @param {number} seed */
  constructor({actions, names, angles}, seed) {
    const order = angles.map((_, i) => i).sort((a, b) => angles[a] - angles[b]);
    this.answers = order.map((i) => ({action: actions[i], name: names[i], angle: angles[i]}));
    this.index = Math.floor(rng(seed ^ 0x5eed)() * this.answers.length);
    this.turning = 0;
    this.again = Infinity;
  }

  get answer() {
    return this.answers[this.index];
  }

  // A left turn is counter-clockwise.
  /** @param {number} turn @param {number} now */
  press(turn, now) {
    this.turning = turn;
    this.again = now + TIMES.turnDelay;
    this.turn(turn);
  }

  /** @param {number} by */
  turn(by) {
    const n = this.answers.length;
    this.index = (this.index + by + n) % n;
  }

  /** @param {number} ts */
  frame(ts) {
    while (this.turning && ts >= this.again) {
      this.turn(this.turning);
      this.again += TIMES.turnEvery;
    }
  }

  // The nearest answer to a point, null if the point is too near the centre to mean one.
  /** @param {number} x @param {number} y */
  choose(x, y) {
    if (Math.hypot(x, y) < 0.15) return null;
    const angle = Math.atan2(y, x);
    /** @param {number} a */
    const far = (a) => Math.abs(Math.atan2(Math.sin(a - angle), Math.cos(a - angle)));
    this.index = this.answers.reduce((best, a, i) => (far(a.angle) < far(this.answers[best].angle) ? i : best), 0);
    return this.answer;
  }

  /** @param {CanvasRenderingContext2D} ctx */
  draw(ctx) {
    ctx.strokeStyle = INK;
    ctx.lineWidth = 0.004;
    ctx.beginPath();
    ctx.arc(0, 0, 0.44, 0, TAU);
    ctx.stroke();
    for (const {angle} of this.answers) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      line(ctx, 0.004, [0.425 * c, 0.425 * s], [0.455 * c, 0.455 * s]);
    }
    ctx.save();
    ctx.rotate(this.answer.angle);
    ctx.fillStyle = "#ffffff";
    ctx.beginPath();
    for (const [x, y] of [[0.475, 0], [0.4, 0.03], [0.4, -0.03]]) ctx.lineTo(x, y);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }
}

// ---- hand: actions that are numbers ----

export class Hand {
  /** @param {Wire.Hand} hand */
  constructor({rest, start, low, high, presses, point, click, only, once = false}) {
    this.rest = rest;
    this.low = low;
    this.high = high;
    this.presses = presses;
    this.point = point;
    this.click = click;
    this.only = only;
    this.once = once;
    /** @type {number | null} the first key, where no other one counts */
    this.chosen = null;
    this.start = start;
    this.numbers = [...start];
    /** @type {Map<number, number>} */
    this.down = new Map();  // keys that are down, by their place from 1: since when
    /** @type {Map<number, number>} */
    this.tapped = new Map();  // and those that went down in this step
    /** @type {number | null} the stamp of what was done last */
    this.last = null;
    /** @type {number | null} */
    this.ts = null;
  }

  /** @param {number} key @param {number} stamp */
  press(key, stamp) {
    if (this.once) this.chosen ??= key;
    if (this.once && this.chosen !== key) return;
    this.down.set(key, stamp);
    this.tapped.set(key, stamp);
    this.last = stamp;
    const [how, changes] = this.presses[key - 1];
    if (how !== "toggle") return;
    for (const [i, value] of changes) this.set(i, this.numbers[i] === value ? this.start[i] : value);
  }

  /** @param {number} key */
  release(key) {
    this.down.delete(key);
  }

  // A place on the stage.
  /** @param {number} x @param {number} y @param {number} stamp */
  follow(x, y, stamp) {
    for (const [i, axis, scale, offset] of this.point) this.set(i, (axis === "x" ? x : y) * scale + offset);
    this.last = stamp;
  }

  /** @param {number} i @param {number} value */
  set(i, value) {
    this.numbers[i] = clamp(Math.fround(value), this.low[i], this.high[i]);
  }

  /** @param {number} ts */
  frame(ts) {
    const seconds = this.ts === null ? 0 : (ts - this.ts) / 1000;
    this.ts = ts;
    for (const key of this.down.keys()) {
      const [how, changes] = this.presses[key - 1];
      if (how === "move") for (const [i, rate] of changes) this.set(i, this.numbers[i] + rate * seconds);
    }
  }

  // The action now, with what held keys make of it.
  get now() {
    const numbers = [...this.numbers];
    for (const key of this.pressed()) {
      const [how, changes] = this.presses[key - 1];
      if (how === "hold") for (const [i, value] of changes) numbers[i] = clamp(Math.fround(value), this.low[i], this.high[i]);
    }
    return numbers;
  }

  pressed() {
    return new Set([...this.down.keys(), ...this.tapped.keys()]);
  }

  // What is done in the step that ends now, and the stamp of what did it; null if nothing is.
  /** @returns {{action: number[], stamp: number} | null} */
  take() {
    const {now, only} = this;
    const counts = only === null || this.pressed().has(only);
    const stamp = this.tapped.get(only) ?? this.down.get(only) ?? this.last;
    this.tapped.clear();
    return counts && now.some((value, i) => value !== this.rest[i]) ? {action: now, stamp} : null;
  }
}

// ---- keys ----

/** @typedef {Wire.Key & {was: string, prints?: string | null}} BoundKey a key, which one the task gave it, and what one that was chosen prints */
/** @typedef {Pick<Wire.Config, "task" | "title" | "who" | "keys" | "dial" | "remap">} KeysOf */

const TYPING = "input, textarea, select, [contenteditable=''], [contenteditable='true']";
/** @type {{[code: string]: string}} */
const NAMED = {Space: "space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "Enter"};

/** @param {Event} event @returns {EventTarget & {closest?: Element["closest"]}} */
export const target = (event) => event.composedPath()[0];
/** @param {Event} event */
export const isTyping = (event) => {
  const node = target(event);
  return node instanceof Element && (node.matches(TYPING) || (node instanceof HTMLElement && node.isContentEditable));
};

/** @typedef {{code: string, key: string}} Pressed what a `KeyboardEvent` tells of a key: its place, and what it prints */

// The one sign that a key prints; null for space, arrows and the like.
/** @param {Pressed} event */
const printed = ({key}) => (key.length === 1 && key !== " " ? key.toLowerCase() : null);

// Whether a key is called by a letter. Keyboards of other scripts have the Latin letters in their usual places, too.
/** @param {Pressed} event @param {string} letter */
export function isLetter(event, letter) {
  const sign = printed(event);
  return sign === letter || (event.code === `Key${letter.toUpperCase()}` && sign !== null && sign > "\u024f");
}

/** @param {BoundKey[]} rows */
const remapped = (rows) => Object.fromEntries(rows.map(({was, code, label, prints}) => [was, {code, label, prints}]));

// The keys of a task, as the person may have remapped them; those of one trial follow the task's. A key of the task is a
// place on the keyboard; one that the person chose is what it prints, as that is what the page calls it.
export class Keys {
  /**
   * @param {KeysOf} told a config, or one with the keys of a trial
   * @param {Keys | null} whole the keys of the task
   */
  constructor({task, title, who, keys, dial, remap}, whole = null) {
    this.name = `neurogym-keys:${task ?? title}${who ? `:${who}` : ""}`;
    /** @type {{[code: string]: Partial<BoundKey>}} */
    const own = whole ? remapped(whole.rows) : remap ? stored(this.name) : {};
    /** @type {BoundKey[]} */
    this.rows = keys.map((key) => ({...key, was: key.code, ...own[key.code]}));
    const clash = new Set(this.rows.map(({code, prints}) => prints ?? code)).size < keys.length;
    if (clash) this.rows = keys.map((key) => ({...key, was: key.code}));
    this.answers = dial ?? null;
    /** @type {{[code: string]: number}} which way a key turns; 0 answers */
    this.dial = dial ? {ArrowLeft: 1, ArrowRight: -1, Space: 0} : {};
  }

  // What is printed on each key, what it means, and to which of several tasks it belongs.
  get caps() {
    const caps = this.rows.map(({was, code, label, name, part}) => ({was, code, label, name, part: part ?? 0}));
    const turns = [["ArrowLeft", "←", "turn left"], ["ArrowRight", "→", "turn right"], ["Space", "space", "answer"]];
    const dial = (this.answers ? turns : []).map(([code, label, name]) => ({was: code, code, label, name, part: this.answers.part ?? 0}));
    return [...caps, ...dial.filter(({code}) => !this.rows.some((row) => row.code === code))];
  }

  // What is on the key of each action, for the record.
  get told() {
    return Object.fromEntries(this.rows.map(({action, label}) => [action, label]));
  }

  // Whether the person, or another one at this browser, chose other keys than the task's.
  get chosen() {
    return this.rows.some(({was, code}) => was !== code);
  }

  // The key that the task gave.
  /** @param {string} was */
  given(was) {
    return this.rows.find((row) => row.was === was) ?? null;
  }

  // The key that was pressed or released.
  /** @param {Pressed} event */
  find(event) {
    const sign = printed(event);
    const chosen = this.rows.find(({prints}) => prints && prints === sign);
    return chosen ?? this.rows.find(({prints, code}) => !prints && code === event.code) ?? null;
  }

  // Returns a sentence if the key is refused.
  /** @param {BoundKey} row @param {Pressed} event */
  assign(row, event) {
    const [other, {code}, label] = [this.find(event), event, labelOf(event)];
    if (other && other !== row) return `${other.label} already means “${other.name}”.`;
    if (["Escape", "Tab"].includes(code) || code in this.dial) return `${label} has another use here.`;
    Object.assign(row, {code, label, prints: printed(event)});
    keep(this.name, {...stored(this.name), ...remapped(this.rows)});
    return null;
  }
}

/** @param {Pressed} event */
export const labelOf = (event) => NAMED[event.code] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
