// Sound: tones, noise and trains of clicks on the audio clock.

import {clamp} from "./tools.js";

/** @typedef {{[field: string]: any}} Values of a sound's fields in a row */
/** @typedef {AudioScheduledSourceNode} Source */
/** @typedef {import("./trials.js").Seen} Seen */
/**
 * @typedef {object} Sounding a trial
 * @property {import("./scene.js").Scene | null} scene
 * @property {Wire.Row | null} seen
 * @property {string[]} active
 * @property {Set<number> | null} hidden
 * @property {(at: number) => Seen} [ahead]
 */

const RAMP = 0.005;  // s: a raised cosine from one level to the next
const LAG = 0.0001;  // s: two ramps never touch
const CUT = 0.001;  // s: time constant of a sound that is stopped
const CLICK = 0.003;  // s
const MARGIN = 0.3;  // s beyond the output latency: a stall of the page shorter than that is not heard
const LATE = 0.01;  // s
const JUMP = 0.05;  // s: clocks that differ by more than before belong to another device
const HEADROOM = 0.25;  // of full scale at level 1, so that sounds at once do not clip
const PARTIALS = [2000, 4000, 6000, 8000];  // Hz, of a click
/** @type {{[ear: string]: number}} */
const PAN = {left: -1, right: 1};

// ---- what is heard ----

/** @param {number} from @param {number} to @param {number} n */
export function ramp(from, to, n = 32) {
  return Float32Array.from({length: n + 1}, (_, i) => from + (to - from) * 0.5 * (1 - Math.cos((Math.PI * i) / n)));
}

// One click: partials in a raised-cosine envelope, its peak 1 or less.
/** @param {number} rate samples a second */
export function click(rate) {
  const n = Math.round(CLICK * rate);
  return Float32Array.from({length: n}, (_, i) => {
    const window = 0.5 * (1 - Math.cos((2 * Math.PI * (i + 0.5)) / n));
    const tones = PARTIALS.reduce((sum, hz) => sum + Math.cos((2 * Math.PI * hz * (i - (n - 1) / 2)) / rate), 0);
    return (window * tones) / PARTIALS.length;
  });
}

// A train of clicks whose first samples lie `times` ms after the train begins.
/** @param {number[]} times @param {number} rate */
export function train(times, rate) {
  const one = click(rate);
  const starts = times.map((ms) => Math.round((ms * rate) / 1000));
  const samples = new Float32Array(Math.max(0, ...starts) + one.length);
  for (const start of starts) one.forEach((v, i) => (samples[start + i] += v));
  return samples;
}

/**
 * @param {AudioContext} ctx
 * @param {Float32Array} samples
 * @param {boolean} loop
 */
function buffered(ctx, samples, loop) {
  const buffer = ctx.createBuffer(1, samples.length, ctx.sampleRate);
  buffer.copyToChannel(samples, 0);
  const source = ctx.createBufferSource();
  Object.assign(source, {buffer, loop});
  return source;
}

// Evenly spaced clicks without end: two seconds of them, again and again.
/** @param {AudioContext} ctx @param {number} hz */
function regular(ctx, hz) {
  const n = Math.max(1, Math.ceil(2 * hz));
  const samples = new Float32Array(Math.max(1, Math.round((n / hz) * ctx.sampleRate)));
  train(Array.from({length: n}, (_, i) => (1000 * i) / hz), ctx.sampleRate).forEach((v, i) => {
    if (i < samples.length) samples[i] = v;
  });
  return buffered(ctx, samples, true);
}

/** @type {{[kind: string]: (ctx: AudioContext, values: Values, random: () => number) => Source}} */
const SOURCES = {
  sine(ctx, {frequency}) {
    const source = ctx.createOscillator();
    source.frequency.value = frequency;
    return source;
  },
  noise(ctx, values, random) {
    const samples = Float32Array.from({length: 2 * ctx.sampleRate}, () => 2 * random() - 1);
    return buffered(ctx, samples, true);
  },
  clicks(ctx, {rate, times}) {
    return times ? buffered(ctx, train(times, ctx.sampleRate), false) : regular(ctx, rate);
  },
};

