// The canvas: one or several panels, and what the screen's pixels are.

import {DIVIDER, GREY, WHOLE} from "./tools.js";

export class Stage {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d", {alpha: false});
    /** @type {[number, number, number] | null} width, height, ratio to fit */
    this.size = null;
    /** @type {[number, number]} width and height in CSS pixels */
    this.shown = [0, 0];
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
    this.shown = [w, h2];
    this.ratio = ratio;
    if (width === this.canvas.width && height === this.canvas.height) return false;
    this.canvas.width = width;
    this.canvas.height = height;
    return true;
  }

  // How large things are: CSS pixels, and how many pixels one of them has.
  /** @returns {Wire.Sizes} */
  get sizes() {
    const {innerWidth, innerHeight, screen} = window;
    return {stage: this.shown, window: [innerWidth, innerHeight], screen: [screen.width, screen.height], ratio: this.ratio};
  }

  get wide() {
    return this.canvas.width >= this.canvas.height;
  }

  // The j-th of n panels, side by side or one above the other.
  /** @param {number} j @param {number} n */
  box(j, n) {
    const {width, height} = this.canvas;
    if (this.wide) return {left: (j * width) / n, top: 0, width: width / n, height};
    return {left: 0, top: (j * height) / n, width, height: height / n};
  }

  // A panel's centre, and the side of its square.
  /** @param {number} j @param {number} n */
  panel(j, n) {
    const {left, top, width, height} = this.box(j, n);
    return {x: left + width / 2, y: top + height / 2, side: Math.min(width, height)};
  }

  /** @param {number} n */
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
  /** @param {Wire.Panel} panel */
  units([j, n] = WHOLE) {
    const {x, y, side} = this.panel(j, n);
    this.ctx.setTransform(side, 0, 0, -side, x, y);
  }

  /**
   * @param {MouseEvent} event
   * @param {Wire.Panel} panel
   * @returns {[number, number]} in stage units
   */
  at(event, [j, n] = WHOLE) {
    const {x, y, side} = this.panel(j, n);
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [((event.clientX - box.left) * scale - x) / side, -((event.clientY - box.top) * scale - y) / side];
  }
}
