// Contrast is of light, not of pixel values.

import assert from "node:assert/strict";
import {test} from "node:test";

import {aboutBackground, light, pixel, shade} from "../../assets/light.js";

test("a pixel's light and back is the pixel", () => {
  for (let v = 0; v < 256; v++) assert.ok(Math.abs(pixel(light(v)) - v) < 1e-9);
  assert.ok(Math.abs(light(128) - 0.2158605) < 1e-6);
});

test("a sine about the stage has its contrast and the stage's mean light", () => {
  for (const contrast of [0.05, 0.2, 0.5, 0.99]) {
    const seen = Array.from({length: 4000}, (_, i) => light(aboutBackground(contrast * Math.sin((i / 1000) * Math.PI))));
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    assert.ok(Math.abs((high - low) / (high + low) - contrast) < 0.009);
    assert.ok(Math.abs(seen.reduce((a, b) => a + b) / seen.length / light(128) - 1) < 0.01);
  }
  assert.equal(aboutBackground(0), 128);
});

test("a shade is a share of a colour's light", () => {
  assert.equal(shade("#ffffff", 1), "#ffffff");
  assert.equal(shade("#4aa3ff", 0), "rgb(128,128,128)");
  const [red] = /** @type {RegExpMatchArray} */ (shade("#ffffff", 0.5).match(/\d+/));
  assert.ok(Math.abs(light(Number(red)) - (light(128) + 1) / 2) < 0.005);
  assert.equal(shade("#ffffff", 0.5), shade("#ffffff", 0.5));
});
