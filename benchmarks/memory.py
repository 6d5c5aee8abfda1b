"""Time and memory of analysing models with long inputs, attention and masks. Prints a table; asserts nothing.

    python benchmarks/memory.py [--only GLOB] [--limit GIGABYTES]

Each figure is taken in a process of its own, in which the model and all libraries are there before the measurement
begins: the CPU seconds of the analysis, and the peak of the process's memory over what it was before. ``bounds`` are
those of the output along every spatial axis; ``report`` is the whole of ``Analysis.to_dict()``. Linux alone tells
the peak of a part of a process's life.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

TOKENS, MASKED = 32_768, 4_096
Make = Callable[[], tuple[Any, dict[str, Any]]]
"""Returns a model, and the further arguments of ``analyze``."""

MODELS: dict[str, tuple[Make, str]] = {}
"""Name -> what makes the model, and what the goal for it is."""


def model(goal: str) -> Callable[[Make], Make]:
    """Enter a model under its function's name."""

    def enter(make: Make) -> Make:
        MODELS[make.__name__] = make, goal
        return make

    return enter


def _attention(form: str, mask: str = "", tokens: int = TOKENS) -> tuple[Any, dict[str, Any]]:
    """Return self-attention in torch: ``form`` is "fused" or "written", ``mask`` says what is known of a causal one."""
    import torch
    import torch.nn.functional as F  # noqa: N812

    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inputs, self.qkv, self.end = (
                torch.nn.Linear(16, 64),
                torch.nn.Linear(64, 192),
                torch.nn.Linear(64, 64),
            )
            lower = torch.ones(tokens if mask else 1, tokens if mask else 1, dtype=torch.bool).tril()
            added = torch.zeros(lower.shape).masked_fill(~lower, -torch.inf)
            self.register_buffer("mask", added if mask == "added" else lower)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.inputs(x)
            q, k, v = (one.unflatten(-1, (4, 16)).transpose(1, 2) for one in self.qkv(x).chunk(3, -1))
            if form == "fused":
                y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask if mask else None)
            else:
                scores = q @ k.transpose(-2, -1) / 4
                if mask == "filled":
                    scores = scores.masked_fill(~self.mask, -torch.inf)
                elif mask:
                    scores = scores + self.mask
                y = scores.softmax(-1) @ v
            return x + self.end(y.transpose(1, 2).flatten(2))

    return Attention().eval(), {"inputs": {"x": (1, tokens, 16)}}


@model("500 MB, 5 s")
def torch_fused() -> tuple[Any, dict[str, Any]]:
    """Attention over 32,768 tokens as one operator."""
    return _attention("fused")


@model("500 MB, 5 s")
def torch_written() -> tuple[Any, dict[str, Any]]:
    """The same, written out."""
    return _attention("written")


@model("500 MB, 5 s")
def torch_fused_mask() -> tuple[Any, dict[str, Any]]:
    """Attention under an explicit causal mask over 4,096 tokens."""
    return _attention("fused", "bool", MASKED)


@model("500 MB, 5 s")
def torch_fused_added() -> tuple[Any, dict[str, Any]]:
    """The same with -inf in the mask, whose numbers count."""
    made, more = _attention("fused", "added", MASKED)
    return made, {**more, "weights": True}


@model("500 MB, 5 s")
def torch_written_mask() -> tuple[Any, dict[str, Any]]:
    """A mask of truth values that is filled in."""
    return _attention("written", "filled", MASKED)


@model("500 MB, 5 s")
def torch_written_filled() -> tuple[Any, dict[str, Any]]:
    """The same in weight-aware mode."""
    made, more = _attention("written", "filled", MASKED)
    return made, {**more, "weights": True}


@model("500 MB, 5 s")
def torch_written_added() -> tuple[Any, dict[str, Any]]:
    """A mask with -inf that is added."""
    made, more = _attention("written", "added", MASKED)
    return made, {**more, "weights": True}


def _graph(nodes: list[Any], tokens: int, *constants: Any) -> Any:
    from onnx import TensorProto, helper

    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, tokens, 32]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "attention", info[:1], info[1:], list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)])


