"""What processes and kept results cost and bring: whole commands, in one run, each beside what it is held against.

    python benchmarks/running.py [--models 200] [--rounds 5]

Prints medians of seconds on the clock and of processor time, and the ratios that count: two processes against one over
many small models, a second run against the first, one model with a process of its own against one without. Ratios on
the clock mean something on a machine that does nothing else. What two processes can be is told by two commands side by
side that have nothing to do with each other: they do twice the work of one, and no machine does it in the same time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COMMAND = [sys.executable, "-m", "pytest_rf", "check", "-q"]


def model(number: int) -> onnx.ModelProto:
    """Return a residual net of some 60 to 100 nodes, another one for each number."""
    nodes, weights, last = [], [], "x"
    for layer in range(20 + number % 21):
        values = np.full((4, 4 if layer else 3, 3, 3), number, np.float32)
        weights.append(numpy_helper.from_array(values, f"w{layer}"))
        nodes.append(helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
        if layer % 4 == 3:
            nodes.append(helper.make_node("Add", [last, f"r{layer - 2}"], [f"a{layer}"]))
            last = f"a{layer}"
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])
    output = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [image], [output], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def taken(folder: Path, *options: str, beside: int = 1) -> tuple[float, float]:
    """Return the seconds of so many of a command side by side, on the clock and of processors."""
    before, start = os.times(), time.perf_counter()
    commands = [
        subprocess.Popen([*COMMAND, *options], cwd=folder, stdout=subprocess.DEVNULL) for _ in range(beside)
    ]
    statuses = [command.wait() for command in commands]
    if any(statuses):
        raise SystemExit(f"{' '.join(COMMAND)} fails")
    after = os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.models):
            onnx.save(model(number), folder / f"m{number:03}.onnx")
        (folder / "rf.toml").write_text(
            '[[model]]\nsource = "*.onnx"\nrequire = ["final rf >= 11", "final halo <= 100"]\n'
        )
        for number in range(options.rounds):
            kept = ("--cache-dir", str(folder / f"kept{number}"))
            both = taken(folder, "-j", "1", "--no-cache", beside=2)
            found.setdefault("two commands", []).append(both)
            for what, asked in {
                "one process": ("-j", "1", "--no-cache"),
                "two processes": ("-j", "2", "--no-cache"),
                "first run": ("-j", "1", *kept),
                "second run": ("-j", "1", *kept),
                "one model, here": ("m000.onnx", "--no-cache", "--isolate", "never"),
                "one model, isolated": ("m000.onnx", "--no-cache", "--isolate", "always"),
            }.items():
                found.setdefault(what, []).append(taken(folder, *asked))
    for what, times in found.items():
        clock, busy = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{what:20} {clock:7.2f} s  {busy:7.2f} s of processors")
    for what, times, over, under in (
        ("two processes, times as fast", 1, "one process", "two processes"),
        ("what the machine gives", 2, "one process", "two commands"),
        ("second run to first", 1, "second run", "first run"),
        ("isolated to here", 1, "one model, isolated", "one model, here"),
    ):
        ratios = [
            [times * one[side] / other[side] for one, other in zip(found[over], found[under], strict=True)]
            for side in (0, 1)
        ]
        clock, busy = map(statistics.median, ratios)
        print(f"{what:30} {clock:5.2f} (of processors: {busy:.2f})")


if __name__ == "__main__":
    main()
