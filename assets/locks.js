// Locks between the tabs of a browser. Over plain http, but to localhost, browsers have none: tabs then ask one another.

import {randomId, TIMES} from "./tools.js";

/** @typedef {{ask?: string, held?: string, freed?: string, from: string, to?: string}} Word what tabs tell one another */

export class TabLocks {
  constructor() {
    this.id = randomId(8);
    /** @type {Set<string>} */
    this.held = new Set();
    /** @type {Map<string, () => void>} names that were asked for a moment ago; what is done if another tab has one */
    this.asking = new Map();
    /** @type {Set<(name: string) => void>} */
    this.waiting = new Set();
    this.channel = new BroadcastChannel("neurogym-tabs");
    this.channel.onmessage = ({data}) => this.hear(data);
    globalThis.addEventListener?.("pagehide", () => this.held.forEach((name) => this.tell({freed: name})));
  }

  /** @param {Omit<Word, "from">} word */
  tell(word) {
    this.channel.postMessage({...word, from: this.id});
  }

  // Of two tabs that ask at the same time, one has the smaller id.
  /** @param {Word} word */
  hear({ask, held, freed, from, to}) {
    if (ask !== undefined) {
      if (this.held.has(ask) || (this.asking.has(ask) && this.id < from)) this.tell({held: ask, to: from});
      else if (this.asking.has(ask)) this.tell({ask});
    }
    if (held !== undefined && to === this.id) this.asking.get(held)?.();
    if (freed !== undefined) for (const wake of this.waiting) wake(freed);
  }

  /** @param {string} name @returns {Promise<boolean>} */
  isFree(name) {
    if (this.held.has(name) || this.asking.has(name)) return Promise.resolve(false);
    return new Promise((resolve) => {
      /** @param {boolean} free */
      const end = (free) => {
        clearTimeout(timer);
        this.asking.delete(name);
        if (free) this.held.add(name);  // at once: others may ask in the next moment
        resolve(free);
      };
      const timer = setTimeout(() => end(true), TIMES.tabs);
      this.asking.set(name, () => end(false));
      this.tell({ask: name});
    });
  }

  // Waits until a name may be free: its tab says so, or is gone without a word.
  /** @param {string} name @param {AbortSignal} [signal] @returns {Promise<void>} */
  news(name, signal) {
    return new Promise((resolve, reject) => {
      /** @param {string} freed */
      const wake = (freed) => freed === name && end(resolve);
      const stop = () => end(() => reject(signal.reason));
      /** @param {() => void} then */
      const end = (then) => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        signal?.removeEventListener("abort", stop);
        then();
      };
      const timer = setTimeout(() => end(resolve), TIMES.ping);
      this.waiting.add(wake);
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) stop();
    });
  }

  // As `navigator.locks.request` does it.
  /**
   * @param {string} name
   * @param {{ifAvailable?: boolean, signal?: AbortSignal}} how
   * @param {(lock: {name: string} | null) => any} act
   */
  async request(name, {ifAvailable = false, signal}, act) {
    while (!(await this.isFree(name))) {
      if (ifAvailable) return act(null);
      await this.news(name, signal);
    }
    try {
      return await act({name});
    } finally {
      this.held.delete(name);
      this.tell({freed: name});
      for (const wake of this.waiting) wake(name);  // within this page
    }
  }
}

/** @type {TabLocks | null} */
let own = null;

/** @returns {{request: (name: string, how: object, act: (lock: any) => any) => Promise<any>}} */
export const locks = () => navigator.locks ?? (own ??= new TabLocks());
