import assert from "node:assert/strict";
import {test} from "node:test";

import {Refresh} from "../../assets/clock.js";
import {Scene} from "../../assets/scene.js";
import {JointTrial, LockstepTrial, OpenTrial} from "../../assets/trials.js";
import {trial} from "./fakes.js";

const config = {mode: "open", run: "r1", dial: null};
const begun = (until, changes) => {
  const played = new OpenTrial(trial(changes), config, new Refresh(60));
  for (let i = 0; i <= until; i++) played.frame(1000 + (i * 1000) / 60);
  return played;
};

test("response times are the key's stamp less the first frame of the window", () => {
  const played = begun(12); // the window opens at 100 ms, frame 6
  assert.equal(played.onset, 1100);
  played.press(1, 1137.25);
  const {rt_ms: rt, key_ms: key, onset_ms: onset, response, actions} = played.record();
  assert.deepEqual([rt, key, onset, response], [37.25, 1137.25, 1100, 1]);
  assert.deepEqual(actions, [[7, 1]]); // the middle of frame 8
  assert.equal(played.over, true);
});

test("a key belongs to the step that was on the screen at its stamp", () => {
  const played = begun(3);
  assert.equal(played.stepAt(1034), 2); // the frames were at 0, 16.7, 33.3, 50 ms
  assert.equal(played.stepAt(1033), 1);
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
  const played = new OpenTrial(trial(), config, new Refresh(60));
  for (const ts of [0, 16.7, 33.3, 70, 86.7]) played.frame(ts);
  const {frames, late_frames: late} = played.record();
  assert.deepEqual([frames, late], [5, 1]);
});

test("an interrupted trial has no result", () => {
  const {response, outcome, reward, flags} = begun(12).record("pause");
  assert.deepEqual([response, outcome, reward, flags.interrupted], [null, 0, 0, "pause"]);
});

test("the last frame closes the trial one frame later", () => {
  const played = new OpenTrial(trial(), config, new Refresh(100));
  for (let ts = 0; ts < 500; ts += 10) played.frame(ts);
  assert.notEqual(played.row, null);
  played.frame(500);
  assert.deepEqual([played.over, played.row, played.closed], [false, null, 500]);
  played.frame(510);
  assert.equal(played.over, true);
});

// ---- periods ----

const RATES = [30, 60, 75, 100, 144];
// Frames of a screen with a rate, stamps on a grid of 0.1 ms.
const shown = (message, hz, seconds, jitter = () => 0) => {
  const played = new OpenTrial(message, config, new Refresh(hz));
  for (let i = 0; i < seconds * hz && !played.over; i++) played.frame(Math.round(10 * (5000 + (1000 * i) / hz + jitter(i))) / 10);
  return played;
};
const frames = (ms, hz) => Math.round((ms * hz) / 1000);

test("a period of 20 ms at 60 Hz is one frame", () => {
  const message = trial({wait: 1, answer: 5});
  const [fixation, decision] = shown(message, 60, 1).record().periods;
  assert.deepEqual(fixation, ["fixation", 5000, 16.7]);
  assert.deepEqual(decision, ["decision", 5016.7, 100]);
});

test("periods get the frames nearest to their lengths, and errors do not add up", () => {
  const names = Array.from({length: 40}, (_, i) => `p${i}`);
  for (const hz of RATES) {
    for (const steps of [1, 2, 3, 5, 7]) {
      const periods = names.map((name, i) => [name, i * steps, (i + 1) * steps]);
      const message = trial({wait: 40 * steps - 1, answer: 1, periods});
      let last = 5000;
      let all = 0;
      for (const [name, onset, ms] of shown(message, hz, 10).periods) {
        const period = 1000 / hz;
        const i = Number(name.slice(1));
        assert.ok(Math.abs(onset - 5000 - i * steps * 20) <= period / 2 + 0.3, `${hz} Hz: ${name} at ${onset - 5000}`);
        assert.ok(Math.abs(ms - steps * 20) < period + 0.3, `${hz} Hz: ${name} for ${ms}`);
        assert.ok(Math.abs(onset - last) < 0.01);
        [last, all] = [onset + ms, all + ms];
      }
      assert.ok(Math.abs(all - 40 * steps * 20) <= 500 / hz + 0.3, `${hz} Hz: ${all}`);
    }
  }
});

test("what ends in the middle of a frame ends alike, whatever the stamps' last digit", () => {
  const message = trial({wait: 1, answer: 10}); // 20 ms at 75 Hz are a frame and a half
  const onsets = [0, 1, 2, 3].map((seed) => shown(message, 75, 1, (i) => 0.05 * (((i + seed) * 7919) % 3 - 1)).onset);
  assert.deepEqual(onsets.map((onset) => Math.round((onset - 5000) * 0.075)), [1, 1, 1, 1]);
});

