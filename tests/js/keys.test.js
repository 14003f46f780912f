import assert from "node:assert/strict";
import {beforeEach, test} from "node:test";

import {Dial, Hand, isLetter, Keys, labelOf} from "../../assets/inputs.js";
import {browser} from "./fakes.js";

const config = {
  task: "T-v0", title: "T", remap: true, dial: null,
  keys: [{code: "KeyF", label: "F", action: 1, name: "left"}, {code: "KeyJ", label: "J", action: 2, name: "right"}],
};

// Keys by what they print, on two layouts.
const AZERTY = {a: "KeyQ", q: "KeyA", z: "KeyW", w: "KeyZ", m: "Semicolon", ",": "KeyM", "&": "Digit1"};
const on = {
  qwerty: (key) => ({code: `Key${key.toUpperCase()}`, key}),
  azerty: (key) => ({code: AZERTY[key.toLowerCase()] ?? `Key${key.toUpperCase()}`, key}),
};

beforeEach(browser);

test("a remapped key is kept for the task", () => {
  const keys = new Keys(config);
  assert.equal(keys.assign(keys.rows[0], on.qwerty("a")), null);
  assert.equal(new Keys(config).find(on.qwerty("a")).action, 1);
  assert.equal(new Keys(config).find(on.qwerty("f")), null);
  assert.equal(new Keys({...config, remap: false}).find(on.qwerty("f")).action, 1);
  assert.equal(new Keys({...config, task: "U-v0"}).find(on.qwerty("f")).action, 1);
});

test("a key that has a meaning is refused", () => {
  const keys = new Keys(config);
  assert.match(keys.assign(keys.rows[0], on.qwerty("j")), /already means “right”/);
  assert.match(keys.assign(keys.rows[0], {code: "Escape", key: "Escape"}), /another use/);
});

test("the keys of one trial follow the task's", () => {
  const whole = new Keys(config);
  whole.assign(whole.rows[0], on.qwerty("a"));
  assert.deepEqual(new Keys({...config, keys: [config.keys[0]]}, whole).caps.map(({label}) => label), ["A"]);
});

test("keys of the task are places, whatever is printed there", () => {
  const moves = ["KeyW", "KeyA", "Digit1"].map((code, i) => ({code, label: code.at(-1), action: i + 1, name: `${i}`}));
  const keys = new Keys({...config, keys: moves});
  assert.deepEqual(["z", "q", "&"].map((key) => keys.find(on.azerty(key)).action), [1, 2, 3]);
  assert.deepEqual(["w", "a"].map((key) => keys.find(on.azerty(key))), [null, null]);
});

test("a key that was chosen is what it prints, on any layout and with Shift", () => {
  const keys = new Keys(config);
  keys.assign(keys.rows[0], on.azerty("a"));
  assert.equal(keys.rows[0].label, "A");
  for (const read of [keys, new Keys(config)]) {
    for (const pressed of [on.azerty("a"), on.azerty("A"), on.qwerty("a")]) assert.equal(read.find(pressed).action, 1);
    for (const pressed of [on.azerty("q"), on.qwerty("q"), on.azerty("f")]) assert.equal(read.find(pressed), null);
    assert.equal(read.find(on.azerty("j")).action, 2);
  }
  assert.match(keys.assign(keys.rows[1], on.qwerty("a")), /A already means “left”/);
  assert.equal(keys.assign(keys.rows[1], {code: "ArrowUp", key: "ArrowUp"}), null);
  assert.equal(keys.find({code: "ArrowUp", key: "ArrowUp"}).action, 2);
});

test("a letter is what prints it; keyboards without it have it in its usual place", () => {
  assert.ok(isLetter(on.qwerty("m"), "m") && isLetter(on.azerty("m"), "m") && isLetter(on.azerty("M"), "m"));
  assert.ok(!isLetter(on.azerty(","), "m"));
  assert.ok(isLetter({code: "KeyM", key: "ь"}, "m"));
  assert.ok(!isLetter({code: "KeyM", key: "Dead"}, "m"));
});

test("labels are what is on the cap", () => {
  assert.equal(labelOf({code: "KeyQ", key: "a"}), "A");
  assert.equal(labelOf({code: "ArrowLeft", key: "ArrowLeft"}), "←");
});

test("the dial turns around, again while a key is down, and takes the nearest answer", () => {
  const dial = new Dial({actions: [1, 2, 3, 4], names: ["e", "n", "w", "s"], angles: [0, 1.57, 3.14, 4.71]}, 1);
  dial.index = 3;
  dial.press(1, 1000);
  assert.equal(dial.index, 0);
  dial.frame(1299);
  assert.equal(dial.index, 0);
  dial.frame(1371);
  assert.equal(dial.index, 2);
  assert.equal(dial.choose(0, 0.1), null);
  assert.equal(dial.choose(-0.4, 0.1).name, "w");
});

test("a hand holds, moves and toggles numbers within bounds", () => {
  const presses = [["hold", [[0, 1]]], ["move", [[1, 2]]], ["toggle", [[2, 1]]]];
  const hand = new Hand({rest: [0, 0, 0], start: [0, 0, 0], low: [-1, -1, -1], high: [1, 1, 1], presses, point: [], click: null, only: null});
  assert.equal(hand.take(), null);
  hand.press(1, 5);
  hand.release(1);
  assert.deepEqual(hand.take(), {action: [1, 0, 0], stamp: 5}); // a step at least
  assert.equal(hand.take(), null);
  hand.press(2, 10);
  hand.frame(0);
  hand.frame(250);
  assert.equal(hand.now[1], 0.5);
  hand.frame(2000);
  assert.equal(hand.now[1], 1);
  hand.press(3, 20);
  assert.equal(hand.now[2], 1);
});

test("where one press counts it is the first", () => {
  const presses = [["hold", [[0, 1]]], ["hold", [[1, 1]]]];
  const hand = new Hand({rest: [0, 0], start: [0, 0], low: [0, 0], high: [1, 1], presses, point: [], click: null, only: null, once: true});
  hand.press(2, 5);
  hand.press(1, 6);
  assert.deepEqual(hand.take(), {action: [0, 1], stamp: 5});
  hand.release(2);
  hand.press(1, 40);
  assert.equal(hand.take(), null);
  hand.press(2, 50);
  assert.deepEqual(hand.take(), {action: [0, 1], stamp: 50});
});
