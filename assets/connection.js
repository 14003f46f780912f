// The connection to the server: whether it is heard. The tab that plays a run.

import {locks} from "./locks.js";
import {quiet, TIMES} from "./tools.js";

export class Connection {
  /**
   * @param {Panel.Model<Wire.FromPlayer>} model
   * @param {AbortSignal} gone
   * @param {() => void} changed called when it may have been lost or found
   */
  constructor(model, gone, changed) {
    this.model = model;
    this.gone = gone;
    this.changed = changed;
    this.lost = false;
    this.heardOnce = false;
    /** @type {number | null} since when an answer is due */
    this.due = null;
    this.lastPing = -Infinity;
  }

  // What cannot be sent now is lost; records are sent again by the outbox.
  /** @param {Wire.FromPlayer} message */
  post(message) {
    if (this.gone.aborted && message.type !== "record") return;
    try {
      this.model.send_msg(message);
    } catch {
      this.due ??= performance.now();
    }
  }

  heard() {
    this.due = null;
    this.heardOnce = true;
    if (this.lost) this.set(false);
  }

  /** @param {number} now */
  ping(now) {
    if (now - this.lastPing < TIMES.ping) return;
    this.lastPing = now;
    this.due ??= now;
    this.post({type: "ping"});
  }

  /** @param {number} now */
  look(now) {
    const patience = this.heardOnce ? TIMES.lost : TIMES.firstAnswer;
    this.set(this.due !== null && now - this.due > patience);
  }

  /** @param {boolean} lost */
  set(lost) {
    this.lost = lost;
    this.changed();
  }
}

// One tab plays a run; another waits until the first is closed.
export class Tab {
  /**
   * @param {AbortSignal} gone
   * @param {{blocked: () => void, freed: () => void}} told
   */
  constructor(gone, told) {
    this.gone = gone;
    this.told = told;
    this.locks = locks();
    /** @type {string | null} the run that this tab plays, or waits for */
    this.run = null;
    this.blocked = false;
  }

  /** @param {string} run */
  play(run) {
    if (this.run === run) return;
    this.blocked = false;
    this.run = run;
    this.release?.();
    this.request(run);
  }

  /** @param {string} run */
  request(run) {
    /** @param {Lock | null} lock */
    const take = (lock) => {
      if (lock) return this.hold();
      this.blocked = true;
      this.told.blocked();
      this.wait(run);
      return null;
    };
    this.locks.request(`run-${run}`, {ifAvailable: true}, take).catch(quiet);
  }

  /** @param {string} run */
  wait(run) {
    const take = () => {
      if (this.run !== run) return null;
      this.blocked = false;
      this.told.freed();
      return this.hold();
    };
    this.locks.request(`run-${run}`, {signal: this.gone}, take).catch(quiet);
  }

  hold() {
    return new Promise((release) => {
      this.release = release;
      this.gone.addEventListener("abort", release);
    });
  }
}