test("the window's onset is the stamp of its first frame, at any rate", () => {
  for (const hz of RATES) {
    const {onset, periods} = shown(trial(), hz, 1);
    assert.equal(onset, periods[1][1]);
    assert.ok(Math.abs(onset - 5100) < 500 / hz + 0.3, `${hz} Hz: ${onset - 5000}`);
  }
});

test("what is ahead is what will be", () => {
  for (const hz of RATES) {
    const played = new OpenTrial(trial(), config, new Refresh(hz));
    played.frame(0);
    for (let i = 1; i < 0.4 * hz; i++) {
      const {active} = played.ahead((1000 * i) / hz);
      played.frame((1000 * i) / hz);
      assert.deepEqual(active, played.active);
    }
  }
});

test("a key ends its period with the next frame; what interrupts a trial leaves its length open", () => {
  const played = begun(12);
  played.press(1, 1210);
  assert.deepEqual(played.record().periods.map(([, , ms]) => ms), [100, null]);
  played.frame(1216.7);
  assert.deepEqual(played.record().periods, [["fixation", 1000, 100], ["decision", 1100, 116.7]]);
  assert.deepEqual(begun(12).record("pause").periods.at(-1), ["decision", 1100, null]);
});

test("a rate that is not known is none, and so are its late frames", () => {
  const refresh = new Refresh();
  for (const ts of [0, 17, 50, 60]) refresh.frame(ts);
  const played = new OpenTrial(trial(), config, refresh);
  for (const ts of [77, 110, 150]) played.frame(ts);
  const {refresh_hz: hz, late_frames: late, frames: n} = played.record();
  assert.deepEqual([hz, late, n], [null, null, 3]);
});

test("a rate that changes in a trial is told, and used from then on", () => {
  const refresh = new Refresh(60);
  const played = new OpenTrial(trial({wait: 200, answer: 10}), config, refresh);
  for (let ts = 0; ts < 3000; ts += 1000 / 30) {
    if (refresh.frame(ts)) played.noteRefresh();
    played.frame(ts);
  }
  const {refresh_hz: hz, flags} = played.record();
  assert.deepEqual([hz, flags], [30, {refresh_changed: true}]);
});

test("a task's periods are over when it is", () => {
  const part = (at, action, periods) => ({...trial({wait: 2, answer: 8}), on: true, at, action, weight: 1, gt: new Uint16Array(10), periods});
  const message = {
    uid: "r1-0-0", index: 0, attempt: 0, dt: 20, T: 12, window: [2, 10], frames: new Float32Array(12), shared: false,
    periods: [["a", 0, 10], ["b", 2, 12]], parts: [part(0, [0, 1, 0, 1], ["a"]), part(2, [0, 0, 1, 1], ["b"])],
  };
  const played = new JointTrial(message, config, new Refresh(50));
  for (let ts = 0; ts <= 60; ts += 20) played.frame(ts);
  played.press(1, 65);
  for (let ts = 80; ts <= 280; ts += 20) played.frame(ts);
  assert.deepEqual(played.record().periods, [["a", 0, 80], ["b", 40, 200]]);
});

test("periods of lockstep trials are those of the server's rows", (t) => {
  t.mock.timers.enable({apis: ["setTimeout"]});
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const answer = (k) => played.receive({uid: "r1-0-0", k: k + 1, ob: [0], active: k < 2 ? ["a"] : ["a", "b"], window: false,
    reward: 0, outcome: 0, ends: k === 5});
  const message = trial({periods: [["a", 0, 6]], frames: new Float32Array(1)});
  const played = new LockstepTrial(message, {...config, mode: "lockstep"}, new Refresh(60), answer, () => null);
  for (let i = 0; i < 12 && !played.over; i++) {
    for (; now < (1000 * i) / 60; now++) t.mock.timers.tick(1);
    played.frame((1000 * i) / 60);
  }
  played.frame((1000 * 7) / 60);
  assert.deepEqual(played.record().periods.map(([name, onset, ms]) => [name, frames(onset, 60), frames(ms, 60)]),
    [["a", 0, 7], ["b", 4, 3]]);
});

// ---- what is drawn ----

