"""Capture and analysis of PyTorch models against one forward pass of each, at 224² on one thread.

    python benchmarks/torch_speed.py path/to/torch_models.py [name | package.module:factory ...]

The file defines ``MODELS``: name -> callable that returns (module, example inputs). Times are medians of CPU
seconds, forward pass and analysis in turn; goal: at most 1 pass, at most 200 MB beside the model (Linux).
Each model runs in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = ("torchvision/resnet50", "torchvision.models:resnet152", "torchvision/swin_t", "smp/Unet-resnet18")
RUNS = 9


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def peak(work: Callable[[], object]) -> float:
    """Return how many MB the process grew by during a call."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from now on
    before = resident("VmRSS")
    work()
    return (resident("VmHWM") - before) / 1024


def resident(field: str) -> int:
    """Return a figure of the process's memory, in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def measure(path: str, name: str) -> None:
    """Print the row of one model."""
    import torch
    from torch_corpus import corpus

    import pytest_rf

    torch.set_num_threads(1)
    models = corpus(Path(path))  # also makes a torchvision that lacks its own operators importable
    place, _, factory = name.partition(":")
    module = getattr(import_module(place), factory)().eval() if factory else models[name]()[0]
    image = torch.rand(1, 3, 224, 224)

    def analyse() -> None:
        tensor: Any = pytest_rf.analyze(module, image).final[0]
        assert all(tensor[axis].rf > 0 for axis in tensor.field())

    extra = peak(analyse)
    with torch.no_grad():
        module(image)
        pairs = [(seconds(analyse), seconds(lambda: module(image))) for _ in range(RUNS)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"| {name} | {1000 * ours:.0f} ms | {1000 * theirs:.0f} ms | {ours / theirs:.2f} | {extra:.0f} MB |",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        measure(*sys.argv[2:])
    else:
        print(
            "| model | capture + analysis | forward pass | ratio | extra memory |\n| --- | --- | --- | --- | --- |"
        )
        sys.stdout.flush()
        for each in sys.argv[2:] or NAMES:
            subprocess.run([sys.executable, __file__, "--one", sys.argv[1], each], check=True)
