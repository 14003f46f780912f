// The agent's view: the channels of a row as bars.

import {clamp, INK} from "./tools.js";

/**
 * @typedef {{low: number, high: number}} Range of the values so far
 * @typedef {Wire.Group & {left: number, width: number}} Bars a group with its place on the canvas
 */
const BED = "#8c8c8c";

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Wire.Row} row
 * @param {Bars} group
 * @param {{top: number, bottom: number}} box
 * @param {Range & {line: number}} scale
 */
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
/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Bars[]} groups
 * @param {number} y
 * @param {number} size
 * @param {boolean} upright
 */
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

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Bars[]} groups
 * @param {number} margin
 */
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
/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} width
 * @param {number} height
 * @param {number} ratio pixels of the canvas to one of the page
 * @param {Wire.Group[]} channels
 * @param {Wire.Row} row
 * @param {Range} range
 * @param {number} letters that fit in the width
 */
export function drawChannels(ctx, width, height, ratio, channels, row, range, letters = 56) {
  /** @param {Wire.Group} g */
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
