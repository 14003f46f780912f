import assert from "node:assert/strict";
import {beforeEach, test} from "node:test";

import {Connection, Tab} from "../../assets/connection.js";
import {TIMES} from "../../assets/tools.js";

let now;
let sent;
let model;
const gone = new AbortController().signal;
const pings = () => sent.filter(({type}) => type === "ping").length;

beforeEach((t) => {
  [now, sent] = [0, []];
  model = {send_msg: (message) => sent.push(message)};
});

test("a server that does not answer pings is lost, and found when it is heard", () => {
  let told = 0;
  const connection = new Connection(model, gone, () => told++);
  connection.heard();
  for (; now <= TIMES.lost; now += 500) {
    connection.ping(now);
    connection.look(now);
  }
  assert.deepEqual([connection.lost, pings(), told > 0], [false, 1 + TIMES.lost / TIMES.ping, true]);
  connection.look(now);
  assert.equal(connection.lost, true);
  connection.heard();
  assert.equal(connection.lost, false);
});

test("the first answer may take longer", () => {
  const connection = new Connection(model, gone, () => {});
  connection.ping(0);
  connection.look(TIMES.firstAnswer);
  assert.equal(connection.lost, false);
  connection.look(TIMES.firstAnswer + 1);
  assert.equal(connection.lost, true);
});

test("a socket that is down raises nothing; a page that is gone sends records alone", () => {
  const broken = {send_msg: () => { throw new Error("down"); }};
  const connection = new Connection(broken, gone, () => {});
  connection.post({type: "ping"});
  assert.notEqual(connection.due, null);
  const left = new Connection(model, AbortSignal.abort(), () => {});
  left.post({type: "ping"});
  left.post({type: "record"});
  assert.deepEqual(sent.map(({type}) => type), ["record"]);
});

// Locks as a browser gives them: to one who asks, and to the next when it is released.
const locks = () => {
  const waiting = [];
  let held = false;
  const give = async (take) => {
    held = true;
    await take({});
    held = false;
    if (waiting.length) give(waiting.shift());
  };
  return {
    request: async (name, {ifAvailable}, take) => {
      if (!held) give(take);
      else if (ifAvailable) take(null);
      else waiting.push(take);
    },
  };
};

test("one tab plays a run, the next one when that is closed", async (t) => {
  Object.defineProperty(globalThis, "navigator", {value: {locks: locks()}, configurable: true});
  const told = [];
  const tab = (name, signal) => new Tab(signal, {blocked: () => told.push(`${name} blocked`), freed: () => told.push(`${name} freed`)});
  const first = new AbortController();
  tab("first", first.signal).play("r1");
  const second = tab("second", gone);
  second.play("r1");
  assert.deepEqual([told, second.blocked], [["second blocked"], true]);
  first.abort();
  await new Promise(setImmediate);
  assert.deepEqual([told, second.blocked], [["second blocked", "second freed"], false]);
});
