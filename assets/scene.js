// The primitives of a scene (neurogym/spec/primitives.py), drawn from a row of observations.

import {Dots} from "./dots.js";
import {aboutBackground, shade} from "./light.js";
import {clamp, TAU, TIMES} from "./tools.js";

/** @typedef {Wire.Primitive} Primitive */
/** @typedef {Wire.Row} Row */
/** @typedef {CanvasRenderingContext2D} Context */
/**
 * @typedef {object} Item a primitive in a trial
 * @property {Primitive} element
 * @property {import("./clock.js").Refresh} refresh of the screen
 * @property {number} seed
 * @property {Record<string, any>} values what its fields are now
 * @property {[string, (row: Row) => any][]} read its bound fields
 * @property {Dots | null} dots
 * @property {number | null} told the refresh period that the dots are for, ms
 * @property {Field | null} field
 * @property {number | null} since the frame that showed it first
 * @property {number | null} [frame] of what flashes for a frame: the last one, in ms since it came on
 * @property {number} [before] and the one before it
 * @property {{row: Row, since: number | null} | null} mark what was on when it was chosen, and the frame that showed it first
 */

const FINEST = 512;  // pixels across a field of waves; larger ones are scaled up

/** @param {Row} row @param {[number, number]} ring first channel, and how many */
function pointed(row, [first, size]) {
  let [x, y] = [0, 0];
  for (let i = 0; i < size; i++) {
    x += row[first + i] * Math.cos((TAU * i) / size);
    y += row[first + i] * Math.sin((TAU * i) / size);
  }
  return [x, y];
}

// What bindings read of a row.
/** @type {Record<string, (row: Row, what: any) => number>} */
const READ = {
  channel: (row, channel) => row[channel],
  ring(row, ring) {
    const [x, y] = pointed(row, ring);
    return Math.atan2(y, x);
  },
  pull: (row, ring) => Math.hypot(...pointed(row, ring)),
  mix: (row, parts) => parts.reduce((/** @type {number} */ sum, /** @type {[number, number]} */ [channel, weight]) => sum + weight * row[channel], 0),
};
const KINDS = Object.keys(READ);

/** @param {any} value @returns {boolean} */
function isBound(value) {
  if (value === null || typeof value !== "object") return false;
  return KINDS.some((kind) => kind in value) || Object.values(value).some(isBound);
}

/**
 * What a field is, as a function of the row.
 * @param {any} value
 * @returns {(row: Row) => any}
 */
export function binding(value) {
  if (!isBound(value)) return () => value;
  if (Array.isArray(value)) {
    const each = value.map(binding);
    return (row) => each.map((read) => read(row));
  }
  const kind = KINDS.find((name) => name in value);
  if (!kind) {
    const each = Object.entries(value).map(([name, inner]) => /** @type {const} */ ([name, binding(inner)]));
    return (row) => Object.fromEntries(each.map(([name, read]) => [name, read(row)]));
  }
  const {[kind]: what, scale, offset, clip: [low, high] = [-Infinity, Infinity]} = value;
  return (row) => clamp(READ[kind](row, what) * scale + offset, low, high);
}

/**
 * @param {Context} ctx
 * @param {number | null} stroke
 */
function paint(ctx, stroke) {
  if (stroke === null) ctx.fill();
  else if (stroke > 0) {
    ctx.lineWidth = stroke;
    ctx.stroke();
  }
}

/**
 * @param {Context} ctx
 * @param {number} width
 * @param {...[number, number]} points
 */
export function line(ctx, width, ...points) {
  ctx.lineWidth = width;
  ctx.beginPath();
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.stroke();
}

/**
 * @param {Context} ctx
 * @param {Record<string, any>} v
 */
function place(ctx, {x, y, turn, along}) {
  ctx.translate(x, y);
  if (turn) ctx.rotate(turn);
  if (along) ctx.translate(along, 0);
}

/**
 * @param {Context} ctx
 * @param {Record<string, any>} v
 * @param {import("./dots.js").Points} set
 * @param {number} from
 * @param {number} to
 */
