// Unit tests of where boxes stand: node --test tests/reporters/pages/
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { test } = require("node:test");

const STATIC = path.join(__dirname, "../../../pytest_rf/reporters/pages/static");
for (const name of ["base", "nesting"]) require(path.join(STATIC, `${name}.js`));
const { SIZE, spread, nest, number, bins, bin } = pytestRf.nesting;

// a, then b with two branches c and d in it that a box e joins, then f; b's input passes c by.
const data = {
  inner: [-1, 1, -1, -1, -1, -1],
  levels: [
    { first: 0, count: 3, edges: [1, 2, 2, 3], rows: [0, 0, 1, 2, 0], across: [0, 0, 0, 0, 0] },
    {
      first: 3,
      count: 3,
      edges: [0, 1, 0, 2, 1, 3, 2, 3, 0, 3, 3, 4],
      rows: [0, 1, 1, 2, 3],
      across: [1, 0, 1, 0.5, 0.5],
      ways: { 0: [2] },
    },
  ],
};
const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test("things that do not touch stay where they want to be", () => {
  assert.deepEqual(spread([{ at: 0, width: 10 }, { at: 50, width: 10 }], 5), [0, 50]);
});

test("things that touch move apart as little as it takes", () => {
  assert.deepEqual(spread([{ at: 0, width: 10 }, { at: 0, width: 20 }], 5), [-10, 10]);
  assert.deepEqual(spread([{ at: 0, width: 10 }, { at: 1, width: 10 }, { at: 99, width: 10 }], 5), [-7, 8, 99]);
});

test("closed boxes stand one below the other", () => {
  const { boxes, edges } = nest(data, () => false);
  assert.deepEqual(boxes.map((one) => one.id), [0, 1, 2]);
  assert.deepEqual(edges.map((one) => [one.from, one.to]), [[0, 1], [1, 2]]);
  assert.equal(boxes[1].y - boxes[0].y, SIZE.height + SIZE.row);
  assert.ok(boxes.every((one) => one.x === boxes[0].x && !one.open));
});

test("an open box holds its own, which do not overlap, and all below make room", () => {
  const { boxes, edges, width, height } = nest(data, (box) => box === 1);
  const by = Object.fromEntries(boxes.map((one) => [one.id, one]));
  assert.equal(boxes.length, 6);
  for (const id of [3, 4, 5]) {
    const [own, around] = [by[id], by[1]];
    assert.ok(own.x >= around.x && own.x + own.width <= around.x + around.width);
    assert.ok(own.y >= around.y + SIZE.head && own.y + own.height <= around.y + around.height);
  }
  for (const [a, b] of [[3, 4], [3, 5], [4, 5], [0, 1], [1, 2]]) assert.ok(!overlap(by[a], by[b]));
  assert.equal(by[3].y, by[4].y);
  assert.ok(by[2].y > by[1].y + by[1].height);
  assert.ok(boxes.every((one) => one.x >= 0 && one.x + one.width <= width && one.y + one.height <= height));
  const inner = edges.filter((one) => one.parent === 1).map((one) => [one.from, one.to]);
  assert.deepEqual(inner, [[-1, 3], [-1, 4], [3, 5], [4, 5], [-1, 5], [5, -1]]);
});

test("the largest number that a figure shows", () => {
  assert.equal(number("36 to 40"), 40);
  assert.equal(number("≤ 5"), 5);
  assert.equal(number("1/2"), 0.5);
  assert.equal(number("224*"), 224);
  assert.equal(number("inf"), Infinity);
  assert.ok(Number.isNaN(number("–")));
});

test("bins hold all numbers, each in one", () => {
  assert.deepEqual(bins([1, 2, 2, Infinity, NaN, 4], 7), [[1, 1], [2, 2], [4, 4]]);
  const many = Array.from({ length: 400 }, (_, place) => 2 * place + 1);
  const found = bins(many, 7);
  assert.ok(found.length <= 7);
  assert.ok(many.every((one) => bin(found, one) >= 0));
  assert.ok(found.every(([low, high], place) => low <= high && (!place || found[place - 1][1] < low)));
  assert.equal(bin(found, -1), -1);
});