// A source, a level that follows the plan, and a gate that shuts at once.
class Voice {
  /**
   * @param {AudioContext} ctx
   * @param {AudioNode} out
   * @param {Source} source
   * @param {string} ear
   */
  constructor(ctx, out, source, ear) {
    this.ctx = ctx;
    this.source = source;
    this.level = 0;
    this.free = 0;
    this.started = false;
    this.gain = ctx.createGain();
    this.gain.gain.value = 0;
    this.gate = ctx.createGain();
    const last = source.connect(this.gain).connect(this.gate);
    if (ear in PAN && ctx.createStereoPanner) {
      const panner = ctx.createStereoPanner();
      panner.pan.value = PAN[ear];
      last.connect(panner).connect(out);
    } else last.connect(out);
    source.onended = () => {
      this.ended = true;
      source.disconnect();
      this.gate.disconnect();
    };
  }

  // At once the first time if `sudden`: a ramp would take away from a click.
  /** @param {number} level @param {number} at @param {boolean} sudden */
  set(level, at, sudden = false) {
    const from = Math.max(at, this.free);
    if (sudden && !this.started) this.gain.gain.setValueAtTime(level, from);
    else this.gain.gain.setValueCurveAtTime(ramp(this.level, level), from, RAMP);
    if (!this.started) this.source.start(from);
    this.free = Math.max(from, this.ctx.currentTime) + RAMP + LAG;  // the past becomes now, and a page may stall
    Object.assign(this, {level, started: true});
    if (level === 0) this.source.stop(this.free);
  }

  cut() {
    const now = this.ctx.currentTime;
    this.gate.gain.setTargetAtTime(0, now, CUT);
    this.source.stop(now + 10 * CUT);
  }
}

// ---- when it is heard ----

// The context time of what is heard at a time of the page, in s. Both clocks are read once a frame.
class Clock {
  /** @param {AudioContext} ctx */
  constructor(ctx) {
    this.ctx = ctx;
    /** @type {number[]} */
    this.offsets = [];
  }

  look() {
    const {ctx, offsets} = this;
    const {contextTime, performanceTime} = ctx.getOutputTimestamp?.() ?? {};
    const offset = contextTime && performanceTime ? contextTime - performanceTime / 1000
      : ctx.currentTime - performance.now() / 1000 - this.latency;
    if (offsets.length && Math.abs(offset - this.offset) > JUMP) offsets.length = 0;
    if (offsets.push(offset) > 9) offsets.shift();
  }

  get latency() {
    return this.ctx.outputLatency || this.ctx.baseLatency || 0;
  }

  get offset() {
    return [...this.offsets].sort((a, b) => a - b)[this.offsets.length >> 1];
  }

  /** @param {number} ms */
  at(ms) {
    return ms / 1000 + this.offset;
  }
}

/** @param {Wire.Primitive} element */
const isSound = ({kind}) => kind === "sound";

// A sound in a trial. Its levels are planned frame by frame, as far ahead as the output needs.
class Part {
  /** @param {import("./scene.js").Item} item @param {Sounds} sounds */
  constructor({element, read, seed}, sounds) {
    this.element = element;
    this.read = read;
    this.sounds = sounds;
    this.random = sounds.rng(seed);
    /** @type {Voice[]} */
    this.voices = [];
    /** @type {[number, number][]} when, and the level */
    this.plan = [];
    this.level = 0;
  }

  /** @param {Wire.Row} row @returns {Values} */
  values(row) {
    return {...this.element, ...Object.fromEntries(this.read.map(([name, value]) => [name, value(row)]))};
  }

  /** @param {Seen} seen */
  levelIn({row, active, hidden}) {
    const on = row && this.sounds.visible(this.element, row, active, hidden);
    return on ? clamp(this.values(row).level, 0, 1) || 0 : 0;
  }

  // A response may have changed what comes. A frame more or less is none of its doing.
  /** @param {number} level @param {number} ts @param {number} period of the screen, ms */
  wrong(level, ts, period) {
    const near = this.plan.filter(([at]) => Math.abs(at - ts) < 1.5 * period);
    return near.length > 0 && near.every(([, planned]) => planned !== level);
  }

  /**
   * @param {Sounding} trial
   * @param {number} ts
   * @param {number} period
   * @param {number} lead ms
   */
  frame(trial, ts, period, lead) {
    const now = {row: trial.seen, active: trial.active, hidden: trial.hidden};
    if (trial.ahead && this.wrong(this.levelIn(now), ts, period)) this.cut();
    const last = this.plan.at(-1);
    let n = last ? Math.max(0, Math.round((last[0] - ts) / period) + 1) : 0;
    for (; n === 0 || n * period <= lead; n++) {
      const state = n ? trial.ahead?.(ts + n * period) : now;
      if (!state) break;
      this.put(ts + n * period, period, this.levelIn(state), state.row);
    }
    this.plan = this.plan.filter(([at]) => at > ts - 3 * period);
    this.voices = this.voices.filter((voice) => !voice.ended);
  }