function fillDots(ctx, v, {x, y}, from, to) {
  ctx.beginPath();
  for (let i = from; i < to; i++) {
    const [dx, dy] = [x[i] - 0.5, y[i] - 0.5];
    if (dx * dx + dy * dy > 0.25) continue;
    const [px, py] = [v.x + dx * v.aperture, v.y + dy * v.aperture];
    ctx.moveTo(px + v.dot / 2, py);
    ctx.arc(px, py, v.dot / 2, 0, TAU);
  }
  ctx.fill();
}

/**
 * How much of its contrast there is, some ms after it came on.
 * @param {Record<string, any>} v
 * @param {number} ms
 */
function envelope({ramp, lasts}, ms) {
  if (!(ramp > 0)) return 1;
  const edge = Math.min(ms, lasts > 0 ? lasts - ms : Infinity) / ramp;
  return 0.5 - 0.5 * Math.cos(Math.PI * clamp(edge, 0, 1));
}

// A square of pixels around the round window of waves, and how much of it shows at each.
class Field {
  /** @param {number} n @param {number} soft */
  constructor(n, soft) {
    this.n = n;
    this.canvas = Object.assign(document.createElement("canvas"), {width: n, height: n});
    this.ctx = /** @type {Context} */ (this.canvas.getContext("2d"));
    this.image = this.ctx.createImageData(n, n);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.window = new Float32Array(n * n);
    for (let i = 0; i < n * n; i++) {
      const r = Math.hypot(2 * ((i % n) + 0.5) / n - 1, 2 * (Math.floor(i / n) + 0.5) / n - 1);
      if (r < 1) this.window[i] = soft > 0 ? 0.5 + 0.5 * Math.cos(Math.PI * clamp((r - 1 + soft) / soft, 0, 1)) : 1;
    }
    this.sum = new Float32Array(n * n);
  }

  /**
   * Sums sine waves: [cycles over the field, the direction that they drift to, phase] each.
   * @param {[number, number, number][]} waves
   * @param {number} contrast
   */
  fill(waves, contrast) {
    const {n, sum} = this;
    sum.fill(0);
    for (const [cycles, angle, phase] of waves) {
      const columns = this.wave(cycles * Math.cos(angle), phase);
      const rows = this.wave(-cycles * Math.sin(angle), 0);  // y is up
      for (let y = 0, i = 0; y < n; y++) {
        for (let x = 0; x < n; x++, i++) sum[i] += columns[0][x] * rows[1][y] + columns[1][x] * rows[0][y];
      }
    }
    const scale = contrast / waves.length;
    for (let i = 0; i < sum.length; i++) {
      const level = aboutBackground(scale * sum[i] * this.window[i]);
      this.pixels[i] = this.window[i] > 0 ? 0xff000000 | (level << 16) | (level << 8) | level : 0;
    }
    this.ctx.putImageData(this.image, 0, 0);
  }

  /** @param {number} cycles @param {number} phase */
  wave(cycles, phase) {
    const turns = Float64Array.from({length: this.n}, (_, i) => TAU * cycles * ((i + 0.5) / this.n - 0.5) + phase);
    return [turns.map(Math.sin), turns.map(Math.cos)];
  }
}

/**
 * Whether something that flashes is seen so many ms after it came on.
 * @param {Record<string, any>} flash
 * @param {number} ms
 */
export function isLit({rate, times, ms: on, share}, ms) {
  if (times) return times.some((/** @type {number} */ at) => at <= ms && ms < at + on);
  return !(rate > 0) || ms % (1000 / rate) < Math.min(on, (1000 * share) / rate);
}

/**
 * Whether something that flashes for a frame at each of its times is seen in a frame. Each flash belongs to the first frame that
 * comes after its time, so none is left out at any refresh rate, nor when a frame is late.
 * @param {{frame?: number | null, before?: number}} item
 * @param {Record<string, any>} flash
 * @param {number} ms of the frame, since it came on
 */
