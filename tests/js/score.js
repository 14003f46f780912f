// Scores trials that come as JSON: a list of {trial, actions}. Prints a list of what they came to.

import {readFileSync} from "node:fs";

import {scoreParts, scoreTable} from "../../assets/scoring.js";

const cases = JSON.parse(readFileSync(0, "utf-8"));
const scores = cases.map(({trial, actions}) => (trial.parts ? scoreParts : scoreTable)(trial, new Map(actions)));
console.log(JSON.stringify(scores.map(({reward, outcome, response, ended, step}) => ({reward, outcome, response, ended, step}))));
