// The player: the states of a session, and its trials. docs/player.md describes its messages.

import {Refresh} from "./clock.js";
import {ClosedTrial} from "./closed.js";
import {Connection, Tab} from "./connection.js";
import {rng} from "./dots.js";
import {isTyping, target} from "./inputs.js";
import {Keyboard} from "./keyboard.js";
import {Mute} from "./mute.js";
import {Outbox} from "./outbox.js";
import {Overlays} from "./overlays.js";
import {Page} from "./page.js";
import {isShown} from "./scene.js";
import {Screen} from "./screen.js";
import {hasSound, Sounds} from "./sound.js";
import {plain, quiet, TIMES, WHOLE} from "./tools.js";
import {JointTrial, LockstepTrial, OpenTrial} from "./trials.js";
import {told} from "./verdicts.js";

/** @typedef {"loading" | "ready" | "running" | "feedback" | "paused" | "done"} State */
/** @typedef {Player} Session */
/** @typedef {(OpenTrial | LockstepTrial | ClosedTrial) & {parts?: Wire.Part[], asked?: number | null}} Playing the trial that is on */
/** @typedef {{feedback: number, blank: number, t0: number | null}} Gap between trials, ms; the stamp of its first frame */

class Player {
  /** @param {Panel.Model<Wire.FromPlayer>} model */
  constructor(model) {
    this.gone = new AbortController();
    const {signal} = this.gone;
    this.page = new Page(this);
    this.screen = new Screen(this.page);
    this.keyboard = new Keyboard(this, this.page.hints);
    this.sounds = new Sounds(rng, isShown, () => this.mute.show());
    this.mute = new Mute(this.page, this.sounds, this.keyboard);
    this.overlays = new Overlays(this);
    this.connection = new Connection(model, signal, () => this.tellConnection());
    this.tab = new Tab(signal, {blocked: () => this.overlays.show(), freed: () => this.comeBack()});
    this.outbox = new Outbox((record) => this.connection.post(record), () => this.count());
    this.refresh = new Refresh();
    this.refreshChanged = false;
    /** @type {number | null} since when there has been nothing to play */
    this.waiting = null;
    /** @type {State} */
    this.state = "loading";
    /** @type {Wire.Config | null} */
    this.config = null;
    /** @type {Wire.Trial[]} */
    this.queue = [];
    /** @type {Set<string>} uids */
    this.finished = new Set();
    /** @type {Playing | null} */
    this.trial = null;
    /** @type {Gap | null} */
    this.gap = null;
    /** @type {number | null} since when the last trial of this run is off the screen */
    this.ended = null;
    /** @type {Wire.Sizes | null} when the trial began */
    this.sizes = null;
    this.started = false;
    this.drained = false;
    this.dirty = true;
    this.pauseAfter = false;
    this.done = 0;
    /** @type {{accuracy: number | null, reward: number | null, rt: number | null, slower: number} | null} */
    this.ack = null;
    this.problem = "";
    this.passing = false;
    this.lastReady = Infinity;
  }

  // -- life --

  start() {
    this.listen();
    this.observer = new ResizeObserver(() => this.screen.stage.measure());
    this.observer.observe(this.page.canvas.parentElement);
    this.screen.stage.measure();
    this.timer = setInterval(() => this.tick(), 500);
    /** @param {number} ts */
    const frame = (ts) => {
      this.raf = requestAnimationFrame(frame);
      this.frame(ts);
    };
    this.raf = requestAnimationFrame(frame);
    this.outbox.load().then(() => this.hello());
  }

  destroy() {
    if (this.gone.signal.aborted) return;
    this.interrupt("reload");
    this.sounds.close();
    this.gone.abort();
    this.observer?.disconnect();
    clearInterval(this.timer);
    cancelAnimationFrame(this.raf);
  }

