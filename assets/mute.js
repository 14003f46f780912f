// The button and the key that mute the sound.

import {isLetter} from "./inputs.js";
import {keep, SOUND, stored} from "./outbox.js";
import {h, icon, ICONS} from "./tools.js";

/** @type {{[state: string]: string}} */
const WORDS = {on: "Sound on", waiting: "Sound on", muted: "Muted", blocked: "Sound blocked", none: "No sound"};
/** @type {{[state: string]: string}} */
const HINTS = {muted: "sound on", blocked: "try again", none: ""};

export class Mute {
  /**
   * @param {import("./page.js").Page} page
   * @param {import("./sound.js").Sounds} sounds
   * @param {import("./keyboard.js").Keyboard} keyboard
   */
  constructor(page, sounds, keyboard) {
    this.page = page;
    this.sounds = sounds;
    this.keyboard = keyboard;
    this.name = SOUND;
  }

  // Who is named has a setting of his own; those without a name share what was chosen at this browser.
  /** @param {string | undefined} who */
  of(who) {
    this.name = who ? `${SOUND}:${who}` : SOUND;
    this.sounds.muted = Boolean(stored(this.name).muted);
  }

  // Whether there is something to hear.
  get offered() {
    return !this.page.sound.hidden;
  }

  /** @param {boolean} offered */
  offer(offered) {
    this.page.sound.hidden = !offered;
    if (offered) this.show();
  }

  // Whether M mutes the sound: it may be a key of the task.
  get hasKey() {
    return this.offered && this.sounds.state !== "none" && !this.keyboard.uses("M");
  }

  /** @param {KeyboardEvent} event */
  isKey(event) {
    return isLetter(event, "m") && this.hasKey && !event.repeat && !this.keyboard.keys?.find(event);
  }

  toggle() {
    if (this.sounds.state === "blocked") return this.sounds.unlock();
    this.sounds.mute(!this.sounds.muted);
    keep(this.name, {muted: this.sounds.muted});
  }

  show() {
    const {page, sounds: {state}} = this;
    const [text, node, hint] = [WORDS[state], page.sound, HINTS[state] ?? "mute"];
    const label = hint ? `${text}: ${hint}${this.hasKey ? " (M)" : ""}` : "This browser has no sound";
    for (const name of ["title", "aria-label"]) node.setAttribute(name, label);
    node.disabled = state === "none";
    node.replaceChildren(icon(ICONS[["on", "waiting"].includes(state) ? "sound" : "silence"]), h("span", {class: "word"}, text));
    page.set("sound", state);
  }

  // What is told of the sound before a session.
  get note() {
    if (!this.offered) return "";
    return this.sounds.state === "none" ? "This browser has no sound. Watch the speaker sign: it shows what would be heard."
      : this.sounds.muted ? "This task has sound, which was muted at this browser. The button with the speaker turns it on."
      : "This task has sound. A speaker sign shows it to those who do not hear it.";
  }
}
