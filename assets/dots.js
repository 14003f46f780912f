// Seeded random numbers, and random-dot motion.

import {clamp} from "./tools.js";

/** @typedef {{x: Float64Array, y: Float64Array, at: number | null}} Points `at`: when they were moved last, ms */

/**
 * @param {number} seed
 * @returns {() => number} from 0 to 1
 */
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

const PAUSE = 250;  // ms without dots, after which they are others

// Interleaved sets in a unit square, y up; who draws them masks them to a circle.
export class Dots {
  /** @param {number} seed @param {number} n of a set @param {number} sets */
  constructor(seed, n, sets = 3) {
    this.random = rng(seed);
    /** @type {Points[]} */
    this.sets = Array.from({length: sets}, () => ({x: new Float64Array(n), y: new Float64Array(n), at: null}));
    this.turn = 0;
    this.last = -Infinity;
  }

  /**
   * The set to show now. Beyond 100 % all dots move, and so much farther: their mean displacement stays linear.
   * @param {number} ts ms
   * @param {number} direction
   * @param {number} coherence in percent
   * @param {number} speed in sides a second
   * @returns {Points}
   */
  next(ts, direction, coherence, speed) {
    if (ts - this.last > PAUSE) for (const set of this.sets) set.at = null;
    this.last = ts;
    const set = this.sets[this.turn++ % this.sets.length];
    if (set.at === null) this.scatter(set);
    else {
      const share = Math.abs(coherence) / 100;
      this.move(set, direction + (coherence < 0 ? Math.PI : 0), share, (Math.max(1, share) * speed * (ts - set.at)) / 1000);
    }
    set.at = ts;
    return set;
  }

  /** @param {Points} set */
  scatter(set) {
    for (let i = 0; i < set.x.length; i++) {
      set.x[i] = this.random();
      set.y[i] = this.random();
    }
  }

  /** @param {Points} set @param {number} direction @param {number} probability @param {number} distance */
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

  /**
   * The motion uncovers an L-shaped border; spreading the dots evenly over it keeps the density uniform.
   * @param {Points} set @param {number} i @param {number} dx @param {number} dy
   */
  enter(set, i, dx, dy) {
    const [w, v] = [Math.abs(dx), Math.abs(dy)];
    const side = this.random() * (w + v - w * v) < w;
    const x = side ? this.random() * w : w + this.random() * (1 - w);
    const y = side ? this.random() : this.random() * v;
    set.x[i] = dx < 0 ? 1 - x : x;
    set.y[i] = dy < 0 ? 1 - y : y;
  }
}
