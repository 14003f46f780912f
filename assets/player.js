// The player: screen, clock and keys of a session. docs/player.md describes its messages.

import {drawChannels} from "./channels.js";
import {Refresh} from "./clock.js";
import {rng} from "./dots.js";
import {isLetter, isTyping, Keys, target} from "./inputs.js";
import {keep, Outbox, SOUND, stored} from "./outbox.js";
import {cap, Page} from "./page.js";
import {isShown} from "./scene.js";
import {hasSound, Sounds} from "./sound.js";
import {Stage} from "./stage.js";
import {COUNTS, FEEDBACK, h, icon, ICONS, PAID, plain, quiet, TIMES, UNPAID, WHOLE} from "./tools.js";
import {JointTrial, LockstepTrial, OpenTrial} from "./trials.js";

/** @typedef {"loading" | "ready" | "running" | "feedback" | "paused" | "done"} State */
/** @typedef {(OpenTrial | LockstepTrial) & {parts?: Wire.Part[], asked?: number | null}} Playing the trial that is on */
/** @typedef {{outcome: number, reward: number}} Told */
/** @typedef {Keys["caps"][number]} Cap */

class Player {
  /** @param {Panel.Model<Wire.FromPlayer>} model */
  constructor(model) {
    this.model = model;
    this.page = new Page(this);
    this.stage = new Stage(this.page.canvas);
    this.sounds = new Sounds(rng, isShown, () => this.showSound());
    this.sounds.muted = Boolean(stored(SOUND).muted);
    this.outbox = new Outbox((record) => this.post(record), () => this.count());
    this.gone = new AbortController();
    /** @type {State} */
    this.state = "loading";
    /** @type {Wire.Config | null} */
    this.config = null;
    /** @type {Keys | null} the task's */
    this.base = null;
    /** @type {Keys | null} the trial's */
    this.keys = null;
    /** @type {Wire.Trial[]} */
    this.queue = [];
    /** @type {Set<string>} uids */
    this.finished = new Set();
    /** @type {Playing | null} */
    this.trial = null;
    /** @type {Wire.Config["view"]} */
    this.view = "scene";
    /** @type {{feedback: number, blank: number, t0: number | null} | null} between trials, ms */
    this.gap = null;
    this.started = false;
    this.drained = false;
    this.dirty = true;
    this.refresh = new Refresh();
    this.refreshChanged = false;
    this.range = {low: 0, high: 1};
    /** @type {Map<string, {action: number, stamp: number, by: string | null}>} keys that are down, and the place of what holds them */
    this.held = new Map();
    this.pauseAfter = false;
    /** @type {string | false} the run that this tab plays */
    this.locked = false;
    this.blocked = false;
    this.done = 0;
    /** @type {{accuracy: number | null, rt: number | null} | null} */
    this.ack = null;
    /** @type {{row: import("./inputs.js").BoundKey | null, text: string} | null} */
    this.remapping = null;
    this.problem = "";
    this.heardOnce = false;
    /** @type {number | null} */
    this.pendingPing = null;
    this.lastPing = -Infinity;
    this.lastReady = Infinity;
    this.lost = false;
    this.lastProbe = -Infinity;
  }

  // -- life --

