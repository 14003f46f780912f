import assert from "node:assert/strict";
import {test} from "node:test";

import {matters, routed, scoreParts, scoreTable} from "../../assets/scoring.js";
import {trial} from "./fakes.js";

const scored = (actions, upto) => scoreTable(trial(), new Map(actions), upto);

test("an answer ends the trial and is its response", () => {
  const {reward, outcome, response, responseStep, ended, step} = scored([[7, 1], [9, 2]]);
  assert.deepEqual([reward, outcome, response, responseStep, ended, step], [1, 2, 1, 7, true, 7]);
});

test("a key before the window is too early, and no response", () => {
  const {reward, outcome, response, step} = scored([[2, 1]]);
  assert.deepEqual([Math.fround(reward), outcome, response, step], [Math.fround(-0.1), 1, null, 2]);
});

test("no answer is a miss in the last step", () => {
  const {reward, outcome, response, step} = scored([]);
  assert.deepEqual([reward, outcome, response, step], [-0.5, 4, null, 24]);
});

test("only the steps that are over count", () => {
  assert.equal(scored([[7, 1]], 7).ended, false);
  assert.equal(scored([[7, 1]], 8).ended, true);
});

test("the outcome is the response's if the trial goes on after it", () => {
  const play = {T: 2, shape: [2, 2, 2], kind: [0, 1], reward: [0, 1, 0, 0, 0, 0, 0, 0], outcome: [0, 2, 0, 0, 0, 0, 0, 0],
    ends: [0, 0, 0, 0, 1, 1, 1, 1], next: [0, 1, 0, 1, 0, 0, 0, 0], response: [0, 1, 0, 0, 0, 0, 0, 0]};
  const {outcome, reward, step, state} = scoreTable(play, new Map([[0, 1]]));
  assert.deepEqual([outcome, reward, step, state], [2, 1, 1, 1]);
});

test("a key matters if it changes a cell of the table", () => {
  assert.equal(matters(trial(), 0, 0, 1), true);
  assert.equal(matters({...trial(), shape: [1, 1, 2], kind: [0], reward: [0, 0], outcome: [0, 0], ends: [0, 0], next: [0, 0], response: [0, 0]}, 0, 0, 1), false);
});

const pair = (shared) => {
  const part = (at, action) => ({...trial({wait: 2, answer: 3}), on: true, at, action, weight: 0.5, gt: [0, 0, 1, 1, 1]});
  return {T: 9, shared, parts: [part(0, [0, 1, 2, 0, 0]), part(4, shared ? [0, 1, 2] : [0, 0, 0, 1, 2])]};
};

test("two tasks have their own tables and weights on one clock", () => {
  const score = scoreParts(pair(false), new Map([[3, 1], [6, 4]]));
  assert.deepEqual([score.reward, score.response, score.responseStep, score.ended, score.step], [0.5, 1, 3, true, 6]);
  assert.equal(score.outcome, 3); // of the first that went wrong
  assert.deepEqual(score.parts.map(({endStep}) => endStep), [3, 6]);
});

test("a shared key goes to the first task that asks for one", () => {
  const play = pair(true);
  const parts = [{over: false}, {over: false}];
  assert.equal(routed(play, parts, 1), 0);
  assert.equal(routed(play, [{over: true}, {over: false}], 6), 1);
  assert.equal(routed(play, parts, 3), 0);
});
