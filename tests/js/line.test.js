// The line to the server: it comes back by itself and not all at once, says who plays first, and keeps what is its own.

import assert from "node:assert/strict";
import {beforeEach, test} from "node:test";

import {Line} from "../../assets/pages/line.js";
import {Storage} from "./fakes.js";

let sockets;
let waits;

class Socket {
  static OPEN = 1;

  constructor() {
    this.readyState = 0;
    this.sent = [];
    sockets.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  close() {
    this.readyState = 3;
    this.onclose();
  }

  say(message) {
    this.onmessage({data: JSON.stringify(message)});
  }
}

beforeEach((t) => {
  [sockets, waits] = [[], []];
  globalThis.WebSocket = Socket;
  globalThis.localStorage = new Storage();
  globalThis.sessionStorage = new Storage();
  globalThis.location = {search: "?task=GoNogo-v0&view=play", pathname: "/app", hash: ""};
  globalThis.history = {state: null, replaceState: (state, title, url) => { location.search = url.slice(url.indexOf("?")); }};
  globalThis.setTimeout = (act, ms) => { waits.push({act, ms}); };
});

const CONFIG = {type: "config", run: "abc", n_done: 0, stored: false, next: [{step: "data"}],
  address: "?task=GoNogo-v0&view=play", named: "?task=GoNogo-v0&view=play&run=abc", again: "?task=GoNogo-v0&seed=2&view=play"};

function opened(leads = true) {
  const line = new Line("ws://x", leads);
  sockets[0].open();
  return [line, sockets[0]];
}

test("who plays is said first, with a secret that stays in this browser", () => {
  const [line, socket] = opened();
  assert.throws(() => line.send_msg({type: "ping"}), /who plays/);
  line.send_msg({type: "ready"});
  line.send_msg({type: "ping"});
  const [hello, ping] = socket.sent;
  assert.equal(hello.address, location.search);
  assert.match(hello.key, /^[0-9a-f]{32}$/);
  assert.deepEqual([hello.run, ping], [null, {type: "ping"}]);
  assert.ok(!location.search.includes(hello.key));
  new Line("ws://x", true);
  sockets[1].open();
  assert.equal(JSON.parse(localStorage.getItem("neurogym-key")).key, hello.key);
});

test("a line that is down throws, and is tried again after times that grow and differ", () => {
  const [line, socket] = opened();
  socket.close();
  assert.throws(() => line.send_msg({type: "ready"}), /down/);
  for (let k = 0; k < 12; k++) {
    waits.at(-1).act();
    sockets.at(-1).close();
  }
  const times = waits.map(({ms}) => ms);
  assert.equal(times.length, 13);
  times.forEach((ms, k) => {
    const middle = Math.min(8000, 400 * 2 ** k);
    assert.ok(ms >= middle / 2 && ms <= middle * 1.5, `${k}: ${ms}`);
  });
  assert.ok(new Set(times.slice(6)).size > 3, "not all at once");
});

test("200 pages whose server was away for a minute are back within half a minute", () => {
  let late = 0;
  for (let j = 0; j < 200; j++) {
    const [, socket] = opened();
    let now = 0;
    waits = [];
    socket.close();
    while (now < 60_000) {
      now += waits.at(-1).ms;
      waits.at(-1).act();
      if (now < 60_000) sockets.at(-1).close();
    }
    late = Math.max(late, now - 60_000);
    sockets = [];
  }
  assert.ok(late < 12_000, `${late} ms`);
});

test("what is back is told, and greets with the run that it had", () => {
  const [line, socket] = opened();
  let back = 0;
  line.on("back", () => { back += 1; });
  line.send_msg({type: "ready"});
  socket.say(CONFIG);
  socket.close();
  waits.at(-1).act();
  sockets[1].open();
  assert.equal(back, 1);
  line.send_msg({type: "resume", have: ["abc-0-0"]});
  assert.equal(sockets[1].sent[0].run, "abc");
  assert.deepEqual(sockets[1].sent[0].have, ["abc-0-0"]);
});

test("the address names the run once something of it is stored", () => {
  const [line, socket] = opened();
  line.send_msg({type: "ready"});
  socket.say({...CONFIG, address: "?task=GoNogo-v0&trials=3&view=play"});
  assert.equal(location.search, "?task=GoNogo-v0&trials=3&view=play");
  socket.say({type: "ack", uid: "abc-0-0", refused: "no"});
  socket.say({type: "ack", uid: "other-0-0"});
  assert.ok(!location.search.includes("run="));
  socket.say({type: "ack", uid: "abc-0-0"});
  assert.equal(location.search, CONFIG.named);
  line.again();
  assert.equal(location.search, CONFIG.again);
  assert.equal(line.begun, null);
});

test("a tab that is loaded again goes on with the run that it began, at that address only", () => {
  const [line, socket] = opened();
  line.send_msg({type: "ready"});
  socket.say(CONFIG);
  assert.equal(new Line("ws://x", true).begun, "abc");
  location.search = "?task=Null-v0&view=play";
  assert.equal(new Line("ws://x", true).begun, null);
});

test("arrays come as arrays, a theme stays, and who takes part is led nowhere", () => {
  location.search = "?task=GoNogo-v0&theme=dark";
  const [line, socket] = opened(false);
  const heard = [];
  line.on("msg:custom", (message) => heard.push(message));
  line.send_msg({type: "ready"});
  socket.say(CONFIG);
  socket.say({type: "trial", frames: {array: "float32", data: Buffer.from(new Float32Array([1, 2]).buffer).toString("base64")}});
  assert.deepEqual(heard[0].next, []);
  assert.deepEqual(heard[1].frames, new Float32Array([1, 2]));
  assert.ok(location.search.endsWith("&theme=dark"));
});
