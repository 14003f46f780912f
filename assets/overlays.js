// The cards that cover the screen while no trial is on.

import {grouped} from "./keyboard.js";
import {cap} from "./page.js";
import {COUNTS, h, points} from "./tools.js";

/** @typedef {import("./keyboard.js").Cap} Cap */

/** @param {Cap[]} keys */
const caps = (keys) => h("div", {class: "caps"}, ...keys.map(cap));
/** @param {...(Node | string)} children */
const row = (...children) => h("div", {class: "row"}, ...children);
/** @param {string} text */
const small = (text) => h("p", {class: "small"}, text);
/** @param {string} text nothing where it is empty */
const perhaps = (text) => (text ? [small(text)] : []);

export class Overlays {
  /** @param {import("./player.js").Session} player */
  constructor(player) {
    this.player = player;
    this.page = player.page;
    /** @type {{row: import("./inputs.js").BoundKey | null, text: string} | null} the key that is being chosen */
    this.remapping = null;
  }

  get shown() {
    return this.page.cover.hidden ? "" : this.page.root.dataset.overlay;
  }

  // Shows the card that belongs to the state.
  show() {
    const {page, player: {config, state, problem, tab}} = this;
    this.remapping = null;
    if (tab.blocked) return this.locked();
    const draw = /** @type {{[state: string]: () => void}} */ (
      {ready: () => this.ready(), paused: () => this.paused(), done: () => this.done()})[state];
    if (draw && config) draw();
    else if (!config) page.overlay("loading", h("p", {}, problem || "Preparing the session…"));
    else page.overlay("");
  }

  locked() {
    this.page.overlay("locked", h("h2", {}, "This session is open in another tab"),
      h("p", {}, "Go on there, or close it: then it goes on here."));
  }

  lost() {
    this.page.overlay("lost", h("h2", {}, "Connection lost"),
      h("p", {}, "Your answers are safe in this browser. The session goes on by itself when the server is back."));
  }

  ready() {
    const {page, player: {config, keyboard, mute}} = this;
    const start = page.action("Start – press space", () => this.player.go(), true);
    const groups = grouped(keyboard.base.caps, config);
    const how = groups.length === 1 ? [h("p", {}, config.instruction ?? ""), caps(groups[0].keys)]
      : [h("div", {class: "tasks"}, ...groups.map(({title, instruction, keys}) =>
        h("section", {}, h("h3", {}, title), h("p", {}, instruction), caps(keys))))];
    const title = groups.length === 1 ? config.title ?? "" : `${COUNTS[groups.length] ?? groups.length} tasks at once`;
    const lasting = config.hold || config.hand?.presses.some(([kind]) => kind === "move");
    page.overlay("ready", h("h2", {}, title), ...how, ...perhaps(lasting ? "Hold a key down to keep moving." : ""),
      ...perhaps(config.mode === "lockstep" ? "Each step waits for the server, so it may go slower than declared." : ""),
      start, ...perhaps(mute.note), ...perhaps(keyboard.base.chosen ? "These keys were chosen at this browser. “Keys” above changes them." : ""),
      h("p", {class: "small bykey"}, mute.hasKey ? "Esc pauses, M mutes" : "Esc pauses"));
  }

  // What is told of periods that lasted longer than they should have.
  get pace() {
    const {ack, config} = this.player;
    const why = config.mode === "lockstep" ? ": the answers of the server came late" : "";
    return ack?.slower ? `It went ${ack.slower} % slower than declared${why}.` : "";
  }

  paused() {
    const {page, player} = this;
    page.overlay("paused", h("h2", {}, "Paused"), h("p", {}, "A trial that was interrupted comes again later."),
      ...perhaps(this.pace),
      row(page.action("Go on – press space", () => player.go(), true), page.action("Stop", () => player.askStop())));
  }

  stop() {
    const {page, player} = this;
    page.overlay("stop", h("h2", {}, "Stop the session?"), h("p", {}, "What you did so far is kept."),
      row(page.action("Stop", () => player.stop(), true), page.action("Go back", () => this.show())));
    page.cover.querySelector(".plain").focus();
  }

  done() {
    const {page, player: {ack, config, connection, done, outbox, passing, problem}} = this;
    const steps = (config.next ?? []).map(({step, text}, j) => page.action(text, () => connection.post({type: "next", step}), j === 0));
    const waiting = outbox.items.size;
    const facts = [[String(done), done === 1 ? "trial" : "trials"]];
    if (ack && ack.accuracy !== null) facts.push([`${Math.round(100 * ack.accuracy)} %`, "correct"]);
    if (ack && ack.reward !== null) facts.push([String(points(ack.reward)), "reward"]);
    if (ack && ack.rt !== null) facts.push([`${Math.round(ack.rt)} ms`, "median response time"]);
    page.overlay("done", h("h2", {}, "Done"),
      h("dl", {class: "facts"}, ...facts.map(([value, name]) => h("div", {}, h("dd", {}, value), h("dt", {}, name)))),
      ...perhaps(this.pace),
      small(problem && !passing ? problem : waiting ? `Saving ${waiting} ${waiting === 1 ? "answer" : "answers"}…` : "All answers are saved."),
      ...(steps.length && done ? [row(...steps)] : []));
  }

  // -- keys --

  keys(text = "Choose an answer, then press its new key.") {
    this.remapping = {row: null, text};
    this.drawKeys();
  }

  drawKeys() {
    const {page, remapping, player: {keyboard, config: {parts}}} = this;
    /** @param {Wire.Key} key */
    const nameOf = ({name, part}) => (parts && part !== undefined ? `${parts[part].title}: ${name}` : name);
    const rows = keyboard.base.rows.map((one) =>
      h("button", {type: "button", class: "keyrow", "aria-pressed": String(one === remapping.row), onclick: () => {
        Object.assign(remapping, {row: one, text: `Press the new key for “${one.name}”.`});
        this.drawKeys();
      }}, h("span", {class: "name"}, nameOf(one)), h("kbd", {}, one === remapping.row ? "?" : one.label)));
    const at = Math.max(0, keyboard.base.rows.indexOf(remapping.row));
    page.overlay("keys", h("h2", {}, "Keys"), h("div", {class: "keyrows"}, ...rows),
      h("p", {class: "small", role: "status"}, remapping.text),
      row(page.action("Close", () => this.show(), true), page.action("Reset", () => this.resetKeys())));
    rows[at]?.focus();
  }

  /** @param {KeyboardEvent} event */
  chooseKey(event) {
    const {remapping, player: {keyboard}} = this;
    if (event.code === "Escape") return this.show();
    if (!remapping.row) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    const refused = keyboard.base.assign(remapping.row, event);
    if (refused) remapping.text = refused;
    else Object.assign(remapping, {text: `“${remapping.row.name}” is now ${remapping.row.label}.`, row: null});
    keyboard.renew();
    this.drawKeys();
  }

  resetKeys() {
    this.player.keyboard.reset();
    this.keys("The keys are as they were.");
  }
}
