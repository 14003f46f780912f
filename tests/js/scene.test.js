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
