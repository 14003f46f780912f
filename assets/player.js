// The player: screen, clock and keys of a session. docs/player.md describes its messages.

import {hasSound, READ, SIGNS, Sounds} from "./sound.js";

export const TIMES = {
  ping: 2000, lost: 6000, firstAnswer: 20000, resend: 1500, probe: 1000, reload: 5000,
  afterStart: 400, turnDelay: 300, turnEvery: 70,
};
const GREY = "#808080";
const DIVIDER = "#6c6c6c";
const WHOLE = [0, 1];  // the panel of a task that has the stage to itself
const SLACK = 0.5; // ms: animation-frame stamps lie on a 0.1 ms grid around the true refresh
const TAU = 2 * Math.PI;
const FEEDBACK = [
  ["", "", ""],
  ["early", "Too early", "!"],
  ["good", "Correct", "✓"],
  ["bad", "Wrong", "✗"],
  ["slow", "Too slow", "–"],
  ["good", "Well withheld", "✓"],
];
const COUNTS = {2: "Two", 3: "Three", 4: "Four"};
const STALL = 150;  // ms between frames
const LAG = 45;  // ms that a step can be late, and the next ones make up for it
const PAID = ["good", "Reward", "●"];
const UNPAID = ["slow", "No reward", "○"];

const clamp = (v, low, high) => Math.max(low, Math.min(high, v));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const quiet = () => {};

const ARRAYS = [Float32Array, Float64Array, Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array];

