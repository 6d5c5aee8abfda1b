"""How fields grew on the way to a tensor, with what the configuration requires of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.growth import Growth, Level, growths
from pytest_rf.config.declared import PlacedRequirement
from pytest_rf.errors import ModelError, RequirementError
from pytest_rf.figures import number
from pytest_rf.findings import Finding
from pytest_rf.requirements import Settings, evaluate
from pytest_rf.view import choosing

#: The figures that are drawn.
_DRAWN = ("rf", "rf_min", "erf", "stride")


def grown(
    analysis: Analysis,
    node: str | None = None,
    required: Iterable[PlacedRequirement] = (),
    settings: Settings | None = None,
) -> list[Growth]:
    """Return how the fields of a tensor grew, towards each input; axes that agree share one.

    Args:
        analysis: the model.
        node: ``op:NAME`` or a glob, of whose tensors the last one is meant; by default what is final first.
        required: what the model is held against.
        settings: what its authors state about it.

    Raises:
        ModelError: nothing is selected, or no field is known.
    """
    where = analysis.path or analysis.name
    chosen = analysis.final if node is None else choosing.select(analysis, node)[-1:]
    for tensor in chosen:
        sources = [name for name in tensor.inputs if analysis.inputs[name].axes]
        if tensor.status != "unknown" and sources:
            held = list(_held(analysis, required, settings))
            return [
                growth
                for source in sources
                for growth in growths(tensor.field(source), _levels(analysis, tensor, source, held))
            ]
    reasons = {tensor.reason or "it reads no spatial axis" for tensor in chosen}
    raise ModelError(f"{where}: --plot: no field is known: {', '.join(reasons)}; choose a tensor with --node")


def _held(
    analysis: Analysis, required: Iterable[PlacedRequirement], settings: Settings | None
) -> Iterator[tuple[str, Finding, bool]]:
    """Yield what was measured for requirements, and whether it holds there; what cannot be applied ``check`` tells."""
    for stated in required:
        good: list[Finding] = []
        try:
            bad = evaluate(analysis, stated.requirement, settings, good)
        except RequirementError:
            continue
        yield from ((stated.requirement.text, one, True) for one in good)
        yield from ((stated.requirement.text, one, False) for one in bad)


def _levels(
    analysis: Analysis, tensor: Tensor, source: str, held: Iterable[tuple[str, Finding, bool]]
) -> dict[str, tuple[Level, ...]]:
    """Return what the figures of a tensor towards an input are held against, by axis."""
    found: dict[str, dict[Level, None]] = {axis: {} for axis in analysis.inputs[source].axes}
    for text, one, holds in held:
        need = one.required
        if one.metric not in _DRAWN or need is None or need.value is None or not need.comparator:
            continue
        level = Level(text, one.metric, need.comparator, number(need.value), holds)
        for place in one.tensors:
            for axis in found.keys() & {*place.axes}:
                end = tensor.at(axis, source)
                if place.input in ("", source) and place.tensor in _names(analysis, end):
                    found[axis][level] = None
    return {axis: tuple(levels) for axis, levels in found.items()}


def _names(analysis: Analysis, tensor: Tensor) -> set[str]:
    """Return the names of a tensor: elementwise operators can pass one on under several."""
    return {tensor.name} | {name for name, one in analysis.tensors.items() if one.number == tensor.number}
