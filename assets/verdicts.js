// What a person is told of a trial.

import {FEEDBACK, PAID, points, UNPAID} from "./tools.js";

/** @typedef {{outcome: number, reward: number, produced_ms?: number | null}} Told */
/** @typedef {import("./page.js").Verdict} Verdict */

/** How far a produced interval is from what it should be. @param {number} off ms */
function distance(off) {
  const ms = Math.round(Math.abs(off));
  return ms ? `${ms} ms ${off < 0 ? "early" : "late"}` : "on time";
}

/**
 * What is told of an outcome; null if nothing.
 * @param {Told} told
 * @param {Wire.Config["feedback"]} mode
 * @param {number | null} [due] ms: how long an interval should be that was to be produced
 * @returns {Verdict | null}
 */
export function verdict({outcome, reward, produced_ms: produced}, mode, due) {
  const earned = points(reward);
  const paid = mode === "reward" && outcome !== 1 && outcome !== 4;  // what was right is not told
  const [tone, word, symbol] = paid ? (earned > 0 ? PAID : UNPAID) : FEEDBACK[outcome] ?? FEEDBACK[0];
  const signed = mode === "reward" && earned ? `${earned > 0 ? "+" : "−"}${Math.abs(earned)}` : "";
  const off = (due ?? null) === null || (produced ?? null) === null ? "" : `, ${distance(produced - due)}`;
  return (mode ?? null) === null || !(word || signed) ? null : {tone, word: word + off, symbol, signed};
}

/**
 * What is told of a record: of one task, or of each of several at once; and the same in words, "" if nothing is told.
 * @param {Told & {parts?: (Told | null)[]}} record
 * @param {Wire.Config} config
 * @param {number | null} [due]
 */
export function told({parts, ...whole}, config, due) {
  const each = parts?.length ? parts : [whole];
  const verdicts = each.map((part) => part && verdict(part, config.feedback, due));
  const words = verdicts.map((one, j) => {
    const text = one && [one.word, one.signed].filter(Boolean).join(" ");
    return text && each.length > 1 ? `${config.parts[j].title}: ${text}` : text;
  });
  return {verdicts, text: words.filter(Boolean).join(". ")};
}