// Bokeh's arrays are subclasses whose `subarray` and `slice` give the whole buffer back.
export function plain(value) {
  if (ArrayBuffer.isView(value)) {
    const Kind = ARRAYS.find((Kind) => value instanceof Kind);
    return Kind ? new Kind(value) : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function icon(path) {
  const box = h("span", {class: "icon", "aria-hidden": "true"});
  box.innerHTML = `<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
  return box;
}

const ICONS = {
  view: "M2.5 13.5V8.5M6.2 13.5v-11M9.8 13.5v-7M13.5 13.5v-9",
  keys: "M2 4.5h12v7.5H2zM4.7 7h.01M8 7h.01M11.3 7h.01M5 9.6h6",
  sound: "M2.5 6.2v3.6h2.6L8.5 13V3L5.1 6.2zM10.8 5.6a3.4 3.4 0 0 1 0 4.8M12.6 3.6a6.2 6.2 0 0 1 0 8.8",
  silence: "M2.5 6.2v3.6h2.6L8.5 13V3L5.1 6.2zM11 6.2l3.4 3.6M14.4 6.2L11 9.8",
  full: "M2.5 6v-3.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4z",
};

// ---- random numbers and random-dot motion ----

export function rng(seed) {
  let s = seed >>> 0;
  const mix = () => {
    s = (s + 0x9e3779b9) | 0;
    let t = s ^ (s >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [mix(), mix(), mix(), 1];
  const draw = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) draw();
  return draw;
}

// Interleaved sets in a unit square, y up; who draws them masks them to a circle.
export class Dots {
  constructor(seed, n, sets = 3) {
    this.random = rng(seed);
    this.sets = Array.from({length: sets}, () => ({x: new Float64Array(n), y: new Float64Array(n), at: null}));
    this.turn = 0;
  }

  // `speed` in sides a second; `ts` in ms. Returns the set to show now.
  next(ts, direction, coherence, speed) {
    const set = this.sets[this.turn++ % this.sets.length];
    const gap = set.at === null ? Infinity : ts - set.at;
    set.at = ts;
    if (gap > 250) this.scatter(set);
    else this.move(set, direction + (coherence < 0 ? Math.PI : 0), Math.abs(coherence) / 100, (speed * gap) / 1000);
    return set;
  }

  scatter(set) {
    for (let i = 0; i < set.x.length; i++) {
      set.x[i] = this.random();
      set.y[i] = this.random();
    }
  }

  move(set, direction, probability, distance) {
    const dx = clamp(distance * Math.cos(direction), -1, 1);
    const dy = clamp(distance * Math.sin(direction), -1, 1);
    for (let i = 0; i < set.x.length; i++) {
      if (this.random() < probability) {
        set.x[i] += dx;
        set.y[i] += dy;
        if (set.x[i] < 0 || set.x[i] >= 1 || set.y[i] < 0 || set.y[i] >= 1) this.enter(set, i, dx, dy);
      } else {
        set.x[i] = this.random();
        set.y[i] = this.random();
      }
    }
  }

  // The motion uncovers an L-shaped border; spreading the dots evenly over it keeps the density uniform.
  enter(set, i, dx, dy) {
    const [w, v] = [Math.abs(dx), Math.abs(dy)];
    const side = this.random() * (w + v - w * v) < w;
    const x = side ? this.random() * w : w + this.random() * (1 - w);
    const y = side ? this.random() : this.random() * v;
    set.x[i] = dx < 0 ? 1 - x : x;
    set.y[i] = dy < 0 ? 1 - y : y;
  }
}

// ---- scoring ----

// Plays steps 0 .. upto-1 through the payoff table; `actions` maps a step to its action, the others are 0.
// The outcome is that of the last step, or that of the response if the trial went on after it.
export function scoreTable(trial, actions, upto = trial.T) {
  const [, S, A] = trial.shape;
  let answered = 0;
  const score = {
    reward: 0, outcome: 0, state: 0, response: null, responseStep: null, ended: false, step: null, last: null,
  };
  for (let k = 0; k < upto; k++) {
    const action = actions.get(k) ?? 0;
    const i = (trial.kind[k] * S + score.state) * A + action;
    const outcome = trial.outcome[i];
    score.reward += trial.reward[i];
    score.last = [action, trial.reward[i]];
    if (trial.response[i] && score.response === null) {
      answered = outcome;
      score.response = trial.response[i];
      score.responseStep = k;
    }
    score.outcome = outcome || answered;
    if (trial.ends[i]) {
      score.ended = true;
      score.step = k;
      return score;
    }
    score.state = trial.next[i];
  }
  return score;
}

const RIGHT = [2, 5];

// Several tasks at once, on one clock: each has a table of its own, and begins `at` a step of the whole.
// The response is that of the first task that the trial has, the outcome that of the first that went wrong.
export function scoreParts(trial, actions, upto = trial.T) {
  const parts = trial.parts.map(({on}) => ({
    over: !on, state: 0, reward: 0, outcome: 0, response: null, responseStep: null, endStep: null,
  }));
  const lead = trial.parts.findIndex(({on}) => on);
  const score = {reward: 0, outcome: 0, response: null, responseStep: null, ended: false, step: null, last: null, parts, lead};
  for (let k = 0; k < upto && !score.ended; k++) {
    const action = actions.get(k) ?? 0;
    const own = ownActions(trial, parts, k, action);
    let earned = 0;
    trial.parts.forEach((part, j) => {
      if (own[j] !== null) earned += part.weight * reactPart(part, parts[j], k - part.at, own[j]);
    });
    score.reward += earned;
    score.last = [action, earned];
    if (score.responseStep === null && parts[lead].responseStep !== null) {
      score.responseStep = parts[lead].responseStep;
      score.response = action || null;
    }
    if (parts.every(({over}) => over)) Object.assign(score, {ended: true, step: k});
  }
  const wrong = parts.find(({outcome}, j) => trial.parts[j].on && !RIGHT.includes(outcome));
  if (score.ended) score.outcome = (wrong ?? parts[lead]).outcome;
  return score;
}

const isLive = (part, how, k) => !how.over && part.at <= k && k < part.at + part.T;

// What each task is told was done; null for those that are not on. Shared actions go to one of them.
function ownActions(trial, parts, k, action) {
  const to = trial.shared ? routed(trial, parts, k) : null;
  return trial.parts.map((part, j) => {
    if (!isLive(part, parts[j], k)) return null;
    return to === null || to === j ? part.action[action] : 0;
  });
}

// The first task that asks for an answer now, else the first that is on.
function routed(trial, parts, k) {
  const live = trial.parts.map((part, j) => isLive(part, parts[j], k));
  const asks = live.findIndex((on, j) => on && trial.parts[j].gt[k - trial.parts[j].at] > 0);
  return asks >= 0 ? asks : Math.max(0, live.indexOf(true));
}

// Plays one step of a task, in place; returns what it earned.
function reactPart(part, how, k, action) {
  const [, S, A] = part.shape;
  const i = (part.kind[k] * S + how.state) * A + action;
  how.reward += part.reward[i];
  if (part.response[i]) Object.assign(how, {response: part.response[i], responseStep: k + part.at});
  if (part.ends[i]) Object.assign(how, {over: true, outcome: part.outcome[i], endStep: k + part.at});
  else how.state = part.next[i];
  return part.reward[i];
}

function matters(trial, k, state, action) {
  const [, S, A] = trial.shape;
  const i = (trial.kind[k] * S + state) * A;
  return ["reward", "outcome", "ends", "next", "response"].some((name) => trial[name][i] !== trial[name][i + action]);
}

// ---- scene ----

const NUMBERS = {
  x: 0, y: 0, size: 0.05, width: 0.01, height: 0.1, radius: 0.05, outline: 0, sides: 3, points: 5, rotation: 0,
  angle: 0, start: 0, stop: TAU, length: 0.3, alpha: 1, aperture: 0.7, direction: 0, coherence: 0, density: 600,
  speed: 0.3, dot: 0.008, contrast: 1, color_share: 0.5, rate: 0, frequency: 8, hz: 0, phase: 0, soft: 0.3, ramp: 0,
  lasts: 0, spread: TAU / 8,
};
const FLASH = 50;  // ms
const FINEST = 512;  // pixels across a grating; larger ones are scaled up

function ringAngle(row, first, size) {
  let [x, y] = [0, 0];
  for (let i = 0; i < size; i++) {
    x += row[first + i] * Math.cos((TAU * i) / size);
    y += row[first + i] * Math.sin((TAU * i) / size);
  }
  return Math.atan2(y, x);
}

export function binding(value, fallback) {
  if (typeof value === "number") return () => value;
  if (!value) return () => fallback;
  if (value.ring) return (row) => ringAngle(row, value.ring[0], value.ring[1]);
  const [scale, offset] = [value.scale ?? 1, value.offset ?? 0];
  return (row) => row[value.channel] * scale + offset;
}

function paint(ctx, outline) {
  if (outline > 0) {
    ctx.lineWidth = outline;
    ctx.stroke();
  } else ctx.fill();
}

function line(ctx, width, ...points) {
  ctx.lineWidth = width;
  ctx.beginPath();
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.stroke();
}

function ringPath(ctx, x, y, radii, n, rotation) {
  ctx.beginPath();
  for (let i = 0; i < n; i++) {
    const angle = Math.PI / 2 + rotation + (TAU * i) / n;
    const radius = radii[i % radii.length];
    ctx.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  ctx.closePath();
}

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

// How much of a grating's contrast there is, some ms after it came on.
function envelope({ramp, lasts}, ms) {
  if (!(ramp > 0)) return 1;
  const edge = Math.min(ms, lasts > 0 ? lasts - ms : Infinity) / ramp;
  return 0.5 - 0.5 * Math.cos(Math.PI * clamp(edge, 0, 1));
}

// A square of pixels around the round window of a grating, and how much of it shows at each.
class Field {
  constructor(n, soft) {
    this.n = n;
    this.canvas = Object.assign(document.createElement("canvas"), {width: n, height: n});
    this.ctx = this.canvas.getContext("2d");
    this.image = this.ctx.createImageData(n, n);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.window = new Float32Array(n * n);
    for (let i = 0; i < n * n; i++) {
      const r = Math.hypot(2 * ((i % n) + 0.5) / n - 1, 2 * (Math.floor(i / n) + 0.5) / n - 1);
      if (r < 1) this.window[i] = soft > 0 ? 0.5 + 0.5 * Math.cos(Math.PI * clamp((r - 1 + soft) / soft, 0, 1)) : 1;
    }
    this.sum = new Float32Array(n * n);
  }

  // Sums sine waves: [cycles over the field, the direction that they drift to, phase] each.
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
    const scale = (127.5 * contrast) / waves.length;
    for (let i = 0; i < sum.length; i++) {
      const grey = Math.round(128 + scale * sum[i] * this.window[i]);
      const level = clamp(grey, 0, 255);
      this.pixels[i] = this.window[i] > 0 ? 0xff000000 | (level << 16) | (level << 8) | level : 0;
    }
    this.ctx.putImageData(this.image, 0, 0);
  }

  wave(cycles, phase) {
    const turns = Float64Array.from({length: this.n}, (_, i) => TAU * cycles * ((i + 0.5) / this.n - 0.5) + phase);
    return [turns.map(Math.sin), turns.map(Math.cos)];
  }
}

function drawWaves(ctx, v, item, ts, angles) {
  const wide = Math.round(v.size * Math.hypot(ctx.getTransform().a, ctx.getTransform().b));
  const n = clamp(wide, 8, FINEST);
  if (item.field?.n !== n) item.field = new Field(n, v.soft);
  const ms = ts - item.since;
  const phase = v.phase - (TAU * v.hz * ms) / 1000;
  item.field.fill(angles.map((angle) => [v.frequency * v.size, angle, phase]), v.contrast * envelope(v, ms));
  ctx.translate(v.x, v.y);
  ctx.scale(1, -1);
  ctx.drawImage(item.field.canvas, -v.size / 2, -v.size / 2, v.size, v.size);
}

// Each is given the values of its fields now, in stage units with y up.
const DRAW = {
  grating(ctx, v, element, item, ts) {
    drawWaves(ctx, v, item, ts, [v.angle]);
  },
  plaid(ctx, v, element, item, ts) {
    drawWaves(ctx, v, item, ts, [v.angle - v.spread, v.angle + v.spread]);
  },
  cross(ctx, v) {
    line(ctx, v.width, [v.x - v.size / 2, v.y], [v.x + v.size / 2, v.y]);
    line(ctx, v.width, [v.x, v.y - v.size / 2], [v.x, v.y + v.size / 2]);
  },
  disc(ctx, v, element, item, ts) {
    if (v.rate > 0 && (ts - item.since) % (1000 / v.rate) >= FLASH) return;
    ctx.beginPath();
    ctx.arc(v.x, v.y, Math.max(0, v.radius), 0, TAU);
    paint(ctx, v.outline);
  },
  polygon(ctx, v) {
    ringPath(ctx, v.x, v.y, [v.radius], Math.round(v.sides), v.rotation);
    paint(ctx, v.outline);
  },
  star(ctx, v) {
    ringPath(ctx, v.x, v.y, [v.radius, v.radius * 0.42], 2 * Math.round(v.points), v.rotation);
    paint(ctx, v.outline);
  },
  bar(ctx, v) {
    ctx.translate(v.x, v.y);
    ctx.rotate(v.angle);
    ctx.fillRect(-v.width / 2, -v.height / 2, v.width, v.height);
  },
  arc(ctx, v) {
    ctx.lineWidth = v.width;
    ctx.beginPath();
    ctx.arc(v.x, v.y, Math.max(0, v.radius), v.start, v.stop);
    ctx.stroke();
  },
  pointer(ctx, v) {
    ctx.lineCap = "round";
    line(ctx, v.width, [v.x, v.y], [v.x + v.length * Math.cos(v.angle), v.y + v.length * Math.sin(v.angle)]);
  },
  marker(ctx, v, element) {
    ctx.translate(v.radius * Math.cos(v.angle), v.radius * Math.sin(v.angle));
    ctx.rotate(v.angle + Math.PI / 2);
    if (element.shape === "triangle") {
      // its tip points to the centre
      ctx.beginPath();
      for (const [x, y] of [[0, 0.6], [-0.42, -0.4], [0.42, -0.4]]) ctx.lineTo(x * v.size, y * v.size);
      ctx.closePath();
    } else {
      ctx.beginPath();
      ctx.arc(0, 0, v.size / 2, 0, TAU);
    }
    ctx.fill();
  },
  text(ctx, v, element) {
    ctx.translate(v.x, v.y);
    ctx.scale(v.size / 100, -v.size / 100);
    ctx.font = "500 100px system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(element.text ?? "", 0, 0);
  },
  dots(ctx, v, element, item, ts) {
    if (!item.dots) {
      // a square field around a circular aperture holds 4 / pi times as many dots
      const n = Math.max(1, Math.round(((v.density / item.hz) * 4) / Math.PI));
      item.dots = new Dots(item.seed, n, element.lifetime ?? 3);
    }
    const set = item.dots.next(ts, v.direction, v.coherence, v.speed / v.aperture);
    const n = set.x.length;
    const split = element.colors ? Math.round(n * clamp(v.color_share, 0, 1)) : n;
    ctx.globalAlpha *= clamp(v.contrast, 0, 1);
    if (element.colors) ctx.fillStyle = element.colors[0];
    fillDots(ctx, v, set, 0, split);
    if (element.colors) ctx.fillStyle = element.colors[1];
    fillDots(ctx, v, set, split, n);
  },
};

function isShown(element, row, active, hidden) {
  if (element.panel && hidden?.has(element.panel[0])) return false;
  if (element.during && !element.during.some((name) => active.includes(name))) return false;
  return element.show === null || element.show === undefined || row[element.show] > 0.5;
}

export class Scene {
  constructor(elements, seed, hz) {
    this.items = elements.filter((element) => DRAW[element.kind]).map((element, i) => ({
      element, hz, seed: (seed + Math.imul(i, 0x9e3779b9)) >>> 0, values: {}, dots: null, field: null,
      since: null,  // the frame that showed it first
      read: Object.entries(NUMBERS).map(([name, fallback]) => [name, binding(element[name], fallback)]),
    }));
    this.panels = Math.max(1, ...elements.map(({panel}) => panel?.[1] ?? 1));
  }

  // `stage` places the panels of several tasks, `hidden` are those that show nothing now.
  draw(ctx, row, active, ts, stage = null, hidden = null) {
    for (const item of this.items) {
      const {element, values} = item;
      if (!isShown(element, row, active, hidden)) {
        item.since = null;
        continue;
      }
      item.since ??= ts;
      for (const [name, read] of item.read) values[name] = read(row);
      if (!(values.alpha > 0)) continue;
      ctx.save();
      if (element.panel) stage.units(element.panel);
      ctx.globalAlpha = Math.min(1, values.alpha);
      ctx.fillStyle = ctx.strokeStyle = element.color ?? "#ffffff";
      DRAW[element.kind](ctx, values, element, item, ts);
      ctx.restore();
    }
  }
}

// Sounds are seen as well.
Object.assign(DRAW, SIGNS);
Object.assign(NUMBERS, {...READ, ...NUMBERS});

// ---- the agent's view ----

const INK = "#101010";
const BED = "#8c8c8c";

function bars(ctx, row, group, box, scale) {
  const perUnit = (box.bottom - box.top) / (scale.high - scale.low);
  const zero = Math.round(box.bottom + scale.low * perUnit);
  const unit = group.width / group.size;
  const gap = group.size > 8 ? 0 : unit * 0.16;
  ctx.fillStyle = BED;
  ctx.fillRect(group.left, box.top, group.width, box.bottom - box.top);
  for (let i = 0; i < group.size; i++) {
    const value = clamp(row[group.start + i] || 0, scale.low, scale.high);
    const [left, right] = [Math.round(group.left + i * unit + gap), Math.round(group.left + (i + 1) * unit - gap)];
    ctx.fillStyle = value < 0 ? INK : "#ffffff";
    ctx.fillRect(left, zero, right - left, -value * perUnit);
  }
  ctx.fillStyle = INK;
  ctx.fillRect(group.left, zero - scale.line / 2, group.width, scale.line);
}

// Labels lie flat if no two of them touch, else they stand.
function labels(ctx, groups, y, size, upright) {
  ctx.fillStyle = INK;
  for (const {name, left, width} of groups) {
    ctx.save();
    ctx.translate(left + width / 2, y);
    ctx.textAlign = upright ? "right" : "center";
    ctx.textBaseline = upright ? "middle" : "top";
    if (upright) ctx.rotate(-Math.PI / 2);
    ctx.fillText(name, 0, 0);
    ctx.restore();
  }
}

function collide(ctx, groups, margin) {
  let end = -Infinity;
  return groups.some(({name, left, width}) => {
    const half = ctx.measureText(name).width / 2;
    const [start, before] = [left + width / 2 - half, end];
    end = left + width / 2 + half + margin;
    return start < Math.max(before, 0);
  });
}

// A channel of a large group (a ring) takes less room than one that stands alone.
export function drawChannels(ctx, width, height, ratio, channels, row, range, letters = 56) {
  const weight = (g) => g.size * (g.size > 8 ? 0.4 : 1);
  const total = channels.reduce((sum, g) => sum + weight(g), 0) + 0.6 * (channels.length - 1);
  const unit = Math.min((width * 0.88) / total, 90 * ratio);
  let left = (width - unit * total) / 2;
  const groups = channels.map((g) => {
    const group = {...g, left: Math.round(left), width: Math.round(weight(g) * unit)};
    left += (weight(g) + 0.6) * unit;
    return group;
  });
  const size = clamp(width / letters, 13 * ratio, 22 * ratio);
  ctx.font = `500 ${size}px system-ui, sans-serif`;
  const upright = collide(ctx, groups, size * 0.6);
  const longest = Math.max(...groups.map(({name}) => ctx.measureText(name).width));
  const room = size * 0.7 + (upright ? Math.min(longest, height * 0.3) : size);
  const box = {top: Math.round(height * 0.1), bottom: Math.round(height * 0.9 - room)};
  const scale = {low: Math.min(range.low, 0) * 1.05, high: Math.max(range.high, 1) * 1.05, line: Math.max(1, 1.5 * ratio)};
  for (const group of groups) bars(ctx, row, group, box, scale);
  labels(ctx, groups, box.bottom + size * 0.7, size, upright);
}

// ---- stage ----

class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d", {alpha: false});
    this.size = null;
    this.ratio = 1;
  }

  // Sizes are only noted here: the canvas changes inside the animation frame.
  measure() {
    const {clientWidth, clientHeight} = this.canvas.parentElement;
    this.size = [clientWidth, clientHeight, window.devicePixelRatio || 1];
  }

  fit() {
    if (!this.size) return false;
    const [w, h2, ratio] = this.size;
    const [width, height] = [Math.max(1, Math.round(w * ratio)), Math.max(1, Math.round(h2 * ratio))];
    this.size = null;
    this.ratio = ratio;
    if (width === this.canvas.width && height === this.canvas.height) return false;
    this.canvas.width = width;
    this.canvas.height = height;
    return true;
  }

  get wide() {
    return this.canvas.width >= this.canvas.height;
  }

  // The j-th of n panels, side by side or one above the other.
  box(j, n) {
    const {width, height} = this.canvas;
    if (this.wide) return {left: (j * width) / n, top: 0, width: width / n, height};
    return {left: 0, top: (j * height) / n, width, height: height / n};
  }

  // A panel's centre, and the side of its square.
  panel(j, n) {
    const {left, top, width, height} = this.box(j, n);
    return {x: left + width / 2, y: top + height / 2, side: Math.min(width, height)};
  }

  divide(n) {
    const {ctx, canvas: {width, height}} = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = DIVIDER;
    const thin = Math.max(1, Math.round(2 * this.ratio));
    for (let j = 1; j < n; j++) {
      if (this.wide) ctx.fillRect(Math.round((j * width) / n - thin / 2), 0, thin, height);
      else ctx.fillRect(0, Math.round((j * height) / n - thin / 2), width, thin);
    }
  }

  clear() {
    this.ctx.setTransform(1, 0, 0, 1, 0, 0);
    this.ctx.fillStyle = GREY;
    this.ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // One stage unit is the side of the largest square centred in the panel; y points up.
  units([j, n] = WHOLE) {
    const {x, y, side} = this.panel(j, n);
    this.ctx.setTransform(side, 0, 0, -side, x, y);
  }

  at(event, [j, n] = WHOLE) {
    const {x, y, side} = this.panel(j, n);
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [((event.clientX - box.left) * scale - x) / side, -((event.clientY - box.top) * scale - y) / side];
  }
}

// ---- dial: one of many answers ----

class Dial {
  constructor({actions, names, angles}, seed) {
    const order = angles.map((_, i) => i).sort((a, b) => angles[a] - angles[b]);
    this.answers = order.map((i) => ({action: actions[i], name: names[i], angle: angles[i]}));
    this.index = Math.floor(rng(seed ^ 0x5eed)() * this.answers.length);
    this.turning = 0;
    this.again = Infinity;
  }

  get answer() {
    return this.answers[this.index];
  }

  // A left turn is counter-clockwise.
  press(turn, now) {
    this.turning = turn;
    this.again = now + TIMES.turnDelay;
    this.turn(turn);
  }

  turn(by) {
    const n = this.answers.length;
    this.index = (this.index + by + n) % n;
  }

  frame(ts) {
    while (this.turning && ts >= this.again) {
      this.turn(this.turning);
      this.again += TIMES.turnEvery;
    }
  }

  // The nearest answer to a point, null if the point is too near the centre to mean one.
  choose(x, y) {
    if (Math.hypot(x, y) < 0.15) return null;
    const angle = Math.atan2(y, x);
    const far = (a) => Math.abs(Math.atan2(Math.sin(a - angle), Math.cos(a - angle)));
    this.index = this.answers.reduce((best, a, i) => (far(a.angle) < far(this.answers[best].angle) ? i : best), 0);
    return this.answer;
  }

  draw(ctx) {
    ctx.strokeStyle = INK;
    ctx.lineWidth = 0.004;
    ctx.beginPath();
    ctx.arc(0, 0, 0.44, 0, TAU);
    ctx.stroke();
    for (const {angle} of this.answers) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      line(ctx, 0.004, [0.425 * c, 0.425 * s], [0.455 * c, 0.455 * s]);
    }
    ctx.save();
    ctx.rotate(this.answer.angle);
    ctx.fillStyle = "#ffffff";
    ctx.beginPath();
    for (const [x, y] of [[0.475, 0], [0.4, 0.03], [0.4, -0.03]]) ctx.lineTo(x, y);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }
}

// ---- hand: actions that are numbers ----

class Hand {
  constructor({rest, start, low, high, presses, point, click, only}) {
    Object.assign(this, {rest, low, high, presses, point, click, only});
    this.start = start;
    this.numbers = [...start];
    this.down = new Map();  // keys that are down, by their place from 1: since when
    this.tapped = new Map();  // and those that went down in this step
    this.last = null;
    this.ts = null;
  }

  press(key, stamp) {
    this.down.set(key, stamp);
    this.tapped.set(key, stamp);
    this.last = stamp;
    const [how, changes] = this.presses[key - 1];
    if (how !== "toggle") return;
    for (const [i, value] of changes) this.set(i, this.numbers[i] === value ? this.start[i] : value);
  }

  release(key) {
    this.down.delete(key);
  }

  // A place on the stage.
  follow(x, y, stamp) {
    for (const [i, axis, scale, offset] of this.point) this.set(i, (axis === "x" ? x : y) * scale + offset);
    this.last = stamp;
  }

  set(i, value) {
    this.numbers[i] = clamp(Math.fround(value), this.low[i], this.high[i]);
  }

  frame(ts) {
    const seconds = this.ts === null ? 0 : (ts - this.ts) / 1000;
    this.ts = ts;
    for (const key of this.down.keys()) {
      const [how, changes] = this.presses[key - 1];
      if (how === "move") for (const [i, rate] of changes) this.set(i, this.numbers[i] + rate * seconds);
    }
  }

  // The action now, with what held keys make of it.
  get now() {
    const numbers = [...this.numbers];
    for (const key of this.pressed()) {
      const [how, changes] = this.presses[key - 1];
      if (how === "hold") for (const [i, value] of changes) numbers[i] = clamp(Math.fround(value), this.low[i], this.high[i]);
    }
    return numbers;
  }

  pressed() {
    return new Set([...this.down.keys(), ...this.tapped.keys()]);
  }

  // What is done in the step that ends now, and the stamp of what did it; null if nothing is.
  take() {
    const {now, only} = this;
    const counts = only === null || this.pressed().has(only);
    const stamp = this.tapped.get(only) ?? this.down.get(only) ?? this.last;
    this.tapped.clear();
    return counts && now.some((value, i) => value !== this.rest[i]) ? {action: now, stamp} : null;
  }
}

// ---- trials ----

const answers = (outcome) => outcome === 2 || outcome === 3;
const hasSteps = (window) => (window && window[1] > window[0] ? window : null);

class Trial {
  constructor(message, config, hz) {
    Object.assign(this, {message, config, hz, T: message.T, dt: message.dt, window: hasSteps(message.window)});
    this.width = message.frames.length / (config.mode === "open" ? message.T : 1);
    this.scene = message.scene && message.scene.length ? new Scene(message.scene, message.seed ?? 0, hz) : null;
    const {dial} = message.keys ? message : config;
    this.dial = dial ? new Dial(dial, message.seed ?? 0) : null;
    this.actions = new Map();
    this.keyAt = new Map();
    this.stamps = [];
    this.steps = [];
    this.flags = {};
    this.t0 = null;
    this.onset = null;
    this.over = false;
    this.row = null;
    this.active = [];
    this.open = false;
  }

  // What the scene is drawn from.
  get seen() {
    return this.row;
  }

  note(flag) {
    this.flags[flag] = (this.flags[flag] || 0) + 1;
  }

  log(ts, step) {
    this.stamps.push(ts);
    this.steps.push(step);
  }

  activeAt(step) {
    const now = (this.message.periods || []).filter(([, first, last]) => first <= step && step < last);
    return now.sort((a, b) => a[1] - b[1]).map(([name]) => name);
  }

  lateFrames() {
    const limit = 1200 / this.hz;
    return this.stamps.filter((ts, i) => i && ts - this.stamps[i - 1] > limit).length;
  }

  // The stamp of a step's key.
  keyOf(step) {
    return this.keyAt.get(step) ?? null;
  }

  record(interrupted = null) {
    const score = interrupted ? {reward: 0, outcome: 0, response: null, responseStep: null} : this.result();
    const key = score.responseStep === null || score.response === null ? null : this.keyOf(score.responseStep);
    const {uid, index, attempt} = this.message;
    return {
      type: "record", uid, index, attempt: attempt ?? 0, run: this.config.run,
      actions: [...this.actions].filter(([, action]) => action !== 0).sort((a, b) => a[0] - b[0]),
      response: score.response, outcome: score.outcome, reward: score.reward,
      rt_ms: key === null || this.onset === null ? null : key - this.onset,
      onset_ms: this.onset, key_ms: key, origin_ms: performance.timeOrigin,
      frames: this.stamps.length, late_frames: this.lateFrames(), refresh_hz: this.hz,
      flags: interrupted ? {...this.flags, interrupted} : {...this.flags},
    };
  }
}

class OpenTrial extends Trial {
  constructor(...given) {
    super(...given);
    this.scored = 0;
    this.closing = false;
    this.closeAt = 0;
    this.score = this.scoreTo(0);
  }

  scoreTo(step) {
    return scoreTable(this.message, this.actions, step);
  }

  frame(ts) {
    if (this.t0 === null) this.t0 = ts;
    const step = Math.min(this.T, Math.floor((ts - this.t0 + SLACK) / this.dt));
    this.rescore(step);
    // A key that was pressed during a stall may reach us after this frame: close one frame later, and
    // after a long stall give the browser time to hand over what it holds.
    const closing = this.endedBy(step) || step >= this.T;
    const gap = this.stamps.length ? ts - this.stamps.at(-1) : 0;
    if (closing && !this.closing) this.closeAt = ts + (gap > STALL ? STALL : 0);
    this.over = closing && this.closing && ts >= this.closeAt;
    this.closing = closing;
    if (this.over) return;
    this.log(ts, step);
    this.ask(ts, step, closing);
    this.active = closing ? [] : this.activeAt(step);
    this.row = closing ? null : this.rowAt(step);
  }

  endedBy(step) {
    return this.score.ended;
  }

  // What is on the screen at a time to come, if nothing is done until then.
  ahead(at) {
    const step = Math.floor((at - this.t0 + SLACK) / this.dt);
    if (step >= this.T || this.endedBy(step)) return {row: null};
    return {row: this.rowAt(step), active: this.activeAt(step), hidden: this.hiddenAt(step)};
  }

  hiddenAt() {
    return null;
  }

  // Whether responses are asked for, and since when.
  ask(ts, step, closing) {
    if (this.onset === null && this.window && step >= this.window[0] && step < this.T) this.onset = ts;
    this.open = !closing && Boolean(this.window) && step >= this.window[0] && step < this.window[1];
    if (this.score.response !== null) this.open = false;
  }

  rowAt(step) {
    const row = this.message.frames.subarray(step * this.width, (step + 1) * this.width);
    return this.message.echo ? this.echoed(row.slice(), step) : row;
  }

  // Some channels show what was done and earned in the step before.
  echoed(row, step) {
    const {echo, echo_first: first} = this.message;
    const [action, reward] = this.scoreTo(step).last ?? first;
    for (const {what, start, size, one_hot: oneHot} of echo) {
      if (oneHot) for (let i = 0; i < size; i++) row[start + i] = Number(i === action);
      else row[start] = what === "action" ? action : reward;
    }
    return row;
  }

  rescore(upto) {
    this.scored = Math.max(this.scored, upto);
    this.score = this.scoreTo(this.scored);
  }

  stepAt(stamp) {
    let i = this.stamps.length - 1;
    while (i > 0 && this.stamps[i] > stamp) i--;
    return this.steps[i];
  }

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
  take(k, action, stamp, before) {
    const idle = before.response !== null && !matters(this.message, k, before.state, action);
    if (this.actions.has(k) || idle) return false;
    if (this.window && k < this.window[0]) this.note("early");
    this.actions.set(k, action);
    this.keyAt.set(k, stamp);
    return true;
  }

  result() {
    return this.scoreTo(this.T);
  }
}

// Several tasks at once. A key belongs to one of them, and keys of different tasks in a step go together.
class JointTrial extends OpenTrial {
  constructor(message, config, hz) {
    super(message, config, hz);
    this.parts = message.parts;
    this.onsets = this.parts.map(() => null);
    this.hidden = new Set();  // tasks that are over, or not on yet
    this.asked = this.dial ? (message.keys ? message : config).dial.part ?? 0 : null;
  }

  scoreTo(step) {
    return scoreParts(this.message, this.actions, step);
  }

  // A step in which a task ended without a key lasts to its end: a key of that task may still come.
  endedBy(step) {
    const {ended, step: last, parts} = this.score;
    const pressed = this.actions.get(last) ?? 0;
    return ended && (step > last || this.parts.every(({action}, j) => parts[j].endStep !== last || action[pressed] !== 0));
  }

  ask(ts, step, closing) {
    this.hidden = new Set();
    this.open = false;
    this.parts.forEach((part, j) => {
      const how = this.score.parts[j];
      const window = hasSteps(part.window);
      if (!isLive(part, how, step)) return this.hidden.add(j);
      if (!window || step < part.at + window[0]) return;
      this.onsets[j] ??= ts;
      if (j === this.asked && step < part.at + window[1]) this.open = !closing && how.response === null;
    });
    this.onset = this.onsets[this.score.lead];
  }

  hiddenAt(step) {
    const over = this.parts.map((part, j) => (isLive(part, this.score.parts[j], step) ? null : j));
    return new Set(over.filter((j) => j !== null));
  }

  rowAt(step) {
    const row = super.rowAt(step).slice();
    for (const j of this.hidden) for (const channel of this.parts[j].channels ?? []) row[channel] = 0;
    return row;
  }

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

  keyOf(step, j = this.score.lead) {
    const keys = this.keyAt.get(step);
    return (this.message.shared ? keys?.values().next().value : keys?.get(j)) ?? null;
  }

  record(interrupted = null) {
    return {...super.record(interrupted), parts: interrupted ? [] : this.told()};
  }

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

class LockstepTrial extends Trial {
  constructor(message, config, hz, act, held) {
    super(message, config, hz);
    Object.assign(this, {act, held, k: 0, first: null, answer: null, waiting: false, timer: 0, began: null});
    this.total = {reward: 0, outcome: 0, response: null, responseStep: null};
    this.hand = config.hand ? new Hand(config.hand) : null;
  }

  // The numbers that keys and mouse set follow the channels.
  get seen() {
    return this.hand && this.row ? [...this.row, ...this.hand.now] : this.row;
  }

  frame(ts) {
    this.hand?.frame(ts);
    if (this.t0 === null) {
      this.t0 = ts;
      const open = this.window && this.window[0] <= 0 && 0 < this.window[1];
      this.show(ts, ts, {ob: this.message.frames, active: this.activeAt(0), window: open});
    } else if (this.answer && !this.over && ts + SLACK >= this.began + this.dt) {
      this.k = this.answer.k;  // an action can leave out the rest of a period
      // Steps keep their pace, though they wait for answers and frames, unless one was very late.
      const due = this.began + this.dt;
      this.show(ts, ts - due > Math.max(this.dt / 2, LAG) ? ts : due, this.answer);
    }
    this.log(ts, this.k);
  }

  show(ts, began, {ob, active, window: open}) {
    Object.assign(this, {row: ob, active: active || [], open: Boolean(open), began, answer: null});
    if (this.open && this.onset === null) this.onset = ts;
    this.timer = setTimeout(() => this.send(), Math.max(0, began + this.dt - performance.now()));
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

  press(action, stamp) {
    if (this.over || this.t0 === null || stamp < this.t0) return;
    if (this.hand) return this.hand.press(action, stamp);
    if (this.window && this.onset === null) this.note("early");
    if (!this.first) this.first = {action, stamp};  // a key that is released within the step counts too
    else if (!this.config.hold) this.note("extra");
  }

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

  release(action) {
    this.hand?.release(action);
  }

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

// ---- outbox: nothing is lost ----

function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || {};
  } catch {
    return {};
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    console.warn(`The browser does not keep ${name}.`);
  }
}

function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    console.warn(`The browser does not forget ${name}.`);
  }
}

const settle = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });

async function openStore() {
  const request = indexedDB.open("neurogym", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", {keyPath: "uid"});
  return settle(request);
}

// A page that is being left may die before the database has the record; localStorage writes at once.
const LEFT = "neurogym-left:";
const SOUND = "neurogym-sound";

function left() {
  return Object.keys(localStorage).filter((name) => name.startsWith(LEFT)).map((name) => stored(name));
}

class Outbox {
  constructor(send, changed) {
    Object.assign(this, {send, changed, db: null, items: new Map()});
  }

  async load() {
    const limit = new Promise((_, reject) => setTimeout(reject, 2000));
    try {
      this.db = await Promise.race([openStore(), limit]);
      const found = await settle(this.store("readonly").getAll());
      for (const record of [...left(), ...found]) this.items.set(record.uid, {record, sent: -Infinity});
    } catch {
      console.warn("The browser keeps no outbox; finished trials live in this page only.");
    }
    this.changed();
    this.flush(0);
  }

  store(mode) {
    return this.db.transaction("outbox", mode).objectStore("outbox");
  }

  async put(record) {
    const item = {record, sent: Infinity};
    if (record.flags.interrupted === "reload") keep(LEFT + record.uid, record);
    this.items.set(record.uid, item);
    this.changed();
    try {
      if (this.db) await this.write(record);
    } catch {
      console.warn("A trial could not be written to the outbox.");
    }
    item.sent = -Infinity;
    this.flush(0);
  }

  write(record) {
    const store = this.store("readwrite");
    const request = store.put(record);
    store.transaction.commit();
    return settle(request);
  }

  flush(older = TIMES.resend) {
    const now = performance.now();
    for (const item of this.items.values()) {
      if (now - item.sent < older) continue;
      item.sent = now;
      this.send(item.record);
    }
  }

  // What the server cannot place now stays in the browser, and is sent again by the next page.
  ack(uid, keep = false) {
    this.items.delete(uid);
    this.changed();
    if (keep) return;
    forget(LEFT + uid);
    if (this.db) settle(this.store("readwrite").delete(uid)).catch(quiet);
  }

  count(run) {
    return [...this.items.values()].filter(({record}) => record.run === run && !record.flags.interrupted).length;
  }
}

// ---- keys ----

const TYPING = "input, textarea, select, [contenteditable=''], [contenteditable='true']";
const NAMED = {Space: "space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "Enter"};

const target = (event) => event.composedPath()[0];
const isTyping = (event) => {
  const node = target(event);
  return node instanceof Element && (node.matches(TYPING) || node.isContentEditable);
};

const remapped = (rows) => Object.fromEntries(rows.map(({was, code, label}) => [was, {code, label}]));

// The keys of a task, as the person may have remapped them; those of one trial follow the task's.
class Keys {
  constructor({task, title, keys, dial, remap}, whole = null) {
    this.name = `neurogym-keys:${task ?? title}`;
    const own = whole ? remapped(whole.rows) : remap ? stored(this.name) : {};
    this.rows = keys.map((key) => ({...key, was: key.code, ...own[key.code]}));
    const clash = new Set(this.rows.map(({code}) => code)).size < keys.length;
    if (clash) this.rows = keys.map((key) => ({...key, was: key.code}));
    this.answers = dial ?? null;
    this.dial = dial ? {ArrowLeft: 1, ArrowRight: -1, Space: 0} : {};
  }

  // What is printed on each key, what it means, and to which of several tasks it belongs.
  get caps() {
    const caps = this.rows.map(({code, label, name, part}) => ({code, label, name, part: part ?? 0}));
    const turns = [["ArrowLeft", "←", "turn left"], ["ArrowRight", "→", "turn right"], ["Space", "space", "answer"]];
    const dial = (this.answers ? turns : []).map(([code, label, name]) => ({code, label, name, part: this.answers.part ?? 0}));
    return [...caps, ...dial.filter(({code}) => !this.find(code))];
  }

  find(code) {
    return this.rows.find((row) => row.code === code) ?? null;
  }

  // Returns a sentence if the key is refused.
  assign(row, code, label) {
    const other = this.find(code);
    if (other && other !== row) return `${other.label} already means “${other.name}”.`;
    if (["Escape", "Tab"].includes(code) || code in this.dial) return `${label} has another use here.`;
    Object.assign(row, {code, label});
    keep(this.name, {...stored(this.name), ...remapped(this.rows)});
    return null;
  }
}

const labelOf = (event) => NAMED[event.code] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);

// ---- page ----

function button(name, text, act, extra = {}) {
  return h("button", {type: "button", class: "tool", "data-tool": name, "aria-label": text, title: text, onclick: act, ...extra},
    icon(ICONS[name]), h("span", {class: "word"}, text));
}

function cap({label, name}) {
  return h("span", {class: "pair"}, h("kbd", {}, label), h("span", {class: "name"}, name));
}

function place(j, n, {wide}) {
  const middle = `${(100 * (j + 0.5)) / n}%`;
  return wide ? `left: ${middle}` : `top: ${middle}`;
}

class Page {
  constructor(player) {
    const act = (f) => () => {
      f();
      this.root.focus({preventScroll: true});
    };
    this.title = h("span", {class: "title"});
    this.note = h("span", {class: "note", hidden: true});
    this.counter = h("span", {class: "counter"});
    this.fill = h("div", {class: "fill"});
    this.view = button("view", "Agent's view", act(() => player.toggleView()), {"aria-pressed": "false"});
    this.keys = button("keys", "Keys", () => player.openKeys());
    this.sound = button("sound", "Sound", act(() => player.toggleSound()), {hidden: true});
    this.bar = h("div", {class: "bar", role: "toolbar", "aria-label": "Session"},
      this.title, this.note, h("span", {class: "spring"}), this.counter, this.view, this.keys, this.sound,
      button("full", "Full screen", act(() => player.fullscreen())),
      button("pause", "Pause", act(() => player.pause())),
      button("stop", "Stop", () => player.askStop()),
      h("div", {class: "track", "aria-hidden": "true"}, this.fill));
    this.canvas = h("canvas", {role: "img", "aria-label": "Empty screen"});
    this.pills = h("div", {class: "pills", "aria-hidden": "true", hidden: true});
    this.wait = h("div", {class: "wait", hidden: true}, "Waiting for the next trial…");
    this.hints = h("div", {class: "hints", role: "group", "aria-label": "Keys"});
    this.live = h("div", {class: "quiet", "aria-live": "polite", role: "status"});
    this.cover = h("div", {class: "cover", hidden: true});
    this.root = h("div", {class: "neurogym", role: "application", tabindex: "0", "aria-label": "Session", "data-state": "loading"},
      this.bar, h("div", {class: "stage"}, this.canvas, this.pills, this.wait), this.hints, this.cover, this.live);
  }

  set(name, value) {
    if (this.root.dataset[name] !== String(value)) this.root.dataset[name] = value;
  }

  overlay(name, ...children) {
    this.set("overlay", name);
    this.cover.hidden = !name;
    const card = h("div", {class: "card", role: "dialog", "aria-label": name || "none"}, ...children);
    this.cover.replaceChildren(...(name ? [card] : []));
  }

  action(text, act, main = false) {
    const [word, key] = text.split(" – ");
    const hint = key ? [h("span", {class: "bykey"}, ` – ${key}`)] : [];
    return h("button", {type: "button", class: main ? "main" : "plain", onclick: act}, word, ...hint);
  }

  // Shows what each of several tasks came to, in its panel; null where there is nothing to tell.
  tell(verdicts, stage) {
    const pills = verdicts.map((verdict, j) => verdict && h("div", {class: `pill ${verdict.tone}`, style: place(j, verdicts.length, stage)},
      ...[verdict.symbol && h("b", {}, verdict.symbol), verdict.word, verdict.signed && h("i", {}, verdict.signed)].filter(Boolean)));
    this.pills.replaceChildren(...pills.filter(Boolean));
    this.pills.hidden = false;
  }

  hush() {
    this.pills.hidden = true;
  }

  say(text) {
    this.live.textContent = text;
  }

  progress(done, total, over) {
    const now = over ? done : done + 1;
    this.counter.textContent = total ? `${Math.min(now, total)} / ${total}` : `${now}`;
    this.fill.style.width = `${total ? clamp((100 * done) / total, 0, 100) : 0}%`;
  }
}

// ---- player ----

export class Player {
  constructor(model) {
    this.model = model;
    this.page = new Page(this);
    this.stage = new Stage(this.page.canvas);
    this.sounds = new Sounds(rng, isShown, () => this.showSound());
    this.sounds.muted = Boolean(stored(SOUND).muted);
    this.outbox = new Outbox((record) => this.post(record), () => this.count());
    this.gone = new AbortController();
    Object.assign(this, {
      state: "loading", config: null, base: null, keys: null, queue: [], finished: new Set(), trial: null, view: "scene", gap: null,
      started: false, drained: false, dirty: true, intervals: [], last: null, hz: 60, range: {low: 0, high: 1},
      held: new Map(), pauseAfter: false, locked: false, blocked: false, done: 0, ack: null, remapping: null, problem: "",
      heardOnce: false, pendingPing: null, lastPing: -Infinity, lastReady: Infinity, lost: false, lastProbe: -Infinity,
    });
  }

  // -- life --

  start() {
    this.listen();
    this.observer = new ResizeObserver(() => this.stage.measure());
    this.observer.observe(this.page.canvas.parentElement);
    this.stage.measure();
    this.timer = setInterval(() => this.tick(), 500);
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
    const on = (node, name, act) => node.addEventListener(name, act, {capture: true, signal});
    on(window, "keydown", (event) => this.keydown(event));
    on(window, "keyup", (event) => this.keyup(event));
    on(window, "blur", (event) => event.target === window && this.blur());
    on(window, "pagehide", () => this.interrupt("reload"));
    on(document, "visibilitychange", () => document.hidden && this.hide());
    on(document, "fullscreenchange", () => document.fullscreenElement || this.pause());
    on(this.page.canvas, "pointerdown", (event) => this.point(event));
    on(this.page.canvas, "pointermove", (event) => this.guide(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      on(this.page.canvas, end, () => this.trial?.hand?.release(this.trial.hand.click));
  }

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

  receive(message) {
    this.pendingPing = null;
    this.heardOnce = true;
    if (this.lost) this.setLost(false);
    const act = {
      config: () => this.configure(message), trial: () => this.enqueue(message),
      obs: () => this.observe(message),
      ack: () => this.acknowledge(message), done: () => this.drain(),
      error: () => this.complain(message.message),
    }[message.type];
    act?.();
  }

  observe(message) {
    if (this.trial?.message.uid !== message.uid) return;
    this.widen(message.ob ?? []);
    this.trial.receive?.(message);
  }

  // The agent's view keeps one scale that holds all values so far.
  widen(values) {
    for (const value of values) {
      if (value < this.range.low && value > -Infinity) this.range.low = value;
      if (value > this.range.high && value < Infinity) this.range.high = value;
    }
  }

  complain(text) {
    this.problem = text ?? "";
    this.setLost(this.lost);
    if (!this.config) this.cover();
    this.page.say(this.problem);
  }

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
    const take = (lock) => {
      if (lock) return hold();
      this.blocked = true;
      this.cover();
      this.queueForLock(run, hold, signal);
      return null;
    };
    navigator.locks.request(`run-${run}`, {ifAvailable: true}, take).catch(quiet);
  }

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

  configure(config) {
    this.trial?.close?.();
    this.sounds.hush();
    if (this.config?.run !== config.run) this.blocked = false;
    const keys = new Keys(config);
    Object.assign(this, {
      config, base: keys, keys, queue: [], finished: new Set(), trial: null, gap: null, started: false,
      drained: false, done: config.n_done ?? 0, ack: null, view: config.view ?? "scene", range: {low: 0, high: 1},
      pauseAfter: false, remapping: null, problem: "",
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

  between(feedback, blank, state) {
    this.gap = {feedback, blank, t0: null};
    this.enter(state);
  }

  pause(reason = "pause") {
    if (!this.started || ["ready", "paused", "done"].includes(this.state)) return;
    this.interrupt(reason);
    this.page.hush();
    this.gap = null;
    this.pauseAfter = false;
    this.enter("paused");
  }

  interrupt(reason) {
    if (!this.trial) return;
    this.close(this.trial.record(reason));
    if (reason === "reload" && this.started) this.enter("paused");
  }

  close(record) {
    this.trial.close?.();
    Object.assign(record.flags, this.sounds.told());
    this.sounds.hush();
    this.trial = null;
    this.finished.add(record.uid);
    this.outbox.put(record);
  }

  finish() {
    const record = this.trial.record();
    this.close(record);
    this.dim(new Set());
    const text = this.feedback(record);
    this.between(text ? this.config.feedback_ms ?? 0 : 0, this.config.iti_ms ?? 0, "feedback");
  }

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

  frame(ts) {
    this.measure(ts);
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

  measure(ts) {
    if (this.last !== null && this.intervals.length < 40 && this.state !== "loading") {
      this.intervals.push(ts - this.last);
      if (this.intervals.length === 40) this.hz = Math.round(10000 / median(this.intervals)) / 10;
    }
    this.last = ts;
  }

  rest(ts) {
    const {gap, page} = this;
    gap.t0 ??= ts;
    const shown = ts - gap.t0 + SLACK >= gap.feedback;
    if (shown) page.hush();
    if (shown && this.pauseAfter) return this.pause();
    if (ts - gap.t0 + SLACK < gap.feedback + gap.blank) return;
    if (this.queue.length && !this.blocked) return this.begin(ts);
    if (this.drained) {
      this.gap = null;
      this.enter("done");
    } else if (this.state !== "loading") this.enter("loading");
    else page.wait.hidden = ts - gap.t0 < gap.feedback + gap.blank + 600;
  }

  begin(ts) {
    const message = this.queue.shift();
    this.gap = null;
    const Open = message.parts ? JointTrial : OpenTrial;
    this.trial = this.config.mode === "open" ? new Open(message, this.config, this.hz)
      : new LockstepTrial(message, this.config, this.hz,
        (k, action) => this.post({type: "act", uid: message.uid, k, action}), () => [...this.held.values()].pop() ?? null);
    this.page.set("uid", message.uid);
    this.page.set("index", message.index);
    this.page.set("onset", "");
    this.page.set("onsets", "");
    this.period = "";
    this.useKeys(message);
    this.sounds.begin(this.trial);
    if (this.sounds.used && this.sounds.state === "waiting") this.sounds.unlock();
    this.enter("running");
    this.play(ts);
  }

  // Some trials have keys of their own.
  useKeys(message) {
    const was = this.keys;
    if (message.keys) this.keys = new Keys({...this.config, keys: message.keys, dial: message.dial}, this.base);
    else this.keys = this.base;
    if (JSON.stringify(was.caps) === JSON.stringify(this.keys.caps)) return;
    this.held.clear();
    this.hints();
  }

  play(ts) {
    const {trial, page} = this;
    trial.frame(ts);
    if (trial.over) {
      this.finish();
      return this.rest(ts);
    }
    this.draw(trial, ts);
    this.sounds.frame(trial, ts, this.hz);
    if (trial.onset !== null) page.set("onset", trial.onset);
    if (trial.onsets) page.set("onsets", JSON.stringify(trial.onsets));
    if (trial.onsets) this.dim(trial.hidden);
    this.follow(trial.active);
  }

  // The keys of a task that is not on are pale.
  dim(hidden) {
    const names = [...hidden].join(" ");
    if (this.page.hints.dataset.hidden === names) return;
    this.page.hints.dataset.hidden = names;
    for (const group of this.page.hints.children) group.classList.toggle("off", hidden.has(Number(group.dataset.part)));
  }

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

  panels(trial) {
    return trial.scene?.panels ?? 1;
  }

  dialPanel(trial) {
    return trial.parts && this.view === "scene" ? [trial.asked, this.panels(trial)] : WHOLE;
  }

  channels(trial) {
    const given = this.config.channels ?? [];
    return given.length ? given : [{name: "channels", start: 0, size: trial.row.length}];
  }

  // The current period is the active one that started last.
  follow(active) {
    const fresh = active.filter((name) => !(this.was ?? []).includes(name));
    const period = fresh.length ? fresh[fresh.length - 1] : active.includes(this.period) ? this.period : active[active.length - 1] ?? "";
    this.was = active;
    if (period === this.period) return;
    this.period = period;
    this.page.set("period", period);
    this.describe(period);
  }

  describe(period) {
    const text = period ? `${period}. ${this.config.instruction ?? ""}` : "Empty screen";
    this.page.canvas.setAttribute("aria-label", text);
  }

  // -- keys --

  keydown(event) {
    if (isTyping(event) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.remapping) return this.captureKey(event);
    if (event.code === "Escape") return this.escape(event);
    if (event.code === "KeyM" && this.mutable && !event.repeat) return this.toggleSound();
    const playing = ["running", "feedback", "loading"].includes(this.state) && this.started;
    if (playing) this.playKey(event);
    else if (event.code === "Space" && !event.repeat && !target(event).closest?.("button, a") && !this.page.cover.hidden) {
      if (["ready", "paused"].includes(this.page.root.dataset.overlay)) {
        event.preventDefault();
        this.go();
      }
    }
  }

  playKey(event) {
    const row = this.keys.find(event.code);
    if (!row && !(event.code in this.keys.dial)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) this.trial?.note("repeat");
    else if (row) this.down(event.code, row.action, event.timeStamp);
    else {
      this.mark(event.code, true);
      this.turn(event.code, event.timeStamp);
    }
  }

  keyup(event) {
    const bound = this.keys && (this.keys.find(event.code) || event.code in this.keys.dial);
    if (!bound || isTyping(event)) return;
    if (this.started && ["running", "feedback"].includes(this.state)) event.preventDefault();
    this.up(event.code);
    if (this.keys.dial[event.code] && this.trial?.dial) this.trial.dial.turning = 0;
  }

  down(code, action, stamp) {
    this.held.delete(code); // a key whose release got lost
    this.held.set(code, {action, stamp});
    this.mark(code, true);
    this.trial?.press(action, stamp);
    if (this.trial?.over) this.finish();
  }

  up(code) {
    if (this.held.has(code)) this.trial?.release?.(this.held.get(code).action);
    this.held.delete(code);
    this.mark(code, false);
  }

  mark(code, down) {
    this.page.hints.querySelector(`[data-code="${code}"]`)?.classList.toggle("down", down);
  }

  turn(code, stamp) {
    const {trial} = this;
    const by = this.keys.dial[code];
    if (!trial) return;
    if (!trial.open) {
      if (by === 0 && trial.onset === null) trial.note("early");
    } else if (by) trial.dial.press(by, stamp);
    else this.answer(trial.dial.answer.action, stamp);
  }

  answer(action, stamp) {
    this.trial.press(action, stamp);
    if (this.trial.over) this.finish();
  }

  point(event) {
    const {hand} = this.trial ?? {};
    if (hand && hand.click !== null && this.trial.t0 !== null) {
      this.guide(event);
      hand.press(hand.click, event.timeStamp);
    }
    if (!this.trial?.dial || !this.trial.open) return;
    const answer = this.trial.dial.choose(...this.stage.at(event, this.dialPanel(this.trial)));
    if (answer) this.answer(answer.action, event.timeStamp);
  }

  // Mouse or touch sets what the task lets it set.
  guide(event) {
    this.trial?.hand?.follow(...this.stage.at(event, WHOLE), event.timeStamp);
  }

  escape(event) {
    if (this.page.root.dataset.overlay === "stop") return this.cover();
    if (!this.started || this.state === "done") return;
    event.preventDefault();
    this.pause();
  }

  blur() {
    for (const code of [...this.held.keys()]) this.up(code);
    if (this.trial?.dial) this.trial.dial.turning = 0;
    if (!this.trial) return;
    this.trial.note("blur");
    this.sounds.silence();
    this.pauseAfter = true;
  }

  hide() {
    this.trial?.note("hidden");
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
    return !this.page.sound.hidden && this.sounds.state !== "none" && !this.keys?.find("KeyM");
  }

  toggleSound() {
    if (this.sounds.state === "blocked") return this.sounds.unlock();
    this.sounds.mute(!this.sounds.muted);
    keep(SOUND, {muted: this.sounds.muted});
  }

  showSound() {
    const {page, sounds: {state}} = this;
    const words = {on: "Sound on", waiting: "Sound on", muted: "Muted", blocked: "Sound blocked", none: "No sound"};
    const [text, node] = [words[state], page.sound];
    const hint = {muted: "sound on", blocked: "try again", none: ""}[state] ?? "mute";
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
  groups(caps) {
    const {parts, shared} = this.config;
    if (!parts || shared) return [{keys: caps}];
    return parts.map(({title, instruction}, j) => ({title, instruction, keys: caps.filter(({part}) => part === j)}));
  }

  // A key on the screen does what its key does, for mouse, touch and assistive tools.
  hint({code, label, name}) {
    const press = (event) => {
      const row = this.keys.find(code);
      if (!this.started || !["running", "feedback"].includes(this.state)) return;
      if (row) this.down(code, row.action, event.timeStamp);
      else this.turn(code, event.timeStamp);
    };
    const release = () => {
      this.up(code);
      if (this.trial?.dial) this.trial.dial.turning = 0;
    };
    const node = h("button", {type: "button", class: "hint", tabindex: "-1", "data-code": code, "aria-label": `${name}, key ${label}`},
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
    const draw = {ready: () => this.coverReady(), paused: () => this.coverPaused(), done: () => this.coverDone()}[this.state];
    if (draw && config) draw();
    else if (!config) page.overlay("loading", h("p", {}, this.problem || "Preparing the session…"));
    else page.overlay("");
  }

  coverReady() {
    const {page, config} = this;
    const start = page.action("Start – press space", () => this.go(), true);
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
    const {page, ack, done} = this;
    const waiting = this.outbox.items.size;
    const facts = [[String(done), done === 1 ? "trial" : "trials"]];
    if (ack && ack.accuracy !== null) facts.push([`${Math.round(100 * ack.accuracy)} %`, "correct"]);
    if (ack && ack.rt !== null) facts.push([`${Math.round(ack.rt)} ms`, "median response time"]);
    page.overlay("done", h("h2", {}, "Done"),
      h("dl", {class: "facts"}, ...facts.map(([value, name]) => h("div", {}, h("dd", {}, value), h("dt", {}, name)))),
      h("p", {class: "small"}, waiting ? `Saving ${waiting} ${waiting === 1 ? "answer" : "answers"}…` : "All answers are saved."));
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

  captureKey(event) {
    const {remapping} = this;
    if (event.code === "Escape") return this.cover();
    if (!remapping.row) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    const refused = this.base.assign(remapping.row, event.code, labelOf(event));
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

export function render({model, el}) {
  live.get(el)?.destroy();
  const player = new Player(model);
  live.set(el, player);
  model.on("msg:custom", (message) => player.receive(plain(message)));
  model.on("after_render", () => player.start());
  model.on("remove", () => player.destroy());
  return player.page.root;
}
