// What a browser has and node has not.

export class Storage {
  getItem(name) {
    return Object.hasOwn(this, name) ? this[name] : null;
  }

  setItem(name, value) {
    this[name] = String(value);
  }

  removeItem(name) {
    delete this[name];
  }
}

export function browser() {
  globalThis.localStorage = new Storage();
  delete globalThis.indexedDB; // an outbox lives in its page only
}

// A database that opens when it is told to, with what it held before.
export function database(...records) {
  const rows = new Map(records.map((record) => [record.uid, record]));
  const ask = (act) => {
    const request = {};
    queueMicrotask(() => {
      request.result = act();
      request.onsuccess();
    });
    return request;
  };
  const store = {
    put: (record) => ask(() => rows.set(record.uid, record)),
    delete: (uid) => ask(() => rows.delete(uid)),
    getAll: () => ask(() => [...rows.values()]),
  };
  const transaction = () => ({objectStore: () => ({...store, transaction: {commit() {}}})});
  const request = {};
  globalThis.indexedDB = {open: () => request};
  return {rows, open: () => Object.assign(request, {result: {transaction}}).onsuccess()};
}

// A trial of two choices: `wait` steps in which a key ends it, then `answer` steps, 20 ms each.
export function trial({wait = 5, answer = 20, ...changes} = {}) {
  const cells = [
    [[0, 0, 0], [-0.1, 1, 1], [-0.1, 1, 1]],
    [[0, 0, 0], [1, 2, 1], [0, 3, 1]],
    [[-0.5, 4, 1], [1, 2, 1], [0, 3, 1]],
  ].flat();
  const T = wait + answer;
  return {
    uid: "r1-0-0", index: 0, attempt: 0, dt: 20, T, periods: [["fixation", 0, wait], ["decision", wait, T]],
    window: [wait, T], frames: new Float32Array(T), shape: [3, 1, 3],
    kind: Uint16Array.from({length: T}, (_, k) => (k < wait ? 0 : k < T - 1 ? 1 : 2)),
    reward: Float32Array.from(cells, ([reward]) => reward), outcome: Uint8Array.from(cells, ([, outcome]) => outcome),
    ends: Uint8Array.from(cells, ([, , ends]) => ends), next: new Uint8Array(9),
    response: Uint16Array.from(cells, ([, outcome], i) => (outcome === 2 || outcome === 3 ? i % 3 : 0)), ...changes,
  };
}
