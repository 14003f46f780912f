// The catalogue: cards of all tasks, found by words and by tags; their pictures come when they are seen.

import {h} from "../tools.js";
import {found} from "./search.js";
import {followTheme} from "./theme.js";

/** @typedef {import("./search.js").Task & {sentence: string, lecture: boolean}} Card */

const KEPT = ["preset", "seed", "trials", "feedback", "feedback_ms", "iti_ms", "subject", "theme"];
const ALL_HAVE = ["human", "agent"]; // presets; another one belongs to a task
/** @template {Element} Kind @param {string} selector @returns {Kind} */
const part = (selector) => /** @type {any} */ (document.querySelector(selector));
const list = /** @type {HTMLLinkElement} */ (part("#tasks")).href;

/** @param {string} folder @param {string} id @param {string} ending */
const file = (folder, id, ending) =>
  new URL(`neurogym/${folder}/${encodeURIComponent(id)}.${ending}${new URL(list).search}`, document.baseURI).href;

/** @param {string} id @param {string} view */
function address(id, view) {
  const query = new URLSearchParams(location.search);
  for (const name of [...query.keys()]) if (!KEPT.includes(name)) query.delete(name);
  if (!ALL_HAVE.includes(query.get("preset") ?? "human")) query.delete("preset");
  query.set("task", id);
  query.set("view", view);
  return `?${query}`;
}

/** @param {Element} place @param {string} text markup of our own server */
function put(place, text) {
  const range = document.createRange();
  range.selectNode(document.body);
  place.replaceChildren(range.createContextualFragment(text));
}

const seen = new IntersectionObserver((entries) => {
  for (const {target, isIntersecting} of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    const {id} = /** @type {HTMLElement} */ (target).dataset;
    fetch(file("picture", id, "svg")).then((answer) => answer.text()).then((text) => put(target, text))
      .catch(() => { target.textContent = "The picture did not come."; });
  }
}, {rootMargin: "300px"});

class Catalogue {
  /** @param {Card[]} tasks */
  constructor(tasks) {
    this.tasks = tasks;
    this.tag = "";
    this.search = /** @type {HTMLInputElement} */ (part(".search input"));
    this.sheet = /** @type {HTMLDialogElement} */ (part("dialog"));
    this.cards = new Map(tasks.map((task) => [task.id, this.card(task)]));
    this.search.addEventListener("input", () => this.show());
    part("dialog .close").addEventListener("click", () => this.sheet.close());
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    this.show();
  }

  /** @param {Card} task */
  card(task) {
    const picture = h("div", {class: "picture", "data-id": task.id});
    const name = (/** @type {string} */ word) => ({"aria-label": `${word} ${task.title}`});
    seen.observe(picture);
    return h("article", {class: "card", "data-task": task.id},
      picture, h("h3", {}, task.title), h("p", {}, task.sentence),
      h("div", {class: "tags"}, ...task.tags.map((tag) => this.chip(tag))),
      h("div", {class: "row"},
        h("a", {class: "main", href: address(task.id, "play"), ...name("Play")}, "Play"),
        h("a", {href: address(task.id, "configure"), ...name("Configure")}, "Configure"),
        h("button", {type: "button", onclick: () => this.tell(task), ...name("Datasheet")}, "Datasheet")));
  }

  /** @param {string} tag */
  chip(tag) {
    return h("button", {type: "button", onclick: () => this.pick(tag === this.tag ? "" : tag)}, tag);
  }

  /** @param {string} tag */
  pick(tag) {
    this.tag = tag;
    part(".picked").replaceChildren(...(tag ? [h("span", {}, "Tag:"), this.chip(tag)] : []));
    part(".picked button")?.setAttribute("aria-label", `${tag}: show all tags`);
    this.show();
    scrollTo({top: 0});
  }

  show() {
    const {value} = this.search;
    const tagged = this.tasks.filter(({tags}) => !this.tag || tags.includes(this.tag));
    const shown = found(value, tagged);
    const whole = !value.trim() && !this.tag;
    const place = part(".cards");
    const cards = (/** @type {Card[]} */ some, look = "grid") => h("div", {class: look}, ...some.map(({id}) => this.cards.get(id)));
    if (whole) {
      const [first, others] = [true, false].map((lecture) => shown.filter((task) => task.lecture === lecture));
      place.replaceChildren(h("h2", {}, "A first lecture"), cards(first, "grid shelf"), h("h2", {}, "All other tasks"), cards(others));
    } else place.replaceChildren(h("h2", {class: "hidden"}, "Found"), cards(shown));
    const n = shown.length;
    part("[role=status]").textContent = whole ? "" : n ? `${n} of ${this.tasks.length} tasks`
      : `No task for “${value}”${this.tag ? ` with the tag ${this.tag}` : ""}. All tasks: clear the search.`;
  }

  /** @param {Card} task */
  async tell(task) {
    part("#sheet-title").textContent = task.title;
    const place = part(".sheet");
    place.textContent = "…";
    this.sheet.showModal();
    try {
      put(place, await (await fetch(file("datasheet", task.id, "html"))).text());
    } catch {
      place.textContent = "The datasheet did not come: is the server there?";
    }
  }
}

followTheme((theme) => {
  for (const link of document.querySelectorAll("nav a, .card a")) {
    const query = new URLSearchParams(/** @type {HTMLAnchorElement} */ (link).search);
    query.set("theme", theme);
    link.setAttribute("href", `?${query}`);
  }
});
fetch(list).then((answer) => answer.json()).then((tasks) => {
  new Catalogue(tasks);
  document.documentElement.dataset.ready = "yes";
}).catch((error) => {
  part("[role=status]").textContent = `The list of tasks did not come: ${error.message}`;
});
