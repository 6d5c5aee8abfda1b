// What all sections share: the data, the chosen tensor of each model, and light or dark.
//
// A section's script calls pytestRf.section(name, begin); begin(root, data, model) is called once for every model
// that has the section, when it comes near the screen. Names in the data come from models, which are hostile: they
// go into the page as text (pytestRf.element), never as markup.
"use strict";

(() => {
  const starters = new Map();

  /** One model of the page: its data, its element, and the tensor that is looked at. */
  class Model {
    constructor(data, article, number) {
      this.data = data;
      this.element = article;
      this.number = number;
      this.chosen = null;
      this.listeners = [];
    }

    /** Calls listener(place, from) whenever another tensor is chosen; from names the section that chose it. */
    onChoose(listener) {
      this.listeners.push(listener);
    }

    /** Chooses a tensor by its place in data.tensors. */
    choose(place, from = "") {
      if (!this.data.tensors[place] || place === this.chosen) return;
      this.chosen = place;
      for (const listener of this.listeners) listener(place, from);
    }
  }

  /** Returns an element: attributes by name ("class", "data-…", "on…" takes a function), children texts or nodes. */
  function element(tag, attributes = {}, ...children) {
    const [space, name] = tag.startsWith("svg:") ? ["http://www.w3.org/2000/svg", tag.slice(4)] : [null, tag];
    const made = space ? document.createElementNS(space, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  /** Returns the value of a colour of the page, "--field" say, as it is now. */
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  const page = {
    models: [],
    section: (name, begin) => starters.set(name, begin),
    element,
    colour,
    /** Calls listener() when light turns to dark or back, so that canvases are drawn anew. */
    onTheme: (listener) => themed.push(listener),
  };
  const themed = [];
  globalThis.pytestRf = page;
  if (typeof document === "undefined") return; // as in the unit tests

  function start(root, model) {
    const begin = starters.get(root.dataset.section);
    if (!begin || root.dataset.started) return;
    root.dataset.started = "yes";
    begin(root, model.data.sections[root.dataset.section], model);
  }

  function theme() {
    const button = document.querySelector("button.theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    let dark = system.matches;
    const show = () => {
      document.documentElement.dataset.theme = dark ? "dark" : "light";
      button.setAttribute("aria-pressed", String(dark));
      for (const listener of themed) listener();
    };
    // What is printed is light, and so are the canvases on it.
    addEventListener("beforeprint", () => {
      document.documentElement.dataset.theme = "light";
      for (const listener of themed) listener();
    });
    addEventListener("afterprint", show);
    button.hidden = false;
    button.addEventListener("click", () => {
      dark = !dark;
      show();
    });
    system.addEventListener("change", (event) => {
      dark = event.matches;
      show();
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const data = JSON.parse(document.getElementById("data").textContent);
    for (const article of document.querySelectorAll("article.model")) {
      const number = Number(article.dataset.model);
      page.models[number] = new Model(data.models[number], article, number);
    }
    theme();
    // A page of many models starts what is looked at, not everything.
    const seen = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          seen.unobserve(entry.target);
          start(entry.target, page.models[Number(entry.target.closest("article").dataset.model)]);
        }
      },
      { rootMargin: "400px" },
    );
    for (const root of document.querySelectorAll("[data-section]")) {
      const number = Number(root.closest("article").dataset.model);
      if (number === 0) start(root, page.models[0]);
      else seen.observe(root);
    }
    // Links to tensors, in whatever section: <a href="#m0-look" data-tensor="12">.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-tensor]");
      if (!link) return;
      const model = page.models[Number(link.closest("article").dataset.model)];
      const look = model.element.querySelector('[data-section="look"]');
      if (look) start(look, model);
      model.choose(Number(link.dataset.tensor), "link");
    });
  });
})();
