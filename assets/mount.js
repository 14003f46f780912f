// A player in a page that is no Panel's: with its own styles, and a model that takes and gives messages.

import {render} from "./player.js";
import {h} from "./tools.js";

/** @typedef {{type: string, [field: string]: any}} Message */

// What a player talks with: handlers by name of event.
export class Model {
  constructor() {
    /** @type {{[name: string]: ((message: Message) => void)[]}} */
    this.handlers = {};
  }

  /** @param {string} name @param {(message: Message) => void} act */
  on(name, act) {
    (this.handlers[name] ??= []).push(act);
  }

  /** @param {string} name @param {Message} message */
  give(name, message) {
    for (const act of this.handlers[name] ?? []) act(message);
  }
}

/** @param {any} model @param {HTMLElement} host @param {string} look the player's styles */
export function mount(model, host, look) {
  const root = host.attachShadow({mode: "open"});
  const style = document.createElement("style");
  style.textContent = look;
  const el = document.createElement("div");
  el.style.height = "100%";
  root.append(style, el);
  el.append(render({model, el}));
  model.give("after_render", {type: "after_render"});
}

/** @param {string} name @param {string} text @param {string} type */
export function download(name, text, type) {
  const link = h("a", {href: URL.createObjectURL(new Blob([text], {type})), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
