// Draws inputs and what is read of them on canvases. Nothing here keeps anything: who calls says what there is.
"use strict";

(() => {
  const MARGIN = 34; // for the scale, in CSS pixels
  const BESIDE = 0.12; // of the extent on either side, where padding is drawn
  const BARE = 0.015; // where there is none

  /** Returns the context of a canvas that is so large in CSS pixels, sharp on any screen. */
  function prepared(canvas, width, height) {
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 3);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  /** A scale along an axis: from input positions to pixels and back, with room for padding on either side. */
  class Scale {
    constructor(extent, from, to, beside = 0) {
      this.extent = extent;
      this.room = extent * beside;
      this.from = from;
      this.unit = (to - from) / (extent + 2 * this.room);
    }

    /** Returns where a position begins. */
    at(position) {
      const inside = Math.min(Math.max(position, -this.room), this.extent + this.room);
      return this.from + (inside + this.room) * this.unit;
    }

    /** Returns the position at a pixel, or the nearest. */
    position(pixel) {
      const found = Math.floor((pixel - this.from) / this.unit - this.room);
      return Math.min(Math.max(found, 0), this.extent - 1);
    }
  }

  function colours() {
    const names = ["ink", "soft", "line", "grid", "raised", "field", "pad", "effective", "context", "accent"];
    return Object.fromEntries(names.map((name) => [name, pytestRf.colour(`--${name}`)]));
  }

  /** Writes the ticks of a scale: positions, and what they are in the axis' own unit. */
  function labels(context, scale, across, horizontal, about, paint) {
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = paint.soft;
    context.strokeStyle = paint.line;
    context.lineWidth = 1;
    const length = scale.extent * scale.unit;
    for (const position of pytestRf.reads.ticks(scale.extent, length / (horizontal ? 70 : 45))) {
      const at = scale.at(position);
      context.beginPath();
      if (horizontal) {
        context.moveTo(at, across);
        context.lineTo(at, across + 4);
        context.textAlign = "center";
        context.textBaseline = "top";
        context.fillText(String(position), at, across + 6);
      } else {
        context.moveTo(across - 4, at);
        context.lineTo(across, at);
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(String(position), across - 6, at);
      }
      context.stroke();
    }
    const end = scale.at(scale.extent);
    context.fillStyle = paint.ink;
    const name = about.physical ? `${about.axis}, ${about.physical}` : about.axis;
    if (horizontal) {
      context.textAlign = "right";
      context.fillText(name, end, across + 20);
    } else {
      context.textAlign = "left";
      context.textBaseline = "bottom";
      context.fillText(name, 2, scale.at(0) - 6);
    }
  }

  function hatched(context, x, y, width, height, colour) {
    if (width <= 0 || height <= 0) return;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = colour;
    context.globalAlpha = 0.75;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = x - height; at < x + width; at += 5) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.restore();
  }

  /**
   * Draws two axes of an input and the region that is read of them.
   *
   * @param {HTMLCanvasElement} canvas where to.
   * @param {object} view width in pixels; rows and columns: {axis, physical, extent, read, tile, block, all}.
   */
  function plane(canvas, view) {
    const { rows, columns, image } = view;
    const beside = view.padded ? BESIDE : BARE;
    const room = 1 + 2 * beside;
    const inner = view.width - MARGIN - 8;
    const perPosition = Math.min(inner / (columns.extent * room), (view.height - MARGIN - 16) / (rows.extent * room));
    const wide = columns.extent * room * perPosition;
    const high = rows.extent * room * perPosition;
    const context = prepared(canvas, view.width, high + MARGIN + 16);
    const paint = colours();
    const x = new Scale(columns.extent, MARGIN, MARGIN + wide, beside);
    const y = new Scale(rows.extent, 14, 14 + high, beside);
    const [left, right, top, bottom] = [x.at(0), x.at(columns.extent), y.at(0), y.at(rows.extent)];
    context.fillStyle = paint.raised;
    context.fillRect(left, top, right - left, bottom - top);
    if (image) {
      context.imageSmoothingEnabled = true;
      context.drawImage(image, left, top, right - left, bottom - top);
    } else {
      grid(context, x, y, paint);
    }
    labels(context, x, bottom + x.room * x.unit + 1, true, columns, paint);
    labels(context, y, MARGIN - 2, false, rows, paint);
    region(context, x, y, rows.read, columns.read, paint, Boolean(image));
    if (view.effective) disc(context, x, y, rows.read.effective, columns.read.effective, paint);
    if (rows.block && columns.block) {
      const own = [x.at(columns.block[0]), y.at(rows.block[0])];
      context.strokeStyle = paint.ink;
      context.lineWidth = 1.5;
      context.strokeRect(
        own[0],
        own[1],
        Math.max(x.at(columns.block[1] + 1) - own[0], 2),
        Math.max(y.at(rows.block[1] + 1) - own[1], 2),
      );
    }
    context.strokeStyle = paint.line;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
    if (view.context) frame(context, left, top, right, bottom, paint);
    return { x, y };
  }

  function grid(context, x, y, paint) {
    context.strokeStyle = paint.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (const position of pytestRf.reads.ticks(x.extent, 16)) {
      context.moveTo(x.at(position), y.at(0));
      context.lineTo(x.at(position), y.at(y.extent));
    }
    for (const position of pytestRf.reads.ticks(y.extent, 16)) {
      context.moveTo(x.at(0), y.at(position));
      context.lineTo(x.at(x.extent), y.at(position));
    }
    context.stroke();
  }

  /** Fills what is read, hatches what is padding, and outlines both. */
  function region(context, x, y, rows, columns, paint, overImage) {
    const across = [...columns.runs, ...columns.beyond];
    const down = [...rows.runs, ...rows.beyond];
    if (!rows.runs.length || !columns.runs.length) return;
    const box = (scale, [lo, hi]) => [scale.at(lo), Math.max(scale.at(hi + 1) - scale.at(lo), 0.75)];
    context.save();
    if (overImage) {
      // What is not read is dimmed, what is read stays as it is.
      context.fillStyle = "rgba(0, 0, 0, 0.6)";
      context.beginPath();
      context.rect(x.at(0), y.at(0), x.at(x.extent) - x.at(0), y.at(y.extent) - y.at(0));
      for (const row of rows.runs) {
        for (const column of columns.runs) {
          const [left, width] = box(x, column);
          const [top, height] = box(y, row);
          context.rect(left, top, width, height);
        }
      }
      context.fill("evenodd");
    } else {
      context.fillStyle = paint.field;
      context.globalAlpha = 0.3;
      for (const row of rows.runs) {
        for (const column of columns.runs) {
          const [left, width] = box(x, column);
          const [top, height] = box(y, row);
          context.fillRect(left, top, width, height);
        }
      }
    }
    context.restore();
    for (const row of down) {
      for (const column of across) {
        if (rows.runs.includes(row) && columns.runs.includes(column)) continue;
        const [left, width] = box(x, column);
        const [top, height] = box(y, row);
        hatched(context, left, top, width, height, paint.pad);
      }
    }
    const hull = pytestRf.reads.hull;
    const [top, bottom] = hull(pytestRf.reads.union(down));
    const [left, right] = hull(pytestRf.reads.union(across));
    context.strokeStyle = paint.field;
    context.lineWidth = 1.5;
    context.strokeRect(x.at(left), y.at(top), x.at(right + 1) - x.at(left), y.at(bottom + 1) - y.at(top));
  }

  /** Draws the effective field: a soft disc, and the width of the uniform distribution that has its variance. */
  function disc(context, x, y, rows, columns, paint) {
    if (!rows || !columns) return;
    const [cx, cy] = [x.at(columns[0] + 0.5), y.at(rows[0] + 0.5)];
    const width = (deviation) => Math.sqrt(1 + 12 * deviation * deviation);
    const [rx, ry] = [(width(columns[1]) / 2) * x.unit, (width(rows[1]) / 2) * y.unit];
    context.save();
    context.translate(cx, cy);
    context.scale(rx, ry);
    const soft = context.createRadialGradient(0, 0, 0, 0, 0, 1);
    for (const stop of [0, 0.25, 0.5, 0.75, 1]) {
      // A normal distribution whose √3 deviations are the disc's edge.
      const share = Math.exp(-1.5 * stop * stop);
      soft.addColorStop(stop, transparent(paint.effective, 0.6 * share));
    }
    context.fillStyle = soft;
    context.beginPath();
    context.arc(0, 0, 1, 0, 2 * Math.PI);
    context.fill();
    context.restore();
    context.strokeStyle = paint.effective;
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
  }

  function transparent(colour, share) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return `rgba(${red}, ${green}, ${blue}, ${share})`;
  }

  function frame(context, left, top, right, bottom, paint) {
    context.strokeStyle = paint.context;
    context.lineWidth = 3;
    context.setLineDash([10, 4]);
    context.strokeRect(left - 3, top - 3, right - left + 6, bottom - top + 6);
    context.setLineDash([]);
  }

  /**
   * Draws the units of a tensor, the chosen one, and a tile of them.
   *
   * @param {object} view width, height; rows and columns: {extent, chosen, tile}; rows is null of one axis.
   */
  function units(canvas, view) {
    const { rows, columns } = view;
    const high = rows ? rows.extent : 1;
    const per = rows
      ? Math.min(view.width / columns.extent, view.height / high)
      : view.width / columns.extent;
    const size = [columns.extent * per, rows ? high * per : 28];
    const context = prepared(canvas, size[0], size[1]);
    const paint = colours();
    const x = new Scale(columns.extent, 0, size[0]);
    const y = new Scale(high, 0, size[1]);
    context.fillStyle = paint.raised;
    context.fillRect(0, 0, size[0], size[1]);
    context.strokeStyle = paint.grid;
    context.beginPath();
    const every = per >= 4 ? 1 : Math.ceil(8 / per);
    for (let at = 0; at <= columns.extent; at += every) {
      context.moveTo(x.at(at), 0);
      context.lineTo(x.at(at), size[1]);
    }
    for (let at = 0; rows && at <= high; at += every) {
      context.moveTo(0, y.at(at));
      context.lineTo(size[0], y.at(at));
    }
    context.stroke();
    const span = (scale, [lo, hi]) => [scale.at(lo), Math.max(scale.at(hi + 1) - scale.at(lo), 2.5)];
    const down = (one) => (rows ? span(y, one) : [0, size[1]]);
    if (columns.tile) {
      const [left, width] = span(x, columns.tile);
      const [top, height] = down(rows && rows.tile);
      context.fillStyle = transparent(paint.accent, 0.25);
      context.fillRect(left, top, width, height);
      context.strokeStyle = paint.accent;
      context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    }
    const [left, width] = span(x, [columns.chosen, columns.chosen]);
    const [top, height] = down(rows && [rows.chosen, rows.chosen]);
    context.fillStyle = paint.accent;
    context.fillRect(left, top, width, height);
    if (width < 6) {
      context.strokeStyle = paint.accent;
      context.strokeRect(left - 4, rows ? top - 4 : 0.5, width + 8, rows ? height + 8 : height - 1);
    }
    context.strokeStyle = paint.line;
    context.strokeRect(0.5, 0.5, size[0] - 1, size[1] - 1);
    return { x, y };
  }

  pytestRf.canvas = { prepared, Scale, colours, labels, hatched, transparent, plane, units };
})();
