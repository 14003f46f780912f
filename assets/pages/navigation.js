// Links to the views of the studio, and the browser's Back and Forward between them.

/** @param {string} search a query of the address */
const viewOf = (search) => new URLSearchParams(search).get("view");

/**
 * @typedef {object} Parameters
 * @property {{[view: string]: string}} names of the views
 * @property {string} view the one that is shown
 * @property {string} address a query
 */
/** @typedef {{type: "go", view: string} | {type: "visit", search: string}} Message */

/** @param {{model: Panel.Model<Message> & Parameters}} component */
export function render({model}) {
  const nav = document.createElement("nav");
  nav.setAttribute("aria-label", "Views");
  let visits = 0;  // that the server has not answered yet: until then it knows an older address

  const draw = () => {
    nav.replaceChildren(...Object.entries(model.names).map(([view, name]) => {
      const link = document.createElement("a");
      const query = new URLSearchParams(model.address);
      query.set("view", view);
      link.href = `?${query}`;
      link.textContent = name;
      if (view === model.view) link.setAttribute("aria-current", "page");
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        model.send_msg({type: "go", view});
      });
      return link;
    }));
  };

  // Another view is a step that Back takes back; a change within one is none, nor is an address that was corrected.
  const write = (corrected = false) => {
    draw();
    if (!model.address || visits || model.address === location.search) return;
    const step = corrected || viewOf(location.search) === viewOf(model.address) ? "replaceState" : "pushState";
    history[step]({}, "", location.pathname + model.address + location.hash);
  };

  const visit = () => {
    visits += 1;
    model.send_msg({type: "visit", search: location.search});
  };
  /** @param {{type: string, search?: string}} message */
  const answered = (message) => {
    if (message.type === "leave") location.assign(location.pathname + message.search);
    if (message.type !== "visited") return;
    visits -= 1;
    write(true);
  };

  addEventListener("popstate", visit);
  model.on("msg:custom", answered);
  model.on("address", () => write());
  model.on("view", draw);
  model.on("remove", () => removeEventListener("popstate", visit));
  const asked = viewOf(location.search);
  if (asked && asked !== viewOf(model.address)) visit();  // Back was faster than the page
  else write(true);
  draw();
  return nav;
}
