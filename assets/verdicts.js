// What a person is told of a trial.

import {FEEDBACK, PAID, UNPAID} from "./tools.js";

/** @typedef {{outcome: number, reward: number}} Told */
/** @typedef {import("./page.js").Verdict} Verdict */

/**
 * What is told of an outcome; null if nothing.
 * @param {Told} told
 * @param {Wire.Config["feedback"]} mode
 * @returns {Verdict | null}
 */
export function verdict({outcome, reward}, mode) {
  const points = Math.round(100 * reward) / 100;
  const paid = mode === "reward" && outcome !== 1 && outcome !== 4;  // what was right is not told
  const [tone, word, symbol] = paid ? (points > 0 ? PAID : UNPAID) : FEEDBACK[outcome] ?? FEEDBACK[0];
  const signed = mode === "reward" && points ? `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points)}` : "";
  return (mode ?? null) === null || !(word || signed) ? null : {tone, word, symbol, signed};
}

/**
 * What is told of a record: of one task, or of each of several at once; and the same in words, "" if nothing is told.
 * @param {Told & {parts?: (Told | null)[]}} record
 * @param {Wire.Config} config
 */
export function told({outcome, reward, parts}, config) {
  const each = parts?.length ? parts : [{outcome, reward}];
  const verdicts = each.map((part) => part && verdict(part, config.feedback));
  const words = verdicts.map((one, j) => {
    const text = one && [one.word, one.signed].filter(Boolean).join(" ");
    return text && each.length > 1 ? `${config.parts[j].title}: ${text}` : text;
  });
  return {verdicts, text: words.filter(Boolean).join(". ")};
}
