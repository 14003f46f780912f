// The keys of a session: those that are down, and those on the screen, which do the same.

import {Keys} from "./inputs.js";
import {keep} from "./outbox.js";
import {h} from "./tools.js";

/** @typedef {Keys["caps"][number]} Cap */
/** @typedef {{title?: string, instruction?: string, keys: Cap[]}} Group the keys of a task */
/**
 * @typedef {object} Player what takes the keys
 * @property {import("./player.js").Playing | null} trial
 * @property {boolean} takesKeys
 * @property {(action: number, stamp: number) => void} answer
 */

// The keys of each of several tasks; those of one, or that all share, are one group.
/** @param {Cap[]} caps @param {Wire.Config} config @returns {Group[]} */
export function grouped(caps, {parts, shared}) {
  if (!parts || shared) return [{keys: caps}];
  return parts.map(({title, instruction}, j) => ({title, instruction, keys: caps.filter(({part}) => part === j)}));
}

export class Keyboard {
  /** @param {Player} player @param {HTMLElement} hints where keys are shown */
  constructor(player, hints) {
    this.player = player;
    this.hints = hints;
    /** @type {Wire.Config | null} */
    this.config = null;
    /** @type {Keys | null} the task's */
    this.base = null;
    /** @type {Keys | null} the trial's */
    this.keys = null;
    /** @type {Map<string, {action: number, stamp: number, by: string | null}>} keys that are down, and the place of what holds them */
    this.held = new Map();
  }

  /** @param {Wire.Config} config */
  configure(config) {
    this.config = config;
    this.keys = this.base = new Keys(config);
    this.held.clear();
    this.show();
  }

  // Some trials have keys of their own.
  /** @param {Wire.Trial} message */
  begin(message) {
    const was = this.keys;
    this.keys = message.keys ? new Keys({...this.config, keys: message.keys, dial: message.dial}, this.base) : this.base;
    if (JSON.stringify(was.caps) === JSON.stringify(this.keys.caps)) return;
    this.held.clear();
    this.show();
  }

  // The task's keys were remapped.
  renew() {
    this.keys = this.base;
    this.show();
  }

  reset() {
    keep(this.base.name, {});
    this.base = new Keys(this.config);
    this.renew();
  }

  get lastHeld() {
    return [...this.held.values()].pop() ?? null;
  }

  // Whether the task uses a key that the page calls so.
  /** @param {string} label */
  uses(label) {
    return Boolean(this.keys?.rows.some((row) => row.label === label));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const row = this.keys.find(event);
    if (!row && !(event.code in this.keys.dial)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) this.player.trial?.note("repeat");
    else if (row) this.down(row, event.timeStamp, event.code);
    else {
      this.mark(event.code, true);
      this.turn(event.code, event.timeStamp);
    }
  }

  /** @param {KeyboardEvent} event */
  release(event) {
    if (!this.keys) return;
    const held = [...this.held].find(([, {by}]) => by === event.code);  // with Shift it may print something else now
    const was = held?.[0] ?? this.keys.find(event)?.was;
    if (!was && !(event.code in this.keys.dial)) return;
    if (this.player.takesKeys) event.preventDefault();
    this.up(was ?? event.code);
    if (this.keys.dial[event.code]) this.rest();
  }

  releaseAll() {
    for (const was of [...this.held.keys()]) this.up(was);
    this.rest();
  }

  /**
   * @param {import("./inputs.js").BoundKey} row
   * @param {number} stamp
   * @param {string | null} by the place of the key that was pressed, null for one on the screen
   */
  down({was, action}, stamp, by = null) {
    this.held.delete(was); // a key whose release got lost
    this.held.set(was, {action, stamp, by});
    this.mark(was, true);
    this.player.answer(action, stamp);
  }

  /** @param {string} was */
  up(was) {
    if (this.held.has(was)) this.player.trial?.release(this.held.get(was).action);
    this.held.delete(was);
    this.mark(was, false);
  }

  /** @param {string} code @param {number} stamp */
  turn(code, stamp) {
    const {trial} = this.player;
    const by = this.keys.dial[code];
    if (!trial) return;
    if (!trial.open) {
      if (by === 0 && trial.onset === null) trial.note("early");
    } else if (by) trial.dial.press(by, stamp);
    else this.player.answer(trial.dial.answer.action, stamp);
  }

  // The dial turns no more.
  rest() {
    if (this.player.trial?.dial) this.player.trial.dial.turning = 0;
  }

  // -- on the screen --

  show() {
    const groups = grouped(this.keys.caps, this.config);
    this.hints.dataset.hidden = "";
    this.hints.classList.toggle("grouped", groups.length > 1);
    if (groups.length === 1) return this.hints.replaceChildren(...groups[0].keys.map((key) => this.hint(key)));
    this.hints.replaceChildren(...groups.map(({title, keys}, j) =>
      h("div", {class: "group", role: "group", "aria-label": title, "data-part": j},
        h("span", {class: "task"}, title), h("div", {class: "keys"}, ...keys.map((key) => this.hint(key))))));
  }

  /** @param {string} was @param {boolean} down */
  mark(was, down) {
    this.hints.querySelector(`[data-was="${was}"]`)?.classList.toggle("down", down);
  }

  // The keys of a task that is not on are pale.
  /** @param {Set<number>} hidden */
  dim(hidden) {
    const names = [...hidden].join(" ");
    if (this.hints.dataset.hidden === names) return;
    this.hints.dataset.hidden = names;
    for (const group of this.hints.children) {
      if (group instanceof HTMLElement) group.classList.toggle("off", hidden.has(Number(group.dataset.part)));
    }
  }

  // A key on the screen does what its key does, for mouse, touch and assistive tools.
  /** @param {Cap} key */
  hint({was, code, label, name}) {
    /** @param {Event} event */
    const press = (event) => {
      const row = this.keys.given(was);
      if (!this.player.takesKeys) return;
      if (row) this.down(row, event.timeStamp);
      else this.turn(code, event.timeStamp);
    };
    const release = () => {
      this.up(was);
      this.rest();
    };
    const told = {"data-code": code, "data-was": was};
    const node = h("button", {type: "button", class: "hint", tabindex: "-1", ...told, "aria-label": `${name}, key ${label}`},
      h("kbd", {}, label), h("span", {class: "name"}, name));
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      press(event);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) node.addEventListener(end, release);
    node.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      press(event);
      release();
    });
    return node;
  }
}
