// Trials: what is shown and taken in each frame.

import {Dial, Hand} from "./inputs.js";
import {Scene} from "./scene.js";
import {isLive, matters, routed, scoreParts, scoreTable} from "./scoring.js";
import {LAG, STALL} from "./tools.js";

/** @typedef {import("./clock.js").Refresh} Refresh */
/** @typedef {import("./scoring.js").Score} Score */
/** @typedef {{action: Wire.Action, stamp: number}} Press */
/** @typedef {{row: Wire.Row | null, active?: string[], hidden?: Set<number> | null}} Seen what a screen shows */

const LATE = 1.2;  // refresh periods

/** @param {number} outcome */
const answers = (outcome) => outcome === 2 || outcome === 3;
// Ms from one stamp to another, without the tail that a difference of floats has.
/** @param {number} from @param {number} to */
const between = (from, to) => Math.round(1000 * (to - from)) / 1000;
/** @param {Wire.Window | null} window */
const hasSteps = (window) => (window && window[1] > window[0] ? window : null);

// A kind of trial has `advance` (what a frame shows: row, active, open, over), `press` and `result`.
export class Trial {
  /** @param {Wire.Trial} message @param {Wire.Config} config @param {Refresh} refresh */
  constructor(message, config, refresh) {
    this.message = message;
    this.config = config;
    this.refresh = refresh;
    this.T = message.T;
    this.dt = message.dt;
    this.window = hasSteps(message.window);
    this.counted = message.counted ?? this.window?.[0] ?? Infinity;
    this.width = message.frames.length / (config.mode === "open" ? message.T : 1);
    this.scene = message.scene && message.scene.length ? new Scene(message.scene, message.seed ?? 0, refresh) : null;
    const {dial} = message.keys ? message : config;
    this.dial = dial ? new Dial(dial, message.seed ?? 0) : null;
    /** @type {Map<number, any>} by step, if not 0: numbers, or lists of them where actions are graded */
    this.actions = new Map();
    /** @type {Map<number, any>} the stamp of each step's key; of several tasks at once one for each */
    this.keyAt = new Map();
    /** @type {number[]} */
    this.stamps = [];
    /** @type {number[]} */
    this.steps = [];
    this.late = 0;
    /** @type {Wire.Shown[]} periods that were on the screen */
    this.periods = [];
    /** @type {Wire.Flags} */
    this.flags = {};
    /** @type {number | null} the stamp of the first frame */
    this.t0 = null;
    /** @type {number | null} since when the trial before was off the screen */
    this.before = null;
    /** @type {number | null} */
    this.onset = null;
    this.over = false;
    /** @type {number | null} the stamp of the empty screen after the last step, if there was one */
    this.closed = null;
    /** @type {Float32Array | null} */
    this.row = null;
    /** @type {string[]} */
    this.active = [];
    this.open = false;
    /** @type {Hand | null} */
    this.hand = null; // of lockstep trials whose actions are numbers
    /** @type {(number | null)[] | null} */
    this.onsets = null; // and of several tasks at once
    /** @type {Set<number> | null} */
    this.hidden = null;
  }

  /** What the trial came to. @returns {import("./scoring.js").Result} */
  result() {
    throw new Error("each kind of trial scores itself");
  }

  // What the screen shows from a frame's stamp on.
  /** @param {number} ts */
  advance(ts) {}

  /** @param {number} action @param {number} stamp */
  press(action, stamp) {}

  close() {}

  /** @param {Wire.Obs} message */
  receive(message) {}

  // A key is seen to be down at once, whatever it does.
  /** @param {number} action */
  touch(action) {
    if (this.t0 !== null && !this.over && this.row) this.scene?.press(action, this.seen, this.active, this.hidden);
  }

  /** @param {number} action */
  release(action) {
    this.scene?.release(action);
    this.hand?.release(action);
  }

  /** @param {number} ts */
  frame(ts) {
    if (!this.over) this.advance(ts);
    this.see(ts, this.over ? [] : this.seenPeriods);
  }

  // Notes which periods come and go with a frame.
  /** @param {number} ts @param {string[]} names */
  see(ts, names) {
    const on = this.periods.filter(([, , ms]) => ms === null);
    for (const period of on) if (!names.includes(period[0])) period[2] = between(period[1], ts);
    const fresh = names.filter((name) => !on.some(([other]) => other === name));
    this.periods.push(...fresh.map((name) => /** @type {Wire.Shown} */ ([name, ts, null])));
  }

