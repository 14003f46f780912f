import assert from "node:assert/strict";
import {beforeEach, test} from "node:test";

import {keep, Outbox, stored} from "../../assets/outbox.js";
import {browser, database} from "./fakes.js";

const record = (uid, flags = {}) => ({uid, run: "r1", flags});
let sent;
let box;

beforeEach((t) => {
  browser();
  sent = [];
  box = new Outbox(({uid}) => sent.push(uid), () => {});
});

test("what is kept is found again, and what is no JSON is nothing", () => {
  keep("a", {b: 1});
  assert.deepEqual(stored("a"), {b: 1});
  localStorage.setItem("a", "{");
  assert.deepEqual(stored("a"), {});
});

test("a record is sent at once, and again until it is acknowledged", async (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  await box.put(record("r1-0-0"));
  assert.deepEqual(sent, ["r1-0-0"]);
  now += 1499;
  box.flush();
  assert.equal(sent.length, 1);
  now += 1;
  box.flush();
  assert.equal(sent.length, 2);
  box.ack("r1-0-0");
  now += 5000;
  box.flush();
  assert.equal(sent.length, 2);
});

test("interrupted trials and other runs do not count", async () => {
  await box.put(record("r1-0-0"));
  await box.put(record("r1-1-0", {interrupted: "pause"}));
  await box.put({...record("r2-0-0"), run: "r2"});
  assert.equal(box.count("r1"), 1);
});

test("a page that is left keeps its trial for the next, which sends it", async (t) => {
  t.mock.method(console, "warn", () => {});
  await box.put(record("r1-0-0", {interrupted: "reload"}));
  const next = new Outbox(({uid}) => sent.push(`next ${uid}`), () => {});
  next.items.set("r1-0-0", {record: record("r1-0-0"), sent: 0});
  assert.ok(localStorage.getItem("neurogym-left:r1-0-0"));
  next.ack("r1-0-0", true);
  assert.ok(localStorage.getItem("neurogym-left:r1-0-0"), "kept for the next page");
  next.ack("r1-0-0");
  assert.equal(localStorage.getItem("neurogym-left:r1-0-0"), null);
});

test("what was left is sent first; a database that opens late is read and written then", async (t) => {
  t.mock.timers.enable({apis: ["setTimeout"]});
  keep("neurogym-left:r1-3-0", record("r1-3-0", {interrupted: "reload"}));
  const db = database(record("r1-1-0"), record("r1-3-0", {interrupted: "reload"}));
  const loaded = box.load();
  assert.deepEqual(sent, ["r1-3-0"], "before anything is waited for");
  t.mock.timers.tick(2000);
  await loaded; // the session begins without the database
  await box.put(record("r1-4-0"));
  assert.deepEqual([...new Set(sent)], ["r1-3-0", "r1-4-0"]);
  db.open();
  await new Promise(setImmediate);
  assert.deepEqual([...new Set(sent)], ["r1-3-0", "r1-4-0", "r1-1-0"]);
  assert.deepEqual([...db.rows.keys()].sort(), ["r1-1-0", "r1-3-0", "r1-4-0"]);
});
