// The section "graph": boxes in boxes as a drawing, and as a tree for who rather reads; both show the same state.
"use strict";

pytestRf.section("graph", (root, data, model) => {
  const { element, nesting } = pytestRf;
  const { SIZE } = nesting;
  const find = (selector) => root.querySelector(selector);
  const stage = find(".stage");
  const LEGIBLE = 0.65;

  const state = { open: new Set(), chosen: -1, by: data.changes.length ? "change" : "size", towards: 0, trail: data.trails.length ? 0 : -1, zoom: 1 };
  let shown = null; // the geometry that is drawn
  let tree = null;
  let trail = { boxes: new Set(), links: new Set() };
  const about = pytestRf.boxes(data, model, state);
  const { parents, failing, ancestry, isModule, isEnd, name, what, says, detail, shade } = about;
  const { findings, described, cut } = about;

  // ---------------------------------------------------------------- the drawing

  function draw() {
    shown = nesting.nest(data, (box) => state.open.has(box));
    const focused = stage.contains(document.activeElement);
    const links = shown.edges.map((edge) => {
      const isOn = trail.links.has(`${edge.from} ${edge.to}`);
      const attributes = { d: edge.d, class: isOn ? "edge on" : "edge", transform: `translate(${edge.dx} ${edge.dy})` };
      return element("svg:path", attributes);
    });
    const inner = (open) => shown.boxes.filter((box) => box.open === open).map(drawn);
    const svg = element(
      "svg:svg",
      { role: "group", "aria-label": "Graph of the model", viewBox: `0 0 ${shown.width} ${shown.height}` },
      ...inner(true),
      ...links,
      ...inner(false),
    );
    stage.replaceChildren(svg);
    scale();
    if (focused) focusBox(state.chosen);
  }

  /** Returns what stands in a box: its name, and unless it is open what is said of it, as far as there is room. */
  function lines(box, width, open) {
    const inside = width - (isEnd(box) ? 36 : 20);
    const room = Math.floor((inside - (isModule(box) ? 12 : 0) - (failing.has(box) ? 16 : 0)) / 7.2);
    const second = open ? "" : [says(box), state.by === "change" ? "" : detail(box)].filter(Boolean).join(" · ");
    return [cut(name(box), room), cut(second, Math.floor(inside / 6))];
  }

  function drawn({ id, x, y, width, height, open }) {
    const classes = ["box", open ? "open" : shade(id), isModule(id) ? "module" : isEnd(id) ? "end" : "leaf"];
    if (id === state.chosen) classes.push("chosen");
    if (trail.boxes.has(id)) classes.push("on");
    const [first, second] = lines(id, width, open);
    const left = isEnd(id) ? 18 : 10;
    const title = element("svg:title", {}, described(id));
    const parts = [element("svg:rect", { width, height, rx: isEnd(id) ? height / 2 : 6 }, title)];
    if (isModule(id)) {
      if (!open) parts.unshift(element("svg:rect", { class: "behind", x: 3, y: 3, width, height, rx: 6 }));
      const sign = open ? "M10 11h8l-4 6z" : "M11 10v9l6-4.5z";
      parts.push(element("svg:path", { class: "sign", d: sign }));
    }
    parts.push(element("svg:text", { x: left + (isModule(id) ? 12 : 0), y: 19, class: "label" }, first));
    if (second) parts.push(" ", element("svg:text", { x: left, y: 36, class: "figure" }, second));
    if (failing.has(id)) {
      parts.push(
        element("svg:circle", { class: "fault", cx: width - 14, cy: 14, r: 8 }),
        element("svg:path", { class: "fault", d: `M${width - 14} 9.5v5.5m0 2v2` }),
      );
    }
    // What a screen reader says begins with what is to be seen.
    const more = [first === name(id) ? "" : name(id), what(id), findings(id)];
    const told = [[first, second].filter(Boolean).join(" "), ...more.filter(Boolean)].join(", ");
    return element(
      "svg:g",
      {
        class: classes.join(" "),
        transform: `translate(${x} ${y})`,
        role: "button",
        tabindex: id === tabStop() ? 0 : -1,
        "aria-label": told,
        "aria-expanded": isModule(id) ? String(open) : null,
        "data-box": id,
      },
      ...parts,
    );
  }

  /** Returns the box that the tab key comes to: the chosen one, or the innermost around it that is to be seen. */
  function tabStop() {
    const visible = ancestry(state.chosen).find(isVisible);
    return visible ?? 0;
  }

  function isVisible(box) {
    return ancestry(box).every((one) => one === box || state.open.has(one));
  }

  function scale() {
    const svg = stage.firstElementChild;
    svg.setAttribute("width", shown.width * state.zoom);
    svg.setAttribute("height", shown.height * state.zoom);
  }

  /** Scales the drawing to the width that there is; not so small that it cannot be read, or be seen. */
  function fit(least = 0.25) {
    state.zoom = Math.max(least, Math.min(1, (stage.clientWidth - 2) / shown.width));
    scale();
  }

  const boxElement = (box) => stage.querySelector(`[data-box="${box}"]`);

  function focusBox(box) {
    const found = boxElement(box);
    if (found) found.focus({ preventScroll: true });
  }

  /** Scrolls the drawing so that a box is in it; the page itself stays where it is. */
  function scrollTo(box) {
    const place = shown.boxes.find((one) => one.id === box);
    if (!place) return;
    const height = place.open ? SIZE.head : place.height;
    const [left, top] = [place.x * state.zoom, place.y * state.zoom];
    const [right, bottom] = [(place.x + place.width) * state.zoom, (place.y + height) * state.zoom];
    if (top < stage.scrollTop || bottom > stage.scrollTop + stage.clientHeight) {
      stage.scrollTop = top - stage.clientHeight / 3;
    }
    if (left < stage.scrollLeft || right > stage.scrollLeft + stage.clientWidth) {
      stage.scrollLeft = left - Math.max(0, (stage.clientWidth - place.width * state.zoom) / 2);
    }
  }

  // ---------------------------------------------------------------- what is chosen

  /** Chooses a box that is to be seen. */
  function choose(box, from = "") {
    state.chosen = box;
    render();
    if (from !== "outside" && !isModule(box) && data.tensors[box] >= 0) model.choose(data.tensors[box], "graph");
  }

  /** Opens or closes a module; the box stays where it is on the screen. */
  function toggle(box) {
    if (!isModule(box)) return choose(box);
    const before = shown.boxes.find((one) => one.id === box);
    if (!state.open.delete(box)) state.open.add(box);
    choose(box);
    const after = shown.boxes.find((one) => one.id === box);
    if (before && after) {
      stage.scrollTop += (after.y - before.y) * state.zoom;
      stage.scrollLeft += (after.x + after.width / 2 - before.x - before.width / 2) * state.zoom;
    }
  }

  /** Opens all that a box lies in, chooses it and brings it into the drawing. */
  function reveal(box, from = "") {
    for (const one of ancestry(box).slice(1)) state.open.add(one);
    choose(box, from);
    scrollTo(box);
  }

  // ---------------------------------------------------------------- colours

  function legend() {
    const entries = about.entries();
    const swatch = (kind) =>
      element(
        "svg:svg",
        { class: `swatch box ${kind}`, width: 22, height: 14, "aria-hidden": "true" },
        element("svg:rect", { x: 1, y: 1, width: 20, height: 12, rx: 3 }),
      );
    const items = entries.map(([kind, text]) => element("li", {}, swatch(kind), text));
    if (data.trails[state.trail]?.path) items.push(element("li", {}, element("span", { class: "sample on" }), "path of the finding"));
    if (failing.size) items.push(element("li", {}, element("span", { class: "fault" }, "!"), "finding"));
    find(".legend").replaceChildren(...items);
  }

  function render() {
    draw();
    pytestRf.boxPanel(find(".told"), state.chosen, data, model, about);
    tree.list(trail);
  }

  // ---------------------------------------------------------------- mouse and keys

  const { boxOf } = about;

  stage.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (box < 0) return;
    toggle(box);
    focusBox(box);
  });

  /** Returns the nearest box in the direction of an arrow. */
  function beside(box, key) {
    const from = shown.boxes.find((one) => one.id === box);
    if (!from) return 0;
    const sign = key === "ArrowDown" || key === "ArrowRight" ? 1 : -1;
    const isVertical = key === "ArrowDown" || key === "ArrowUp";
    const middle = (one) => [one.x + one.width / 2, one.y + (one.open ? SIZE.head : one.height) / 2];
    const [x, y] = middle(from);
    let [nearest, least] = [box, Infinity];
    for (const one of shown.boxes) {
      const [dx, dy] = [middle(one)[0] - x, middle(one)[1] - y];
      const [along, aside] = isVertical ? [dy * sign, Math.abs(dx)] : [dx * sign, Math.abs(dy)];
      if (along > 1 && along + 2 * aside < least) [nearest, least] = [one.id, along + 2 * aside];
    }
    return nearest;
  }

  stage.addEventListener("keydown", (event) => {
    const box = boxOf(event);
    if (box < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") toggle(box);
    else if (event.key.startsWith("Arrow")) choose(beside(box, event.key));
    else if (event.key === "Escape" && parents[box] >= 0) toggle(parents[box]);
    else return;
    event.preventDefault();
    focusBox(state.chosen);
    scrollTo(state.chosen);
  });

  for (const button of root.querySelectorAll("[data-by]")) {
    button.addEventListener("click", () => {
      state.by = button.dataset.by;
      for (const one of root.querySelectorAll("[data-by]")) one.setAttribute("aria-pressed", String(one === button));
      legend();
      render();
    });
  }

  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "fit") return fit();
      state.zoom = Math.min(2, Math.max(0.25, state.zoom * (button.dataset.zoom === "in" ? 1.25 : 0.8)));
      scale();
    });
  }

  find(".close").addEventListener("click", () => {
    const outermost = ancestry(state.chosen).pop() ?? -1;
    state.open.clear();
    state.chosen = outermost;
    render();
    fit(LEGIBLE);
  });

  find(".towards")?.addEventListener("change", (event) => {
    state.towards = Number(event.target.value);
    legend();
    render();
  });

  find(".trails")?.addEventListener("change", (event) => {
    state.trail = Number(event.target.value);
    trail = about.follow(data.trails[state.trail]);
    legend();
    render();
    const [first] = data.trails[state.trail]?.at ?? [];
    if (first !== undefined) scrollTo(ancestry(first).find(isVisible));
  });

  // ---------------------------------------------------------------- search

  const field = find(".find");
  field.addEventListener("input", () => {
    const hits = find(".hits");
    const text = field.value.trim();
    if (!text) return hits.replaceChildren();
    const [found, count] = about.search(text);
    const told = count > found.length ? `${count.toLocaleString("en")} found, the first ${found.length}: ` : `${count} found${count ? ": " : ""}`;
    hits.replaceChildren(
      told,
      ...found.map((box) => element("button", { type: "button", onclick: () => reveal(box) }, cut(about.whole(box), 48))),
    );
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !field.value.trim()) return;
    event.preventDefault();
    const [[first]] = about.search(field.value.trim());
    if (first !== undefined) reveal(first);
  });

  model.onChoose((place, from) => {
    if (from === "graph") return;
    const box = data.tensors.findIndex((one, number) => one === place && !isModule(number));
    const visible = box < 0 ? undefined : ancestry(box).find(isVisible);
    if (visible !== undefined && visible !== state.chosen) {
      choose(visible, "outside");
      scrollTo(visible);
    }
  });

  tree = pytestRf.tree(find(".tree"), data, about, state, { tabStop, toggle, choose, scrollTo });
  trail = about.follow(data.trails[state.trail]);
  legend();
  render();
  fit(LEGIBLE);
  const [outset] = shown.boxes;
  stage.scrollLeft = (outset.x + outset.width / 2) * state.zoom - stage.clientWidth / 2;
  const [first] = data.trails[state.trail]?.at ?? [];
  if (first !== undefined) scrollTo(ancestry(first).find(isVisible));
});
