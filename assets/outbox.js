// The outbox: no record is lost.

import {quiet, TIMES} from "./tools.js";

/** @param {string} name @returns {{[field: string]: any}} */
export function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || {};
  } catch {
    return {};
  }
}

/** @param {string} name @param {object} value */
export function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    console.warn(`The browser does not keep ${name}.`);
  }
}

/** @param {string} name */
function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    console.warn(`The browser does not forget ${name}.`);
  }
}

/** @template T @param {IDBRequest<T> & Partial<Pick<IDBOpenDBRequest, "onblocked">>} request @returns {Promise<T>} */
const settle = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });

async function openStore() {
  const request = indexedDB.open("neurogym", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", {keyPath: "uid"});
  return settle(request);
}

// A page that is being left may die before the database has the record; localStorage writes at once.
const LEFT = "neurogym-left:";
export const SOUND = "neurogym-sound";

/** @returns {Wire.Record[]} */
function left() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(LEFT)).map((name) => /** @type {any} */ (stored(name)));
  } catch {
    return [];
  }
}

export class Outbox {
  /**
   * @param {(record: Wire.Record) => void} send
   * @param {() => void} changed called when records come or go
   */
  constructor(send, changed) {
    this.send = send;
    this.changed = changed;
    /** @type {IDBDatabase | null} */
    this.db = null;
    /** @type {Map<string, {record: Wire.Record, sent: number}>} by uid; when it was sent last */
    this.items = new Map();
  }

  // What was left is sent before anything else. A database that answers late is waited for, but not by the session.
  async load() {
    for (const record of left()) this.add(record);
    this.flush(0);
    const open = this.open().catch(() => console.warn("The browser keeps no outbox; finished trials live in this page only."));
    await Promise.race([open, new Promise((resolve) => setTimeout(resolve, TIMES.database))]);
  }

  async open() {
    this.db = await openStore();
    const known = [...this.items.values()].map(({record}) => this.write(record));
    const found = await settle(this.store("readonly").getAll());
    for (const record of found) if (!this.items.has(record.uid)) this.add(record);
    this.flush(0);
    await Promise.all(known);
  }

  /** @param {Wire.Record} record */
  add(record) {
    this.items.set(record.uid, {record, sent: -Infinity});
    this.changed();
  }

  /** @param {IDBTransactionMode} mode */
  store(mode) {
    return this.db.transaction("outbox", mode).objectStore("outbox");
  }

  /** @param {Wire.Record} record */
  async put(record) {
    const item = {record, sent: Infinity};
    if (record.flags.interrupted === "reload") keep(LEFT + record.uid, record);
    this.items.set(record.uid, item);
    this.changed();
    try {
      if (this.db) await this.write(record);
    } catch {
      console.warn("A trial could not be written to the outbox.");
    }
    item.sent = -Infinity;
    this.flush(0);
  }

  /** @param {Wire.Record} record */
  write(record) {
    const store = this.store("readwrite");
    const request = store.put(record);
    store.transaction.commit();
    return settle(request);
  }

  flush(older = TIMES.resend) {
    const now = performance.now();
    for (const item of this.items.values()) {
      if (now - item.sent < older) continue;
      item.sent = now;
      this.send(item.record);
    }
  }

  // What the server cannot place now stays in the browser, and is sent again by the next page.
  /** @param {string} uid @param {boolean} keep */
  ack(uid, keep = false) {
    this.items.delete(uid);
    this.changed();
    if (keep) return;
    forget(LEFT + uid);
    if (this.db) settle(this.store("readwrite").delete(uid)).catch(quiet);
  }

  /** @param {string} run */
  count(run) {
    return [...this.items.values()].filter(({record}) => record.run === run && !record.flags.interrupted).length;
  }
}
