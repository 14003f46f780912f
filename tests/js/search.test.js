// The catalogue's search: by the beginning of any word, by whole names, with one wrong letter where nothing has a word.

import assert from "node:assert/strict";
import test from "node:test";

import {found, nearly} from "../../assets/pages/search.js";

const task = (id, sentence, tags = [], also = []) => ({id, title: id, sentence, tags, also});
const TASKS = [
  task("DawTwoStep", "Choose twice.", ["value"], ["two-step", "Daw, Gershman & Dayan", "2011"]),
  task("Angles", "Two directions, step by step, one-armed.", ["working memory"], ["Hernández"]),
  task("GoNogo", "Press at the blue disc.", ["go-no-go"], ["Donders", "n-back of a kind"]),
];
const ids = (text) => found(text, TASKS).map(({id}) => id);

test("all words must begin words that are told of a task", () => {
  assert.deepEqual(ids(""), TASKS.map(({id}) => id));
  assert.deepEqual(ids("work mem"), ["Angles"]);
  assert.deepEqual(ids("isc"), []);
  assert.deepEqual(ids("ork"), ["Angles"], "but any part of a name will do");
  assert.deepEqual(ids("blue value"), []);
  assert.deepEqual(ids("2011"), ["DawTwoStep"]);
});

test("those of that name come first, however it is written", () => {
  for (const text of ["two-step", "two step", "TwoStep", "twostep"]) assert.equal(ids(text)[0], "DawTwoStep", text);
  assert.deepEqual(ids("two-step"), ["DawTwoStep", "Angles"]);
  for (const text of ["go-nogo", "gonogo", "Go no go", "n-back"]) assert.equal(ids(text)[0], "GoNogo", text);
});

test("accents and case are no matter", () => {
  assert.deepEqual(ids("HERNANDEZ"), ["Angles"]);
});

test("a word that nothing has may have one wrong letter, if it is long enough", () => {
  for (const text of ["dondrs", "dondders", "dinders", "dodners"]) assert.deepEqual(ids(text), ["GoNogo"], text);
  assert.deepEqual(ids("dindars"), []);
  assert.deepEqual(ids("blo"), []);
});

test("one letter more, less, other or swapped", () => {
  for (const word of ["moton", "motiion", "motipn", "motoin", "omtion", "motin"]) assert.ok(nearly(word, "motion"), word);
  for (const word of ["mtn", "notian"]) assert.ok(!nearly(word, "motion"), word);
  assert.ok(nearly("montion", "motions"));
});
