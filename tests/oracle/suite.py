"""The node tests of the onnx package as an oracle: every operator of the standard, in every form it tests.

Each case is analysed, and where its inputs are numbers that can be changed, held against what changing
them shows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

import pytest_rf
from oracle.compare import Comparison, compare
from oracle.engines import NoEngineError
from oracle.engines.files import load, nodes
from oracle.perturb import probe_rows
from oracle.twin import NoTwinError, linearised_twin, probe_twin
from oracle.verdicts import Verdict
from pytest_rf.analysis import Analysis
from pytest_rf.errors import ModelError

LARGEST = 3000
"""Inputs of a case with more elements are not probed."""
MOST_ROWS = 120
FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


@dataclass(frozen=True)
class Case:
    """One test: a model and the inputs that it is run with."""

    name: str
    model: onnx.ModelProto
    inputs: dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    """Return all node tests of the installed onnx package."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    return tuple(_case(one) for one in found if one.model is not None and one.data_sets)


def _case(one: Any) -> Case:
    model = one.model
    arrays = one.data_sets[0][0]
    inputs = {}
    for info, value in zip(model.graph.input, arrays, strict=False):
        inputs[info.name] = _array(info, value)
    return Case(one.name, model, inputs)


def _array(info: onnx.ValueInfoProto, value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value if isinstance(value, list) or value is None else np.asarray(value)


def bound(model: onnx.ModelProto, values: dict[str, Any]) -> onnx.ModelProto:
    """Return the model with some inputs turned into initializers."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    kept = [info for info in result.graph.input if info.name not in values]
    del result.graph.input[:]
    result.graph.input.extend(kept)
    result.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in values.items())
    return result


STEERING = {"GridSample": (1,), "OneHot": (0, 1), "Range": (0, 1, 2), "Resize": (1, 2), "Upsample": (1,)}
"""Inputs of real numbers that say where to read, or how large the output is."""


def steering(case: Case) -> dict[str, Any]:
    """Return the inputs that are no real numbers or steer the geometry."""
    names = {
        name
        for node in case.model.graph.node
        for place, name in enumerate(node.input)
        if place in STEERING.get(node.op_type, ())
    }
    return {
        n: v
        for n, v in case.inputs.items()
        if n in names or not isinstance(v, np.ndarray) or v.dtype not in FLOATS
    }


def analysed(case: Case) -> tuple[Analysis, dict[str, Any]]:
    """Analyse a case; inputs that the geometry needs are bound to their values."""
    values = steering(case)
    whole = [v for v in case.inputs.values() if isinstance(v, np.ndarray) and v.dtype.kind in "biu"]
    if len(whole) == len(values) == len(case.inputs) and any(v.ndim for v in whole):
        # Nothing but whole numbers: they are the data, if the geometry does not need them.
        analysis = _analysis(case, {})
        if all(tensor.status == "exact" for tensor in analysis.outputs):
            return analysis, {}
    analysis = _analysis(case, values)
    if all(tensor.status != "unknown" for tensor in analysis.outputs):
        return analysis, values
    wider = values | {n: v for n, v in case.inputs.items() if isinstance(v, np.ndarray) and v.size <= 16}
    if len(wider) == len(values) or len(wider) == len(case.inputs):
        return analysis, values
    return _analysis(case, wider), wider


def _analysis(case: Case, values: dict[str, Any]) -> Analysis:
    shapes = {n: np.shape(v) for n, v in case.inputs.items() if n not in values}
    known = {n: v for n, v in values.items() if v is not None}
    # Masks of -inf are constants of these models, so what they cut off is cut off.
    return pytest_rf.analyze(case.model, inputs=shapes, values=known, weights=True)


def judge(case: Case, probe: bool = True) -> Verdict:
    """Analyse a case and hold it against what is seen."""
    try:
        analysis, values = analysed(case)
        for tensor in analysis:
            if tensor.status != "unknown" and tensor.shape is not None:
                for name, source in analysis.inputs.items():
                    for axis in range(len(source.shape)):
                        tensor.bounds(axis, input=name, context=True)
    except ModelError as error:
        return Verdict(case.name, "error", str(error))
    except Exception as error:  # the point of the suite: nothing may crash
        return Verdict(case.name, "crash", f"{type(error).__name__}: {error}")
    unknown = [tensor for tensor in analysis.outputs if tensor.status == "unknown"]
    if unknown:
        return Verdict(case.name, "unknown", str(unknown[0].reason))
    if not probe:
        return Verdict(case.name, "unprobed", "not asked for")
    return _compared(case, analysis, values)


def _compared(case: Case, analysis: Analysis, values: dict[str, Any]) -> Verdict:
    moving = {n: v for n, v in case.inputs.items() if n not in values}
    wanted = [
        t.name for t in analysis.outputs if t.number in {v.number for v in analysis.graph.values if v.varies}
    ]
    if not moving or not wanted:
        return Verdict(case.name, "unprobed", "no input of real numbers reaches an output")
    rows = sum(sum(v.shape) for v in moving.values())
    if max(v.size for v in moving.values()) > LARGEST or rows > MOST_ROWS:
        return Verdict(case.name, "unprobed", "large")
    if case.name in MISTAKEN:
        return Verdict(case.name, "unprobed", MISTAKEN[case.name])
    if operators_of(case.model) & RANDOM:
        return Verdict(case.name, "unprobed", "random numbers differ in every run")
    if any(isinstance(v, list) or v is None for v in values.values()):
        return Verdict(case.name, "unprobed", "sequences cannot be bound")
    try:
        model = bound(case.model, values)
    except ValueError as error:  # older versions of onnx write no odd number of four-bit integers
        return Verdict(case.name, "unprobed", str(error)[:200])
    names = [info.name for info in model.graph.output if info.name in wanted]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            engine, magnitudes = load(model, names), _magnitudes(case)
            seen = probe_rows(engine, moving, magnitudes=magnitudes, bases=1)
            for seed in (1, 2):
                # Maxima, thresholds and rounding hide much at one point; few cases need others.
                if compare(analysis, seen).inexact:
                    more = probe_rows(engine, moving, magnitudes=magnitudes, bases=6 * seed, seed=seed)
                    seen = seen.merge(more)
        except Exception as error:  # engines and sampled values: whatever does not run shows nothing
            return Verdict(case.name, "unprobed", str(error)[:200])
    for name in names:
        got = next((rows.shape[1:] for (t, _, _), rows in seen.rows.items() if t == name), None)
        if got is not None and analysis[name].shape != got:
            return Verdict(case.name, "unsound", f"{name}: shape {analysis[name].shape}, should be {got}")
    found = compare(analysis, seen)
    if not found.compared:
        return Verdict(case.name, "unprobed", "no result is an array")
    if found.inexact and not found.unsound:
        found = _structural(case, model, analysis, moving, names) or found
    if found.unsound:
        return Verdict(case.name, "unsound", found.report())
    if all(value.dtype not in FLOATS for value in moving.values()):
        # Whole numbers hide most of what they influence: they show what is unsound, not what is exact.
        return Verdict(case.name, "sound")
    if found.inexact:
        upper = any(tensor.status == "upper_bound" for tensor in analysis.outputs)
        return Verdict(case.name, "upper" if upper else "inexact", found.report())
    return Verdict(case.name, "exact")


def _magnitudes(case: Case) -> tuple[float, ...]:
    operators = operators_of(case.model)
    if operators & {"IsInf", "IsNaN"}:
        return (np.inf, np.nan)
    # A decay of e^300 times a state of 0 is no influence.
    return (1.0, 0.01) if operators & {"Exp", "LinearAttention"} else (1.0, 0.01, 300.0)


def _structural(
    case: Case, model: onnx.ModelProto, analysis: Analysis, moving: dict[str, Any], names: list[str]
) -> Comparison | None:
    if _masks(model):
        return None  # a score of -inf cuts what a linear twin reads
    try:
        twin = linearised_twin(model)
        return compare(analysis, probe_twin(twin, {n: v.shape for n, v in moving.items()}, tensors=names))
    except (NoTwinError, NoEngineError, AssertionError):
        return None


def _masks(model: onnx.ModelProto) -> bool:
    """Whether -inf is among the constants of a model."""
    constants = [a.t for node in model.graph.node for a in node.attribute if a.HasField("t")]
    numbers = [a.f for node in model.graph.node for a in node.attribute if a.HasField("f")]
    real = [t for t in (*constants, *model.graph.initializer) if t.data_type in (1, 10, 11, 16)]
    arrays = [np.asarray(numpy_helper.to_array(tensor), np.float64) for tensor in real]
    return any(np.isneginf(array).any() for array in [*arrays, np.array(numbers)])


MISTAKEN = {
    "test_maxunpool_export_with_output_shape": "onnxruntime counts its indices in the larger output",
}
"""Cases of which the engine's answer is not the one that the case itself expects."""
RANDOM = frozenset({"Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike"})


def operators_of(model: onnx.ModelProto) -> set[str]:
    """Return the names of the operators in a model, in its branches, loops and functions too."""
    return {node.op_type for node in nodes(model)}