  get seenPeriods() {
    return this.active;
  }

  // What the scene is drawn from.
  /** @returns {Wire.Row | null} */
  get seen() {
    return this.row;
  }

  /** @param {Wire.Count} flag */
  note(flag) {
    this.flags[flag] = (this.flags[flag] || 0) + 1;
  }

  noteRefresh() {
    this.flags.refresh_changed = true;
  }

  /** @param {number} ts @param {number} step */
  log(ts, step) {
    if (this.stamps.length && ts - this.stamps.at(-1) > LATE * this.refresh.interval) this.late++;
    this.stamps.push(ts);
    this.steps.push(step);
  }

  /** @param {number} step */
  activeAt(step) {
    const now = (this.message.periods || []).filter(([, first, last]) => first <= step && step < last);
    return now.sort((a, b) => a[1] - b[1]).map(([name]) => name);
  }

  // The stamp of a step's key.
  /** @param {number} step @returns {number | null} */
  keyOf(step) {
    return this.keyAt.get(step) ?? null;
  }

  // Whether an answer is asked for in a step: a key then comes none too early.
  /** @param {number} step */
  asks(step) {
    const slots = this.message.asked?.slots ?? [];
    return step >= this.window[0] || slots.some(([, first, stop]) => first <= step && step < stop);
  }

  // Of several answers, when each was asked for and given.
  answers() {
    return (this.message.asked?.slots ?? []).map(([name, first, stop]) => {
      const shown = this.steps.findIndex((step) => first <= step && step < stop);
      const onset = shown < 0 ? null : this.stamps[shown];
      const keys = [...this.actions].filter(([k, action]) => first <= k && k < stop && action !== 0).map(([k]) => this.keyOf(k));
      // numbers stay as they are from step to step: what set them before is no answer
      const key = keys.find((stamp) => stamp !== null && onset !== null && (!this.hand || stamp >= onset)) ?? null;
      return {name, onset_ms: onset, key_ms: key, rt_ms: key === null ? null : key - onset};
    });
  }

  // The interval from the onset of the period with which it begins to a key.
  /** @param {number | null} key */
  produced(key) {
    const begin = this.periods.find(([name]) => name === this.message.asked?.since);
    return key === null || !begin ? null : key - begin[1];
  }

  /** @param {Wire.Interruption | null} interrupted @returns {Wire.Record} */
  record(interrupted = null) {
    const score = interrupted ? {reward: 0, outcome: 0, response: null, responseStep: null} : this.result();
    const key = score.responseStep === null || score.response === null ? null : this.keyOf(score.responseStep);
    const {uid, index, attempt} = this.message;
    return {
      type: "record", uid, index, attempt: attempt ?? 0, run: this.config.run,
      actions: [...this.actions].filter(([, action]) => action !== 0).sort((a, b) => a[0] - b[0]),
      response: score.response, outcome: score.outcome, reward: score.reward,
      rt_ms: key === null || this.onset === null ? null : key - this.onset,
      ...(this.message.asked ? {answers: interrupted ? [] : this.answers(), produced_ms: this.produced(key)} : {}),
      start_ms: this.t0, iti_ms: this.t0 === null || this.before === null ? null : between(this.before, this.t0),
      onset_ms: this.onset, key_ms: key, origin_ms: performance.timeOrigin,
      frames: this.stamps.length, late_frames: this.refresh.hz && this.late, refresh_hz: this.refresh.hz,
      periods: this.periods.map((period) => [...period]),
      flags: interrupted ? {...this.flags, interrupted} : {...this.flags},
    };
  }
}

export class OpenTrial extends Trial {
  /** @param {ConstructorParameters<typeof Trial>} given */
  constructor(...given) {
    super(...given);
    this.scored = 0;
    this.closing = false;
    this.closeAt = 0;
    this.score = this.scoreTo(0);
  }

  /** @param {number} step @returns {Score} */
  scoreTo(step) {
    return scoreTable(this.message, this.actions, step);
  }

