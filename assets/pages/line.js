// The line to the server: a socket that comes back by itself, and the run that this browser plays.

import {Model} from "../mount.js";
import {keep, stored} from "../outbox.js";
import {randomId, revive} from "../tools.js";

const [SOON, LATEST] = [400, 8000];  // ms until it is tried again, at first and at most, on average
const KEY = "neurogym-key";
const BEGUN = "neurogym-begun";

/** @typedef {import("../mount.js").Message} Message */

// A run belongs to the browser that has this; it is in no address.
function secret() {
  const kept = stored(KEY).key;
  if (typeof kept === "string") return kept;
  const key = randomId(16);
  keep(KEY, {key});
  return key;
}

export class Line extends Model {
  /**
   * @param {string} url of the socket
   * @param {boolean} leads whether the page has anything to go on to
   */
  constructor(url, leads) {
    super();
    this.url = url;
    this.leads = leads;
    this.key = secret();
    this.tries = 0;
    /** @type {Message | null} the last one of its kind */
    this.config = null;
    this.stored = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.introduced = false;
    this.connect();
  }

  connect() {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.introduced = false;
    socket.onopen = () => {
      this.give("back", {type: "back"});
    };
    socket.onmessage = ({data}) => this.take(JSON.parse(data, revive));
    socket.onclose = () => {
      const wait = Math.min(LATEST, SOON * 2 ** this.tries) * (0.5 + Math.random());  // not all at once
      this.tries += 1;
      setTimeout(() => this.connect(), wait);
    };
  }

  // Throws while the line is down, or nobody has said who plays.
  /** @param {Message} message */
  send_msg(message) {
    if (message.type === "next") return this.give("next", message);
    if (this.socket.readyState !== WebSocket.OPEN) throw new Error("the line is down");
    const greets = ["ready", "resume"].includes(message.type);
    if (!greets && !this.introduced) throw new Error("the server does not know who plays");
    this.introduced = true;
    this.socket.send(JSON.stringify(greets ? {...message, key: this.key, address: this.search, run: this.begun} : message));
  }

  get search() {
    return location.search;
  }

  // The run that this tab has begun at this address: before its first trial is stored nobody else knows it.
  get begun() {
    if (this.config) return this.config.run;
    try {
      const {search, run} = JSON.parse(sessionStorage.getItem(BEGUN)) ?? {};
      return search === this.search ? run : null;
    } catch {
      return null;
    }
  }

  /** @param {Message} message */
  take(message) {
    if (message.type !== "error") this.tries = 0;
    if (message.type === "config") this.begin(message);
    if (message.type === "ack" && !message.refused && message.uid.startsWith(`${this.config?.run}-`)) this.name();
    this.give("msg:custom", message);
    this.give("heard", message);
  }

  /** @param {Message} config */
  begin(config) {
    this.config = config;
    if (!this.leads) config.next = [];
    this.stored = config.stored;
    this.show(config.stored ? config.named : config.address);
    try {
      sessionStorage.setItem(BEGUN, JSON.stringify({search: this.search, run: config.run}));
    } catch {
      console.warn("The browser does not keep which run this tab plays.");
    }
  }

  // The run is stored: from now on its address can name it.
  name() {
    if (this.stored) return;
    this.stored = true;
    this.show(this.config.named);
  }

  /** @param {string} search */
  show(search) {
    const query = new URLSearchParams(search);
    const theme = new URLSearchParams(this.search).get("theme");
    if (theme) query.set("theme", theme);
    history.replaceState(history.state, "", `${location.pathname}?${query}${location.hash}`);
  }

  // Another run: the same settings with the next seed.
  again() {
    this.show(this.config.again);
    this.config = null;
    this.give("anew", {type: "anew"});
  }
}
