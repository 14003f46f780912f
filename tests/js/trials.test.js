import assert from "node:assert/strict";
import {test} from "node:test";

import {OpenTrial} from "../../assets/trials.js";
import {trial} from "./fakes.js";

const config = {mode: "open", run: "r1", dial: null};
const begun = (until, changes) => {
  const played = new OpenTrial(trial(changes), config, 60);
  for (let i = 0; i <= until; i++) played.frame(1000 + (i * 1000) / 60);
  return played;
};

test("response times are the key's stamp less the first frame of the window", () => {
  const played = begun(12); // the window opens at 100 ms, frame 6
  assert.equal(played.onset, 1100);
  played.press(1, 1137.25);
  const {rt_ms: rt, key_ms: key, onset_ms: onset, response, actions} = played.record();
  assert.deepEqual([rt, key, onset, response], [37.25, 1137.25, 1100, 1]);
  assert.deepEqual(actions, [[6, 1]]);
  assert.equal(played.over, true);
});

test("a key belongs to the step that was on the screen at its stamp", () => {
  const played = begun(3);
  assert.equal(played.stepAt(1034), 1); // the frames were at 0, 16.7, 33.3, 50 ms
  assert.equal(played.stepAt(1010), 0);
});

test("a key before the window is early, one of another time nothing", () => {
  const played = begun(3);
  played.press(1, 999);
  assert.equal(played.actions.size, 0);
  played.press(1, 1020);
  const {rt_ms: rt, outcome, flags} = played.record();
  assert.deepEqual([rt, outcome, flags.early], [null, 1, 1]);
});

test("intervals over 1.2 refresh periods are late frames", () => {
  const played = new OpenTrial(trial(), config, 60);
  for (const ts of [0, 16.7, 33.3, 70, 86.7]) played.frame(ts);
  const {frames, late_frames: late} = played.record();
  assert.deepEqual([frames, late], [5, 1]);
});

test("an interrupted trial has no result", () => {
  const {response, outcome, reward, flags} = begun(12).record("pause");
  assert.deepEqual([response, outcome, reward, flags.interrupted], [null, 0, 0, "pause"]);
});

test("the last frame closes the trial one frame later", () => {
  const played = new OpenTrial(trial(), config, 60);
  for (let ts = 0; ts < 500; ts += 10) played.frame(ts);
  played.frame(500);
  assert.equal(played.over, false);
  played.frame(510);
  assert.equal(played.over, true);
});