  start() {
    this.listen();
    this.observer = new ResizeObserver(() => this.stage.measure());
    this.observer.observe(this.page.canvas.parentElement);
    this.stage.measure();
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
    on(window, "keyup", (/** @type {KeyboardEvent} */ event) => this.keyup(event));
    on(window, "blur", (event) => event.target === window && this.blur());
    on(window, "pagehide", () => this.interrupt("reload"));
    on(document, "visibilitychange", () => document.hidden && this.hide());
    on(document, "fullscreenchange", () => document.fullscreenElement || this.pause());
    on(this.page.canvas, "pointerdown", (/** @type {PointerEvent} */ event) => this.point(event));
    on(this.page.canvas, "pointermove", (/** @type {PointerEvent} */ event) => this.guide(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      on(this.page.canvas, end, () => this.trial?.hand?.release(this.trial.hand.click));
  }

  /** @param {Wire.FromPlayer} message */
  post(message) {
    if (this.gone.signal.aborted && message.type !== "record") return;
    try {
      this.model.send_msg(message);
    } catch {
      this.pendingPing ??= performance.now();
    }
  }

  hello() {
    if (this.gone.signal.aborted) return;
    this.lastReady = performance.now();
    const run = this.config?.run ?? new URLSearchParams(location.search).get("run");
    this.post({type: "ready", run, have: this.queue.map((trial) => trial.uid)});
  }

  tick() {
    const now = performance.now();
    if (now - this.lastPing >= TIMES.ping) {
      this.lastPing = now;
      this.pendingPing ??= now;
      this.post({type: "ping"});
    }
    if (!this.config && now - this.lastReady > 3 * TIMES.resend) this.hello();
    this.outbox.flush();
    const patience = this.heardOnce ? TIMES.lost : TIMES.firstAnswer;
    this.setLost(this.pendingPing !== null && now - this.pendingPing > patience);
    if (this.lost && !this.playable() && now - this.lastProbe >= TIMES.probe) this.probe(now);
  }

  // -- connection --

  /** @param {boolean} lost */
  setLost(lost) {
    const page = this.page;
    this.lost = lost;
    if (lost && this.config?.mode === "lockstep") this.interrupt("reload");
    const note = lost ? "Offline: answers are kept here" : this.config ? this.problem : "";
    page.note.hidden = !note;
    if (page.note.textContent !== note) page.note.textContent = note;
    const stuck = lost && !this.playable();
    if (stuck && page.root.dataset.overlay !== "lost") {
      page.overlay("lost", h("h2", {}, "Connection lost"),
        h("p", {}, "Your answers are safe in this browser. The session goes on by itself when the server is back."));
    } else if (!stuck && page.root.dataset.overlay === "lost") this.cover();
  }

  playable() {
    const idle = this.state === "done" && this.outbox.items.size === 0;
    return idle || (this.config?.mode === "open" && (this.trial !== null || this.queue.length > 0));
  }

  /** @param {number} now */
  async probe(now) {
    this.lastProbe = now;
    const wait = TIMES.reload - (Date.now() - Number(stored("neurogym-reload").at ?? 0));
    if (wait > 0) return;
    try {
      const answer = await fetch(location.href, {cache: "no-store", signal: AbortSignal.timeout(3000)});
      if (!answer.ok || !this.lost || this.gone.signal.aborted) return;
    } catch {
      return;
    }
    keep("neurogym-reload", {at: Date.now()});
    location.reload();
  }

  /** @param {any} message a `Wire.FromServer`: its type tells which */
  receive(message) {
    this.pendingPing = null;
    this.heardOnce = true;
    if (this.lost) this.setLost(false);
    const act = /** @type {{[type: string]: () => void}} */ ({
      config: () => this.configure(message), trial: () => this.enqueue(message),
      obs: () => this.observe(message),
      ack: () => this.acknowledge(message), done: () => this.drain(),
      error: () => this.complain(message.message),
    })[message.type];
    act?.();
  }

  /** @param {Wire.Obs} message */
  observe(message) {
    if (this.trial?.message.uid !== message.uid) return;
    this.widen(message.ob ?? []);
    this.trial.receive?.(message);
  }

  // The agent's view keeps one scale that holds all values so far.
  /** @param {Iterable<number>} values */
  widen(values) {
    for (const value of values) {
      if (value < this.range.low && value > -Infinity) this.range.low = value;
      if (value > this.range.high && value < Infinity) this.range.high = value;
    }
  }

  /** @param {string} text */
  complain(text) {
    this.problem = text ?? "";
    this.setLost(this.lost);
    if (!this.config) this.cover();
    this.page.say(this.problem);
  }

  /** @param {Wire.Ack} message */
  acknowledge({uid, n_done: done, accuracy, median_rt: rt, refused, keep}) {
    this.outbox.ack(uid, keep);
    if (refused) console.warn(`The server did not take ${uid}: ${refused}`);
    if (!uid.startsWith(`${this.config?.run}-`)) return;
    if (refused) {
      this.complain(`An answer was not stored: ${refused}`);
      if (this.state === "done") this.cover();
      return;
    }
    this.done = done ?? this.done;
    this.ack = {accuracy: accuracy ?? null, rt: rt ?? null};
    this.count();
    if (this.state === "done") this.cover();
  }

  count() {
    const done = this.done + this.outbox.count(this.config?.run);
    this.page.progress(done, this.config?.n_trials ?? 0, this.state === "done");
    this.page.set("nDone", this.done);
    this.page.set("outbox", this.outbox.items.size);
  }

  // One tab plays a run; another waits until the first is closed.
  /** @param {string} run */
  lock(run) {
    if (this.locked === run || !navigator.locks) return;
    this.unlock?.();
    this.locked = run;
    const {signal} = this.gone;
    const hold = () =>
      new Promise((release) => {
        this.unlock = release;
        signal.addEventListener("abort", release);
      });
    /** @param {Lock | null} lock */
    const take = (lock) => {
      if (lock) return hold();
      this.blocked = true;
      this.cover();
      this.queueForLock(run, hold, signal);
      return null;
    };
    navigator.locks.request(`run-${run}`, {ifAvailable: true}, take).catch(quiet);
  }

  /**
   * @param {string} run
   * @param {() => Promise<unknown>} hold
   * @param {AbortSignal} signal
   */
  queueForLock(run, hold, signal) {
    const take = () => {
      if (this.locked !== run) return null;
      this.blocked = false;
      this.queue = [];
      this.cover();
      this.hello();
      return hold();
    };
    navigator.locks.request(`run-${run}`, {signal}, take).catch(quiet);
  }

  // -- session --

  /** @param {Wire.Config} config */
  configure(config) {
    this.trial?.close?.();
    this.sounds.hush();
    if (this.config?.run !== config.run) this.blocked = false;
    const keys = new Keys(config);
    Object.assign(this, {
      config, base: keys, keys, queue: [], finished: new Set(), trial: null, gap: null, started: false,
      drained: false, done: config.n_done ?? 0, ack: null, view: config.view ?? "scene", range: {low: 0, high: 1},
      pauseAfter: false, remapping: null, problem: "", refreshChanged: false,
    });
    this.held.clear();
    this.page.title.textContent = config.title ?? "";
    this.page.root.setAttribute("aria-label", config.title ?? "Session");
    this.page.keys.hidden = !config.remap;
    this.page.sound.hidden = true;
    if (config.sound) this.offerSound();
    this.page.hush();
    this.showView();
    this.hints();
    this.count();
    this.page.set("uid", "");
    this.page.set("onset", "");
    this.enter("ready");
    this.lock(config.run);
    if (document.activeElement === document.body) this.page.root.focus({preventScroll: true});
  }

  /** @param {Wire.Trial} message */
  enqueue(message) {
    const {uid} = message;
    const known = this.finished.has(uid) || this.outbox.items.has(uid) || this.trial?.message.uid === uid;
    if (!this.config || known || this.queue.some((trial) => trial.uid === uid)) return;
    this.drained = false;
    this.queue.push(message);
    if (hasSound(message.scene)) this.offerSound();
    this.widen(message.frames);
    for (const {what, one_hot: oneHot} of message.echo ?? []) {
      if (what === "reward") this.widen(message.reward ?? []);
      else if (!oneHot && message.shape) this.widen([message.shape[2] - 1]);
    }
  }

  drain() {
    this.drained = true;
    if (!this.trial && this.queue.length === 0 && this.state !== "feedback") this.enter("done");
  }

  /** @param {State} state */
  enter(state) {
    this.state = state;
    this.dirty = true;
    if (state === "done") this.started = false;
    this.page.set("state", state);
    if (state !== "loading") this.page.wait.hidden = true;
    if (state !== "running") this.describe("");
    this.count();
    this.cover();
  }

  go() {
    if (this.blocked || !["ready", "paused"].includes(this.state)) return;
    this.started = true;
    this.pauseAfter = false;
    if (!this.page.sound.hidden) this.sounds.unlock();
    this.complain("");
    this.between(0, Math.max(TIMES.afterStart, this.config.iti_ms ?? 0), "loading");
    this.page.root.focus({preventScroll: true});
  }

  /**
   * @param {number} feedback ms
   * @param {number} blank ms
   * @param {State} state
   * @param {number | null} t0 the stamp of the first frame between trials; null: the next
   */
  between(feedback, blank, state, t0 = null) {
    this.gap = {feedback, blank, t0};
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

  /** @param {Wire.Record} record */
  close(record) {
    this.trial.close?.();
    Object.assign(record.flags, this.sounds.told());
    this.sounds.hush();
    this.trial = null;
    this.finished.add(record.uid);
    this.outbox.put(record);
  }

  finish() {
    const {closed} = this.trial;
    const record = this.trial.record();
    this.close(record);
    this.dim(new Set());
    const text = this.feedback(record);
    // an empty screen that closed the trial belongs to the pause, if nothing else comes before it
    this.between(text ? this.config.feedback_ms ?? 0 : 0, this.config.iti_ms ?? 0, "feedback", text ? null : closed);
  }

  /** @param {Told & {parts?: (Told | null)[]}} record */
  feedback({outcome, reward, parts}) {
    const {page, config} = this;
    const each = parts?.length ? parts : [{outcome, reward}];
    const verdicts = each.map((part) => part && this.verdict(part));
    if (!verdicts.some(Boolean)) return "";
    page.tell(verdicts, this.stage);
    const words = verdicts.map((verdict, j) => {
      const text = verdict && [verdict.word, verdict.signed].filter(Boolean).join(" ");
      return text && each.length > 1 ? `${config.parts[j].title}: ${text}` : text;
    });
    const text = words.filter(Boolean).join(". ");
    page.say(text);
    return text;
  }

  // What the person is told of an outcome; null if nothing.
  /** @param {Told} told @returns {import("./page.js").Verdict | null} */
  verdict({outcome, reward}) {
    const mode = this.config.feedback ?? null;
    const points = Math.round(100 * reward) / 100;
    const paid = mode === "reward" && outcome !== 1 && outcome !== 4;  // what was right is not told
    const [tone, word, symbol] = paid ? (points > 0 ? PAID : UNPAID) : FEEDBACK[outcome] ?? FEEDBACK[0];
    const signed = mode === "reward" && points ? `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points)}` : "";
    return mode === null || !(word || signed) ? null : {tone, word, symbol, signed};
  }

  stop() {
    this.interrupt("stop");
    this.post({type: "stop"});
    this.queue = [];
    this.enter("done");
  }

  askStop() {
    if (this.state === "done" || !this.config) return;
    this.pause("stop");
    if (this.state !== "paused" && this.state !== "ready") return;
    const {page} = this;
    page.overlay("stop", h("h2", {}, "Stop the session?"), h("p", {}, "What you did so far is kept."),
      h("div", {class: "row"}, page.action("Stop", () => this.stop(), true), page.action("Go back", () => this.cover())));
    page.cover.querySelector(".plain").focus();
  }

  // -- frames --

  /** @param {number} ts */
  frame(ts) {
    if (this.refresh.frame(ts)) this.refreshChanged = true;
    if (this.stage.fit()) {
      this.dirty = true;
      this.trial?.note("resize");
    }
    if (this.trial) this.play(ts);
    else if (this.gap) this.rest(ts);
    if (this.dirty && !this.trial) {
      this.stage.clear();
      this.dirty = false;
    }
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
    if (this.queue.length && !this.blocked) return this.begin(ts);
    if (this.drained) {
      this.gap = null;
      this.enter("done");
    } else if (this.state !== "loading") this.enter("loading");
    else page.wait.hidden = ts - gap.t0 < gap.feedback + gap.blank + 600;
  }

  /** @param {number} ts */
  begin(ts) {
    const message = this.queue.shift();
    this.gap = null;
    const Open = message.parts ? JointTrial : OpenTrial;
    this.trial = this.config.mode === "open" ? new Open(message, this.config, this.refresh)
      : new LockstepTrial(message, this.config, this.refresh,
        (k, action) => this.post({type: "act", uid: message.uid, k, action}), () => [...this.held.values()].pop() ?? null);
    this.page.set("uid", message.uid);
    this.page.set("index", message.index);
    this.page.set("onset", "");
    this.page.set("onsets", "");
    /** @type {string} */
    this.period = "";
    this.useKeys(message);
    this.sounds.begin(this.trial);
    if (this.sounds.used && this.sounds.state === "waiting") this.sounds.unlock();
    this.enter("running");
    this.play(ts);
  }

  // Some trials have keys of their own.
  /** @param {Wire.Trial} message */
  useKeys(message) {
    const was = this.keys;
    if (message.keys) this.keys = new Keys({...this.config, keys: message.keys, dial: message.dial}, this.base);
    else this.keys = this.base;
    if (JSON.stringify(was.caps) === JSON.stringify(this.keys.caps)) return;
    this.held.clear();
    this.hints();
  }

  /** @param {number} ts */
  play(ts) {
    const {trial, page} = this;
    if (this.refreshChanged) trial.noteRefresh();
    this.refreshChanged = false;
    trial.frame(ts);
    if (trial.over) {
      this.finish();
      return this.rest(ts);
    }
    this.draw(trial, ts);
    this.sounds.frame(trial, ts, this.refresh.interval);
    if (trial.onset !== null) page.set("onset", trial.onset);
    if (trial.onsets) page.set("onsets", JSON.stringify(trial.onsets));
    if (trial.onsets) this.dim(trial.hidden);
    this.follow(trial.active);
  }

  // The keys of a task that is not on are pale.
  /** @param {Set<number>} hidden */
  dim(hidden) {
    const names = [...hidden].join(" ");
    if (this.page.hints.dataset.hidden === names) return;
    this.page.hints.dataset.hidden = names;
    for (const group of this.page.hints.children) group.classList.toggle("off", hidden.has(Number(group.dataset.part)));
  }

  /** @param {Playing} trial @param {number} ts */
  draw(trial, ts) {
    const {stage} = this;
    stage.clear();
    if (!trial.row) return;
    if (this.view === "channels" || !trial.scene) {
      this.drawRow(trial);
      stage.units();
    } else {
      stage.divide(this.panels(trial));
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

  /** @param {Playing} trial */
  panels(trial) {
    return trial.scene?.panels ?? 1;
  }

  /** @param {Playing} trial @returns {Wire.Panel} */
  dialPanel(trial) {
    return trial.parts && this.view === "scene" ? [trial.asked, this.panels(trial)] : WHOLE;
  }

  /** @param {Playing} trial @returns {Wire.Group[]} */
  channels(trial) {
    const given = this.config.channels ?? [];
    return given.length ? given : [{name: "channels", start: 0, size: trial.row.length}];
  }

  // The current period is the active one that started last.
  /** @param {string[]} active */
  follow(active) {
    const fresh = active.filter((name) => !(this.was ?? []).includes(name));
    /** @type {string} */
    const period = fresh.length ? fresh[fresh.length - 1] : active.includes(this.period) ? this.period : active[active.length - 1] ?? "";
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

  // -- keys --

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (isTyping(event) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.remapping) return this.captureKey(event);
    if (event.code === "Escape") return this.escape(event);
    if (isLetter(event, "m") && this.mutable && !event.repeat && !this.keys?.find(event)) return this.toggleSound();
    const playing = ["running", "feedback", "loading"].includes(this.state) && this.started;
    if (playing) this.playKey(event);
    else if (event.code === "Space" && !event.repeat && !target(event).closest?.("button, a") && !this.page.cover.hidden) {
      if (["ready", "paused"].includes(this.page.root.dataset.overlay)) {
        event.preventDefault();
        this.go();
      }
    }
  }

  /** @param {KeyboardEvent} event */
  playKey(event) {
    const row = this.keys.find(event);
    if (!row && !(event.code in this.keys.dial)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) this.trial?.note("repeat");
    else if (row) this.down(row, event.timeStamp, event.code);
    else {
      this.mark(event.code, true);
      this.turn(event.code, event.timeStamp);
    }
  }

  /** @param {KeyboardEvent} event */
  keyup(event) {
    if (!this.keys || isTyping(event)) return;
    const down = [...this.held].find(([, {by}]) => by === event.code);  // with Shift it may print something else now
    const was = down?.[0] ?? this.keys.find(event)?.was;
    if (!was && !(event.code in this.keys.dial)) return;
    if (this.started && ["running", "feedback"].includes(this.state)) event.preventDefault();
    this.up(was ?? event.code);
    if (this.keys.dial[event.code] && this.trial?.dial) this.trial.dial.turning = 0;
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
    this.answer(action, stamp);
  }

  /** @param {string} was */
  up(was) {
    if (this.held.has(was)) this.trial?.release?.(this.held.get(was).action);
    this.held.delete(was);
    this.mark(was, false);
  }

  /** @param {string} was @param {boolean} down */
  mark(was, down) {
    this.page.hints.querySelector(`[data-was="${was}"]`)?.classList.toggle("down", down);
  }

  /** @param {string} code @param {number} stamp */
  turn(code, stamp) {
    const {trial} = this;
    const by = this.keys.dial[code];
    if (!trial) return;
    if (!trial.open) {
      if (by === 0 && trial.onset === null) trial.note("early");
    } else if (by) trial.dial.press(by, stamp);
    else this.answer(trial.dial.answer.action, stamp);
  }

  /** @param {number} action @param {number} stamp */
  answer(action, stamp) {
    this.trial?.press(action, stamp);
    if (this.trial?.over) this.sounds.hush();  // the screen follows in the next frame
  }

  /** @param {PointerEvent} event */
  point(event) {
    const hand = this.trial?.hand;
    if (hand && hand.click !== null && this.trial.t0 !== null) {
      this.guide(event);
      hand.press(hand.click, event.timeStamp);
    }
    if (!this.trial?.dial || !this.trial.open) return;
    const answer = this.trial.dial.choose(...this.stage.at(event, this.dialPanel(this.trial)));
    if (answer) this.answer(answer.action, event.timeStamp);
  }

  // Mouse or touch sets what the task lets it set.
  /** @param {PointerEvent} event */
  guide(event) {
    this.trial?.hand?.follow(...this.stage.at(event, WHOLE), event.timeStamp);
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (this.page.root.dataset.overlay === "stop") return this.cover();
    if (!this.started || this.state === "done") return;
    event.preventDefault();
    this.pause();
  }

  blur() {
    for (const was of [...this.held.keys()]) this.up(was);
    if (this.trial?.dial) this.trial.dial.turning = 0;
    if (!this.trial || this.trial.over) return;
    this.trial.note("blur");
    this.sounds.silence();
    this.pauseAfter = true;
  }

  hide() {
    if (!this.trial?.over) this.trial?.note("hidden");
    this.pause("hidden");
  }

  // -- toolbar and overlays --

  toggleView() {
    this.view = this.view === "channels" ? "scene" : "channels";
    this.showView();
  }

  showView() {
    this.page.view.setAttribute("aria-pressed", this.view === "channels");
    this.page.set("view", this.view);
  }

  // From now on there is something to hear.
  offerSound() {
    if (!this.page.sound.hidden) return;
    this.page.sound.hidden = false;
    this.showSound();
    if (this.page.root.dataset.overlay === "ready") this.cover();
  }

  // Whether M mutes the sound: it may be a key of the task.
  get mutable() {
    return !this.page.sound.hidden && this.sounds.state !== "none" && !this.keys?.rows.some(({label}) => label === "M");
  }

  toggleSound() {
    if (this.sounds.state === "blocked") return this.sounds.unlock();
    this.sounds.mute(!this.sounds.muted);
    keep(SOUND, {muted: this.sounds.muted});
  }

  showSound() {
    const {page, sounds: {state}} = this;
    /** @type {{[state: string]: string}} */
    const words = {on: "Sound on", waiting: "Sound on", muted: "Muted", blocked: "Sound blocked", none: "No sound"};
    const [text, node] = [words[state], page.sound];
    const hint = /** @type {{[state: string]: string}} */ ({muted: "sound on", blocked: "try again", none: ""})[state] ?? "mute";
    const label = hint ? `${text}: ${hint}${this.mutable ? " (M)" : ""}` : "This browser has no sound";
    for (const name of ["title", "aria-label"]) node.setAttribute(name, label);
    node.disabled = state === "none";
    node.replaceChildren(icon(ICONS[["on", "waiting"].includes(state) ? "sound" : "silence"]), h("span", {class: "word"}, text));
    page.set("sound", state);
  }

  // What is told of the sound before a session.
  soundNote() {
    if (this.page.sound.hidden) return [];
    const text = this.sounds.state === "none" ? "This browser has no sound. Watch the speaker sign: it shows what would be heard."
      : "This task has sound. A speaker sign shows it to those who do not hear it.";
    return [h("p", {class: "small"}, text)];
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.page.root.requestFullscreen?.().catch(quiet);
  }

  hints() {
    const {hints} = this.page;
    const groups = this.groups(this.keys.caps);
    hints.dataset.hidden = "";
    hints.classList.toggle("grouped", groups.length > 1);
    if (groups.length === 1) return hints.replaceChildren(...groups[0].keys.map((key) => this.hint(key)));
    hints.replaceChildren(...groups.map(({title, keys}, j) =>
      h("div", {class: "group", role: "group", "aria-label": title, "data-part": j},
        h("span", {class: "task"}, title), h("div", {class: "keys"}, ...keys.map((key) => this.hint(key))))));
  }

  // The keys of each of several tasks; those of one, or that all share, are one group.
  /** @param {Cap[]} caps @returns {{title?: string, instruction?: string, keys: Cap[]}[]} */
  groups(caps) {
    const {parts, shared} = this.config;
    if (!parts || shared) return [{keys: caps}];
    return parts.map(({title, instruction}, j) => ({title, instruction, keys: caps.filter(({part}) => part === j)}));
  }

  // A key on the screen does what its key does, for mouse, touch and assistive tools.
  /** @param {Cap} key */
  hint({was, code, label, name}) {
    /** @param {Event} event */
    const press = (event) => {
      const row = this.keys.given(was);
      if (!this.started || !["running", "feedback"].includes(this.state)) return;
      if (row) this.down(row, event.timeStamp);
      else this.turn(code, event.timeStamp);
    };
    const release = () => {
      this.up(was);
      if (this.trial?.dial) this.trial.dial.turning = 0;
    };
    const told = {"data-code": code, "data-was": was};
    const node = h("button", {type: "button", class: "hint", tabindex: "-1", ...told, "aria-label": `${name}, key ${label}`},
      h("kbd", {}, label), h("span", {class: "name"}, name));
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      press(event);
    });
    for (const name2 of ["pointerup", "pointercancel", "pointerleave"]) node.addEventListener(name2, release);
    node.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      press(event);
      release();
    });
    return node;
  }

  // Shows the overlay that belongs to the state.
  cover() {
    const {page, config} = this;
    this.remapping = null;
    if (this.blocked) {
      return page.overlay("locked", h("h2", {}, "This session is open in another tab"),
        h("p", {}, "Go on there, or close it: then it goes on here."));
    }
    const draw = /** @type {{[state: string]: () => void}} */ (
      {ready: () => this.coverReady(), paused: () => this.coverPaused(), done: () => this.coverDone()})[this.state];
    if (draw && config) draw();
    else if (!config) page.overlay("loading", h("p", {}, this.problem || "Preparing the session…"));
    else page.overlay("");
  }

  coverReady() {
    const {page, config} = this;
    const start = page.action("Start – press space", () => this.go(), true);
    /** @param {Cap[]} keys */
    const caps = (keys) => h("div", {class: "caps"}, ...keys.map(cap));
    const groups = this.groups(this.base.caps);
    const how = groups.length === 1 ? [h("p", {}, config.instruction ?? ""), caps(groups[0].keys)]
      : [h("div", {class: "tasks"}, ...groups.map(({title, instruction, keys}) =>
        h("section", {}, h("h3", {}, title), h("p", {}, instruction), caps(keys))))];
    const title = groups.length === 1 ? config.title ?? "" : `${COUNTS[groups.length] ?? groups.length} tasks at once`;
    page.overlay("ready", h("h2", {}, title), ...how, start, ...this.soundNote(),
      h("p", {class: "small bykey"}, this.mutable ? "Esc pauses, M mutes" : "Esc pauses"));
  }

  coverPaused() {
    const {page} = this;
    page.overlay("paused", h("h2", {}, "Paused"), h("p", {}, "A trial that was interrupted comes again later."),
      h("div", {class: "row"}, page.action("Go on – press space", () => this.go(), true), page.action("Stop", () => this.askStop())));
  }

  coverDone() {
    const {page, ack, done, config} = this;
    const steps = (config.next ?? []).map(({step, text}, j) => page.action(text, () => this.post({type: "next", step}), j === 0));
    const waiting = this.outbox.items.size;
    const facts = [[String(done), done === 1 ? "trial" : "trials"]];
    if (ack && ack.accuracy !== null) facts.push([`${Math.round(100 * ack.accuracy)} %`, "correct"]);
    if (ack && ack.rt !== null) facts.push([`${Math.round(ack.rt)} ms`, "median response time"]);
    page.overlay("done", h("h2", {}, "Done"),
      h("dl", {class: "facts"}, ...facts.map(([value, name]) => h("div", {}, h("dd", {}, value), h("dt", {}, name)))),
      h("p", {class: "small"}, waiting ? `Saving ${waiting} ${waiting === 1 ? "answer" : "answers"}…` : "All answers are saved."),
      ...(steps.length && done ? [h("div", {class: "row"}, ...steps)] : []));
  }

  openKeys() {
    if (!this.config || this.state === "done") return;
    this.pause();
    if (!["ready", "paused"].includes(this.state)) return;
    this.remapping = {row: null, text: "Choose an answer, then press its new key."};
    this.coverKeys();
  }

  coverKeys() {
    const {page, remapping, config: {parts}} = this;
    /** @param {Wire.Key} key */
    const nameOf = ({name, part}) => (parts && part !== undefined ? `${parts[part].title}: ${name}` : name);
    const rows = this.base.rows.map((row) =>
      h("button", {type: "button", class: "keyrow", "aria-pressed": String(row === remapping.row), onclick: () => {
        Object.assign(remapping, {row, text: `Press the new key for “${row.name}”.`});
        this.coverKeys();
      }}, h("span", {class: "name"}, nameOf(row)), h("kbd", {}, row === remapping.row ? "?" : row.label)));
    const at = Math.max(0, this.base.rows.indexOf(remapping.row));
    page.overlay("keys", h("h2", {}, "Keys"), h("div", {class: "keyrows"}, ...rows),
      h("p", {class: "small", role: "status"}, remapping.text),
      h("div", {class: "row"}, page.action("Close", () => this.cover(), true), page.action("Reset", () => this.resetKeys())));
    rows[at]?.focus();
  }

  /** @param {KeyboardEvent} event */
  captureKey(event) {
    const {remapping} = this;
    if (event.code === "Escape") return this.cover();
    if (!remapping.row) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    const refused = this.base.assign(remapping.row, event);
    if (refused) remapping.text = refused;
    else Object.assign(remapping, {text: `“${remapping.row.name}” is now ${remapping.row.label}.`, row: null});
    this.keys = this.base;
    this.hints();
    this.coverKeys();
  }

  resetKeys() {
    keep(this.base.name, {});
    this.keys = this.base = new Keys(this.config);
    this.hints();
    this.remapping = {row: null, text: "The keys are as they were."};
    this.coverKeys();
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
  model.on("after_render", () => player.start());
  model.on("remove", () => player.destroy());
  return player.page.root;
}
