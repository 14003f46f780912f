// An observer who sees only what a page draws. Takes JSON lines {trial, config, hz, looks, tau, during, answers, when}, plays each as the
// page does, and answers `when` ms after the first frame by what it saw: which way dots went ("motion"), or which side was brighter
// ("light"). What comes first counts most, by `tau` ms. Prints the record, and what it saw in each frame of the period `during`.

import {createInterface} from "node:readline";

import {Refresh} from "../../assets/clock.js";
import {revive} from "../../assets/tools.js";
import {OpenTrial} from "../../assets/trials.js";

const BACK = 3;  // frames between two that show the same dots
const [LEVEL, FAR] = [1e-4, 0.12];  // stages: dots that far apart may be the same one

// A canvas that notes which discs were filled: [x, y, radius, alpha].
function canvas() {
  const discs = [];
  let [x, y, path, kept] = [0, 0, [], []];
  const quiet = () => {};
  const names = ["rotate", "scale", "moveTo", "lineTo", "closePath", "stroke", "fillText"];
  const ctx = {
    globalAlpha: 1, ...Object.fromEntries(names.map((name) => [name, quiet])),
    save: () => kept.push([x, y, ctx.globalAlpha]),
    restore: () => ([x, y, ctx.globalAlpha] = kept.pop()),
    translate: (dx, dy) => ([x, y] = [x + dx, y + dy]),
    beginPath: () => (path = []),
    arc: (cx, cy, radius) => path.push([x + cx, y + cy, radius]),
    fill: () => discs.push(...path.map((disc) => [...disc, ctx.globalAlpha])),
  };
  return {ctx, discs};
}

const LOOKS = {
  // The mean step to the right of dots that can be the same ones as before.
  motion(discs, before) {
    let sum = 0;
    for (const [x, y] of discs)
      for (const [x0, y0] of before ?? []) if (Math.abs(y - y0) < LEVEL && Math.abs(x - x0) < FAR) sum += x - x0;
    return sum / discs.length;
  },
  light: (discs) => light(discs, 1) - light(discs, -1),
};
// Of the disc that is drawn last on a side.
const light = (discs, sign) => discs.filter(([x]) => x * sign > 0.05).at(-1)?.[3] ?? 0;

for await (const line of createInterface({input: process.stdin})) {
  const {trial: message, config, hz, looks, tau, during, answers, when} = JSON.parse(line, revive);
  const trial = new OpenTrial(message, config, new Refresh(hz));
  const [frames, saw] = [[], []];
  let [sum, first, pressed] = [0, null, false];
  for (let n = 0; !trial.over; n++) {
    const ts = 1000 + Math.round((10000 * n) / hz) / 10;
    trial.frame(ts);
    if (!trial.row) continue;
    const {ctx, discs} = canvas();
    trial.scene.draw(ctx, trial.seen, trial.active, ts);
    if (trial.active.includes(during)) {
      first ??= ts;
      const seen = LOOKS[looks](discs, frames.at(-BACK));
      frames.push(discs);
      saw.push([ts, seen]);
      sum += Math.exp((first - ts) / tau) * seen;
    }
    if (trial.onset !== null && !pressed && first !== null && ts - first >= when) {
      trial.press(sum > 0 ? answers[1] : answers[0], ts + 3);
      pressed = true;
    }
  }
  console.log(JSON.stringify({record: trial.record(), saw, t0: trial.t0}));
}
