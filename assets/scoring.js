// The payoff tables of the trials: what actions earn, in the browser as in Python.

/**
 * @typedef {object} Result of a trial, or of a task in it, so far
 * @property {number} reward
 * @property {number} outcome
 * @property {number | null} response
 * @property {number | null} responseStep
 */
/** @typedef {Result & {over: boolean, state: number, endStep: number | null}} How a task among several goes */
/**
 * @typedef {object} Course of a trial
 * @property {boolean} ended
 * @property {number | null} step the last one, once it has ended
 * @property {[number, number] | null} last action and what it earned
 * @property {number} [state] of one task
 * @property {How[]} [parts] of several at once
 * @property {number} [lead] the part whose response counts
 */
/** @typedef {Result & Course} Score */

// Plays steps 0 .. upto-1 through the payoff table; `actions` maps a step to its action, the others are 0.
// The outcome is that of the last step, or that of the response if the trial went on after it.
/**
 * @param {Partial<Wire.Table> & {T: number}} trial
 * @param {Map<number, number>} actions
 * @param {number} upto
 * @returns {Score}
 */
export function scoreTable(trial, actions, upto = trial.T) {
  const [, S, A] = trial.shape;
  let answered = 0;
  /** @type {Score} */
  const score = {
    reward: 0, outcome: 0, state: 0, response: null, responseStep: null, ended: false, step: null, last: null,
  };
  for (let k = 0; k < upto; k++) {
    const action = actions.get(k) ?? 0;
    const i = (trial.kind[k] * S + score.state) * A + action;
    const outcome = trial.outcome[i];
    score.reward += trial.reward[i];
    score.last = [action, trial.reward[i]];
    if (trial.response[i] && score.response === null) {
      answered = outcome;
      score.response = trial.response[i];
      score.responseStep = k;
    }
    score.outcome = outcome || answered;
    if (trial.ends[i]) {
      score.ended = true;
      score.step = k;
      return score;
    }
    score.state = trial.next[i];
  }
  return score;
}

/** @type {number[]} outcomes */
const RIGHT = [2, 5];

// Several tasks at once, on one clock: each has a table of its own, and begins `at` a step of the whole.
// The response is that of the first task that the trial has, the outcome that of the first that went wrong.
/**
 * @param {Wire.Trial} trial
 * @param {Map<number, number>} actions
 * @param {number} upto
 * @returns {Score}
 */
export function scoreParts(trial, actions, upto = trial.T) {
  /** @type {How[]} */
  const parts = trial.parts.map(({on}) => ({
    over: !on, state: 0, reward: 0, outcome: 0, response: null, responseStep: null, endStep: null,
  }));
  const lead = trial.parts.findIndex(({on}) => on);
  /** @type {Score} */
  const score = {reward: 0, outcome: 0, response: null, responseStep: null, ended: false, step: null, last: null, parts, lead};
  for (let k = 0; k < upto && !score.ended; k++) {
    const action = actions.get(k) ?? 0;
    const own = ownActions(trial, parts, k, action);
    let earned = 0;
    trial.parts.forEach((part, j) => {
      if (own[j] !== null) earned += part.weight * reactPart(part, parts[j], k - part.at, own[j]);
    });
    score.reward += earned;
    score.last = [action, earned];
    if (score.responseStep === null && parts[lead].responseStep !== null) {
      score.responseStep = parts[lead].responseStep;
      score.response = action || null;
    }
    if (parts.every(({over}) => over)) Object.assign(score, {ended: true, step: k});
  }
  const wrong = parts.find(({outcome}, j) => trial.parts[j].on && !RIGHT.includes(outcome));
  if (score.ended) score.outcome = (wrong ?? parts[lead]).outcome;
  return score;
}

/** @param {Wire.Part} part @param {How} how @param {number} k */
export const isLive = (part, how, k) => !how.over && part.at <= k && k < part.at + part.T;

// What each task is told was done; null for those that are not on. Shared actions go to one of them.
/**
 * @param {Wire.Trial} trial
 * @param {How[]} parts
 * @param {number} k
 * @param {number} action
 */
function ownActions(trial, parts, k, action) {
  const to = trial.shared ? routed(trial, parts, k) : null;
  return trial.parts.map((part, j) => {
    if (!isLive(part, parts[j], k)) return null;
    return to === null || to === j ? part.action[action] : 0;
  });
}

// The first task that asks for an answer now, else the first that is on.
/** @param {Wire.Trial} trial @param {How[]} parts @param {number} k */
export function routed(trial, parts, k) {
  const live = trial.parts.map((part, j) => isLive(part, parts[j], k));
  const asks = live.findIndex((on, j) => on && trial.parts[j].gt[k - trial.parts[j].at] > 0);
  return asks >= 0 ? asks : Math.max(0, live.indexOf(true));
}

// Plays one step of a task, in place; returns what it earned.
/** @param {Wire.Part} part @param {How} how @param {number} k @param {number} action */
function reactPart(part, how, k, action) {
  const [, S, A] = part.shape;
  const i = (part.kind[k] * S + how.state) * A + action;
  how.reward += part.reward[i];
  if (part.response[i]) Object.assign(how, {response: part.response[i], responseStep: k + part.at});
  if (part.ends[i]) Object.assign(how, {over: true, outcome: part.outcome[i], endStep: k + part.at});
  else how.state = part.next[i];
  return part.reward[i];
}

/**
 * @param {Partial<Wire.Table>} trial
 * @param {number} k
 * @param {number} state
 * @param {number} action
 */
export function matters(trial, k, state, action) {
  const [, S, A] = trial.shape;
  const i = (trial.kind[k] * S + state) * A;
  return ["reward", "outcome", "ends", "next", "response"].some((/** @type {Exclude<keyof Wire.Table, "shape" | "kind">} */ name) => trial[name][i] !== trial[name][i + action]);
}