export function isStruck(item, {times, dark}, ms) {
  const last = item.frame ?? null;
  if (last === null || ms < last) item.before = -Infinity;
  else if (ms > last) item.before = last;  // else it is the same frame, drawn again
  item.frame = ms;
  return times.some((/** @type {number} */ at) => item.before < at && at <= ms) !== Boolean(dark);
}

/** @type {Record<string, (ctx: Context, v: Record<string, any>, item: Item, ms: number, ts: number) => void>} */
const DRAW = {
  path(ctx, v) {
    place(ctx, v);
    ctx.beginPath();
    for (const [x, y] of v.points) ctx.lineTo(x * v.width, y * v.height);
    if (v.closed) ctx.closePath();
    else ctx.lineCap = "round";
    paint(ctx, v.stroke);
  },
  circle(ctx, v) {
    place(ctx, v);
    ctx.beginPath();
    ctx.arc(0, 0, Math.max(0, v.radius), v.start, v.stop);
    if (v.round) ctx.lineCap = "round";
    paint(ctx, v.stroke);
  },
  text(ctx, v) {
    ctx.translate(v.x, v.y);
    ctx.scale(v.size / 100, -v.size / 100);
    ctx.font = "500 100px system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.fillText(v.text, 0, 100 * v.drop);
  },
  waves(ctx, v, item, ms) {
    const wide = Math.round(v.size * Math.hypot(ctx.getTransform().a, ctx.getTransform().b));
    const n = clamp(wide, 8, FINEST);
    if (item.field?.n !== n) item.field = new Field(n, v.soft);
    const phase = v.phase - (TAU * v.hz * ms) / 1000;
    const waves = v.angles.map((/** @type {number} */ angle) => [v.frequency * v.size, angle, phase]);
    item.field.fill(waves, v.contrast * envelope(v, ms));
    ctx.translate(v.x, v.y);
    ctx.scale(1, -1);
    ctx.drawImage(item.field.canvas, -v.size / 2, -v.size / 2, v.size, v.size);
  },
  dots(ctx, v, item, ms, ts) {
    const {interval, told} = item.refresh;
    if (!item.dots || item.told !== told) {
      // a square field around a circular aperture holds 4 / pi times as many dots
      const n = Math.max(1, Math.round((v.density * interval * 4) / (1000 * Math.PI)));
      Object.assign(item, {dots: new Dots(item.seed, n, v.lifetime), told});
    }
    const set = item.dots.next(ts, v.direction, v.coherence, v.speed / v.aperture);
    const n = set.x.length;
    const split = Math.round(n * clamp(v.color_share, 0, 1));
    ctx.fillStyle = shade(v.colors[0], v.contrast);
    fillDots(ctx, v, set, 0, split);
    ctx.fillStyle = shade(v.colors[1], v.contrast);
    fillDots(ctx, v, set, split, n);
  },
};

/**
 * Whether a primitive is part of what the row shows.
 * @param {Primitive} element
 * @param {Row} row
 * @param {string[]} active periods
 * @param {Set<number> | null} [hidden] panels
 */
export function isShown(element, row, active, hidden) {
  if (element.panel && hidden?.has(element.panel[0])) return false;
  if (element.during && !element.during.some((/** @type {string} */ name) => active.includes(name))) return false;
  return element.show === undefined || element.show === null || row[element.show] > 0.5;
}

/** @param {Item} item @param {Record<string, any>} v @param {number} ms */
function isVisible(item, v, ms) {
  const dark = v.flash && !(v.flash.ms > 0 ? isLit(v.flash, ms) : isStruck(item, v.flash, ms));
  if (!(v.alpha > 0) || dark) return false;
  if (!v.where) return true;
  const [now, low, high] = v.where;
  return now > low && (high === null || now <= high);
}

