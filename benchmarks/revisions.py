"""Speed of two revisions side by side, in one run. Prints ratios; asserts nothing.

    git worktree add ../old REVISION
    python benchmarks/revisions.py ../old . [--file MODEL.onnx]

What is measured is the answer to what most requirements ask: the analysis, with the finite and the theoretical field
of the final tensor; ResNet-50 and DenseNet-121 from the ONNX files of the onnx wheel, Swin-T captured from PyTorch
(left out where there is none); and files given, which are in memory before the clock starts, as google's
receptive_field is given a ready graph. Goal: at most 1.05 times.

Times are CPU seconds without any import, the least of three runs, as a busy machine only ever adds to them. Each
revision runs in a process of its own, and both take turns, A B B A; the median of the ratios of pairs counts. A
process can be slower than its twin through and through, by chance (where its memory lies): so there are several of
each, one after the other.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LIGHT = {"ResNet-50": "light_resnet50.onnx", "DenseNet-121": "light_densenet121.onnx"}
SWIN = "Swin-T"


class Worker:
    """A process that analyses with the package of one work tree."""

    def __init__(self, tree: Path) -> None:
        settings = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--worker"]
        self._process = subprocess.Popen(
            command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        home = Path(self._answer())
        if not home.is_relative_to(tree):
            raise SystemExit(f"{home} was imported, which is not in {tree}")

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input is the end of its work

    def _answer(self) -> str:
        assert self._process.stdout
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise SystemExit("a worker failed: see above")
        return answer

    def seconds(self, name: str) -> float:
        """Return the CPU seconds that the analysis of a model takes."""
        assert self._process.stdin
        print(name, file=self._process.stdin, flush=True)
        return float(self._answer())


def work() -> None:
    """Analyse what standard input names, and say how long each takes."""
    import pytest_rf

    subjects: dict[str, tuple[Any, ...]] = {}
    print(Path(pytest_rf.__file__).resolve(), flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in subjects:
            subjects[name] = subject(name)
        print(min(seconds(pytest_rf.analyze, subjects[name]) for _ in range(3)), flush=True)


def seconds(analyze: Callable[..., Any], subject: tuple[Any, ...]) -> float:
    """Return the CPU seconds of one analysis."""
    gc.collect()
    start = time.process_time()
    analyse(analyze, subject)
    return time.process_time() - start


def subject(name: str) -> tuple[Any, ...]:
    """Return what is handed to ``analyze``."""
    if name in LIGHT:
        import onnx

        return (Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / LIGHT[name],)
    if name != SWIN:
        import onnx

        return (onnx.load(name),)
    import torch
    from swin_t import SwinT

    torch.set_num_threads(1)
    return SwinT().eval(), torch.rand(1, 3, 224, 224)


def analyse(analyze: Callable[..., Any], subject: tuple[Any, ...]) -> None:
    """Ask for the field of the final tensor, in theory and in the finite input."""
    tensor = analyze(*subject).final[0]
    for axis in tensor.field():
        field = tensor[axis]
        assert field.rf >= field.rf_min > 0
        assert field.stride > 0
        assert min(field.halo) >= 0
        low, high = tensor.bounds(axis)
        assert (low <= high).all()


def measure(old: Worker, new: Worker, name: str, runs: int) -> list[tuple[float, float]]:
    """Return the seconds of pairs of runs."""
    old.seconds(name), new.seconds(name)  # imports, caches
    pairs = []
    for run in range(runs):
        if run % 2:
            after = new.seconds(name)
            pairs.append((old.seconds(name), after))
        else:
            before = old.seconds(name)
            pairs.append((before, new.seconds(name)))
    return pairs


def row(name: str, pairs: list[tuple[float, float]]) -> str:
    """Return both medians, and the median, the least and the largest of the ratios of pairs."""
    before, after = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = [new / old for old, new in pairs]
    spread = f"{statistics.median(ratios):7.3f} {min(ratios):7.3f} {max(ratios):7.3f}"
    return f"{name:<14} {before:8.1f} ms {after:8.1f} ms {spread}"


def main() -> None:
    """Compare two revisions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("old", type=Path, help="a work tree")
    parser.add_argument("new", type=Path, help="another")
    parser.add_argument("--processes", type=int, default=5, help="of each revision")
    parser.add_argument("--runs", type=int, default=10, help="of a model in each process")
    parser.add_argument(
        "--file", type=Path, action="append", default=[], help="of ONNX, instead of these models"
    )
    given = parser.parse_args()
    files = [str(file.resolve()) for file in given.file]
    names = files or [*LIGHT, *([SWIN] if find_spec("torch") else [])]
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(given.processes):
        with ExitStack() as stack:
            old, new = (stack.enter_context(Worker(tree.resolve())) for tree in (given.old, given.new))
            for name in names:
                pairs[name] += measure(old, new, name, given.runs)
    print(f"{'':<14} {'old':>11} {'new':>11} {'ratio':>7} {'min':>7} {'max':>7}")
    for name in names:
        print(row(Path(name).stem, pairs[name]))


if __name__ == "__main__":
    work() if sys.argv[1:] == ["--worker"] else main()