  /** @param {number} ts */
  advance(ts) {
    if (this.t0 === null) this.t0 = ts;
    const step = Math.min(this.T, this.stepOf(ts));
    this.rescore(step);
    // A key that was pressed during a stall may reach us after this frame: close one frame later, and
    // after a long stall give the browser time to hand over what it holds.
    const closing = this.endedBy(step) || step >= this.T;
    const gap = this.stamps.length ? ts - this.stamps.at(-1) : 0;
    if (closing && !this.closing) Object.assign(this, {closeAt: ts + (gap > STALL ? STALL : 0), closed: ts});
    this.over = closing && this.closing && ts >= this.closeAt;
    this.closing = closing;
    if (this.over) return;
    this.log(ts, step);
    this.ask(ts, step, closing);
    this.active = closing ? [] : this.activeAt(step);
    this.row = closing ? null : this.rowOf(ts, step);
  }

  // The step that a frame shows. Each period so gets the frames nearest to its length, and errors do not add up.
  /** @param {number} ts */
  stepOf(ts) {
    return Math.floor((this.refresh.middle(ts) - this.t0) / this.dt);
  }

  /** @param {number} step */
  endedBy(step) {
    return this.score.ended;
  }

  // What is on the screen at a time to come, if nothing is done until then.
  /** @param {number} at @returns {Seen} */
  ahead(at) {
    const step = this.stepOf(at);
    if (step >= this.T || this.endedBy(step)) return {row: null};
    return {row: this.rowOf(at, step), active: this.activeAt(step), hidden: this.hiddenAt(step)};
  }

  /** @param {number} step @returns {Set<number> | null} */
  hiddenAt(step) {
    return null;
  }

  // Whether responses are asked for, and since when.
  /** @param {number} ts @param {number} step @param {boolean} closing */
  ask(ts, step, closing) {
    if (this.onset === null && this.window && step >= this.counted && step < this.T) this.onset = ts;
    this.open = !closing && Boolean(this.window) && step >= this.window[0] && step < this.window[1];
    if (this.score.response !== null) this.open = false;
  }

  // What a frame shows: the samples of its step, as long as the step is on. Of steps that are shorter than frames it is the mean
  // of noisy samples in its time, each by its share: so none is left out. Samples beyond the borders of periods belong to other frames.
  /** @param {number} ts @param {number} step that it shows */
  rowOf(ts, step) {
    const row = this.rowAt(step);
    const {noisy, frames} = this.message;
    if (!noisy?.length || this.dt >= this.refresh.interval) return row;
    const [first, last] = this.stretch(step);
    const from = Math.max(first, (ts - this.t0) / this.dt);
    const to = Math.min(last, (ts + this.refresh.interval - this.t0) / this.dt);
    if (!(to > from)) return row;
    const mean = row.slice();
    for (const channel of noisy) {
      let sum = 0;
      for (let k = Math.floor(from); k < to; k++)
        sum += (Math.min(k + 1, to) - Math.max(k, from)) * frames[k * this.width + channel];
      if (row[channel] === frames[step * this.width + channel]) mean[channel] = sum / (to - from);  // it is not hidden
    }
    return mean;
  }

  // The steps around one, [first, after the last], between which no period begins or ends.
  /** @param {number} step @returns {[number, number]} */
  stretch(step) {
    let [first, last] = [0, this.T];
    for (const [, ...borders] of this.message.periods) {
      for (const border of borders) {
        if (border <= step) first = Math.max(first, border);
        else last = Math.min(last, border);
      }
    }
    return [first, last];
  }

  /** @param {number} step @returns {Float32Array} */
  rowAt(step) {
    const row = this.message.frames.subarray(step * this.width, (step + 1) * this.width);
    return this.message.echo ? this.echoed(row.slice(), step) : row;
  }

  // Some channels show what was done and earned in the step before.
  /** @param {Float32Array} row @param {number} step */
  echoed(row, step) {
    const {echo, echo_first: first} = this.message;
    const [action, reward] = this.scoreTo(step).last ?? first;
    for (const {what, start, size, one_hot: oneHot} of echo) {
      if (oneHot) for (let i = 0; i < size; i++) row[start + i] = Number(i === action);
      else row[start] = what === "action" ? action : reward;
    }
    return row;
  }

  /** @param {number} upto */
  rescore(upto) {
    this.scored = Math.max(this.scored, upto);
    this.score = this.scoreTo(this.scored);
  }

  /** @param {number} stamp */
  stepAt(stamp) {
    let i = this.stamps.length - 1;
    while (i > 0 && this.stamps[i] > stamp) i--;
    return this.steps[i];
  }

