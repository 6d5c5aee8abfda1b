"""Time of the analysis by the number of nodes: it must grow no faster than they do.

    python benchmarks/nodes.py [--runs N]

Prints a Markdown table: for each kind of graph and each number of nodes the CPU time of reading the
graph and of the finite and the theoretical field of its output, per node, and that beside the smallest
graph's. The last row of the chain is a chain of 10,000 nodes, which must not overflow the stack.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, numpy_helper

import pytest_rf

SIZES = (500, 1_000, 2_000, 5_000)
DEEPEST = 10_000
CHANNELS = 4


class Writer:
    """Writes nodes; all convolutions share one weight, which says all that the analysis needs."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"n{len(self.nodes)}", **attributes))
        return name

    def conv(self, x: str, channels: int = CHANNELS, kernel: int = 3) -> str:
        weight = f"w{channels}x{kernel}"
        shape = (CHANNELS, channels, kernel, kernel)
        self.weights.setdefault(weight, numpy_helper.from_array(np.zeros(shape, np.float32), weight))
        return self.add("Conv", x, weight, pads=[kernel // 2] * 4)

    def model(self, output: str) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, CHANNELS, 64, 64))
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "nodes", [image], [result], list(self.weights.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def chain(count: int) -> onnx.ModelProto:
    """Convolutions and activations one behind the other."""
    writer, x = Writer(), "x"
    while len(writer.nodes) < count:
        x = writer.add("Relu", writer.conv(x))
    return writer.model(x)


def residual(count: int) -> onnx.ModelProto:
    """Blocks of two convolutions with a way around."""
    writer, x = Writer(), "x"
    while len(writer.nodes) < count:
        y = writer.conv(writer.add("Relu", writer.conv(x)))
        x = writer.add("Relu", writer.add("Add", x, y))
    return writer.model(x)


def dense(count: int) -> onnx.ModelProto:
    """Dense blocks of 8 layers, each of which concatenates all that came before it in the block."""
    writer, x = Writer(), "x"
    while len(writer.nodes) < count:
        made = [x]
        for _ in range(8):
            joined = writer.add("Concat", *made, axis=1) if len(made) > 1 else x
            made.append(writer.conv(writer.add("Relu", joined), CHANNELS * len(made)))
        x = writer.conv(writer.add("Concat", *made, axis=1), CHANNELS * len(made), 1)
    return writer.model(x)


def decoders(count: int) -> onnx.ModelProto:
    """U-shaped nets of 5 levels one behind the other: strides, upsampling, concatenation."""
    writer, x = Writer(), "x"
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    writer.weights["scales"] = scales
    while len(writer.nodes) < count:
        levels = [x]
        for _ in range(5):
            x = writer.add("MaxPool", writer.conv(x), kernel_shape=[2, 2], strides=[2, 2])
            levels.append(x)
        for level in levels[-2::-1]:
            x = writer.add("Resize", x, "", "scales", mode="nearest")
            x = writer.conv(writer.add("Concat", x, level, axis=1), 2 * CHANNELS)
    return writer.model(x)


def shapes(count: int) -> onnx.ModelProto:
    """Reshapes to extents that a subgraph of Shape, Gather, Concat computes, as exporters write them."""
    writer, x = Writer(), "x"
    for name, value in (("zero", [0]), ("one", [1]), ("minus", [-1])):
        writer.weights[name] = numpy_helper.from_array(np.array(value, np.int64), name)
    while len(writer.nodes) < count:
        shape = writer.add("Shape", x)
        parts = [writer.add("Gather", shape, index) for index in ("zero", "one")]
        flat = writer.add("Reshape", x, writer.add("Concat", *parts, "minus", axis=0))
        x = writer.conv(writer.add("Reshape", writer.add("Relu", flat), shape))
    return writer.model(x)


def seconds(model: onnx.ModelProto, runs: int) -> float:
    """Return the median CPU time of analysing ``model`` and of asking for its output's field."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        tensor = pytest_rf.analyze(model).final[0]
        for axis in tensor.field():
            assert tensor[axis].rf > 0
            tensor.bounds(axis)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def table(title: str, make: Callable[[int], onnx.ModelProto], sizes: tuple[int, ...], runs: int) -> None:
    """Print the rows of one kind of graph."""
    seconds(make(sizes[0]), 1)  # warm-up
    base = 0.0
    for size in sizes:
        model = make(size)
        count = len(model.graph.node)
        each = 1000 * seconds(model, runs) / count
        base = base or each
        print(f"| {title} | {count:,} | {each * count:,.0f} | {each:.3f} | {each / base:.2f} |", flush=True)


def main() -> None:
    """Print the table of all kinds of graphs."""
    parser = argparse.ArgumentParser(description="Time of the analysis by the number of nodes.")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print("| graph | nodes | ms | ms/node | beside the smallest |")
    print("| --- | ---: | ---: | ---: | ---: |")
    table("chain", chain, (*SIZES, DEEPEST), runs)
    for make in (residual, dense, decoders, shapes):
        table(make.__name__, make, SIZES, runs)


if __name__ == "__main__":
    main()
