// A trial of a closed task: what is shown answers to what is done, step by step, here in the page.

import {Hand} from "./inputs.js";
import {Loop} from "./loops.js";
import {STALL} from "./tools.js";
import {Trial} from "./trials.js";

/** @typedef {import("./trials.js").Press} Press */

export class ClosedTrial extends Trial {
  /**
   * @param {Wire.Trial} message
   * @param {Wire.Config} config
   * @param {import("./clock.js").Refresh} refresh
   * @param {() => Press | null} held the key that is down
   */
  constructor(message, config, refresh, held) {
    super(message, config, refresh);
    this.held = held;
    this.hold = message.loop.hold;
    this.hand = config.hand ? new Hand(config.hand) : null;
    this.loop = new Loop(config.programs[message.loop.program], message.loop, message.frames, this.hand?.rest ?? 0);
    /** @type {Press | null} the first key of the step that is on */
    this.first = null;
    this.began = 0;
    this.reward = 0;
    /** @type {[number, number]} the last action and what it earned, for channels that show them */
    this.last = message.echo_first ?? [0, 0];
    /** @type {number | null} the step that `row` shows */
    this.shown = null;
  }

  // The numbers that keys and mouse set follow the channels.
  get seen() {
    return this.hand && this.row ? [...this.row, ...this.hand.now] : this.row;
  }

  /** @param {number} ts */
  advance(ts) {
    this.hand?.frame(ts);
    if (this.t0 === null) this.t0 = this.began = ts;
    this.wait(ts);
    while (!this.loop.over && this.refresh.middle(ts) >= this.began + this.dt) this.step();
    if (this.loop.over) {
      this.over = true;
      this.closed = ts;
      return;
    }
    this.log(ts, this.loop.k);
    this.look(ts);
  }

  // Where nothing was shown, nothing was to be answered: a trial waits while the page is stuck.
  /** @param {number} ts */
  wait(ts) {
    const longer = this.stamps.length ? ts - this.stamps.at(-1) - Math.max(STALL, 2 * this.dt) : 0;
    if (longer <= 0) return;
    this.note("late_steps");
    this.began += longer;
  }

  // All keys that came by now were pressed in the step that was on the screen.
  step() {
    const {loop, hand} = this;
    const key = hand ? hand.take() : (this.hold ? this.held() : null) ?? this.first;
    this.first = null;
    if (key) {
      this.actions.set(loop.k, key.action);
      this.keyAt.set(loop.k, key.stamp);
    }
    const action = key?.action ?? hand?.rest ?? 0;
    const reward = loop.act(action);
    this.last = [hand ? 0 : Number(action), reward];
    this.reward += reward;
    this.began += this.dt;
  }

  /** @param {number} ts */
  look(ts) {
    const {k} = this.loop;
    if (this.shown !== k) this.row = this.echoed(this.loop.row());
    this.shown = k;
    this.active = this.activeAt(k);
    const [first, stop] = this.window ?? [Infinity, 0];
    this.open = first <= k && k < stop;
    if (k >= first) this.onset ??= ts;
  }

  /** @param {Float32Array} row */
  echoed(row) {
    for (const {what, start, size, one_hot: oneHot} of this.message.echo ?? []) {
      if (oneHot) for (let i = 0; i < size; i++) row[start + i] = Number(i === this.last[0]);
      else row[start] = this.last[what === "action" ? 0 : 1];
    }
    return row;
  }

  /** @param {number} action @param {number} stamp */
  press(action, stamp) {
    if (this.over || this.t0 === null || stamp < this.t0) return;
    if (this.hand) return this.hand.press(action, stamp);
    if (this.window && this.onset === null) this.note("early");
    if (!this.first) this.first = {action, stamp};  // a key that is released within the step counts, too
    else if (!this.hold) this.note("extra");
  }

  result() {
    const {outcome, response, responseStep} = this.loop;
    return {reward: this.reward, outcome, response, responseStep};
  }
}
