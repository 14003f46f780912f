import assert from "node:assert/strict";
import {test} from "node:test";

import {told, verdict} from "../../assets/verdicts.js";

test("an outcome is told in words, or in points; nothing where there is nothing to tell", () => {
  assert.equal(verdict({outcome: 2, reward: 1}, "outcome").word, "Correct");
  assert.equal(verdict({outcome: 2, reward: 1}, "outcome").signed, "");
  assert.deepEqual([2, 3].map((outcome) => verdict({outcome, reward: outcome === 2 ? 1.5 : -0.5}, "reward"))
    .map(({word, signed}) => [word, signed]), [["Reward", "+1.5"], ["No reward", "−0.5"]]);
  assert.equal(verdict({outcome: 1, reward: -0.1}, "reward").word, "Too early");
  assert.equal(verdict({outcome: 0, reward: 0}, "outcome"), null);
  assert.equal(verdict({outcome: 2, reward: 1}, null), null);
  assert.equal(verdict({outcome: 2, reward: 1}, undefined), null);
});

test("of several tasks each is told by its name, those that were on", () => {
  const config = {feedback: "outcome", parts: [{title: "A"}, {title: "B"}, {title: "C"}]};
  const parts = [{outcome: 2, reward: 1}, null, {outcome: 3, reward: 0}];
  const {verdicts, text} = told({outcome: 3, reward: 1, parts}, config);
  assert.equal(text, "A: Correct. C: Wrong");
  assert.equal(verdicts[1], null);
  assert.equal(told({outcome: 2, reward: 1, parts: []}, config).text, "Correct");
});

test("of an interval that was produced it is told how far off it was, and which way", () => {
  const config = {feedback: "outcome"};
  const said = (outcome, produced) => told({outcome, reward: 1, produced_ms: produced}, config, 800).text;
  assert.equal(said(2, 765.2), "Correct, 35 ms early");
  assert.equal(said(3, 1040), "Wrong, 240 ms late");
  assert.equal(said(2, 800.3), "Correct, on time");
  assert.equal(said(4, null), "Too slow");
  assert.equal(told({outcome: 2, reward: 1, produced_ms: 765}, config).text, "Correct");
});