  /** @param {number} action @param {number} stamp */
  press(action, stamp) {
    if (this.over || this.t0 === null || stamp < this.t0 || action === 0) return;
    const k = this.stepAt(stamp);
    const before = this.scoreTo(Math.min(k, this.T));
    if (k >= this.T || before.ended) return;
    if (!this.take(k, action, stamp, before)) return this.note("extra");
    this.rescore(k + 1);
    if (this.endedBy(k) && this.score.step === k) this.over = true;
  }

  // Makes a key the action of a step; false if it changes nothing.
  /**
   * @param {number} k
   * @param {number} action
   * @param {number} stamp
   * @param {Score} before the step
   */
  take(k, action, stamp, before) {
    const idle = before.response !== null && !matters(this.message, k, before.state, action);
    if (this.actions.has(k) || idle) return false;
    if (this.window && !this.asks(k)) this.note("early");
    this.actions.set(k, action);
    this.keyAt.set(k, stamp);
    return true;
  }

  result() {
    return this.scoreTo(this.T);
  }
}

// Several tasks at once. A key belongs to one of them, and keys of different tasks in a step go together.
export class JointTrial extends OpenTrial {
  /** @param {Wire.Trial} message @param {Wire.Config} config @param {Refresh} refresh */
  constructor(message, config, refresh) {
    super(message, config, refresh);
    this.parts = message.parts;
    this.onsets = this.parts.map(() => null);
    /** @type {Set<number>} */
    this.hidden = new Set();  // tasks that are over, or not on yet
    this.asked = this.dial ? (message.keys ? message : config).dial.part ?? 0 : null;
  }

  // A task's periods are over when it is.
  get seenPeriods() {
    const over = [...this.hidden].flatMap((j) => this.parts[j].periods ?? []);
    return this.active.filter((name) => !over.includes(name));
  }

  /** @param {number} step */
  scoreTo(step) {
    return scoreParts(this.message, this.actions, step);
  }

  // A step in which a task ended without a key lasts to its end: a key of that task may still come.
  /** @param {number} step */
  endedBy(step) {
    const {ended, step: last, parts} = this.score;
    const pressed = this.actions.get(last) ?? 0;
    return ended && (step > last || this.parts.every(({action}, j) => parts[j].endStep !== last || action[pressed] !== 0));
  }

  /** @param {number} ts @param {number} step @param {boolean} closing */
  ask(ts, step, closing) {
    this.hidden = new Set();
    this.open = false;
    this.parts.forEach((part, j) => {
      const how = this.score.parts[j];
      const window = hasSteps(part.window);
      if (!isLive(part, how, step)) return this.hidden.add(j);
      if (!window || step < part.at + (part.counted ?? window[0])) return;
      this.onsets[j] ??= ts;
      if (j === this.asked && step < part.at + window[1]) this.open = !closing && how.response === null;
    });
    this.onset = this.onsets[this.score.lead];
  }

  /** @param {number} step */
  hiddenAt(step) {
    const over = this.parts.map((part, j) => (isLive(part, this.score.parts[j], step) ? null : j));
    return new Set(over.filter((j) => j !== null));
  }

  /** @param {number} step @returns {Float32Array} */
  rowAt(step) {
    const row = super.rowAt(step).slice();
    for (const j of this.hidden) for (const channel of this.parts[j].channels ?? []) row[channel] = 0;
    return row;
  }

  /**
   * @param {number} k
   * @param {number} action
   * @param {number} stamp
   * @param {Score} before the step
   */
  take(k, action, stamp, before) {
    const {message: {shared}, parts} = this;
    const j = shared ? routed(this.message, before.parts, k) : parts.findIndex((part) => part.action[action]);
    const [part, how, given] = [parts[j], before.parts[j], this.actions.get(k) ?? 0];
    if (!part || given && (shared || part.action[given])) return false;
    const answered = how.over || how.response !== null;
    if (answered && !(isLive(part, how, k) && matters(part, k - part.at, how.state, part.action[action]))) return false;
    const window = hasSteps(part.window);
    if (window && k < part.at + window[0]) this.note("early");
    this.actions.set(k, given + action);
    this.keyAt.set(k, (this.keyAt.get(k) ?? new Map()).set(j, stamp));
    return true;
  }

  /** @param {number} step @param {number} j @returns {number | null} */
  keyOf(step, j = this.score.lead) {
    const keys = this.keyAt.get(step);
    return (this.message.shared ? keys?.values().next().value : keys?.get(j)) ?? null;
  }

  /** @param {Wire.Interruption | null} interrupted @returns {Wire.Record} */
  record(interrupted = null) {
    return {...super.record(interrupted), parts: interrupted ? [] : this.told()};
  }

