"""Whether cures hold in models that are really built again."""

from __future__ import annotations

from pytest_rf.analysis import Analysis
from pytest_rf.figures import number
from pytest_rf.findings import Cure, Finding
from pytest_rf.reporters.cures import edits
from pytest_rf.requirements import Settings, evaluate, parse


def hold(found: Finding, cure: Cure, rebuilt: Analysis, text: str) -> None:
    """Assert that a requirement holds of a model that was built again, and that its figure is the one told."""
    told = f"{text}: {edits(cure.edits)}"
    assert not evaluate(rebuilt, parse(text), Settings()), told
    if not cure.measured:
        return
    low = min(number(one.low) for one in cure.measured)
    high = max(number(one.high) for one in cure.measured)
    span = [one for axis in found.axes for one in figures(rebuilt, found, axis)]
    assert (min(span), max(span)) == (low, high), told


def figures(analysis: Analysis, found: Finding, axis: str) -> list[object]:
    """Return the smallest and the largest figure of the tensor of a finding along an axis."""
    tensor = next((one for one in analysis.final if one.name == found.tensor), analysis.final[0])
    field = tensor.field(found.input)[axis]
    if found.metric == "halo":
        return list(field.halo)
    if found.metric in ("rf", "density", "erf"):
        return list(getattr(field, f"{found.metric}_range"))
    return [getattr(field, found.metric)]