def _written(mask: str = "", tokens: int = TOKENS) -> Any:
    """Return self-attention as exporters write it out."""
    from onnx import helper, numpy_helper

    rng = np.random.default_rng(0)
    constants = [numpy_helper.from_array(rng.random((32, 32), np.float32), name) for name in "qkv"]
    nodes = [helper.make_node("MatMul", ["x", name], [f"x_{name}"]) for name in "qkv"]
    nodes.append(helper.make_node("Transpose", ["x_k"], ["turned"], perm=[0, 2, 1]))
    nodes.append(helper.make_node("MatMul", ["x_q", "turned"], ["products"]))
    lower = np.tri(tokens if mask else 1, dtype=np.bool_)
    if mask == "chosen":
        constants += [
            numpy_helper.from_array(lower, "mask"),
            numpy_helper.from_array(np.array(-np.inf, np.float32), "never"),
        ]
        nodes.append(helper.make_node("Where", ["mask", "products", "never"], ["scores"]))
    elif mask:
        constants.append(numpy_helper.from_array(np.where(lower, 0, -np.inf).astype(np.float32), "mask"))
        nodes.append(helper.make_node("Add", ["products", "mask"], ["scores"]))
    nodes.append(helper.make_node("Softmax", ["scores" if mask else "products"], ["weights"], axis=-1))
    nodes.append(helper.make_node("MatMul", ["weights", "x_v"], ["mixed"]))
    nodes.append(helper.make_node("Add", ["mixed", "x"], ["y"]))
    return _graph(nodes, tokens, *constants)


def _computed(tokens: int) -> Any:
    """Return self-attention whose causal mask constant nodes make, as exporters of language models write it."""
    from onnx import TensorProto, helper, numpy_helper

    made = _written("added", 8)
    ones = helper.make_tensor("one", TensorProto.BOOL, [1], [True])
    nodes = [
        helper.make_node("ConstantOfShape", ["sides"], ["ones"], value=ones),
        helper.make_node("Trilu", ["ones"], ["lower"], upper=0),
        helper.make_node("Where", ["lower", "zero", "never"], ["mask"]),
    ]
    numbers = {"sides": np.array([tokens, tokens]), "zero": np.float32(0), "never": np.float32(-np.inf)}
    constants = [one for one in made.graph.initializer if one.name != "mask"]
    constants += [numpy_helper.from_array(np.asarray(array), name) for name, array in numbers.items()]
    return _graph([*nodes, *made.graph.node], tokens, *constants)


def _fused(mask: bool = False, tokens: int = TOKENS) -> Any:
    from onnx import helper, numpy_helper

    constants = [numpy_helper.from_array(np.tri(tokens, dtype=np.bool_), "mask")] if mask else []
    names = ["x", "x", "x", *(["mask"] if mask else [])]
    return _graph(
        [helper.make_node("Attention", names, ["y"], q_num_heads=4, kv_num_heads=4)], tokens, *constants
    )


@model("500 MB, 5 s")
def onnx_fused() -> tuple[Any, dict[str, Any]]:
    """ONNX's Attention over 32,768 tokens."""
    return _fused(), {}


@model("500 MB, 5 s")
def onnx_written() -> tuple[Any, dict[str, Any]]:
    """MatMul, Softmax, MatMul."""
    return _written(), {}


@model("500 MB, 5 s")
def onnx_fused_mask() -> tuple[Any, dict[str, Any]]:
    """ONNX's Attention with a causal mask of truth values."""
    return _fused(True, MASKED), {}


@model("500 MB, 5 s")
def onnx_fused_weights() -> tuple[Any, dict[str, Any]]:
    """The same in weight-aware mode."""
    return _fused(True, MASKED), {"weights": True}


@model("500 MB, 5 s")
def onnx_written_added() -> tuple[Any, dict[str, Any]]:
    """A mask with -inf that is added, in weight-aware mode."""
    return _written("added", MASKED), {"weights": True}


@model("500 MB, 5 s")
def onnx_written_chosen() -> tuple[Any, dict[str, Any]]:
    """A mask that chooses between scores and -inf, in weight-aware mode."""
    return _written("chosen", MASKED), {"weights": True}


@model("500 MB, 5 s")
def onnx_written_computed() -> tuple[Any, dict[str, Any]]:
    """A mask that constant nodes make, in weight-aware mode."""
    return _computed(MASKED), {"weights": True}


@model("500 MB, 5 s")
def onnx_structure_added() -> tuple[Any, dict[str, Any]]:
    """A mask that is added where structure alone decides."""
    return _written("added", MASKED), {}


@model("500 MB, 3 s; report 1 GB, 15 s")
def mvit_v2_s() -> tuple[Any, dict[str, Any]]:
    """MViT v2-S on video, as torchvision builds it: the one model here that asks for another package."""
    from torchvision.models.video import mvit_v2_s as made

    return made(weights=None).eval(), {"inputs": {"x": (1, 3, 16, 224, 224)}}


