// What stands around the canvas: buttons, texts, keycaps.

import {clamp, h, icon, ICONS} from "./tools.js";

/** @typedef {{tone: string, word: string, symbol: string, signed: string}} Verdict what a person is told of an outcome */

/**
 * @param {keyof typeof ICONS} name
 * @param {string} text
 * @param {(event: Event) => void} act
 * @param {{[name: string]: string | boolean}} extra attributes
 */
function button(name, text, act, extra = {}) {
  return h("button", {type: "button", class: "tool", "data-tool": name, "aria-label": text, title: text, onclick: act, ...extra},
    icon(ICONS[name]), h("span", {class: "word"}, text));
}

/** @param {{label: string, name: string}} key */
export function cap({label, name}) {
  return h("span", {class: "pair"}, h("kbd", {}, label), h("span", {class: "name"}, name));
}

/** @param {number} j @param {number} n @param {{wide: boolean}} stage */
function place(j, n, {wide}) {
  const middle = `${(100 * (j + 0.5)) / n}%`;
  return wide ? `left: ${middle}` : `top: ${middle}`;
}

export class Page {
  /** @param {{[act in "toggleView" | "openKeys" | "toggleSound" | "fullscreen" | "pause" | "askStop"]: () => void}} player */
  constructor(player) {
    /** @param {() => void} f */
    const act = (f) => () => {
      f();
      this.root.focus({preventScroll: true});
    };
    this.title = h("span", {class: "title"});
    this.note = h("span", {class: "note", hidden: true});
    this.counter = h("span", {class: "counter"});
    this.fill = h("div", {class: "fill"});
    this.view = button("view", "Agent's view", act(() => player.toggleView()), {"aria-pressed": "false"});
    this.keys = button("keys", "Keys", () => player.openKeys());
    this.sound = button("sound", "Sound", act(() => player.toggleSound()), {hidden: true});
    this.bar = h("div", {class: "bar", role: "toolbar", "aria-label": "Session"},
      this.title, this.note, h("span", {class: "spring"}), this.counter, this.view, this.keys, this.sound,
      button("full", "Full screen", act(() => player.fullscreen())),
      button("pause", "Pause", act(() => player.pause())),
      button("stop", "Stop", () => player.askStop()),
      h("div", {class: "track", "aria-hidden": "true"}, this.fill));
    this.canvas = h("canvas", {role: "img", "aria-label": "Empty screen"});
    this.pills = h("div", {class: "pills", "aria-hidden": "true", hidden: true});
    this.wait = h("div", {class: "wait", hidden: true}, "Waiting for the next trial…");
    this.hints = h("div", {class: "hints", role: "group", "aria-label": "Keys"});
    this.live = h("div", {class: "quiet", "aria-live": "polite", role: "status"});
    this.cover = h("div", {class: "cover", hidden: true});
    this.root = h("div", {class: "neurogym", role: "application", tabindex: "0", "aria-label": "Session", "data-state": "loading"},
      this.bar, h("div", {class: "stage"}, this.canvas, this.pills, this.wait), this.hints, this.cover, this.live);
  }

  /**
   * @param {string} name
   * @param {any} value which the dataset keeps as text
   */
  set(name, value) {
    if (this.root.dataset[name] !== String(value)) this.root.dataset[name] = value;
  }

  /** @param {string} name @param {...Node} children */
  overlay(name, ...children) {
    this.set("overlay", name);
    this.cover.hidden = !name;
    const card = h("div", {class: "card", role: "dialog", "aria-label": name || "none"}, ...children);
    this.cover.replaceChildren(...(name ? [card] : []));
  }

  /**
   * @param {string} text
   * @param {() => void} act
   * @param {boolean} main
   */
  action(text, act, main = false) {
    const [word, key] = text.split(" – ");
    const hint = key ? [h("span", {class: "bykey"}, ` – ${key}`)] : [];
    return h("button", {type: "button", class: main ? "main" : "plain", onclick: act}, word, ...hint);
  }

  // Shows what each of several tasks came to, in its panel; null where there is nothing to tell.
  /** @param {(Verdict | null)[]} verdicts @param {{wide: boolean}} stage */
  tell(verdicts, stage) {
    const pills = verdicts.map((verdict, j) => verdict && h("div", {class: `pill ${verdict.tone}`, style: place(j, verdicts.length, stage)},
      ...[verdict.symbol && h("b", {}, verdict.symbol), verdict.word, verdict.signed && h("i", {}, verdict.signed)].filter(Boolean)));
    this.pills.replaceChildren(...pills.filter(Boolean));
    this.pills.hidden = false;
  }

  hush() {
    this.pills.hidden = true;
  }

  /** @param {string} text */
  say(text) {
    this.live.textContent = text;
  }

  /** @param {number} done @param {number} total @param {boolean} over */
  progress(done, total, over) {
    const now = over ? done : done + 1;
    this.counter.textContent = total ? `${Math.min(now, total)} / ${total}` : `${now}`;
    this.fill.style.width = `${total ? clamp((100 * done) / total, 0, 100) : 0}%`;
  }
}
