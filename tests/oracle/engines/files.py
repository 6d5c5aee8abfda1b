"""Two ways to run an ONNX model with all its tensors visible, and what is known to be wrong with either.

onnxruntime is fast and covers most operators; the reference evaluator is slow and close to the letter of
the standard. Both have mistakes that would make a right analysis look wrong, so an engine is chosen per
model: one that has no known mistake in any node of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from oracle.engines import Arrays, Engine, NoEngineError
from oracle.engines.abilities import reference_goes_back_from_one_side


class OnnxRuntime:
    """The model in onnxruntime, unoptimised and on one thread, so that equal inputs give equal bits."""

    name = "onnxruntime"

    def __init__(self, model: onnx.ModelProto, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Arrays) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self._session.run(None, dict(inputs)), strict=True))


class Reference:
    """The model in onnx's own reference evaluator."""

    name = "reference"

    def __init__(self, model: onnx.ModelProto) -> None:
        self._session = ReferenceEvaluator(model)
        self._names = [output.name for output in model.graph.output]

    def run(self, inputs: Arrays) -> dict[str, np.ndarray]:
        with np.errstate(all="ignore"):
            return dict(zip(self._names, self._session.run(None, dict(inputs)), strict=True))


ENGINES: dict[str, Callable[[onnx.ModelProto], Engine[np.ndarray]]] = {
    "onnxruntime": OnnxRuntime,
    "reference": Reference,
}


@dataclass(frozen=True)
class Trap:
    """A known mistake: on such a node this engine's answer is not the standard's."""

    engine: str
    op: str
    applies: Callable[[Mapping[str, Any], int], bool]
    why: str


def _same(a: Mapping[str, Any]) -> bool:
    return str(a.get("auto_pad", "NOTSET")).startswith("SAME")


def _dilated(a: Mapping[str, Any]) -> bool:
    return any(d != 1 for d in a.get("dilations", ()))


def _sparse(a: Mapping[str, Any]) -> bool:
    kernel, strides = a.get("kernel_shape"), a.get("strides", ())
    return _same(a) and (kernel is None or any(k < s for k, s in zip(kernel, strides, strict=False)))


def _both(op: str, applies: Callable[[Mapping[str, Any], int], bool], why: str) -> Iterator[Trap]:
    return (Trap(engine, op, applies, why) for engine in ENGINES)


def _pools() -> Iterator[Trap]:
    for op in ("AveragePool", "LpPool", "MaxPool", "NhwcMaxPool", "QLinearAveragePool"):
        yield from _both(op, lambda a, _: _same(a) and _dilated(a), "SAME output ignores dilation")
        yield from _both(op, lambda a, _: _sparse(a), "SAME begins anywhere if kernel < stride, or fails")
        ragged = "a last window of ceil_mode begins before its place"
        yield Trap("reference", op, lambda a, _: bool(a.get("ceil_mode")), ragged)
    valid = "VALID output ignores dilation"
    yield Trap("reference", "AveragePool", lambda a, _: a.get("auto_pad") == "VALID" and _dilated(a), valid)


def _coordinates(a: Mapping[str, Any]) -> str:
    return str(a.get("coordinate_transformation_mode"))


TRAPS: tuple[Trap, ...] = (
    *_pools(),
    Trap("onnxruntime", "ConvTranspose", lambda a, _: _sparse(a), "SAME is too short if kernel < stride"),
    Trap(
        "onnxruntime",
        "Resize",
        lambda a, _: _coordinates(a) == "tf_crop_and_resize",
        "roi is ignored on axes with scale 1",
    ),
    Trap(
        "reference",
        "Resize",
        lambda a, _: _coordinates(a) == "align_corners",
        "fractional lengths where the standard has those of the tensors",
    ),
    Trap("onnxruntime", "LRN", lambda *_: True, "a running sum leaks rounding into the neighbours"),
    Trap(
        "reference",
        "DFT",
        lambda a, _: a.get("inverse") and a.get("onesided") and not reference_goes_back_from_one_side(),
        "both sides of the spectrum where the standard has one",
    ),
    Trap("reference", "GlobalMaxPool", lambda *_: True, "pools the wrong axes of what has not four"),
    Trap("reference", "Loop", lambda *_: True, "stacks scan outputs along an axis that is there already"),
    Trap("reference", "LRN", lambda *_: True, "goes over samples where it should go over channels"),
    *(
        Trap("reference", op, lambda _, opset: opset < 13, "no coercion to two dimensions")
        for op in ("Hardmax", "LogSoftmax", "Softmax")
    ),
)


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return a node's attributes as Python values, strings decoded."""
    found = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        found[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return found


def opset(model: onnx.ModelProto) -> int:
    """Return the version of the default operator set that the model imports."""
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=1)


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return all nodes of a model, those of branches, loops and functions too."""
    return [*_nodes(model.graph), *(node for function in model.functions for node in function.node)]


def traps(model: onnx.ModelProto) -> list[Trap]:
    """Return the known mistakes that this model's nodes would run into."""
    version = opset(model)
    by_op: dict[str, list[Trap]] = {}
    for trap in TRAPS:
        by_op.setdefault(trap.op, []).append(trap)
    hit = []
    for node in nodes(model):
        if node.op_type in by_op:
            found = attributes(node)
            hit += [trap for trap in by_op[node.op_type] if trap.applies(found, version)]
    return hit


def expose(model: onnx.ModelProto, tensors: Iterable[str] | None = None) -> onnx.ModelProto:
    """Return a copy of the model whose outputs are ``tensors`` (default: everything that nodes compute)."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    wanted = [n for node in model.graph.node for n in node.output if n] if tensors is None else list(tensors)
    kept = {output.name: output for output in model.graph.output}
    del exposed.graph.output[:]
    for name in wanted:
        if name in kept:
            exposed.graph.output.append(kept[name])
        else:
            exposed.graph.output.add().name = name
    return exposed


def trusted(model: onnx.ModelProto) -> list[str]:
    """Return the names of the engines without a known mistake in this model, the faster one first."""
    wrong = {trap.engine for trap in traps(model)}
    return [name for name in ENGINES if name not in wrong]


def load(
    model: onnx.ModelProto, tensors: Iterable[str] | None = None, engine: str | None = None
) -> Engine[np.ndarray]:
    """Return an engine that computes ``tensors`` of the model, the first trusted one that can load it.

    Raises:
        NoEngineError: No trusted engine accepts the model.
    """
    visible = expose(model, tensors)
    reasons = []
    for name in [engine] if engine else trusted(model):
        try:
            return ENGINES[name](visible)
        except Exception as error:  # engines raise whatever they like for what they do not support
            reasons.append(f"{name}: {error}")
    reasons += [f"{trap.engine}: {trap.op}: {trap.why}" for trap in traps(model)]
    raise NoEngineError("; ".join(reasons))
