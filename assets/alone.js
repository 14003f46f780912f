// A run that plays by itself: the page holds its trials, keeps what was done, and gives it out at the end.

import {keep, stored} from "./outbox.js";
import {download, Model, mount} from "./mount.js";
import {median, randomId, revive} from "./tools.js";

const OUTCOMES = ["none", "early", "correct", "error", "miss", "withheld"];

// A sum of rewards in single precision, as one writes it.
/** @param {number} reward */
const plainly = (reward) => Math.round(1e6 * reward) / 1e6;

/** @typedef {{type: string, [field: string]: any}} Message */
/** @typedef {Message & Wire.Record} Kept */

const newId = () => randomId(6);

// Takes the place of a server: sends the trials, takes records and keeps them in this browser.
class Alone extends Model {
  /** @param {{run: {[field: string]: any}, config: any, trials: any[], conditions: any[], columns: string[], flat: {[column: string]: string}, page: string}} told */
  constructor(told) {
    super();
    this.run = told.run;
    this.config = told.config;
    this.trials = told.trials;
    this.conditions = told.conditions;
    this.columns = told.columns;
    this.flat = told.flat;  // columns of conditions
    this.ended = false;
    this.place = `neurogym-alone:${told.page}`;
    /** @type {{id?: string, created?: string, records?: Kept[]}} */
    const kept = stored(this.place);
    this.id = kept.id ?? newId();
    this.created = kept.created ?? new Date().toISOString();
    /** @type {Kept[]} */
    this.records = kept.records ?? [];
    /** @type {Map<number, string>} trials that the player has: their uids by index */
    this.sent = new Map();
    this.save();
  }

  save() {
    keep(this.place, {id: this.id, created: this.created, records: this.records});
  }

  /** @param {Message} message */
  tell(message) {
    queueMicrotask(() => this.give("msg:custom", message));
  }

  get finished() {
    return this.records.filter(({flags}) => !flags.interrupted);
  }

  // The indices of trials that are still to be played: those that were interrupted come last.
  get open() {
    const done = new Set(this.finished.map(({index}) => index));
    const left = this.trials.map((_, index) => index).filter((index) => !done.has(index));
    return left.sort((a, b) => this.attempt(a) - this.attempt(b) || a - b);
  }

  /** @param {number} index */
  attempt(index) {
    return this.records.filter((record) => record.index === index).length;
  }

  /** @param {Message} message */
  send_msg(message) {
    const act = /** @type {{[type: string]: () => void}} */ ({
      ready: () => this.begin(), more: () => this.begin(false), ping: () => this.tell({type: "pong"}),
      record: () => this.take(/** @type {Kept} */ (message)), next: () => this.follow(message.step),
    })[message.type];
    act?.();
  }

  begin(anew = true) {
    this.sent.clear();
    if (anew) this.tell({...this.config, run: this.id, n_done: this.finished.length});
    this.ahead();
  }

  ahead() {
    for (const index of this.open) {
      if (this.sent.size >= this.config.preload) break;
      if (this.sent.has(index)) continue;
      const attempt = this.attempt(index);
      const uid = `${this.id}-${index}-${attempt}`;
      this.sent.set(index, uid);
      this.tell({...this.trials[index], uid, attempt});
    }
    if (this.sent.size === 0) this.end();
  }

  /** @param {Kept} record */
  take(record) {
    if (record.run === this.id && !this.records.some(({uid}) => uid === record.uid)) {
      this.records.push(record);
      this.save();
      jatos()?.appendResultData(`${JSON.stringify({...this.about, records: [record]})}\n`);
    }
    if (this.sent.get(record.index) === record.uid) this.sent.delete(record.index);
    const {finished} = this;
    const times = finished.map(({rt_ms: rt}) => rt).filter((rt) => rt !== null);
    const right = finished.filter(({outcome}) => ["correct", "withheld"].includes(OUTCOMES[outcome]));
    this.tell({
      type: "ack", uid: record.uid, n_done: finished.length,
      ...(this.config.earns ? {accuracy: null, reward: finished.reduce((sum, {reward}) => sum + reward, 0)}
        : {accuracy: finished.length ? right.length / finished.length : null}), median_rt: times.length ? median(times) : null,
    });
    this.ahead();
  }

  end() {
    this.tell({type: "done"});
    if (this.ended) return;
    this.ended = true;
    jatos()?.startNextComponent();
  }

  // -- what is taken away --

  get about() {
    const {id, created, run} = this;
    return {format: "neurogym-run", version: 1, run: {...run, run_id: id, created_utc: created}};
  }

  /** @param {string} step */
  follow(step) {
    const name = `${this.run.task.replace(/[^\w.-]/g, "_")}-${this.id}`;
    if (step === "json") download(`${name}.json`, `${JSON.stringify({...this.about, records: this.records}, null, 1)}\n`, "application/json");
    else if (step === "csv") download(`${name}.csv`, this.csv(), "text/csv");
    else if (step === "again") {
      [this.id, this.created, this.records, this.ended] = [newId(), new Date().toISOString(), [], false];
      this.save();
      this.begin();
    }
  }

  csv() {
    const rows = this.records.map((record) => this.row(record));
    return [[...this.columns, ...Object.keys(this.flat)], ...rows].map((cells) => `${cells.map(cell).join(",")}\n`).join("");
  }

  // The row of the trial table, as the page knows it; `neurogym import` scores it again.
  /** @param {Kept} record @returns {any[]} */
  row(record) {
    const {run, id} = this;
    const broken = Boolean(record.flags.interrupted);
    const outcome = OUTCOMES[record.outcome];
    const parts = (record.parts ?? []).map((part) => part && {...part, reward: plainly(part.reward)});
    /** @type {{[column: string]: any}} */
    const known = {
      ...record, parts, run_id: id, task: run.task, params: run.params, wrappers: run.wrappers, seed: run.seed, trial_index: record.index,
      subject_kind: "human", subject: run.subject, conditions: this.conditions[record.index], forced: {}, memory: {},
      outcome: broken ? null : outcome, correct: broken ? null : ["correct", "withheld"].includes(outcome),
      reward: broken ? null : plainly(record.reward), created_utc: this.created,
    };
    const own = Object.values(this.flat).map((name) => known.conditions[name] ?? null);
    return [...this.columns.map((column) => known[column] ?? null), ...own];
  }
}

/** @param {any} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  let text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (typeof value === "string" && /^'*[=+\-@\t\r]/.test(text)) text = `'${text}`;  // a spreadsheet would run it
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Where JATOS runs the page, it takes the results.
const jatos = () => /** @type {any} */ (globalThis).jatos;

function start() {
  const told = JSON.parse(document.getElementById("run").textContent, revive);
  mount(new Alone(told), document.getElementById("stage"), document.getElementById("look").textContent);
}

if (jatos()) jatos().onLoad(start);
else start();
