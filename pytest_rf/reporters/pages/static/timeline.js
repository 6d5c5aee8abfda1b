// Draws an input of one axis: what a step reads of it, what it stands for, how far it looks back and ahead.
"use strict";

(() => {
  const HEIGHT = 112;
  const TRACK = [40, 30]; // top and height of what is read

  /** Returns an SVG about positions from first to last of an axis. */
  function track(view, first, last, title) {
    const { element } = pytestRf;
    const { extent, read, block, width, context } = view;
    const scale = (position) => ((position - first) / (last - first)) * (width - 16) + 8;
    const box = (lo, hi, top, height, attributes) => {
      const left = scale(Math.max(lo, first));
      const right = scale(Math.min(hi, last));
      if (right <= left) return [];
      const made = { x: left, y: top, width: Math.max(right - left, 0.8), height, ...attributes };
      return [element("svg:rect", made)];
    };
    const [top, high] = TRACK;
    const marks = [
      ...box(0, extent, top, high, { class: "input" }),
      ...read.beyond.flatMap(([lo, hi]) => box(lo, hi + 1, top, high, { class: "pad" })),
      ...read.runs.flatMap(([lo, hi]) => box(lo, hi + 1, top, high, { class: "read" })),
    ];
    if (context) marks.push(...box(0, extent, top - 3, high + 6, { class: "context" }));
    if (read.effective) {
      const [mean, deviation] = read.effective;
      const width_ = Math.sqrt(1 + 12 * deviation * deviation);
      marks.push(...box(mean + 0.5 - width_ / 2, mean + 0.5 + width_ / 2, top + high + 3, 4, { class: "effective" }));
    }
    if (block) marks.push(...box(block[0], block[1] + 1, top - 8, high + 16, { class: "own" }));
    const hull = pytestRf.reads.hull(pytestRf.reads.union(read.runs, read.beyond));
    if (block && hull) {
      marks.push(...reach(scale, hull[0], block[0], "look-back", first, last, "end"));
      marks.push(...reach(scale, block[1] + 1, hull[1] + 1, "look-ahead", first, last, "start"));
    }
    for (const position of pytestRf.reads.ticks(extent, (extent / (last - first)) * (width / 80))) {
      if (position < first || position > last) continue;
      const text = String(position);
      const at = Math.min(Math.max(scale(position), 4 + 3 * text.length), width - 4 - 3 * text.length);
      marks.push(
        element("svg:line", { x1: scale(position), x2: scale(position), y1: top + high, y2: top + high + 10, class: "tick" }),
        element("svg:text", { x: at, y: top + high + 22, class: "scale" }, text),
      );
    }
    return element(
      "svg:svg",
      { class: "timeline", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": title },
      ...marks,
    );
  }

  /** Returns an arrow over the track with how long it is. */
  function reach(scale, from, to, what, first, last, anchor) {
    const { element } = pytestRf;
    if (to <= from) return [];
    const [left, right] = [scale(Math.max(from, first)), scale(Math.min(to, last))];
    const edge = anchor === "end" ? right - 3 : left + 3;
    return [
      element("svg:line", { x1: left, x2: right, y1: 26, y2: 26, class: "reach" }),
      element("svg:text", { x: edge, y: 18, class: `reach ${anchor}` }, `${what} ${to - from}`),
    ];
  }

  /** Fills an element with the whole axis and, where the field is small in it, what lies around the field. */
  function timeline(root, view) {
    const hull = pytestRf.reads.hull(pytestRf.reads.union(view.read.runs, view.read.beyond));
    const made = [track(view, -0.04 * view.extent, 1.04 * view.extent, `${view.axis}: ${view.told}`)];
    if (hull && hull[1] - hull[0] + 1 < view.extent / 3) {
      const around = Math.max((hull[1] - hull[0] + 1) * 0.35, 6);
      made.push(track(view, hull[0] - around, hull[1] + 1 + around, `Enlarged: ${view.told}`));
    }
    root.replaceChildren(...made);
  }

  pytestRf.timeline = timeline;
})();