  /** @returns {(Wire.Result | null)[]} */
  told() {
    const {parts} = this.result();
    return parts.map(({outcome, reward, response, responseStep}, j) => {
      if (!this.parts[j].on) return null;
      const [key, onset] = [response === null ? null : this.keyOf(responseStep, j), this.onsets[j]];
      const rt = key === null || onset === null ? null : key - onset;
      return {onset_ms: onset, key_ms: key, rt_ms: rt, response, outcome, reward};
    });
  }
}

export class LockstepTrial extends Trial {
  /**
   * @param {Wire.Trial} message
   * @param {Wire.Config} config
   * @param {Refresh} refresh
   * @param {(k: number, action: Wire.Action) => void} act sends an action
   * @param {() => Press | null} held the key that is down
   */
  constructor(message, config, refresh, act, held) {
    super(message, config, refresh);
    this.act = act;
    this.held = held;
    this.k = 0;
    /** @type {Press | null} */
    this.first = null;
    /** @type {Wire.Seen | null} what the next step shows */
    this.answer = null;
    this.waiting = false;
    this.timer = 0;
    /** @type {number | null} */
    this.began = null;
    /** @type {import("./scoring.js").Result} */
    this.total = {reward: 0, outcome: 0, response: null, responseStep: null};
    this.hand = config.hand ? new Hand(config.hand) : null;
  }

  // The numbers that keys and mouse set follow the channels.
  get seen() {
    return this.hand && this.row ? [...this.row, ...this.hand.now] : this.row;
  }

  /** @param {number} ts */
  advance(ts) {
    this.hand?.frame(ts);
    if (this.t0 === null) {
      this.t0 = ts;
      const open = this.window && this.window[0] <= 0 && 0 < this.window[1];
      this.show(ts, ts, {ob: this.message.frames, active: this.activeAt(0), window: open});
    } else if (this.answer && this.refresh.middle(ts) >= this.began + this.dt) {
      this.k = this.answer.k;  // an action can leave out the rest of a period
      // Steps keep their pace, though they wait for answers and frames, unless one was very late.
      const due = this.began + this.dt;
      this.show(ts, ts - due > Math.max(this.dt / 2, LAG) ? ts : due, this.answer);
    }
    this.log(ts, this.k);
  }

  // The answer to a step is asked for when the frame nearest to its end may come.
  /** @param {number} ts @param {number} began @param {Wire.Seen} shown */
  show(ts, began, {ob, active, window: open}) {
    Object.assign(this, {row: ob, active: active || [], open: Boolean(open), began, answer: null});
    if (this.open && this.onset === null) this.onset = ts;
    this.timer = setTimeout(() => this.send(), Math.max(0, began + this.dt - this.refresh.interval / 2 - performance.now()));
  }

  send() {
    const key = this.hand ? this.hand.take() : (this.config.hold ? this.held() : null) ?? this.first;
    this.first = null;
    if (key) {
      this.actions.set(this.k, key.action);
      this.keyAt.set(this.k, key.stamp);
    }
    this.waiting = true;
    this.act(this.k, key ? key.action : this.hand?.rest ?? 0);
  }

  /** @param {number} action @param {number} stamp */
  press(action, stamp) {
    if (this.over || this.t0 === null || stamp < this.t0) return;
    if (this.hand) return this.hand.press(action, stamp);
    if (this.window && this.onset === null) this.note("early");
    if (!this.first) this.first = {action, stamp};  // a key that is released within the step counts too
    else if (!this.config.hold) this.note("extra");
  }

  /** @param {Wire.Obs} message */
  receive(message) {
    if (!this.waiting || message.k <= this.k) return;
    this.waiting = false;
    if (performance.now() > this.began + 2 * this.dt) this.note("late_steps");
    this.total.reward += message.reward || 0;
    this.total.outcome = message.outcome || this.total.outcome;
    const step = message.response_step ?? (answers(message.outcome) ? this.k : null);
    if (step !== null) this.respond(step, this.hand ? message.response ?? 0 : this.actions.get(step) ?? 0);
    this.answer = message;
    this.over = Boolean(message.ends);
  }

  /** @param {number} step @param {number} action */
  respond(step, action) {
    if (action === 0 || this.total.response !== null) return;
    this.total.response = action;
    this.total.responseStep = step;
  }

  close() {
    clearTimeout(this.timer);
  }

  result() {
    return this.total;
  }
}
