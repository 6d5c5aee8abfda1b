"""Speed of pytest-rf beside what it is compared with, both in one run. Prints ratios; asserts nothing.

    python benchmarks/speed.py

* the analysis of an ONNX model (finite and theoretical field of the final tensor) against
  ``onnx.load`` and shape inference; goal: at most 2 times;
* a whole ``pytest-rf check``, of which nothing is kept, against ``python -c "import onnx; onnx.load(...)"``; goal: at
  most as much CPU;
* the start of pytest with the plugin against without it; goal: at most 1.05 times.

Times are CPU seconds; each pair runs in turn, A B A B, and the median of the ratios counts.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import onnx

import pytest_rf

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
MODELS = ("light_resnet50.onnx", "light_densenet121.onnx")


def in_process(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def as_command(command: list[str], cwd: str) -> float:
    """Return the CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # As after an installation: modules are compiled once, in the warm-up.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = str(Path(cwd, "bytecode"))
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, env=settings)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(
    title: str, ours: Callable[[], float], theirs: Callable[[], float], runs: int, goal: float
) -> None:
    """Print both medians and the median of the ratios of pairs."""
    ours(), theirs()  # warm-up
    pairs = [(ours(), theirs()) for _ in range(runs)]
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(x / y for x, y in pairs)
    print(f"{title:<42} {1000 * a:8.1f} ms {1000 * b:8.1f} ms   ratio {ratio:5.2f}   goal {goal}")


def analyse(path: Path) -> None:
    """Answer the question that most requirements ask."""
    tensor = pytest_rf.analyze(path).final[0]
    for axis in tensor.field():
        assert tensor[axis].rf > 0


def load(path: Path) -> None:
    """Load a model and infer its shapes."""
    onnx.shape_inference.infer_shapes(onnx.load(path))


def main() -> None:
    """Run all comparisons."""
    print(f"{'':<42} {'pytest-rf':>11} {'other':>11}")
    for name in MODELS:
        path = LIGHT / name
        compare(
            f"analysis | onnx.load + inference, {name[6:-5]}",
            lambda path=path: in_process(lambda: analyse(path)),
            lambda path=path: in_process(lambda: load(path)),
            15,
            2.0,
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            path = str(LIGHT / name)
            check = [
                sys.executable,
                "-m",
                "pytest_rf",
                "check",
                path,
                "--require",
                "final rf >= 100",
                "--no-cache",
            ]
            compare(
                f"check | python -c onnx.load, {name[6:-5]}",
                lambda check=check: as_command(check, folder),
                lambda path=path: as_command(
                    [sys.executable, "-c", f"import onnx; onnx.load({path!r})"], folder
                ),
                9,
                1.0,
            )
        Path(folder, "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        start = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only"]
        compare(
            "pytest start, with | without the plugin",
            lambda: as_command(start, folder),
            lambda: as_command([*start, "-p", "no:rf"], folder),
            15,
            1.05,
        )


if __name__ == "__main__":
    main()
