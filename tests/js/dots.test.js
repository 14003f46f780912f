import assert from "node:assert/strict";
import {test} from "node:test";

import {Dots, rng} from "../../assets/dots.js";

const draws = (seed, n) => Array.from({length: n}, rng(seed));

test("a seed gives the same numbers again, another seed others", () => {
  assert.deepEqual(draws(7, 20), draws(7, 20));
  assert.notDeepEqual(draws(7, 20), draws(8, 20));
});

test("the numbers are even from 0 to 1", () => {
  const numbers = draws(3, 20000);
  assert.ok(numbers.every((v) => v >= 0 && v < 1));
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  assert.ok(Math.abs(mean - 0.5) < 0.01, `${mean}`);
});

const moved = (coherence) => {
  const dots = new Dots(1, 500, 1);
  const before = Float64Array.from(dots.next(0, 0, coherence, 0.5).x);
  const after = dots.next(20, 0, coherence, 0.5).x;
  return before.filter((x, i) => Math.abs(after[i] - x - 0.01) < 1e-9).length / 500;
};

test("as many dots move as the coherence says", () => {
  assert.ok(moved(100) > 0.97);
  assert.ok(Math.abs(moved(50) - 0.5) < 0.08);
  assert.equal(moved(0), 0);
});

test("negative coherence moves the other way", () => {
  assert.equal(moved(-100), 0);
});

test("the sets take turns, and a long gap scatters a set", () => {
  const dots = new Dots(1, 5, 3);
  const shown = [0, 10, 20, 30].map((ts) => dots.next(ts, 0, 100, 0));
  assert.equal(new Set(shown).size, 3);
  assert.equal(shown[0], shown[3]);
  const place = shown[1].x[0];
  dots.next(400, 0, 100, 0);
  assert.notEqual(dots.sets[1].x[0], place);
});

test("dots stay in the square", () => {
  const dots = new Dots(2, 200, 1);
  for (let ts = 0; ts < 2000; ts += 20) {
    const {x, y} = dots.next(ts, 0.7, 100, 2);
    assert.ok([...x, ...y].every((v) => v >= 0 && v <= 1));
  }
});

test("the mean displacement is linear in the coherence, also beyond 100 %", () => {
  for (const coherence of [-250, -100, -40, 40, 100, 250]) {
    const dots = new Dots(3, 40000, 1);
    const before = Float64Array.from(dots.next(0, 0, coherence, 0.5).y);
    const x = Float64Array.from(dots.sets[0].x);
    const after = dots.next(20, 0, coherence, 0.5);
    const moved = [...before.keys()].filter((i) => Math.abs(after.y[i] - before[i]) < 1e-12);  // those that went straight on
    const mean = moved.reduce((sum, i) => sum + after.x[i] - x[i], 0) / x.length;
    assert.ok(Math.abs(mean / (0.0001 * coherence) - 1) < 0.04, `${coherence}: ${mean}`);
  }
});
