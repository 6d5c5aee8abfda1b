// Where boxes in boxes stand, given which of them are open: pure geometry, in pixels.
//
// Python has placed the boxes of each level as if all were closed. Here open ones get the room that they need: rows
// grow as high as their highest box, and boxes of a row move apart as little as it takes.
"use strict";

(() => {
  const SIZE = { width: 190, height: 46, across: 216, gap: 24, row: 26, way: 8, head: 30, edge: 14 };

  /**
   * Returns the middles of things on a line that may not overlap, as near to where they want to be as can be.
   * items: [{ at, width }] sorted by at; between two of them at least `gap`.
   */
  function spread(items, gap) {
    // Without their widths things must only stay in order: neighbours that do not are pooled at their mean.
    const pools = [];
    let offset = 0;
    items.forEach((item, place) => {
      if (place) offset += (items[place - 1].width + item.width) / 2 + gap;
      item.offset = offset;
      let pool = { mean: item.at - offset, count: 1 };
      while (pools.length && pools[pools.length - 1].mean > pool.mean) {
        const before = pools.pop();
        const count = before.count + pool.count;
        pool = { mean: (before.mean * before.count + pool.mean * pool.count) / count, count };
      }
      pools.push(pool);
    });
    const middles = pools.flatMap((pool) => Array(pool.count).fill(pool.mean));
    return items.map((item, place) => middles[place] + item.offset);
  }

  /** Returns a level with its boxes and edges at their places, from (0, 0), and how large it is. */
  function level(data, own, isOpen) {
    const { first, count, edges, rows, across, ways = {} } = data.levels[own];
    const inner = new Map();
    const things = rows.map((row, place) => {
      const id = place > 0 && place <= count ? first + place - 1 : -1;
      const made = { place, id, row, at: across[place] * SIZE.across, width: 0, height: 0 };
      if (id < 0) return made;
      [made.width, made.height] = [SIZE.width, SIZE.height];
      if (data.inner[id] >= 0 && isOpen(id)) {
        const within = level(data, data.inner[id], isOpen);
        inner.set(id, within);
        made.width = Math.max(SIZE.width, within.width + 2 * SIZE.edge);
        made.height = SIZE.head + within.height + SIZE.edge;
      }
      return made;
    });
    const used = new Set(edges);
    const lines = things.filter((one) => one.id >= 0 || used.has(one.place));
    const passes = new Map();
    for (const [place, line] of Object.entries(ways)) {
      const made = line.map((at, step) => ({
        id: -1,
        row: rows[place] + 1 + step,
        at: at * SIZE.across,
        width: SIZE.way,
        height: 0,
      }));
      passes.set(Number(place), made);
      lines.push(...made);
    }
    const byRow = [];
    for (const one of lines) (byRow[one.row] ??= []).push(one);
    let bottom = 0;
    for (const row of byRow) {
      if (!row) continue;
      row.sort((a, b) => a.at - b.at);
      const middles = spread(row, SIZE.gap);
      const height = Math.max(...row.map((one) => one.height));
      if (bottom) bottom += SIZE.row;
      row.forEach((one, place) => {
        one.middle = middles[place];
        one.above = bottom;
        one.below = bottom + height;
        one.top = bottom + (height - one.height) / 2;
      });
      bottom += height || (row === byRow[0] ? SIZE.row / 2 : 0);
    }
    const left = Math.min(...lines.map((one) => one.middle - one.width / 2));
    const right = Math.max(...lines.map((one) => one.middle + one.width / 2));
    for (const one of lines) one.middle -= left;
    const drawn = [];
    for (let at = 0; at < edges.length; at += 2) {
      const [source, target] = [things[edges[at]], things[edges[at + 1]]];
      const between = (passes.get(source.place) ?? []).slice(0, target.row - source.row - 1);
      drawn.push({ source, target, d: curve(source, between, target, bottom) });
    }
    return { width: right - left, height: bottom, boxes: things.filter((one) => one.id >= 0), inner, drawn };
  }

  /** Returns the path of an edge from one thing down to another. */
  function curve(source, between, target, bottom) {
    const start = source.id < 0 ? 0 : source.top + source.height;
    const parts = [`M${source.middle.toFixed(1)} ${start.toFixed(1)}`];
    let [x, y] = [source.middle, start];
    const line = (to) => {
      if (to > y) parts.push(`V${to.toFixed(1)}`);
      y = Math.max(y, to);
    };
    const bend = (toX, toY) => {
      const half = (y + toY) / 2;
      parts.push(
        `C${x.toFixed(1)} ${half.toFixed(1)} ${toX.toFixed(1)} ${half.toFixed(1)} ${toX.toFixed(1)} ${toY.toFixed(1)}`,
      );
      [x, y] = [toX, toY];
    };
    if (source.id >= 0) line(source.below);
    for (const one of between) {
      bend(one.middle, one.above);
      line(one.below);
    }
    const end = target.id < 0 ? bottom : target.top;
    bend(target.middle, Math.min(end, target.above));
    line(end);
    return parts.join("");
  }

  /**
   * Returns all boxes that are to be seen, outer ones first, and the edges between them.
   * data: that of the section; isOpen(id): whether a box is open.
   */
  function nest(data, isOpen) {
    const found = { boxes: [], edges: [], width: 0, height: 0 };
    const lay = (own, dx, dy, parent) => {
      for (const { source, target, d } of own.drawn) {
        found.edges.push({ from: source.id, to: target.id, parent, d, dx, dy });
      }
      for (const box of own.boxes) {
        const x = dx + box.middle - box.width / 2;
        const y = dy + box.top;
        const within = own.inner.get(box.id);
        found.boxes.push({ id: box.id, x, y, width: box.width, height: box.height, open: Boolean(within) });
        if (within) lay(within, x + (box.width - within.width) / 2, y + SIZE.head, box.id);
      }
    };
    const top = level(data, 0, isOpen);
    lay(top, SIZE.edge, SIZE.edge, -1);
    found.width = top.width + 2 * SIZE.edge;
    found.height = top.height + 2 * SIZE.edge;
    return found;
  }

  /** Returns the number that a figure shows: of a range the largest; NaN where there is none. */
  function number(text) {
    const found = String(text).match(/-?inf|\d+(?:\.\d+)?(?:\/\d+)?/g);
    if (!found) return NaN;
    const last = found[found.length - 1];
    if (last.endsWith("inf")) return Infinity;
    const [above, below = "1"] = last.split("/");
    return Number(above) / Number(below);
  }

  /** Returns up to `most` bins for numbers, each with the smallest and the largest in it, evenly by their logarithms. */
  function bins(numbers, most) {
    const sorted = [...new Set(numbers.filter(Number.isFinite))].sort((a, b) => a - b);
    if (sorted.length <= most) return sorted.map((one) => [one, one]);
    const log = (one) => Math.log(Math.max(one, 1e-6));
    const [low, high] = [log(sorted[0]), log(sorted[sorted.length - 1])];
    const found = [];
    for (const one of sorted) {
      const place = Math.min(most - 1, Math.floor(((log(one) - low) / (high - low)) * most));
      if (found[place]) found[place][1] = one;
      else found[place] = [one, one];
    }
    return found.filter(Boolean);
  }

  /** Returns which bin a number lies in; -1 where none. */
  function bin(all, one) {
    return all.findIndex(([low, high]) => low <= one && one <= high);
  }

  pytestRf.nesting = { SIZE, spread, nest, number, bins, bin };
})();
