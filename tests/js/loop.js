// Plays trials of closed tasks that come as JSON lines: {program, loop, frames, width, actions, window}. Prints what they came to.

import {createInterface} from "node:readline";

import {Loop} from "../../assets/loops.js";

for await (const line of createInterface({input: process.stdin})) {
  const {program, loop, frames, actions, rest} = JSON.parse(line);
  const run = new Loop(program, loop, Float32Array.from(frames), rest);
  const told = {ob: [], reward: [], best: [], step: []};
  while (!run.over) {
    told.ob.push(...run.row());
    told.best.push(run.best());
    told.step.push(run.k);
    told.reward.push(run.act(actions[run.k] ?? rest));
  }
  const {outcome, performance, response, responseStep} = run;
  console.log(JSON.stringify({...told, outcome, performance, response, responseStep}));
}
