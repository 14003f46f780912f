// The clock of the screen: how long its frames last, measured and followed.

import {median} from "./tools.js";

const FEW = 20;  // intervals that make a measure
const MANY = 40;  // intervals that are remembered
const ALIKE = {first: 0.6, after: 0.75};  // share of intervals that agree, to be taken for the refresh period
const GRAIN = 1.1;  // ms: some browsers round stamps to whole ms
const FINE = 0.05;  // share by which intervals of one rate differ
const CHANGE = 0.03;  // share from which on a rate is another one
const SLOW = 250;  // ms: a longer interval is a pause
const TIE = 0.15;  // ms: stamps lie on a grid of 0.1 ms; what ends in the middle of a frame ends before it, whatever their last digit
const PATIENCE = 2000;  // ms that a session waits for a measure

/**
 * What the intervals that agree with the median are on average, and their share.
 * @param {number[]} intervals ms
 */
function agreed(intervals) {
  const middle = median(intervals);
  const near = intervals.filter((ms) => Math.abs(ms - middle) <= Math.max(FINE * middle, GRAIN));
  return {ms: near.reduce((sum, ms) => sum + ms, 0) / near.length, share: near.length / intervals.length};
}

export class Refresh {
  /** @param {number | null} hz if it is known */
  constructor(hz = null) {
    /** @type {number | null} the refresh period in ms, null while it is unknown */
    this.period = hz && 1000 / hz;
    /** @type {number | null} the period that was told last */
    this.told = this.period;
    /** @type {number[]} the last ones, ms */
    this.intervals = [];
    /** @type {number | null} */
    this.last = null;
    /** @type {number | null} */
    this.asked = null;
  }

  get hz() {
    return this.period === null ? null : Math.round(10000 / this.period) / 10;
  }

  // How long a frame lasts as far as one can tell, ms.
  get interval() {
    return this.period ?? median(this.intervals);
  }

  // Takes in a frame's stamp; true if the rate is another one than before.
  /** @param {number} ts */
  frame(ts) {
    const gap = this.last === null ? null : ts - this.last;
    this.last = ts;
    if (gap === null || gap <= 0 || (gap > SLOW && this.intervals.length)) return false;
    if (this.intervals.push(gap) > MANY) this.intervals.shift();
    return this.intervals.length >= FEW && this.follow(agreed(this.intervals));
  }

  /** @param {{ms: number, share: number}} found */
  follow({ms, share}) {
    const first = this.period === null;
    const far = !first && Math.abs(ms / this.period - 1) > CHANGE;
    if (ms > SLOW || share < (far ? ALIKE.after : ALIKE.first)) return false;
    this.period = ms;
    const changed = !first && Math.abs(ms / this.told - 1) > CHANGE;
    if (first || changed) this.told = ms;
    return changed;
  }

  // Whether a trial can begin: the rate is known, or has been waited for.
  /** @param {number} ts */
  isReady(ts) {
    this.asked ??= ts;
    return this.period !== null || (ts - this.asked > PATIENCE && this.intervals.length > 0);
  }

  // The middle of the time that a frame is on the screen: what is on then is what the frame shows.
  /** @param {number} ts its stamp */
  middle(ts) {
    return ts + this.interval / 2 + TIE;
  }
}
