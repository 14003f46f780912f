import assert from "node:assert/strict";
import {test} from "node:test";

import {Refresh} from "../../assets/clock.js";
import {Scene} from "../../assets/scene.js";
import {TIMES} from "../../assets/tools.js";

// A context that notes the radii of circles.
function context() {
  const drawn = [];
  const quiet = () => {};
  const names = ["save", "restore", "translate", "rotate", "beginPath", "fill", "stroke"];
  const ctx = {globalAlpha: 1, arc: (x, y, radius) => drawn.push(radius), ...Object.fromEntries(names.map((name) => [name, quiet]))};
  return {ctx, drawn};
}

const disc = (radius, changes) => ({kind: "circle", x: 0, y: 0, turn: 0, along: 0, radius, start: 0, stop: 6, stroke: null, color: "#fff", alpha: 1, ...changes});
const scene = (...elements) => new Scene(elements, 1, new Refresh(60));

function seen(stage, ts, row = [1], active = ["work"]) {
  const {ctx, drawn} = context();
  stage.draw(ctx, row, active, ts);
  return drawn;
}

test("what is pressed is there while its key is down, what is released while it is not", () => {
  const stage = scene(disc(1, {press: [2, "released"]}), disc(2, {press: [2, "pressed"]}));
  assert.deepEqual(seen(stage, 1000), [1]);
  stage.press(2, [1], ["work"], null);
  assert.deepEqual(seen(stage, 1016), [2]);
  assert.deepEqual(seen(stage, 3000), [2]);
  stage.release(2);
  assert.deepEqual(seen(stage, 3016), [1]);
  stage.press(1, [1], ["work"], null); // another key
  assert.deepEqual(seen(stage, 3033), [1]);
});

test("a key that was tapped is seen to be down for a moment", () => {
  const stage = scene(disc(2, {press: [2, "pressed"], during: ["work"]}));
  stage.press(2, [1], ["work"], null);
  stage.release(2);
  assert.deepEqual(seen(stage, 1000), [2]);
  assert.deepEqual(seen(stage, 1000 + TIMES.down - 1), [2]);
  assert.deepEqual(seen(stage, 1000 + TIMES.down - 1, [1], ["rest"]), []); // no longer in its period
  assert.deepEqual(seen(stage, 1000 + TIMES.down), []);
});

test("what was chosen stays for a moment, though the trial goes on or is over", () => {
  const stage = scene(disc({channel: 1, scale: 1, offset: 0}, {press: [1, "chosen"], show: 0}), disc(9, {press: [2, "chosen"], show: 0}));
  assert.deepEqual(seen(stage, 1000), []);
  stage.press(1, [1, 3], [], null);
  assert.deepEqual(seen(stage, 1016, [0, 4]), [3]); // as it was when it was chosen
  const {ctx, drawn} = context();
  assert.equal(stage.drawMarks(ctx, 1016 + TIMES.mark - 1), true);
  assert.equal(stage.drawMarks(ctx, 1016 + TIMES.mark), false);
  assert.deepEqual(drawn, [3]);
});

test("what is not on cannot be chosen, and a new choice takes the place of the last", () => {
  const stage = scene(disc(1, {press: [1, "chosen"], show: 0}), disc(2, {press: [2, "chosen"], show: 0}));
  stage.press(1, [0], [], null);
  assert.deepEqual(seen(stage, 1000), []);
  stage.press(1, [1], [], null);
  assert.deepEqual(seen(stage, 1016), [1]);
  stage.press(2, [0], [], null); // of nothing that is on
  assert.deepEqual(seen(stage, 1033), [1]);
  stage.press(2, [1], [], null);
  assert.deepEqual(seen(stage, 1050), [2]);
});

test("flashes of a frame are all seen, each apart, at any refresh rate; a dark one is gone for them", () => {
  const times = [0, 41, 83.5, 127, 168.2, 209, 300, 340.1, 381, 460, 500.5, 541, 582, 623, 720, 955];
  for (const hz of [60, 75, 85, 100, 120, 144, 240]) {
    for (const jitter of [0, 0.8]) {
      const flash = {rate: null, times, ms: 0, share: 1, dark: false};
      const stage = new Scene([disc(1, {flash}), disc(2, {flash: {...flash, dark: true}})], 1, new Refresh(hz));
      const shown = [];
      for (let i = 0; i * 1000 / hz < 1000; i++) shown.push(seen(stage, 5000 + (i * 1000) / hz + jitter * (i % 3)));
      const lit = shown.map((drawn) => drawn.includes(1));
      assert.equal(lit.filter(Boolean).length, times.length, `${hz} Hz`);
      assert.ok(lit.every((on, i) => !(on && lit[i + 1])), `${hz} Hz`);
      assert.ok(shown.every((drawn) => drawn.length === 1)); // one or the other: as much light in each frame
    }
  }
});

test("a flash whose frame came late is seen in the next one; a frame that is drawn again shows the same", () => {
  const stage = scene(disc(1, {flash: {rate: null, times: [20], ms: 0, share: 1, dark: false}}));
  assert.deepEqual([1000, 1000, 1100, 1100, 1117].map((ts) => seen(stage, ts).length), [0, 0, 1, 1, 0]);
});
