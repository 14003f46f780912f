import assert from "node:assert/strict";
import {test} from "node:test";

import {Refresh} from "../../assets/clock.js";

const RATES = [30, 60, 75, 144];
// A screen whose frames come at a rate, some of them late by whole frames.
const screen = (refresh, hz, seconds, {from = 1000, late = () => 0, grain = 0} = {}) => {
  const told = [];
  let n = 0;
  for (; n < seconds * hz; n += 1 + late(n)) {
    const ts = from + (1000 * n) / hz;
    if (refresh.frame(grain ? Math.round(ts / grain) * grain : ts)) told.push(n);
  }
  return {told, end: from + (1000 * n) / hz};
};
const within = (refresh, hz) => Math.abs(refresh.hz / hz - 1) < 0.01;

test("a rate is unknown until it was measured, and measured within a second", () => {
  for (const hz of RATES) {
    const refresh = new Refresh();
    screen(refresh, hz, 0.1);
    assert.equal(refresh.hz, null);
    assert.equal(refresh.isReady(1100), false);
    screen(refresh, hz, 1, {from: 1100});
    assert.ok(within(refresh, hz), `${refresh.hz}`);
    assert.equal(refresh.isReady(2100), true);
  }
});

test("late frames, rounded stamps and a page that was hidden do not count", () => {
  for (const hz of RATES) {
    const refresh = new Refresh();
    const {end} = screen(refresh, hz, 3, {late: (n) => (n % 5 === 0 ? 1 + (n % 3) : 0), grain: 1});
    assert.ok(within(refresh, hz), `${refresh.hz}`);
    const {told} = screen(refresh, hz, 3, {from: end + 60_000, grain: 1});
    assert.deepEqual(told, []);
    assert.ok(within(refresh, hz), `${refresh.hz}`);
  }
});

test("a change of the rate is told once, and the new one used", () => {
  for (const [before, after] of [[60, 30], [60, 144], [144, 120], [75, 60], [60, 62.5]]) {
    const refresh = new Refresh();
    const {end} = screen(refresh, before, 2);
    const {told} = screen(refresh, after, 3, {from: end});
    assert.equal(told.length, 1, `${before} ${after}`);
    assert.ok(within(refresh, after) || Math.abs(after - before) < 3, `${refresh.hz}`);
  }
  const refresh = new Refresh();
  const {end} = screen(refresh, 60, 2);
  assert.deepEqual(screen(refresh, 59.94, 3, {from: end}).told, []);
  assert.equal(refresh.hz, 59.9);
});

test("a screen without a rate is waited for, then taken as unknown", () => {
  const refresh = new Refresh();
  let ts = 0;
  assert.equal(refresh.isReady(ts), false);
  for (let i = 0; ts < 2500; i++) refresh.frame((ts += 17 * (1 + (i * i) % 5)));
  assert.deepEqual([refresh.hz, refresh.isReady(ts)], [null, true]);
  assert.ok(refresh.interval > 0);
  assert.ok(new Refresh(144).isReady(0));
});

test("the middle of a frame is half a measured frame after its stamp", () => {
  for (const hz of RATES) {
    const refresh = new Refresh();
    screen(refresh, hz, 1);
    assert.ok(Math.abs(refresh.middle(5000) - 5000 - 500 / hz) < 0.3);
  }
});
