// The section Look: a tensor is picked, a unit of it pointed at, and what it reads of every input lights up.
"use strict";

(() => {
  const PAIRS = { 2: [[0, 1]], 3: [[1, 2], [0, 2], [0, 1]] };

  /** What is looked at: a unit of a tensor, or a tile of units. */
  class Look {
    constructor(root, data, model) {
      this.root = root;
      this.data = data;
      this.model = model;
      this.unit = []; // places by the number of the tensor's axis
      this.tile = null; // [first, last] by the number of the tensor's axis
      this.images = {};
    }

    get tensor() {
      return this.model.data.tensors[this.model.chosen];
    }

    /** Returns the axes along which units of the tensor lie: [axis, label]. */
    get axes() {
      return this.data.units[this.data.kinds[this.model.chosen]] || [];
    }

    get inputs() {
      return this.model.data.inputs.filter((one) => Object.keys(one.axes).length);
    }

    /** Begins with the unit in the middle of a tensor. */
    begin() {
      this.tile = null;
      this.unit = [];
      for (const [axis] of this.axes) this.unit[axis] = Math.floor(this.tensor.shape[axis] / 2);
    }

    /** Moves the unit to a place along an axis, or to the nearest that there is. */
    move(axis, place) {
      this.unit[axis] = Math.min(Math.max(place, 0), this.tensor.shape[axis] - 1);
    }

    table(input, axis) {
      const number = this.data.fields[input][axis][this.model.chosen];
      return number < 0 ? null : this.data.tables[number];
    }

    /** Returns whether a unit at a corner of the tensor would read beyond the borders of an axis. */
    isPadded(input, axis) {
      const table = this.table(input.name, axis);
      const ends = [() => 0, (extent) => extent - 1].map((end) => {
        const unit = [];
        for (const [place] of this.axes) unit[place] = end(this.tensor.shape[place]);
        return unit;
      });
      const extent = input.shape[input.axes[axis]];
      return ends.some((unit) => pytestRf.reads.read(this.data, table, unit, extent).beyond.length > 0);
    }

    context(input, axis) {
      const number = this.data.context[input][axis][this.model.chosen];
      return number < 0 ? null : this.data.contexts[number];
    }

    /** Returns what is read of an axis of an input, with all that is told of it; null where that is not known. */
    along(input, axis) {
      const table = this.table(input.name, axis);
      if (!table) return null;
      const extent = input.shape[input.axes[axis]];
      const { readTile, read, standsFor } = pytestRf.reads;
      const found = this.tile
        ? { ...readTile(this.data, table, this.tile, extent), effective: null }
        : read(this.data, table, this.unit, extent);
      const line = table.lines.length === 1 ? table.lines[0] : null;
      const span = line && line[1] === 1 ? (this.tile ? this.tile[line[0]] : [this.unit[line[0]], this.unit[line[0]]]) : null;
      const block = span ? standsFor(table.steps, ...span) : null;
      const upper = (this.data.upper[input.name]?.[axis] || []).includes(this.model.chosen);
      return { table, found, extent, block, upper, context: this.context(input.name, axis) };
    }

    /** Returns the positions that light up: input -> axis -> list, for whoever reads the page by a program. */
    region() {
      const told = {};
      for (const input of this.inputs) {
        told[input.name] = {};
        for (const axis of Object.keys(input.axes)) {
          const along = this.along(input, axis);
          told[input.name][axis] =
            along &&
            along.found.runs.flatMap(([lo, hi]) => Array.from({ length: hi - lo + 1 }, (_, step) => lo + step));
        }
      }
      return told;
    }
  }

  /** Returns the distance of positions in the unit of an axis: "1.5 mm". */
  function physical(input, axis, positions) {
    const spacing = (input.spacing || {})[axis];
    if (!spacing) return "";
    const [number, unit] = spacing;
    const length = number * positions;
    if (unit === "s" && Math.abs(length) < 1 && length) return `${Number((length * 1000).toPrecision(4))} ms`;
    return `${Number(length.toPrecision(4))} ${unit}`;
  }

  pytestRf.section("look", (root, data, model) => {
    const { element } = pytestRf;
    const look = new Look(root, data, model);
    look.physical = physical;
    const id = `m${model.number}-look`;
    const chosen = root.querySelector(".chosen");
    const unitsRoot = root.querySelector(".units");
    const canvases = root.querySelector(".inputs");
    const table = root.querySelector(".told");
    const told = root.querySelector("[aria-live]");
    let effective = true;
    let map = null; // the scales of the map of units
    let drag = null;
    let pinned = null; // the unit that a passing pointer gives back

    const picker = pytestRf.picker.picker(root.querySelector(".picker"), model, id);
    const canvas = root.querySelector("canvas.map");

    for (const [name, source] of Object.entries(data.images || {})) {
      const image = new Image();
      image.addEventListener("load", () => {
        look.images[name] = image;
        draw();
      });
      image.src = source;
    }

    model.onChoose(() => {
      look.begin();
      picker.follow();
      rebuild();
    });
    pytestRf.onTheme(draw);
    let width = 0;
    new ResizeObserver(() => {
      // What is drawn changes heights only; what is hidden has no width to draw in.
      if (!root.clientWidth || Math.abs(root.clientWidth - width) < 2) return;
      width = root.clientWidth;
      draw();
    }).observe(root);
    root.querySelector("input.effective").addEventListener("change", (event) => {
      effective = event.target.checked;
      draw();
    });

    // ------------------------------------------------------------------ units

    /** Returns the axes of the map: rows and columns, the last two along which units lie. */
    function mapped() {
      const axes = look.axes.map(([axis]) => axis);
      return axes.length > 1 ? axes.slice(-2) : [null, axes[0]];
    }

    function rebuild() {
      const one = look.tensor;
      const [path, end] = pytestRf.picker.parts(one.name);
      chosen.replaceChildren(
        element("span", { class: "name" }, path, element("b", {}, end)),
        ` ${one.label ? `${one.op} ${one.label}` : one.op}`,
        element("span", { class: "shape" }, one.shape ? one.shape.join("×") || "scalar" : "shape not known"),
        one.status && one.status !== "exact"
          ? element("span", { class: one.status }, `${one.status.replace("_", " ")}: ${one.reason}`)
          : "",
      );
      unitsRoot.replaceChildren(
        ...look.axes.map(([axis, label]) => {
          const extent = one.shape[axis];
          const input = element("input", {
            type: "number",
            min: 0,
            max: extent - 1,
            id: `${id}-axis${axis}`,
            "data-axis": axis,
            oninput: (event) => {
              if (event.target.value === "") return;
              look.tile = null;
              look.move(axis, Number(event.target.value));
              draw();
            },
          });
          return element("label", {}, element("span", {}, label), input, element("span", { class: "of" }, `of ${extent}`));
        }),
      );
      canvas.hidden = !look.axes.length;
      const ranks = look.inputs.map((input) => Object.keys(input.axes).length);
      root.querySelector(".stage").classList.toggle("wide", ranks.some((rank) => rank !== 2) || ranks.length > 1);
      canvas.setAttribute("aria-label", `Units of ${one.name}. Arrow keys move the unit, with shift they draw a tile.`);
      draw();
    }

    function pointed(event) {
      const [row, column] = mapped();
      const box = canvas.getBoundingClientRect();
      return [row === null ? null : map.y.position(event.clientY - box.top), map.x.position(event.clientX - box.left), row, column];
    }

    function point(event) {
      const [y, x, row, column] = pointed(event);
      if (row !== null) look.move(row, y);
      look.move(column, x);
    }

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      look.tile = null;
      point(event);
      pinned = null;
      drag = [...look.unit];
      draw();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag && (event.pointerType !== "mouse" || look.tile)) return;
      if (!drag && !pinned) pinned = [...look.unit];
      point(event);
      if (drag) tileFrom(drag);
      draw();
    });
    canvas.addEventListener("pointerup", () => {
      drag = null;
    });
    canvas.addEventListener("pointerleave", () => {
      if (!pinned || drag) return;
      look.unit = pinned;
      pinned = null;
      draw();
    });

    function tileFrom(start) {
      look.tile = {};
      for (const [axis] of look.axes) {
        look.tile[axis] = [Math.min(start[axis], look.unit[axis]), Math.max(start[axis], look.unit[axis])];
      }
      if (Object.values(look.tile).every(([first, last]) => first === last)) look.tile = null;
    }

    let anchor = null; // where a tile began that is drawn by keys
    canvas.addEventListener("keydown", (event) => {
      const axes = look.axes.map(([axis]) => axis);
      const [row, column] = mapped();
      const far = event.ctrlKey ? 10 : 1;
      const moves = {
        ArrowLeft: [column, -far],
        ArrowRight: [column, far],
        ArrowUp: [row === null ? column : row, -far],
        ArrowDown: [row === null ? column : row, far],
        PageUp: [axes[0], -1],
        PageDown: [axes[0], 1],
        Home: [column, -Infinity],
        End: [column, Infinity],
      };
      if (event.key === "Escape") look.tile = null;
      else if (!(event.key in moves)) return;
      event.preventDefault();
      if (event.key in moves) {
        if (event.shiftKey) anchor = look.tile && anchor ? anchor : [...look.unit];
        const [axis, step] = moves[event.key];
        look.move(axis, look.unit[axis] + step);
        if (event.shiftKey) tileFrom(anchor);
        else look.tile = null;
      }
      pinned = null;
      draw();
    });

    // ------------------------------------------------------------------ what is read

    function draw() {
      if (model.chosen === null) return;
      for (const input of unitsRoot.querySelectorAll("input")) {
        if (document.activeElement !== input) input.value = look.unit[Number(input.dataset.axis)];
      }
      const [row, column] = mapped();
      if (column !== undefined) {
        const about = (axis) => ({
          extent: look.tensor.shape[axis],
          chosen: look.unit[axis],
          tile: look.tile && look.tile[axis],
        });
        map = pytestRf.canvas.units(canvas, {
          width: Math.max(Math.min(row === null ? 560 : 200, root.clientWidth - 16), 40),
          height: 200,
          rows: row === null ? null : about(row),
          columns: about(column),
        });
      }
      canvases.replaceChildren(...look.inputs.map(panel));
      pytestRf.lookTable(table, look);
      told.textContent = pytestRf.lookTable.sentence(look);
      root.dataset.unit = look.axes.map(([axis]) => look.unit[axis]).join(",");
      root.dataset.tensor = look.tensor.name;
    }

    function panel(input) {
      const names = Object.keys(input.axes);
      const alongs = names.map((axis) => look.along(input, axis));
      const caption = element("figcaption", {}, element("span", { class: "name" }, input.name), ` ${input.shape.join("×")}`);
      const figure = element("figure", { class: `axes${names.length}` }, caption);
      if (alongs.some((one) => one === null)) {
        figure.append(element("p", { class: "note" }, `What it reads is not known. ${look.tensor.reason || ""}`));
        return figure;
      }
      const about = (place) => ({
        axis: names[place],
        physical: physical(input, names[place], alongs[place].extent),
        extent: alongs[place].extent,
        read: alongs[place].found,
        block: alongs[place].block,
      });
      const any = alongs.some((one) => one.context);
      if (names.length === 1) {
        const body = element("div", {});
        figure.append(body);
        pytestRf.timeline(body, {
          ...about(0),
          width: Math.max(canvases.clientWidth, 280),
          told: pytestRf.lookTable.sentence(look),
          context: any,
        });
        return figure;
      }
      const several = names.length > 2;
      const third = Math.max((canvases.clientWidth - 34) / 3, 240);
      const most = several ? Math.min(third, 330) : look.inputs.length > 1 ? 420 : 620;
      for (const [rows, columns] of PAIRS[names.length] || []) {
        const made = element("canvas", { role: "img", "aria-label": `${names[rows]} and ${names[columns]} of ${input.name}: ${pytestRf.lookTable.sentence(look)}` });
        const scales = pytestRf.canvas.plane(made, {
          width: Math.min(canvases.clientWidth || most, most),
          height: several ? 360 : 560,
          rows: about(rows),
          columns: about(columns),
          padded: names.some((axis) => look.isPadded(input, axis)),
          image: several ? null : look.images[input.name],
          effective,
          context: any,
        });
        made.addEventListener("click", (event) => aim(event, made, scales, input, [names[rows], names[columns]]));
        figure.append(made);
      }
      return figure;
    }

    /** Moves to the unit that stands for the position of an input that was clicked on. */
    function aim(event, made, scales, input, [rowAxis, columnAxis]) {
      const box = made.getBoundingClientRect();
      const clicked = [
        [rowAxis, scales.y.position(event.clientY - box.top)],
        [columnAxis, scales.x.position(event.clientX - box.left)],
      ];
      for (const [axis, position] of clicked) {
        const { lines, steps } = look.table(input.name, axis);
        if (lines.length !== 1 || lines[0][1] !== 1 || !steps) continue;
        look.move(lines[0][0], pytestRf.reads.stepAt(steps, position));
      }
      look.tile = null;
      pinned = null;
      draw();
    }

    look.choose = (unit, tile = null) => {
      look.axes.forEach(([axis], place) => look.move(axis, unit[place]));
      look.tile = tile && Object.fromEntries(look.axes.map(([axis], place) => [axis, tile[place]]));
      draw();
    };
    model.look = look;
    model.choose(data.first, "look");
  });

  /** Returns what lights up on the page of a model: input -> axis -> positions. */
  pytestRf.region = (number = 0) => pytestRf.models[number].look.region();
})();
