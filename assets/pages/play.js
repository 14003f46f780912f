// The page on which a person plays: the player, how it goes, and what can be done next.

import {download, mount} from "../mount.js";
import {points} from "../tools.js";
import {Line} from "./line.js";
import {followTheme} from "./theme.js";

/** @template {Element} Kind @param {string} selector @returns {Kind | null} */
const part = (selector) => /** @type {any} */ (document.querySelector(selector));
const host = /** @type {HTMLElement} */ (part("#stage"));
const bare = document.documentElement.dataset.bare !== undefined;

/** @param {{n_done: number, accuracy?: number | null, reward?: number | null, median_rt?: number | null}} told @param {number} planned */
function howItWent({n_done: done, accuracy, reward, median_rt: rt}, planned) {
  const parts = [`${done} of ${planned} trials`];
  if (typeof accuracy === "number") parts.push(`${Math.round(100 * accuracy)}% correct`);
  if (typeof reward === "number") parts.push(`reward ${points(reward)}`);
  if (typeof rt === "number") parts.push(`median RT ${Math.round(rt)} ms`);
  return parts.join(" · ");
}

/** @param {Line} line */
function follow(line) {
  /** @param {string} view */
  const address = (view) => {
    const query = new URLSearchParams(line.config.named);
    query.set("view", view);
    const theme = new URLSearchParams(location.search).get("theme");
    if (theme) query.set("theme", theme);
    return `?${query}`;
  };
  const [count, again, file, compare] = [".count", ".again", ".file", ".compare"].map((name) => part(`.next ${name}`));
  line.on("heard", (message) => {
    if (message.type === "csv") return download(`${line.config.run}.csv`, message.text, "text/csv");
    if (!line.config || (message.n_done === undefined)) return;
    if (message.uid && !message.uid.startsWith(`${line.config.run}-`)) return;
    count.textContent = howItWent(/** @type {any} */ (message), line.config.n_trials);
    const nothing = !message.n_done;
    file.toggleAttribute("disabled", nothing);
    compare.toggleAttribute("disabled", nothing);
    again.toggleAttribute("disabled", false);
  });
  again.addEventListener("click", () => line.again());
  file.addEventListener("click", () => line.send_msg({type: "csv"}));
  compare.addEventListener("click", () => location.assign(address("compare")));
  line.on("next", ({step}) => (step === "again" ? line.again() : location.assign(address(step))));
}

async function start() {
  const look = await (await fetch(host.dataset.look)).text();
  const line = new Line(new URL(host.dataset.socket, document.baseURI).href.replace(/^http/, "ws"), !bare);
  if (!bare) follow(line);
  mount(line, host, look);
}

followTheme(() => {});
if (host) start().catch((error) => {
  host.textContent = `The player did not come: ${error.message}`;
});
document.documentElement.dataset.ready = "yes";
