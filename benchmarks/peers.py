"""Receptive fields of PyTorch models beside torchscan and rfa_toolbox, in one run. Prints tables; asserts nothing.

    pip install torchscan rfa_toolbox graphviz tqdm
    python benchmarks/peers.py [MODEL ...]

Each peer is asked for the field of the last feature map, as its documentation shows, and its own call is measured;
where it fails its error stands there. ``rfa_toolbox`` says that it needs Python below 3.11; with
``--ignore-requires-python --no-deps`` it runs on later ones.

Beside each time stands its share of one forward pass (the same image of 224², evaluation mode, no gradients): of
CPU seconds on one thread, after a warm-up, the median of pairs. Goals of ours: the analysis with its final field
within 0.15, 0.2, 0.1 and 0.3 of a pass, a whole report within 1 pass. Each model runs in a process of its own.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import io
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

RUNS = 9
SLOW = 3.0
"""Calls of more seconds are measured once."""


def torchscan(module: Any, image: Any) -> str:
    """Return the field that torchscan tells of the last layer that has one."""
    from torchscan import crawl_module

    layers = crawl_module(module, args=(image,))["layers"]
    told = [layer["metrics"].get("receptive_field", {}).get("value") for layer in layers]
    found = [size for size in told if size is not None]
    return f"{found[-1]:g} (largest {max(found):g})" if found else "none"


def rfa_toolbox(module: Any, image: Any) -> str:
    """Return the largest finite field that rfa_toolbox tells of any layer."""
    import numpy

    for name in ("Sequence", "Iterable"):  # as its old Python had them
        setattr(collections, name, getattr(collections.abc, name))
    from rfa_toolbox import create_graph_from_pytorch_model

    graph = create_graph_from_pytorch_model(module, input_res=tuple(image.shape))
    sizes = [node._receptive_field_max() for node in graph.all_layers]
    largest = [float(numpy.max(size)) for size in sizes]  # each is a number, or one an axis
    return f"{max(size for size in largest if numpy.isfinite(size)):g}"  # pools of the whole image are without end


def final(module: Any, image: Any) -> str:
    """Return the field of the final tensor."""
    import pytest_rf

    tensor = pytest_rf.analyze(module, image).final[0]
    return " × ".join(f"{tensor[axis].rf}" for axis in tensor.field())


def report(module: Any, image: Any) -> str:
    """Return of how many tensors all figures were worked out."""
    import pytest_rf

    return f"{len(pytest_rf.analyze(module, image).to_dict()['tensors'])} tensors"


TOOLS: dict[str, Callable[[Any, Any], str]] = {
    "torchscan": torchscan,
    "rfa_toolbox": rfa_toolbox,
    "pytest-rf, whole report": report,
    "pytest-rf": final,
}


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def quiet(work: Callable[[], str]) -> str:
    """Return what a call returns, or how it fails, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return work()
        except Exception as error:  # whatever a peer does is its result
            line = str(error).strip().splitlines()
            return f"{type(error).__name__}: {line[0][:60] if line else ''}"


def measure(name: str) -> None:
    """Print the rows of one model."""
    import torch
    from torch_nets import NETS

    torch.set_num_threads(1)
    torch.manual_seed(0)
    module, image = NETS[name]().eval(), torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        module(image)
        for tool, ask in TOOLS.items():
            work = lambda ask=ask: quiet(lambda: ask(module, image))  # noqa: E731
            start = time.process_time()
            found = work()  # also what is imported first
            first = time.process_time() - start
            pairs = [
                (seconds(work), seconds(lambda: module(image))) for _ in range(RUNS if first < SLOW else 1)
            ]
            own = statistics.median(ours for ours, _ in pairs)
            share = statistics.median(ours / theirs for ours, theirs in pairs)
            print(
                f"| {name} | {tool} | {found} | {1000 * own:.0f} ms | {share:.2f} | {1000 * first:.0f} ms |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2])
    else:
        print(
            "| model | tool | field | time | of a pass | first call |\n| --- | --- | --- | --- | --- | --- |"
        )
        sys.stdout.flush()
        for each in sys.argv[1:] or ("ResNet-50", "ResNet-152", "U-Net", "Swin-T"):
            subprocess.run([sys.executable, __file__, "--one", each], check=True)
