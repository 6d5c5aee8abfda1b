// What is known of the boxes of a graph, in words: their names, figures and colours, the path of a finding, a search.
"use strict";

pytestRf.boxes = (data, model, state) => {
  const { nesting } = pytestRf;
  const BINS = 7;
  const MOST_HITS = 12;
  let bins = [];

  const parents = new Array(data.labels.length).fill(-1);
  data.inner.forEach((level, box) => {
    for (const child of children(level)) parents[child] = box;
  });
  const failing = new Map(); // box -> how many findings are about something in it
  for (const { at } of data.trails) {
    for (const box of new Set(at.flatMap(ancestry))) failing.set(box, (failing.get(box) ?? 0) + 1);
  }

  function children(level) {
    if (level < 0) return [];
    const { first, count } = data.levels[level];
    return Array.from({ length: count }, (_, place) => first + place);
  }

  /** Returns a box and all that it lies in, the outermost last. */
  function ancestry(box) {
    const found = [];
    for (let one = box; one >= 0; one = parents[one]) found.push(one);
    return found;
  }

  const tensor = (box) => model.data.tensors[data.tensors[box]];
  const isModule = (box) => data.inner[box] >= 0;
  const isEnd = (box) => data.counts[box] <= 0;
  const figure = (box) => (data.rows[box] < 0 ? null : data.figures[data.rows[box]][state.towards]);

  /** Returns what a box is called; a number alone, as in a list of layers, says too little. */
  function name(box) {
    const label = data.labels[box];
    if (!label) return short(tensor(box)?.op ?? "");
    if (!/^\d+(@\d+)?$/.test(label) || isEnd(box)) return label;
    if (!isModule(box)) return `${label} ${short(tensor(box)?.op ?? "")}`;
    const around = (data.paths[parents[box]] ?? "").split(".").pop();
    return around ? `${around}.${label}` : label;
  }

  /** Returns the box in which something happened; -1 for none. */
  function boxOf(event) {
    const found = event.target.closest("[data-box]");
    return found ? Number(found.dataset.box) : -1;
  }

  /** Returns an input of the model by its box. */
  function source(box) {
    return model.data.inputs.find((one) => one.name === data.labels[box]) ?? { shape: [] };
  }

  /** Returns an operator without the name of its library. */
  function short(op) {
    return op.slice(op.lastIndexOf(".") + 1);
  }

  function kinds(box) {
    return data.kinds.filter((_, bit) => data.brings[box] & (1 << bit));
  }

  function what(box) {
    if (data.counts[box] === 0) return "input";
    if (data.counts[box] < 0) return "output";
    if (isModule(box)) return `${data.counts[box].toLocaleString("en")} operators`;
    const own = tensor(box);
    return own ? [short(own.op), own.label].filter(Boolean).join(" ") : "operator";
  }

  const WAYS = { same: "", grew: "▲ grew", shrank: "▼ shrank", otherwise: "≠ changed", added: "+ added", removed: "− removed" };
  const way = (box) => data.ways[data.changes[box]];

  function figured(box) {
    const found = figure(box);
    if (!found) return "unknown";
    const text = found[state.by === "stride" ? 1 : 0];
    if (!text) return "reads none of it";
    return state.by === "stride" ? `stride ${text}` : `rf ${text.replace("inf", "whole axis")}`;
  }

  /** Returns what a box says of what it is coloured by. */
  function says(box) {
    if (data.counts[box] === 0) return source(box).shape.join("×");
    if (state.by === "kind") return kinds(box).join(" + ") || "passes on";
    const changed = state.by === "change" ? WAYS[way(box)] : "";
    return [changed, figured(box)].filter(Boolean).join(" · ");
  }

  function shade(box) {
    if (state.by === "change") return `way-${way(box)}`;
    if (data.counts[box] === 0) return "plain";
    if (state.by === "kind") return `kind-${kinds(box).pop() ?? "none"}`;
    const found = figure(box);
    if (!found) return "kind-unknown";
    const value = nesting.number(found[state.by === "size" ? 0 : 1]);
    return value === Infinity ? "whole" : `step-${Math.round((nesting.bin(bins, value) * 6) / Math.max(bins.length - 1, 1))}`;
  }

  /** Returns what a box says of its operator beside its name: the geometry, or where it has none, its name. */
  function detail(box) {
    if (isModule(box) || isEnd(box)) return "";
    const own = tensor(box);
    const op = short(own?.op ?? "");
    return own?.label || (name(box).includes(op) ? "" : op);
  }

  function cut(text, most) {
    const signs = [...text];
    if (signs.length <= most) return text;
    const front = Math.floor((most - 1) / 3);
    return `${signs.slice(0, front).join("")}…${signs.slice(signs.length - (most - 1 - front)).join("")}`;
  }

  function findings(box) {
    const count = failing.get(box) ?? 0;
    return count ? `${count} finding${count > 1 ? "s" : ""}` : "";
  }

  function described(box) {
    return [name(box), what(box), says(box), findings(box)].filter(Boolean).join(", ");
  }

  function besideName(box) {
    const told = isModule(box) || isEnd(box) ? what(box) : detail(box);
    return [told, says(box)].filter(Boolean).join(" · ");
  }

  /** Returns the boxes on the path of a finding, and the edges on it as "from to"; -1 is the border of a box. */
  function follow({ path = [], at = [] } = {}) {
    const trail = { boxes: new Set([...path, ...at].flatMap(ancestry)), links: new Set() };
    for (let place = 1; place < path.length; place++) {
      const [before, after] = [ancestry(path[place - 1]), ancestry(path[place])];
      const both = new Set(before.filter((one) => after.includes(one)));
      const [leaves, enters] = [before.filter((one) => !both.has(one)), after.filter((one) => !both.has(one))];
      trail.links.add(`${leaves[leaves.length - 1]} ${enters[enters.length - 1]}`);
      for (const one of leaves.slice(0, -1)) trail.links.add(`${one} -1`);
      for (const one of enters.slice(0, -1)) trail.links.add(`-1 ${one}`);
    }
    return trail;
  }

  /** Returns what colours mean, each with its words; sizes and strides are put into bins for it. */
  function entries() {
    if (state.by === "change") {
      const there = new Set(data.changes);
      return data.ways.filter((_, place) => there.has(place)).map((one) => [`way-${one}`, WAYS[one] || "same"]);
    }
    if (state.by === "kind") {
      return [...data.kinds, "none"].map((kind) => [`kind-${kind}`, kind === "none" ? "passes positions on" : kind]);
    }
    const column = state.by === "size" ? 0 : 1;
    const numbers = data.figures.map((row) => nesting.number(row[state.towards]?.[column]));
    bins = nesting.bins(numbers, BINS);
    const told = (one) => (one > 0 && one < 1 ? `1/${Math.round(1 / one)}` : String(Math.round(one * 100) / 100));
    const found = bins.map(([low, high], place) => [
      `step-${Math.round((place * 6) / Math.max(bins.length - 1, 1))}`,
      low === high ? told(low) : `${told(low)} to ${told(high)}`,
    ]);
    if (numbers.includes(Infinity)) found.push(["whole", "whole axis"]);
    if (data.rows.includes(-1) && data.rows.some((row, box) => row < 0 && !isEnd(box))) {
      found.push(["kind-unknown", "unknown"]);
    }
    return found;
  }

  /** Returns the boxes whose name, module, tensor or operator holds a text, at most so many, and how many there are. */
  function search(text) {
    const wanted = text.toLowerCase();
    const found = [];
    let count = 0;
    for (let box = 0; box < data.labels.length; box++) {
      const own = isModule(box) ? null : tensor(box);
      const names = [data.labels[box], data.paths[box], own?.name, own?.module, own?.op];
      if (!names.some((one) => one && one.toLowerCase().includes(wanted))) continue;
      count += 1;
      if (found.length < MOST_HITS) found.push(box);
    }
    return [found, count];
  }

  function whole(box) {
    const own = isModule(box) ? null : tensor(box);
    return data.paths[box] || own?.name || ancestry(box).reverse().map(name).join(" / ");
  }

  return {
    parents,
    failing,
    children,
    ancestry,
    tensor,
    isModule,
    isEnd,
    name,
    kinds,
    what,
    says,
    shade,
    detail,
    cut,
    findings,
    described,
    besideName,
    follow,
    entries,
    search,
    whole,
    boxOf,
  };
};