@model("50 MB")
def shufflenet_v2() -> tuple[Any, dict[str, Any]]:
    """ShuffleNet v2 on a large image."""
    import torch
    from torch import nn

    def conv(
        width: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, last: bool = True
    ) -> list[Any]:
        made = [
            nn.Conv2d(width, out, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(out),
        ]
        return [*made, nn.ReLU()] if last else made

    class Block(nn.Module):
        def __init__(self, width: int, out: int, stride: int) -> None:
            super().__init__()
            half, self.stride = out // 2, stride
            own = width if stride > 1 else half
            self.left = (
                nn.Sequential(*conv(own, own, 3, stride, own, last=False), *conv(own, half))
                if stride > 1
                else None
            )
            self.right = nn.Sequential(
                *conv(own, half), *conv(half, half, 3, stride, half, last=False), *conv(half, half)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            left, right = (x, x) if self.left is not None else x.chunk(2, 1)
            left = self.left(left) if self.left is not None else left
            y = torch.cat((left, self.right(right)), 1)
            count, width, height, breadth = y.shape
            return (
                y.view(count, 2, width // 2, height, breadth)
                .transpose(1, 2)
                .reshape(count, width, height, breadth)
            )

    layers: list[Any] = [*conv(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1)]
    width = 24
    for out, repeats in ((116, 4), (232, 8), (464, 4)):
        for number in range(repeats):
            layers.append(Block(width, out, 2 if number == 0 else 1))
            width = out
    return nn.Sequential(*layers, *conv(width, 1024)).eval(), {"inputs": {"x": (1, 3, 1024, 1024)}}


@model("100 MB, 0.5 s")
def audio_tcn() -> tuple[Any, dict[str, Any]]:
    """One minute of 48 kHz audio through dilated causal convolutions."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, width: int, dilation: int) -> None:
            super().__init__()
            self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
            self.conv, self.act = nn.Conv1d(width, width, 3, dilation=dilation), nn.PReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.act(self.conv(self.pad(x)))

    blocks = [Block(16, 2**n) for n in range(10)]
    net = nn.Sequential(nn.Conv1d(1, 16, 1), *blocks, nn.Conv1d(16, 1, 1))
    return net.eval(), {"inputs": {"x": (1, 1, 48_000 * 60)}}


def measure(name: str, whole: bool) -> dict[str, Any]:
    """Return what the analysis of one model takes, in this process."""
    import pytest_rf

    # What is loaded when the first model is analysed is not the model's.
    warm, more = (_written(tokens=8), {}) if name.startswith("onnx") else _attention("written", tokens=8)
    pytest_rf.analyze(warm, **more).to_dict()
    made, more = MODELS[name][0]()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before, start = _memory("VmRSS"), time.process_time()
    analysis = pytest_rf.analyze(made, **more)
    captured = time.process_time() - start
    if whole:
        analysis.to_dict()
    else:
        for one in analysis.outputs:
            for axis in analysis.inputs["x"].axes:
                one.bounds(axis)
    seconds = time.process_time() - start
    return {"seconds": seconds, "first": captured, "megabytes": (_memory("VmHWM") - before) / 1e3}


def _memory(what: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1])
    raise RuntimeError(f"this system does not tell {what}")


def main() -> None:
    """Measure all models, each in a process of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="*")
    options.add_argument("--limit", type=float, default=6.0, help="gigabytes that a model may take")
    options.add_argument("--model", help=argparse.SUPPRESS)
    options.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.model:
        most = int(given.limit * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        print(json.dumps(measure(given.model, given.whole)))
        return
    print(f"{'model':22} {'what':7} {'analyze':>9} {'total':>9} {'peak':>9}   goal")
    for name, (_, goal) in MODELS.items():
        if not fnmatchcase(name, given.only):
            continue
        for what in ("bounds", "report"):
            command = [sys.executable, __file__, "--limit", str(given.limit), "--model", name]
            done = subprocess.run(
                [*command, *(["--whole"] if what == "report" else [])], capture_output=True, text=True
            )
            if done.returncode:
                figures = (done.stderr.strip().splitlines() or ["died"])[-1][:60]
            else:
                found = json.loads(done.stdout.splitlines()[-1])
                figures = f"{found['first']:7.2f} s {found['seconds']:7.2f} s {found['megabytes']:6.0f} MB"
            print(f"{name:22} {what:7} {figures}   {goal}", flush=True)


if __name__ == "__main__":
    main()