  // A frame is seen one refresh period after its stamp.
  /**
   * @param {number} at
   * @param {number} period
   * @param {number} level
   * @param {Wire.Row} row
   */
  put(at, period, level, row) {
    const {ctx, clock} = this.sounds;
    this.plan.push([at, level]);
    if (level === this.level) return;
    const voice = this.level > 0 ? this.voices.at(-1) : this.voice(row);
    const due = clock.at(at + period);
    const when = Math.max(due, ctx.currentTime + 0.002);
    if (level > 0 && voice.free - when > RAMP) return;  // levels change faster than ramps
    if (this.level === 0 && when - due > LATE) this.sounds.late++;
    voice.set(level, when, this.element.source === "clicks");
    this.level = level;
  }

  /** @param {Wire.Row} row */
  voice(row) {
    const {ctx, out} = this.sounds;
    const source = SOURCES[this.element.source](ctx, this.values(row), this.random);
    const voice = new Voice(ctx, out, source, this.element.ear);
    this.voices.push(voice);
    return voice;
  }

  cut() {
    for (const voice of this.voices) voice.cut();
    Object.assign(this, {voices: [], plan: [], level: 0});
  }
}

/** @param {Wire.Primitive[]} elements */
export const hasSound = (elements) => Boolean(elements?.some(isSound));

export class Sounds {
  // `rng` makes generators of random numbers, `visible` tells whether an element is on.
  /**
   * @param {(seed: number) => () => number} rng
   * @param {typeof import("./scene.js").isShown} visible
   * @param {() => void} changed
   */
  constructor(rng, visible, changed) {
    this.rng = rng;
    this.visible = visible;
    this.changed = changed;
    this.muted = false;
    /** @type {AudioContext | null} */
    this.ctx = null;
    /** @type {Part[]} */
    this.parts = [];
    this.used = false;
    this.whole = false;
    this.late = 0;
    /** @type {typeof AudioContext | null} */
    this.Kind = window.AudioContext ?? /** @type {any} */ (window).webkitAudioContext ?? null;
  }

  // "on", "muted", "waiting" for a key press, "blocked" by the browser, or "none": it has no sound.
  get state() {
    if (!this.Kind) return "none";
    if (this.muted) return "muted";
    return !this.ctx ? "waiting" : this.ctx.state === "running" ? "on" : "blocked";
  }

  // To be called by a key press or click: browsers give sound to those only.
  unlock() {
    if (!this.ctx && this.Kind) this.open();
    if (this.ctx && this.ctx.state !== "running") this.ctx.resume().catch((error) => console.warn(`No sound: ${error.message}`));
    this.changed();
  }

  open() {
    try {
      this.ctx = new this.Kind({latencyHint: "interactive"});
    } catch (error) {
      console.warn(`No sound: ${error.message}`);
      this.Kind = null;
      return;
    }
    this.clock = new Clock(this.ctx);
    this.out = this.ctx.createGain();
    this.out.gain.value = this.muted ? 0 : HEADROOM;
    this.out.connect(this.ctx.destination);
    this.ctx.onstatechange = () => this.changed();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this.out?.gain.setTargetAtTime(muted ? 0 : HEADROOM, this.ctx.currentTime, CUT);
    this.changed();
  }

  /** @param {Sounding} trial */
  begin(trial) {
    this.hush();
    this.parts = (trial.scene?.items ?? []).filter(({element}) => isSound(element)).map((item) => new Part(item, this));
    Object.assign(this, {used: this.parts.length > 0, whole: this.parts.length > 0, late: 0});
  }

  /** @param {Sounding} trial @param {number} ts @param {number} period of the screen, ms */
  frame(trial, ts, period) {
    if (!this.parts.length) return;
    if (this.state !== "on") this.whole = false;
    if (this.ctx?.state !== "running") return;
    this.clock.look();
    const lead = 1000 * (this.clock.latency + MARGIN);
    for (const part of this.parts) part.frame(trial, ts, period, lead);
  }

  // Nothing is heard for the rest of the trial.
  silence() {
    this.whole = false;
    this.hush();
  }

  hush() {
    for (const part of this.parts) part.cut();
    this.parts = [];
  }

  // Flags for a trial's record: whether it sounded all the time, if it had anything to sound.
  told() {
    if (!this.used) return {};
    return this.late ? {sound: this.whole, late_sounds: this.late} : {sound: this.whole};
  }

  close() {
    this.hush();
    this.ctx?.close().catch(() => {});
    this.ctx = null;
  }
}