test("dots have the same speed and density at any rate, from the first trial on", () => {
  const element = {kind: "dots", color: "#fff", colors: ["#fff", "#fff"], color_share: 1, alpha: 1, x: 0, y: 0, aperture: 0.5,
    direction: 0, coherence: 100, density: 6000, speed: 0.4, dot: 0.01, contrast: 1, lifetime: 3};
  for (const hz of [30, 60, 75, 144]) {
    const refresh = new Refresh();
    for (let i = 0; i < hz; i++) refresh.frame((1000 * i) / hz);
    const scene = new Scene([element], 1, refresh);
    const shots = [];
    const ctx = {save() {}, restore() {}, beginPath() {}, moveTo() {}, fill() {}, arc: (x, y) => shots.at(-1).push([x, y])};
    for (let i = 0; i < 2 * hz; i++) {
      shots.push([]);
      scene.draw(ctx, [0], [], 1000 + (1000 * i) / hz);
    }
    const perSecond = shots.flat().length / 2;
    assert.ok(Math.abs(perSecond / 6000 - 1) < 0.06, `${hz} Hz: ${perSecond} dots a second`);
    const later = shots[3].map(([x]) => x);
    const step = (0.4 * 3) / hz;
    const kept = shots[0].filter(([x]) => later.some((other) => Math.abs(other - x - step) < 1e-6));
    assert.ok(kept.length > 0.6 * shots[0].length, `${hz} Hz: ${kept.length} of ${shots[0].length}`);
  }
});

// Channel k carries a sample of 1 in step k alone: how much of each sample the frames show, in ms.
function shares(dt, hz, T = 60) {
  const frames = Float32Array.from({length: T * T}, (_, i) => Number(i % T === Math.floor(i / T)));
  const noisy = Uint16Array.from({length: T}, (_, k) => k);
  const [periods, kind] = [[["fixation", 0, 10], ["decision", 10, T]], new Uint16Array(T)];
  const played = new OpenTrial(trial({dt, T, frames, noisy, periods, kind, window: [10, T]}), config, new Refresh(hz));
  const shown = new Float64Array(T);
  const rows = [];
  for (let n = 0; n < (T * dt * hz) / 1000 - 1; n++) {
    played.frame(1000 + (n * 1000) / hz);
    played.row.forEach((share, k) => (shown[k] += (share * 1000) / hz));
    rows.push([...played.row]);
  }
  return {shown, rows};
}

test("a sample is shown as long as its step is on", () => {
  for (const [dt, hz] of [[20, 60], [20, 144], [100, 60], [50, 75], [1000 / 60, 60]]) {
    const {rows} = shares(dt, hz);
    for (const row of rows) assert.deepEqual([row.filter((v) => v === 0).length, Math.max(...row)], [row.length - 1, 1], `${dt} ${hz}`);
    const seen = new Set(rows.map((row) => row.indexOf(1)));
    for (let k = 0; k < 59; k++) assert.ok(seen.has(k), `step ${k} of ${dt} ms at ${hz} Hz`);
  }
});

test("no sample is left out where steps are shorter than frames, and all count the same", () => {
  for (const [dt, hz] of [[10, 60], [5, 60], [1, 144], [10, 75], [16, 60]]) {
    const {shown, rows} = shares(dt, hz);
    const edge = Math.ceil(1000 / hz / dt) + 1;
    for (let k = edge; k < 60 - edge; k++)
      if (Math.abs(k - 10) > edge) assert.ok(Math.abs(shown[k] - dt) < 1e-3, `step ${k} of ${dt} ms at ${hz} Hz: ${shown[k]}`);
    for (const row of rows) assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-5);
  }
});

test("samples of one period are not mixed with those of another", () => {
  for (const row of shares(5, 60).rows) assert.ok(row.slice(0, 10).every((v) => v === 0) || row.slice(10).every((v) => v === 0));
});

test("what carries no noise is that of the step", () => {
  const frames = Float32Array.from({length: 50}, (_, i) => i);
  const played = new OpenTrial(trial({wait: 25, answer: 25, dt: 5, frames}), config, new Refresh(60));
  for (const ts of [0, 1000 / 60, 2000 / 60]) played.frame(ts);
  assert.deepEqual([...played.row], [8]); // the middle of the third frame
});

test("each of several answers has its own onset and key", () => {
  const slots = [["first", 2, 4], ["second", 5, 25]];
  const changes = {asked: {slots, since: "fixation"}, counted: 5, window: [2, 25], ends: Uint8Array.from([0, 0, 0, 0, 1, 1, 1, 1, 1])};
  const played = new OpenTrial(trial(changes), config, new Refresh(100));
  for (let ts = 1000; ts <= 1060; ts += 10) played.frame(ts);
  played.press(1, 1063);
  for (let ts = 1070; ts <= 1130; ts += 10) played.frame(ts);
  played.press(2, 1137);
  const {answers, rt_ms: rt, produced_ms: produced, flags} = played.record();
  assert.deepEqual(answers, [
    {name: "first", onset_ms: 1040, key_ms: 1063, rt_ms: 23}, {name: "second", onset_ms: 1100, key_ms: 1137, rt_ms: 37},
  ]);
  assert.deepEqual([rt, produced, flags.early], [37, 137, undefined]);
});
