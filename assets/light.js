// Light and pixels: a screen's pixel values are coded by sRGB, and what contrasts is light (neurogym/spec/light.py).

import {clamp} from "./tools.js";

const BACKGROUND = 128;  // pixel value of the stage
const FINE = 4096;  // steps from no light to twice the stage's

/** @param {number} pixel from 0 to 255 @returns {number} the share of the screen's light */
export function light(pixel) {
  const v = pixel / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

/** @param {number} light from 0 to 1 @returns {number} the pixel value, 0 to 255, not rounded */
export function pixel(light) {
  const v = clamp(light, 0, 1);
  return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
}

const LEVELS = Uint8Array.from({length: FINE + 1}, (_, i) => Math.round(pixel((light(BACKGROUND) * 2 * i) / FINE)));

/** @param {number} contrast from -1 to 1 @returns {number} the pixel value whose light is 1 + contrast times the stage's */
export function aboutBackground(contrast) {
  return LEVELS[Math.round(clamp((1 + contrast) / 2, 0, 1) * FINE)];
}

/** @type {Map<string, string>} */
const SHADES = new Map();

/**
 * A colour of which so much is left, from 0 (the stage) to 1, in light.
 * @param {string} color "#rrggbb"
 * @param {number} contrast
 */
export function shade(color, contrast) {
  if (contrast >= 1) return color;
  const key = `${color} ${contrast}`;
  const known = SHADES.get(key);
  if (known) return known;
  if (SHADES.size > 255) SHADES.clear();
  const back = light(BACKGROUND);
  const mixed = [1, 3, 5].map((i) => {
    const full = light(parseInt(color.slice(i, i + 2), 16));
    return Math.round(pixel(back + clamp(contrast, 0, 1) * (full - back)));
  });
  const told = `rgb(${mixed.join(",")})`;
  SHADES.set(key, told);
  return told;
}