  listen() {
    const signal = this.gone.signal;
    /** @param {EventTarget} node @param {string} name @param {(event: Event) => void} act */
    const on = (node, name, act) => node.addEventListener(name, act, {capture: true, signal});
    on(window, "keydown", (/** @type {KeyboardEvent} */ event) => this.keydown(event));
    on(window, "keyup", (/** @type {KeyboardEvent} */ event) => isTyping(event) || this.keyboard.release(event));
    on(window, "blur", (event) => event.target === window && this.blur());
    on(window, "pagehide", () => this.interrupt("reload"));
    on(document, "visibilitychange", () => document.hidden && this.hide());
    on(document, "fullscreenchange", () => document.fullscreenElement || this.pause());
    on(this.page.canvas, "pointerdown", (/** @type {PointerEvent} */ event) => this.point(event));
    on(this.page.canvas, "pointermove", (/** @type {PointerEvent} */ event) => this.guide(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      on(this.page.canvas, end, () => this.trial?.hand && this.trial.release(this.trial.hand.click));
  }

  tick() {
    const now = performance.now();
    this.connection.ping(now);
    if (!this.config && now - this.lastReady > 3 * TIMES.resend) this.hello();
    this.outbox.flush();
    this.connection.look(now);
    this.askForMore(now);
  }

  // A message can get lost: with nothing to play, and nothing to wait for, the player asks again.
  /** @param {number} now */
  askForMore(now) {
    const waits = this.config && this.started && !this.trial && !this.queue.length && !this.drained && !this.outbox.items.size;
    this.waiting = waits ? this.waiting ?? now : null;
    if (this.waiting === null || now - this.waiting < TIMES.more) return;
    this.waiting = now;
    this.connection.post({type: "more"});
  }

  // -- messages --

  hello() {
    if (this.gone.signal.aborted) return;
    this.lastReady = performance.now();
    this.connection.post({type: "ready"});
  }

  // The line is there again, or for the first time: what is here need not come again.
  back() {
    if (this.lastReady === Infinity) return;
    if (!this.config) return this.hello();
    const have = [...this.queue.map(({uid}) => uid), ...this.outbox.items.keys(), ...(this.trial ? [this.trial.message.uid] : [])];
    this.connection.post({type: "resume", have});
    this.outbox.flush(0);
  }

  // The run was another tab's until now.
  comeBack() {
    this.queue = [];
    this.overlays.show();
    this.hello();
  }

  /** @param {any} message a `Wire.FromServer`: its type tells which */
  receive(message) {
    this.connection.heard();
    const act = /** @type {{[type: string]: () => void}} */ ({
      config: () => this.configure(message), trial: () => this.enqueue(message),
      obs: () => this.observe(message), resumed: () => this.resumed(message),
      ack: () => this.acknowledge(message), done: () => this.drain(),
      error: () => this.complain(message.message, message.later),
    })[message.type];
    act?.();
  }

  /** @param {Wire.Config} config */
  configure(config) {
    this.drop();
    Object.assign(this, {
      config, queue: [], finished: new Set(), gap: null, ended: null, started: false, drained: false, done: config.n_done ?? 0, ack: null,
      pauseAfter: false, problem: "", passing: false, refreshChanged: false,
    });
    this.page.title.textContent = config.title ?? "";
    this.page.root.setAttribute("aria-label", config.title ?? "Session");
    this.page.keys.hidden = !config.remap;
    this.page.hush();
    this.screen.configure(config);
    this.keyboard.configure(config);
    this.mute.of(config.who);
    this.mute.offer(Boolean(config.sound));
    this.page.set("run", config.run);
    this.page.set("uid", "");
    this.page.set("onset", "");
    this.tab.play(config.run);
    this.enter("ready");
    if (document.activeElement === document.body) this.page.root.focus({preventScroll: true});
  }

  // The trial that is on is not played on; its record is kept if it was over.
  drop() {
    if (this.trial?.over) this.close(this.trial.record());
    this.trial?.close();
    this.trial = null;
    this.sounds.hush();
  }

  /** @param {Wire.Trial} message */
  enqueue(message) {
    const {uid} = message;
    const known = this.finished.has(uid) || this.outbox.items.has(uid) || this.trial?.message.uid === uid;
    if (!this.config || known || this.queue.some((trial) => trial.uid === uid)) return;
    this.drained = false;
    this.queue.push(message);
    this.screen.expect(message);
    if (!hasSound(message.scene) || this.mute.offered) return;
    this.mute.offer(true);
    if (this.overlays.shown === "ready") this.overlays.show();
  }

  /** @param {Wire.Obs} message */
  observe(message) {
    if (this.trial?.message.uid !== message.uid) return;
    this.screen.widen(message.ob ?? []);
    this.trial.receive(message);
  }

  /** @param {Wire.Ack} message */
  acknowledge({uid, n_done: done, accuracy, reward, median_rt: rt, slower, refused, keep}) {
    this.outbox.ack(uid, keep);
    if (refused) console.warn(`The server did not take ${uid}: ${refused}`);
    if (!uid.startsWith(`${this.config?.run}-`)) return;
    const told = this.ack?.slower ?? 0;
    if (refused) this.complain(`An answer was not stored: ${refused}`);
    else {
      this.goesOn();
      this.done = done ?? this.done;
      this.ack = {accuracy: accuracy ?? null, reward: reward ?? null, rt: rt ?? null, slower: slower ?? 0};
      this.count();
    }
    if (this.state === "done" || (this.overlays.shown === "paused" && told !== this.ack?.slower)) this.overlays.show();
  }

  // How it went so far; acknowledgements may have been lost with the line.
  /** @param {Wire.Resumed} message */
  resumed({n_done: done, accuracy, reward, median_rt: rt, slower}) {
    this.goesOn();
    this.done = done;
    this.ack = {accuracy, reward: reward ?? null, rt, slower};
    this.count();
  }

  drain() {
    this.drained = true;
    if (!this.trial && this.queue.length === 0 && this.state !== "feedback") this.enter("done");
  }

  /** @param {string} text @param {boolean} [later] whether it ends by itself, with the next answer */
  complain(text, later = false) {
    this.problem = text ?? "";
    this.passing = later;
    this.tellConnection();
    if (!this.config) this.overlays.show();
    this.page.say(this.problem);
  }

  // What kept the server from storing is over.
  goesOn() {
    if (this.passing) this.complain("");
  }

  // Whether the connection is lost and nothing is left to play.
  get isStuck() {
    const idle = this.state === "done" && this.outbox.items.size === 0;
    const playable = idle || (this.config?.mode === "open" && (this.trial !== null || this.queue.length > 0));
    return this.connection.lost && !playable;
  }

  tellConnection() {
    const {page, connection: {lost}} = this;
    if (lost && this.config?.mode === "lockstep") this.interrupt("reload");
    const note = lost ? "Offline: answers are kept here" : this.config ? this.problem : "";
    page.note.hidden = !note;
    if (page.note.textContent !== note) page.note.textContent = note;
    const shown = page.root.dataset.overlay === "lost";
    if (this.isStuck && !shown) this.overlays.lost();
    else if (!this.isStuck && shown) this.overlays.show();
  }

  count() {
    const done = this.done + this.outbox.count(this.config?.run);
    this.page.progress(done, this.config?.n_trials ?? 0, this.state === "done");
    this.page.set("nDone", this.done);
    this.page.set("outbox", this.outbox.items.size);
  }

  // -- states --

  /** @param {State} state */
  enter(state) {
    this.state = state;
    this.dirty = true;
    if (state === "done") this.started = false;
    this.page.set("state", state);
    if (state !== "loading") this.page.wait.hidden = true;
    if (state !== "running") this.screen.describe("");
    this.count();
    this.overlays.show();
  }

  go() {
    if (this.tab.blocked || !["ready", "paused"].includes(this.state)) return;
    this.started = true;
    this.pauseAfter = false;
    if (this.mute.offered) this.sounds.unlock();
    this.complain("");
    this.between({feedback: 0, blank: Math.max(TIMES.afterStart, this.config.iti_ms ?? 0), t0: null}, "loading");
    this.page.root.focus({preventScroll: true});
  }

  /** @param {Gap} gap @param {State} state */
  between(gap, state) {
    this.gap = gap;
    this.enter(state);
  }

  /** @param {Wire.Interruption} reason */
  pause(reason = "pause") {
    if (!this.started || ["ready", "paused", "done"].includes(this.state)) return;
    this.interrupt(reason);
    this.page.hush();
    this.gap = null;
    this.pauseAfter = false;
    this.enter("paused");
  }

  /** @param {Wire.Interruption} reason */
  interrupt(reason) {
    if (!this.trial) return;
    this.close(this.trial.record(this.trial.over ? null : reason));
    if (reason === "reload" && this.started) this.enter("paused");
  }

  askStop() {
    if (this.state === "done" || !this.config) return;
    this.pause("stop");
    if (this.state === "paused" || this.state === "ready") this.overlays.stop();
  }

  stop() {
    this.interrupt("stop");
    this.connection.post({type: "stop"});
    this.queue = [];
    this.enter("done");
  }

  blur() {
    this.keyboard.releaseAll();
    if (!this.trial || this.trial.over) return;
    this.trial.note("blur");
    this.sounds.silence();
    this.pauseAfter = true;
  }

  hide() {
    if (!this.trial?.over) this.trial?.note("hidden");
    this.pause("hidden");
  }

  // -- trials --

  /** @param {number} ts */
  begin(ts) {
    const message = this.queue.shift();
    const {page} = this;
    this.gap = null;
    this.trial = this.made(message);
    this.trial.before = this.ended;
    this.sizes = this.screen.stage.sizes;
    if (this.finished.size === 0) this.refreshChanged = false;  // there was no other one in this run
    page.set("uid", message.uid);
    page.set("index", message.index);
    page.set("onset", "");
    page.set("onsets", "");
    this.screen.begin();
    this.keyboard.begin(message);
    this.sounds.begin(this.trial);
    if (this.sounds.used && this.sounds.state === "waiting") this.sounds.unlock();
    this.enter("running");
    this.play(ts);
  }

  /** @param {Wire.Trial} message @returns {Playing} */
  made(message) {
    const {config, refresh} = this;
    const held = () => this.keyboard.lastHeld;
    if (message.loop) return new ClosedTrial(message, config, refresh, held);
    if (message.parts) return new JointTrial(message, config, refresh);
    if (config.mode === "open") return new OpenTrial(message, config, refresh);
    /** @param {number} k @param {Wire.Action} action */
    const act = (k, action) => this.connection.post({type: "act", uid: message.uid, k, action});
    return new LockstepTrial(message, config, refresh, act, held);
  }

  /** @param {number} action @param {number} stamp */
  answer(action, stamp) {
    this.trial?.touch(action);
    this.trial?.press(action, stamp);
    if (this.trial?.over) this.sounds.hush();  // the screen follows in the next frame
  }

  /** @param {number} ts the stamp of the frame without the trial */
  finish(ts) {
    const {closed, scene, message} = this.trial;
    this.screen.keep(scene);
    const record = this.trial.record();
    this.close(record, ts);
    this.keyboard.dim(new Set());
    const {verdicts, text} = told(record, this.config, message.asked?.due);
    if (text) {
      this.page.tell(verdicts, this.screen.stage);
      this.page.say(text);
    }
    // an empty screen that closed the trial belongs to the pause, if nothing else comes before it
    const gap = {feedback: text ? this.config.feedback_ms ?? 0 : 0, blank: this.config.iti_ms ?? 0, t0: text ? null : closed};
    this.between(gap, "feedback");
  }

  /** @param {Wire.Record} record @param {number} ts of the screen without the trial */
  close(record, ts = performance.now()) {
    this.trial.close();
    this.ended = this.trial.closed ?? ts;
    record.screen = this.sizes;
    record.keys = this.keyboard.keys.told;
    record.view = this.screen.seenAs;
    if (this.config.address) record.address = this.config.address;  // by which its run can be made, if it has none yet
    Object.assign(record.flags, this.sounds.told());
    this.sounds.hush();
    this.trial = null;
    this.finished.add(record.uid);
    this.outbox.put(record);
  }

  // -- frames --

  /** @param {number} ts */
  frame(ts) {
    if (this.refresh.frame(ts)) this.refreshChanged = true;
    if (this.screen.stage.fit()) {
      this.dirty = true;
      this.trial?.note("resize");
    }
    if (this.trial) this.play(ts);
    else if (this.gap) this.rest(ts);
    if (this.dirty && !this.trial) this.dirty = this.screen.empty(ts, this.gap !== null);
  }

  /** @param {number} ts @returns {void} */
  play(ts) {
    const {trial, page} = this;
    if (this.refreshChanged) trial.noteRefresh();
    this.refreshChanged = false;
    trial.frame(ts);
    if (trial.over) {
      this.finish(ts);
      return this.rest(ts);
    }
    this.screen.draw(trial, ts);
    this.sounds.frame(trial, ts, this.refresh.interval);
    if (trial.onset !== null) page.set("onset", trial.onset);
    if (trial.onsets) page.set("onsets", JSON.stringify(trial.onsets));
    if (trial.onsets) this.keyboard.dim(trial.hidden);
    this.screen.follow(trial.active);
  }

  /** @param {number} ts @returns {void} */
  rest(ts) {
    const {gap, page} = this;
    gap.t0 ??= ts;
    const ready = this.refresh.isReady(ts);
    const past = this.refresh.middle(ts) - gap.t0;
    const shown = past >= gap.feedback;
    if (shown) page.hush();
    if (shown && this.pauseAfter) return this.pause();
    if (past < gap.feedback + gap.blank || !ready) return;
    if (this.queue.length && !this.tab.blocked) return this.begin(ts);
    if (this.drained) {
      this.gap = null;
      this.enter("done");
    } else if (this.state !== "loading") this.enter("loading");
    else page.wait.hidden = ts - gap.t0 < gap.feedback + gap.blank + 600;
  }

  // -- keys and pointer --

  // Whether keys are the task's.
  get takesKeys() {
    return this.started && ["running", "feedback"].includes(this.state);
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (isTyping(event) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.overlays.remapping) return this.overlays.chooseKey(event);
    if (event.code === "Escape") return this.escape(event);
    if (this.mute.isKey(event)) return this.mute.toggle();
    if (this.takesKeys || (this.started && this.state === "loading")) return this.keyboard.press(event);
    const start = event.code === "Space" && !event.repeat && !target(event).closest?.("button, a");
    if (!start || !["ready", "paused"].includes(this.overlays.shown)) return;
    event.preventDefault();
    this.go();
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (this.overlays.shown === "stop") return this.overlays.show();
    if (!this.started || this.state === "done") return;
    event.preventDefault();
    this.pause();
  }

  /** @param {PointerEvent} event */
  point(event) {
    const {trial, screen} = this;
    if (trial?.hand && trial.hand.click !== null && trial.t0 !== null) {
      this.guide(event);
      trial.touch(trial.hand.click);
      trial.hand.press(trial.hand.click, event.timeStamp);
    }
    if (!trial?.dial || !trial.open) return;
    const answer = trial.dial.choose(...screen.stage.at(event, screen.dialPanel(trial)));
    if (answer) this.answer(answer.action, event.timeStamp);
  }

  // Mouse or touch sets what the task lets it set.
  /** @param {PointerEvent} event */
  guide(event) {
    this.trial?.hand?.follow(...this.screen.stage.at(event, WHOLE), event.timeStamp);
  }

  // -- toolbar --

  toggleView() {
    this.screen.toggle();
  }

  toggleSound() {
    this.mute.toggle();
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.page.root.requestFullscreen?.().catch(quiet);
  }

  openKeys() {
    if (!this.config || this.state === "done") return;
    this.pause();
    if (["ready", "paused"].includes(this.state)) this.overlays.keys();
  }
}

// ---- entry ----

const live = new WeakMap();

/** @param {{model: Panel.Model<Wire.FromPlayer>, el: Element}} component */
export function render({model, el}) {
  live.get(el)?.destroy();
  const player = new Player(model);
  live.set(el, player);
  model.on("msg:custom", (message) => player.receive(plain(message)));
  model.on("back", () => player.back());
  model.on("anew", () => player.hello());
  model.on("after_render", () => player.start());
  model.on("remove", () => player.destroy());
  return player.page.root;
}
