"""What the weights in a file cost a check: files of one net with 100 MB, 1 GB and 1.9 GB of them, read in one run.

Run by hand: ``python benchmarks/reading.py``. Each command runs several times in turn with the others; printed are
the medians of processor time, the largest memory, and the ratio to ``onnx.load`` of the same file.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

LAYERS = 16


def write(path: Path, size: int) -> None:
    """Write a chain of convolutions whose kernels have ``size`` bytes together, kernel by kernel."""
    channels = int((size / LAYERS / 4 / 9) ** 0.5)
    nodes, weights = [], []
    for layer in range(LAYERS):
        nodes.append(
            helper.make_node(
                "Conv", [f"x{layer}", f"w{layer}"], [f"x{layer + 1}"], pads=[1] * 4, name=f"c{layer}"
            )
        )
        weights.append(f"w{layer}")
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [1, channels, 64, 64])],
        [helper.make_tensor_value_info(f"x{LAYERS}", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    kernel = channels * channels * 9 * 4
    with path.open("wb") as file:
        file.write(model.SerializeToString())
        for (
            name
        ) in weights:  # a message in pieces is one message: each piece adds an initializer to the graph
            tensor = onnx.TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[channels, channels, 3, 3])
            head = tensor.SerializeToString() + b"\x4a" + _varint(kernel)
            initializer = b"\x2a" + _varint(len(head) + kernel) + head
            file.write(b"\x3a" + _varint(len(initializer) + kernel) + initializer)
            left = kernel
            while left:
                left -= file.write(bytes(min(left, 1 << 20)))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def measure(command: list[str]) -> tuple[float, int]:
    """Return the processor time of a command in seconds, and its largest memory in MB."""
    program = (
        "import resource, subprocess, sys\n"
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, status)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=True
    )
    seconds, memory, status = told.stdout.split()
    if status != "0":
        raise SystemExit(f"{' '.join(command)}: exit status {status}")
    return float(seconds), int(memory)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=float, nargs="*", default=[0.1, 1.0, 1.9], help="GB of weights")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / f"net{size}.onnx" for size in asked.sizes}
        for size, path in files.items():
            write(path, int(size * 1e9))
        load = "import onnx, sys; onnx.load(sys.argv[1])"
        check = ["-m", "pytest_rf", "check", "--no-cache", "--require", "final rf >= 33"]
        commands = {
            (size, what): [sys.executable, *arguments, str(path)]
            for size, path in files.items()
            for what, arguments in (("onnx.load", ["-c", load]), ("check", check))
        }
        found: dict[tuple[float, str], list[tuple[float, int]]] = {key: [] for key in commands}
        for _ in range(asked.runs):
            for key, command in commands.items():
                found[key].append(measure(command))
    print(f"{'GB':>6} {'':10} {'CPU s':>8} {'MB':>6} {'ratio':>6}")
    for (size, what), runs in found.items():
        seconds = statistics.median(run[0] for run in runs)
        base = statistics.median(run[0] for run in found[size, "onnx.load"])
        print(f"{size:>6} {what:10} {seconds:8.3f} {max(run[1] for run in runs):6} {seconds / base:6.2f}")


if __name__ == "__main__":
    main()
