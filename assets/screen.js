// The screen of a trial: its scene, or the agent's view of it, and the period that it is in.

import {drawChannels} from "./channels.js";
import {Stage} from "./stage.js";
import {WHOLE} from "./tools.js";

/** @typedef {import("./player.js").Playing} Playing */

export class Screen {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    this.stage = new Stage(page.canvas);
    /** @type {Wire.Config | null} */
    this.config = null;
    /** @type {Wire.Config["view"]} */
    this.view = "scene";
    /** @type {{low: number, high: number}} one scale for all values so far */
    this.range = {low: 0, high: 1};
    this.period = "";
    /** @type {string[]} */
    this.was = [];
    /** @type {import("./scene.js").Scene | null} of the trial that is over */
    this.last = null;
    /** @type {Set<Wire.Config["view"]>} what the trial was shown as */
    this.views = new Set();
  }

  /** @param {import("./scene.js").Scene | null} scene */
  keep(scene) {
    this.last = scene;
  }

  // The screen between trials: it is empty, but for what was chosen a moment ago. Returns whether that has to be drawn again.
  /** @param {number} ts @param {boolean} between */
  empty(ts, between) {
    const {stage, last} = this;
    stage.clear();
    if (!between || !last || this.view === "channels") return false;
    stage.units();
    return last.drawMarks(stage.ctx, ts, stage);
  }

  /** @param {Wire.Config} config */
  configure(config) {
    this.config = config;
    this.range = {low: 0, high: 1};
    this.show(config.view ?? "scene");
  }

  /** @param {Wire.Config["view"]} view */
  show(view) {
    this.view = view;
    this.page.view.setAttribute("aria-pressed", view === "channels");
    this.page.set("view", view);
  }

  toggle() {
    this.show(this.view === "channels" ? "scene" : "channels");
  }

  // What the agent's view will have to hold.
  /** @param {Wire.Trial} message */
  expect({frames, echo, reward, shape}) {
    this.widen(frames);
    for (const {what, one_hot: oneHot} of echo ?? []) {
      if (what === "reward") this.widen(reward ?? []);
      else if (!oneHot && shape) this.widen([shape[2] - 1]);
    }
  }

  /** @param {Iterable<number>} values */
  widen(values) {
    for (const value of values) {
      if (value < this.range.low && value > -Infinity) this.range.low = value;
      if (value > this.range.high && value < Infinity) this.range.high = value;
    }
  }

  /** @param {Playing} trial @param {number} ts */
  draw(trial, ts) {
    const {stage} = this;
    stage.clear();
    if (!trial.row) return;
    const view = trial.scene ? this.view : "channels";
    this.views.add(view);
    if (view === "channels") {
      this.drawRow(trial);
      stage.units();
    } else {
      stage.divide(trial.scene.panels);
      stage.units();
      trial.scene.draw(stage.ctx, trial.seen, trial.active, ts, stage, trial.hidden);
    }
    if (trial.dial && trial.open) {
      trial.dial.frame(ts);
      stage.units(this.dialPanel(trial));
      trial.dial.draw(stage.ctx);
      this.page.set("dial", trial.dial.answer.name);
    }
  }

  // The channels of each of several tasks stand in its panel; those of none in the first.
  /** @param {Playing} trial */
  drawRow(trial) {
    const {stage} = this;
    const channels = this.channels(trial);
    const n = channels.some(({part}) => part > 0) ? this.config.parts.length : 1;
    stage.divide(n);
    for (let j = 0; j < n; j++) {
      const {left, top, width, height} = stage.box(j, n);
      const own = channels.filter(({part}) => n === 1 || (part ?? 0) === j);
      stage.ctx.setTransform(1, 0, 0, 1, Math.round(left), Math.round(top));
      drawChannels(stage.ctx, width, height, stage.ratio, own, trial.row, this.range, n > 1 ? 36 : 56);
    }
  }

  /** @param {Playing} trial @returns {Wire.Group[]} */
  channels(trial) {
    const given = this.config.channels ?? [];
    return given.length ? given : [{name: "channels", start: 0, size: trial.row.length}];
  }

  /** @param {Playing} trial @returns {Wire.Panel} */
  dialPanel(trial) {
    return trial.parts && this.view === "scene" ? [trial.asked, trial.scene?.panels ?? 1] : WHOLE;
  }

  begin() {
    Object.assign(this, {period: "", was: [], last: null, views: new Set()});
  }

  // As what the trial was shown: the view may have been changed in it.
  /** @returns {Wire.Record["view"]} */
  get seenAs() {
    const [first, other] = this.views;
    return other ? "both" : first ?? this.view;
  }

  // The current period is the active one that started last.
  /** @param {string[]} active */
  follow(active) {
    const fresh = active.filter((name) => !this.was.includes(name));
    const period = fresh.at(-1) ?? (active.includes(this.period) ? this.period : active.at(-1)) ?? "";
    this.was = active;
    if (period === this.period) return;
    this.period = period;
    this.page.set("period", period);
    this.describe(period);
  }

  /** @param {string} period */
  describe(period) {
    const text = period ? `${period}. ${this.config.instruction ?? ""}` : "Empty screen";
    this.page.canvas.setAttribute("aria-label", text);
  }
}