export class Scene {
  /** @param {Primitive[]} elements @param {number} seed @param {import("./clock.js").Refresh} refresh */
  constructor(elements, seed, refresh) {
    this.refresh = refresh;
    /** @type {Item[]} */
    this.items = elements.map((element, i) => ({
      element, refresh, seed: (seed + Math.imul(i, 0x9e3779b9)) >>> 0, values: {...element},
      dots: null, told: null, field: null, since: null, mark: null,
      read: Object.entries(element).filter(([, value]) => isBound(value)).map(([name, value]) => [name, binding(value)]),
    }));
    this.panels = Math.max(1, ...elements.map(({panel}) => panel?.[1] ?? 1));
    /** @type {Map<number, {held: boolean, since: number | null}>} keys by their action, and the frame that first showed them down */
    this.keys = new Map();
  }

  // A key is down. What is chosen by it is seen for a moment, in place of what was chosen before.
  /** @param {number} action @param {Row} row @param {string[]} active periods @param {Set<number> | null} hidden panels */
  press(action, row, active, hidden) {
    this.keys.set(action, {held: true, since: null});
    const chosen = this.items.filter(({element, element: {press}}) =>
      press?.[0] === action && press[1] === "chosen" && isShown(element, row, active, hidden));
    if (!chosen.length) return;
    for (const item of this.items) item.mark = chosen.includes(item) ? {row: Array.from(row), since: null} : null;
  }

  /** @param {number} action */
  release(action) {
    const key = this.keys.get(action);
    if (key) key.held = false;
  }

  // Whether a primitive is there that answers to a key.
  /** @param {Item} item @param {Row} row @param {string[]} active @param {number} ts @param {Set<number> | null} hidden */
  answers({element}, row, active, ts, hidden) {
    const [action, how] = element.press;
    const key = this.keys.get(action);
    if (key) key.since ??= ts;
    const down = Boolean(key) && (key.held || ts < key.since + TIMES.down);
    return down === (how === "pressed") && isShown(element, row, active, hidden);
  }

  // Draws what was chosen a moment ago; returns whether there is any.
  /** @param {Context} ctx @param {number} ts @param {{units: (panel: Wire.Panel) => void} | null} stage */
  drawMarks(ctx, ts, stage = null) {
    let any = false;
    for (const item of this.items) {
      if (item.mark && ts >= (item.mark.since ??= ts) + TIMES.mark) item.mark = null;
      if (!item.mark) continue;
      any = true;
      this.drawItem(item, ctx, item.mark.row, item.mark.since, ts, stage);
    }
    return any;
  }

  /**
   * @param {Context} ctx
   * @param {Row} row
   * @param {string[]} active periods
   * @param {number} ts
   * @param {{units: (panel: Wire.Panel) => void} | null} stage places the panels of several tasks
   * @param {Set<number> | null} hidden panels that show nothing now
   */
  draw(ctx, row, active, ts, stage = null, hidden = null) {
    for (const item of this.items) {
      const {element} = item;
      if (!DRAW[element.kind] || element.press?.[1] === "chosen") continue;  // it is heard, or drawn last
      const there = element.press ? this.answers(item, row, active, ts, hidden) : isShown(element, row, active, hidden);
      if (!there) {
        item.since = null;
        continue;
      }
      item.since ??= ts;
      this.drawItem(item, ctx, row, item.since, ts, stage);
    }
    this.drawMarks(ctx, ts, stage);
  }

  /**
   * @param {Item} item
   * @param {Context} ctx
   * @param {Row} row
   * @param {number} since the frame that showed it first
   * @param {number} ts
   * @param {{units: (panel: Wire.Panel) => void} | null} stage
   */
  drawItem(item, ctx, row, since, ts, stage) {
    const {element, values} = item;
    for (const [name, read] of item.read) values[name] = read(row);
    if (!isVisible(item, values, this.refresh.middle(ts) - since)) return;
    ctx.save();
    if (element.panel && stage) stage.units(element.panel);
    ctx.globalAlpha = Math.min(1, values.alpha);
    ctx.fillStyle = ctx.strokeStyle = element.color;
    DRAW[element.kind](ctx, values, item, ts - since, ts);
    ctx.restore();
  }
}
