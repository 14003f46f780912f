import assert from "node:assert/strict";
import {afterEach, beforeEach, test} from "node:test";

import {Tab} from "../../assets/connection.js";
import {TabLocks} from "../../assets/locks.js";
import {TIMES} from "../../assets/tools.js";

let channels;
const real = globalThis.BroadcastChannel;

// Messages reach all other tabs, in the next moment.
class Channel {
  constructor() {
    channels.add(this);
  }

  postMessage(data) {
    for (const other of channels) if (other !== this) queueMicrotask(() => channels.has(other) && other.onmessage({data}));
  }
}

beforeEach(() => {
  channels = new Set();
  globalThis.BroadcastChannel = Channel;
});
afterEach(() => {
  globalThis.BroadcastChannel = real;
});

const settled = () => new Promise(setImmediate);

// A page: its locks, what it was told, and how it ends.
function page(name, told, run = "r1", id = "") {
  const gone = new AbortController();
  const locks = new TabLocks();
  if (id) locks.id = id;
  Object.defineProperty(globalThis, "navigator", {value: {locks}, configurable: true});
  const tab = new Tab(gone.signal, {blocked: () => told.push(`${name} blocked`), freed: () => told.push(`${name} freed`)});
  tab.play(run);
  return {tab, locks, close: () => gone.abort(), crash: () => channels.delete(locks.channel)};
}

const pass = async (t, ms) => {
  await settled();
  t.mock.timers.tick(ms);
  await settled();
};

const timers = (t) => t.mock.timers.enable({apis: ["setTimeout"]});

test("a tab that comes later waits until the first is closed", async (t) => {
  timers(t);
  const told = [];
  const first = page("first", told);
  await pass(t, TIMES.tabs);
  const second = page("second", told);
  await pass(t, TIMES.tabs);
  assert.deepEqual([told, first.tab.blocked, second.tab.blocked], [["second blocked"], false, true]);
  await pass(t, TIMES.ping + TIMES.tabs);  // it asks again, and is told again
  assert.deepEqual(told, ["second blocked"]);
  first.close();
  await pass(t, TIMES.tabs);
  assert.deepEqual([told, second.tab.blocked], [["second blocked", "second freed"], false]);
});

test("of tabs that come at once one plays", async (t) => {
  timers(t);
  const told = [];
  const pages = ["a", "b", "c"].map((name) => page(name, told));
  await pass(t, TIMES.tabs);
  assert.equal(pages.filter(({tab}) => !tab.blocked).length, 1);
  assert.equal(told.length, 2);
});

for (const later of ["later", "earlier"]) {
  test(`of tabs that come within a moment one plays, whether its name comes ${later}`, async (t) => {
    timers(t);
    const told = [];
    const first = page("first", told, "r1", later === "later" ? "a" : "c");
    await pass(t, TIMES.tabs / 2);
    const second = page("second", told, "r1", "b");
    await pass(t, TIMES.tabs / 2);
    await pass(t, TIMES.tabs);
    assert.equal([first, second].filter(({tab}) => !tab.blocked).length, 1);
    assert.equal(told.length, 1);
  });
}

test("a tab that is gone without a word is followed by the next", async (t) => {
  timers(t);
  const told = [];
  const first = page("first", told);
  await pass(t, TIMES.tabs);
  const second = page("second", told);
  await pass(t, TIMES.tabs);
  first.crash();
  await pass(t, TIMES.ping);
  await pass(t, TIMES.tabs);
  assert.deepEqual(told, ["second blocked", "second freed"]);
  assert.equal(second.tab.blocked, false);
});

test("tabs of other runs do not disturb one another, and a run is let go for another", async (t) => {
  timers(t);
  const told = [];
  const first = page("first", told);
  page("other", told, "r2");
  await pass(t, TIMES.tabs);
  assert.deepEqual(told, []);
  page("second", told);
  await pass(t, TIMES.tabs);
  assert.deepEqual(told, ["second blocked"]);
  first.tab.play("r3");
  await pass(t, TIMES.tabs);
  assert.deepEqual(told, ["second blocked", "second freed"]);
});
