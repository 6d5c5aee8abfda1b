// What the pictures of Look show, in words: a table, and a sentence for who does not see them.
"use strict";

(() => {
  const { element } = pytestRf;
  const WORDS = { lookback: "look-back", lookahead: "look-ahead", multiple: "extents in multiples of" };

  function runs(list) {
    const all = list.map(([lo, hi]) => (lo === hi ? String(lo) : `${lo}–${hi}`));
    return all.length > 6 ? `${all.slice(0, 6).join(", ")}, … ${all.length} runs` : all.join(", ");
  }

  /** Returns a sentence about what is read of all inputs. */
  function sentence(look) {
    const where = look.axes
      .map(([axis, label]) => {
        const [first, last] = look.tile ? look.tile[axis] : [look.unit[axis], look.unit[axis]];
        return first === last ? `${label} ${first}` : `${label} ${first} to ${last}`;
      })
      .join(", ");
    const parts = look.inputs.map((input) => {
      const axes = Object.keys(input.axes).map((axis) => {
        const along = look.along(input, axis);
        if (!along) return `${axis}: not known`;
        const context = along.context ? " and context of the whole axis" : "";
        const hull = pytestRf.reads.hull(along.found.runs);
        return hull ? `${axis} ${hull[0]} to ${hull[1]}${context}` : `nothing of ${axis}${context}`;
      });
      return `of ${input.name}: ${axes.join(", ")}`;
    });
    const what = look.tile ? "The tile" : "The unit";
    return `${what}${where ? ` ${where}` : ""} reads ${parts.join("; ")}.`;
  }

  /** Fills an element with a table: a row for each axis of each input. */
  function lookTable(root, look) {
    const reach = look.tile ? "halo before, after" : "back, ahead";
    const heads = ["axis", "reads", "positions", "padding before, after", "effective", "stands for", reach];
    const rows = look.inputs.flatMap((input) =>
      Object.keys(input.axes).map((axis) => row(look, input, axis)),
    );
    root.replaceChildren(
      element(
        "table",
        {},
        element("caption", {}, look.tile ? "What the tile reads, and its halo" : "What the unit reads"),
        element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, ...rows),
      ),
      ...notes(look),
    );
  }

  function row(look, input, axis) {
    const name = look.inputs.length > 1 ? `${input.name} ${axis}` : axis;
    const head = element("th", { scope: "row" }, name);
    const along = look.along(input, axis);
    if (!along) return element("tr", {}, head, element("td", { colspan: 6 }, "not known"));
    const { found, extent, block, table } = along;
    const count = pytestRf.reads.size(found.runs);
    const hull = pytestRf.reads.hull(found.runs);
    const before = found.beyond.filter(([, hi]) => hi < 0);
    const after = found.beyond.filter(([lo]) => lo >= extent);
    const outside = [before.length ? -before[0][0] : 0, after.length ? after[after.length - 1][1] - extent + 1 : 0];
    const length = hull ? hull[1] - hull[0] + 1 : 0;
    const holes = length - count;
    const measured = look.physical(input, axis, length);
    const width = found.effective ? Math.sqrt(1 + 12 * found.effective[1] ** 2) : null;
    const whole = pytestRf.reads.hull(pytestRf.reads.union(found.runs, found.beyond));
    const reach = block && whole ? [block[0] - whole[0], whole[1] - block[1]] : null;
    const cells = [
      hull ? `${along.upper ? "at most " : ""}${runs(found.runs)}` : "nothing",
      `${count}${holes ? `, ${holes} holes` : ""}${table.hulls ? ", holes not known" : ""}${measured ? ` (${measured})` : ""}`,
      outside[0] || outside[1] ? outside.join(", ") : "none",
      width === null ? "–" : width.toPrecision(4),
      block ? (block[0] === block[1] ? String(block[0]) : `${block[0]}–${block[1]}`) : "–",
      look.tile && isHopeless(look, input, axis, along.context) ? "none is enough" : reach ? reach.join(", ") : "–",
    ];
    return element("tr", {}, head, ...cells.map((cell) => element("td", {}, cell)));
  }

  /** Returns whether no halo makes a tile equal the whole: statistics come in, or the model is tied to the extent. */
  function isHopeless(look, input, axis, context) {
    const about = look.data.guarantees.find(
      (one) => one.tensor === look.model.chosen && one.input === input.name && one.axis === axis,
    );
    if (about?.figures.halo) return about.figures.halo.includes("inf");
    return Boolean(context) && !context.accepted;
  }

  /** Returns what is said below the table: context with its sources, and what is guaranteed of final tensors. */
  function notes(look) {
    const made = [];
    const contexts = new Map();
    for (const input of look.inputs) {
      for (const axis of Object.keys(input.axes)) {
        const context = look.context(input.name, axis);
        if (!context) continue;
        const key = JSON.stringify(context);
        contexts.set(key, [...(contexts.get(key) || []), look.inputs.length > 1 ? `${input.name} ${axis}` : axis]);
      }
    }
    for (const [key, axes] of contexts) {
      const { nodes, more, accepted } = JSON.parse(key);
      const names = nodes.flatMap((name, place) => [place ? ", " : "", element("span", { class: "name" }, name)]);
      made.push(
        element(
          "p",
          { class: "context" },
          `Context of the whole ${axes.join(", ")}${accepted ? ", accepted" : ""}, from `,
          ...names,
          more ? ` and ${more} more` : "",
        ),
      );
    }
    for (const [figures, axes] of guaranteed(look)) {
      made.push(element("p", { class: "note" }, `Guaranteed along ${axes.join(", ")}: ${figures}`));
    }
    return made;
  }

  /** Returns a figure with its length in the unit of the axis. */
  function lengthOf(look, about, name, value) {
    if (Array.isArray(value)) return value.join(" and ");
    const input = look.inputs.find((one) => one.name === about.input);
    const measured = name !== "multiple" && Number.isFinite(value) && look.physical(input, about.axis, value);
    return measured ? `${value} (${measured})` : String(value);
  }

  /** Returns a figure that is guaranteed, in words. */
  function guarantee(look, about, name, value) {
    if (name === "halo" && value.every((one) => one === "inf")) return "no halo is enough";
    return `${WORDS[name] || name} ${lengthOf(look, about, name, value)}`;
  }

  /** Returns the figures that are guaranteed of the tensor, in words, with the axes of which they are true. */
  function guaranteed(look) {
    const found = new Map();
    for (const one of look.data.guarantees) {
      if (one.tensor !== look.model.chosen) continue;
      const figures = Object.entries(one.figures)
        .filter(([name, value]) => name !== "multiple" || value !== 1) // any extent fits
        .map(([name, value]) => guarantee(look, one, name, value))
        .join(" · ");
      const where = look.inputs.length > 1 ? `${one.input} ${one.axis}` : one.axis;
      if (figures && !(found.get(figures) || []).includes(where)) {
        found.set(figures, [...(found.get(figures) || []), where]);
      }
    }
    return found;
  }

  lookTable.sentence = sentence;
  pytestRf.lookTable = lookTable;
})();
