// What units read, decoded from the tables of the page (see reads.py). Nothing here touches the document.
//
// A set of positions is a list of runs [first, last], both inclusive, in order and apart from each other.
"use strict";

(() => {
  /** Returns the number of a unit in a table: its places along the lines, the last line's first. */
  function number(table, unit) {
    return table.lines.reduce(
      (sum, [axis, inner, extent]) => sum * extent + (Math.floor(unit[axis] / inner) % extent),
      0,
    );
  }

  /** Returns the places along the lines of the unit of a number. */
  function places(table, at) {
    const found = [];
    for (const [, , extent] of [...table.lines].reverse()) {
      found.unshift(at % extent);
      at = Math.floor(at / extent);
    }
    return found;
  }

  /** Returns the two numbers of what repeats, for the unit at some places: the first moved by the periods before. */
  function cell([periods, jumps, cells], at) {
    let place = 0;
    let moved = 0;
    periods.forEach((period, line) => {
      place = place * period + (at[line] % period);
      moved += jumps[line] * Math.floor(at[line] / period);
    });
    return [cells[place][0] + moved, cells[place][1]];
  }

  /** Returns the runs of a pattern that begins at a position; null where it has no end. */
  function spread(pattern, first) {
    if (pattern[0] === -1) return null;
    const runs = [];
    let at = first;
    pattern.forEach((length, place) => {
      if (place % 2 === 0 && length > 0) runs.push([at, at + length - 1]);
      at += length;
    });
    return runs;
  }

  /** Returns what of a set lies from first to last. */
  function within(runs, first, last) {
    return runs
      .map(([lo, hi]) => [Math.max(lo, first), Math.min(hi, last)])
      .filter(([lo, hi]) => lo <= hi);
  }

  /** Returns the union of sets. */
  function union(...sets) {
    const sorted = sets.flat().sort((a, b) => a[0] - b[0]);
    const found = [];
    for (const [lo, hi] of sorted) {
      const last = found[found.length - 1];
      if (last && lo <= last[1] + 1) last[1] = Math.max(last[1], hi);
      else found.push([lo, hi]);
    }
    return found;
  }

  /** Returns the run of a table that the unit of a number stands in, if there is one. */
  function stretch(runs, at) {
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle][0] <= at) low = middle + 1;
      else high = middle;
    }
    const found = runs[low - 1];
    return found && at < found[0] + found[1] ? found : null;
  }

  /**
   * Returns what a unit reads along an axis.
   *
   * @param {object} data patterns and tables.
   * @param {object} table the table of its tensor.
   * @param {number[]} unit its places, by the number of the tensor's axis.
   * @param {number} extent that of the input.
   * @returns {{runs: number[][], beyond: number[][], endless: boolean, effective: number[] | null}} what it reads, what
   *     it would read beyond the borders, whether that has no end, and mean and deviation of its energy.
   */
  function read(data, table, unit, extent) {
    const at = number(table, unit);
    const along = places(table, at);
    let beyond = [];
    let endless = false;
    let runs = null;
    if (table.theory) {
      const [first, pattern] = cell(table.theory, along);
      const whole = spread(data.patterns[pattern], first);
      endless = whole === null;
      runs = endless ? [[0, extent - 1]] : within(whole, 0, extent - 1);
      if (!endless && whole.length) {
        beyond = [...within(whole, -Infinity, -1), ...within(whole, extent, Infinity)];
      }
    }
    const found = stretch(table.runs || [], at);
    if (found) {
      const [begin, , first, step, pattern] = found;
      runs = spread(data.patterns[pattern], first + step * (at - begin)) || [[0, extent - 1]];
    }
    if (!runs.length) beyond = [];
    return { runs, beyond, endless, effective: table.effective ? cell(table.effective, along) : null };
  }

  /**
   * Returns what the units of a tile read together along an axis.
   *
   * @param {object} spans first and last place by the number of the tensor's axis.
   */
  function readTile(data, table, spans, extent) {
    let numbers = [0];
    for (const [axis, inner, extentOfLine] of table.lines) {
      const [first, last] = spans[axis];
      const here = new Set();
      for (let step = Math.floor(first / inner); step <= Math.floor(last / inner); step += 1) {
        here.add(step % extentOfLine);
        if (here.size === extentOfLine) break;
      }
      numbers = numbers.flatMap((before) => [...here].map((place) => before * extentOfLine + place));
    }
    const sets = numbers.map((at) => {
      const unit = [];
      places(table, at).forEach((place, line) => {
        const [axis, inner] = table.lines[line];
        unit[axis] = (unit[axis] || 0) + place * inner;
      });
      return read(data, table, unit, extent);
    });
    return { runs: union(...sets.map((one) => one.runs)), beyond: union(...sets.map((one) => one.beyond)) };
  }

  /** Returns a figure, which may be a fraction as text, as numerator and denominator. */
  function fraction(figure) {
    const [above, below = 1] = String(figure).split("/").map(Number);
    return [above, below];
  }

  /** Returns rate·step + offset, rounded down. */
  function reached(rate, step, offset) {
    const [above, below] = fraction(rate);
    const [plus, parts] = fraction(offset);
    return Math.floor((above * step * parts + plus * below) / (below * parts));
  }

  /** Returns the input positions that the steps first to last stand for; null where there are none. */
  function standsFor(steps, first, last) {
    if (!steps) return null;
    const [rate, begin, end] = steps;
    return [reached(rate, first, begin), Math.max(reached(rate, last, end), reached(rate, first, begin))];
  }

  /** Returns the step that stands for a position, or the nearest. */
  function stepAt([rate, begin], position) {
    const [above, below] = fraction(rate);
    const [plus, parts] = fraction(begin);
    return Math.floor(((position - plus / parts) * below) / above);
  }

  /** Returns how many positions a set has. */
  function size(runs) {
    return runs.reduce((sum, [lo, hi]) => sum + hi - lo + 1, 0);
  }

  /** Returns first and last position of a set; null where it is empty. */
  function hull(runs) {
    return runs.length ? [runs[0][0], runs[runs.length - 1][1]] : null;
  }

  /** Returns about count round positions from 0 to extent for the ticks of a scale. */
  function ticks(extent, count) {
    const rough = Math.max(extent / Math.max(count, 1), 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) || rough;
    const found = [];
    for (let at = 0; at <= extent; at += step) found.push(at);
    return found;
  }

  pytestRf.reads = { read, readTile, standsFor, stepAt, union, within, size, hull, ticks };
})();
