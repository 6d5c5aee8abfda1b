// Unit tests of what the page's scripts compute: node --test tests/reporters/pages/
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { test } = require("node:test");

const STATIC = path.join(__dirname, "../../../pytest_rf/reporters/pages/static");
for (const name of ["base", "reads", "picker", "growth"]) require(path.join(STATIC, `${name}.js`));
const { read, readTile, standsFor, stepAt, union, within, size, hull, ticks } = pytestRf.reads;

// Patterns: three in a row; one of two, three times; everything; nothing.
const patterns = [[3], [1, 1, 1, 1, 1], [-1], []];
const data = { patterns };
const conv = { lines: [[2, 1, 5]], theory: [[1], [2], [[-1, 0]]], runs: [] };

test("a convolution with stride 2 reads three positions, clipped at the borders", () => {
  assert.deepEqual(read(data, conv, [0, 0, 0], 10).runs, [[0, 1]]);
  assert.deepEqual(read(data, conv, [0, 0, 0], 10).beyond, [[-1, -1]]);
  assert.deepEqual(read(data, conv, [0, 0, 2], 10).runs, [[3, 5]]);
  assert.deepEqual(read(data, conv, [0, 0, 4], 9).runs, [[7, 8]]);
  assert.deepEqual(read(data, conv, [0, 0, 4], 9).beyond, [[9, 9]]);
});

test("a dilated one leaves holes", () => {
  const dilated = { lines: [[0, 1, 8]], theory: [[1], [1], [[0, 1]]] };
  assert.deepEqual(read(data, dilated, [2], 12).runs, [[2, 2], [4, 4], [6, 6]]);
  assert.deepEqual(read(data, dilated, [7], 10).runs, [[7, 7], [9, 9]]);
});

test("phases repeat, and the period moves them", () => {
  const upsampled = { lines: [[0, 1, 8]], theory: [[2], [1], [[-1, 0], [0, 0]]] };
  assert.deepEqual(read(data, upsampled, [4], 9).runs, [[1, 3]]);
  assert.deepEqual(read(data, upsampled, [5], 9).runs, [[2, 4]]);
});

test("units that read something else stand in runs", () => {
  const table = { lines: [[0, 1, 6]], theory: [[1], [1], [[0, 0]]], runs: [[1, 2, 5, 1, 1], [5, 1, 0, 0, 3]] };
  assert.deepEqual(read(data, table, [0], 20).runs, [[0, 2]]);
  assert.deepEqual(read(data, table, [2], 20).runs, [[6, 6], [8, 8], [10, 10]]);
  assert.deepEqual(read(data, table, [3], 20).runs, [[3, 5]]);
  assert.deepEqual(read(data, table, [5], 20), { runs: [], beyond: [], endless: false, effective: null });
});

test("what has no end reads the whole input", () => {
  const mixed = { lines: [], theory: [[], [], [[0, 2]]], runs: [] };
  assert.deepEqual(read(data, mixed, [], 7).runs, [[0, 6]]);
  assert.equal(read(data, mixed, [], 7).endless, true);
});

test("a flattened axis is taken apart again", () => {
  const tokens = { lines: [[1, 1, 4]], theory: [[1], [1], [[0, 0]]] };
  assert.deepEqual(read(data, tokens, [0, 9], 10).runs, read(data, tokens, [0, 1], 10).runs);
  const rows = { lines: [[1, 4, 3]], theory: [[1], [1], [[0, 0]]] };
  assert.deepEqual(read(data, rows, [0, 9], 10).runs, [[2, 4]]);
});

test("a tile reads what its units do", () => {
  assert.deepEqual(readTile(data, conv, { 2: [1, 3] }, 10).runs, [[1, 7]]);
  const rows = { lines: [[1, 4, 3]], theory: [[1], [1], [[0, 0]]] };
  assert.deepEqual(readTile(data, rows, { 1: [3, 5] }, 10).runs, [[0, 3]]);
});

test("sets are joined where they touch, cut, and measured", () => {
  assert.deepEqual(union([[4, 6]], [[0, 1], [2, 2]], [[9, 9]]), [[0, 2], [4, 6], [9, 9]]);
  assert.deepEqual(within([[-3, 2], [8, 12]], 0, 9), [[0, 2], [8, 9]]);
  assert.equal(size([[0, 2], [8, 9]]), 5);
  assert.deepEqual(hull([[0, 2], [8, 9]]), [0, 9]);
  assert.equal(hull([]), null);
});

test("steps stand for positions", () => {
  assert.deepEqual(standsFor([4, 0, 3], 2, 2), [8, 11]);
  assert.deepEqual(standsFor([4, 0, 3], 2, 4), [8, 19]);
  assert.deepEqual(standsFor(["1/2", 0, 0], 5, 5), [2, 2]);
  assert.deepEqual(standsFor(["3/2", 0, "1/2"], 1, 1), [1, 2]);
  assert.deepEqual(standsFor([4, -3, 0], 0, 1), [-3, 4]); // a first frame alone, and then groups of four
  assert.equal(standsFor(null, 1, 1), null);
  assert.equal(stepAt([4, 0, 3], 11), 2);
  assert.equal(stepAt([4, -3, 0], 4), 1);
  assert.equal(stepAt(["1/2", 0, 0], 3), 6);
});

test("scales have round ticks, and an end", () => {
  assert.deepEqual(ticks(224, 5), [0, 50, 100, 150, 200]);
  assert.deepEqual(ticks(3, 10), [0, 1, 2, 3]);
  assert.deepEqual(ticks(7, 0), [0]);
});

test("tensors are found by all words, wherever they stand", () => {
  const tensors = [{ name: "enc.conv1", op: "Conv" }, { name: "enc.relu1", op: "Relu", module: "enc" }];
  assert.deepEqual(pytestRf.picker.matching(tensors, "ENC relu"), [1]);
  assert.deepEqual(pytestRf.picker.matching(tensors, ""), [0, 1]);
  assert.deepEqual(pytestRf.picker.parts("/layer1/conv1/Conv_output_0"), ["/layer1/conv1/", "Conv_output_0"]);
  assert.deepEqual(pytestRf.picker.parts("conv"), ["", "conv"]);
});

test("a place of a chart belongs to the last station before it", () => {
  assert.equal(pytestRf.growth.station([0, 10, 20, 30], 0), 0);
  assert.equal(pytestRf.growth.station([0, 10, 20, 30], 19), 1);
  assert.equal(pytestRf.growth.station([0, 10, 20, 30], 99), 2);
});
