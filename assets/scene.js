// The elements of a scene, drawn from a row of observations.

import {Dots} from "./dots.js";
import {READ, SIGNS} from "./sound.js";
import {clamp, TAU} from "./tools.js";

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

export function line(ctx, width, ...points) {
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

export function isShown(element, row, active, hidden) {
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
