"""What was measured where a requirement holds: of every part the tensor at which least is to spare."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pytest_rf.findings import Finding
from pytest_rf.requirements.verdicts import badness
from pytest_rf.results import Held


def least(found: Iterable[Finding]) -> tuple[Held, ...]:
    """Return, per part, what was measured at the tensor that is nearest to failing; axes that agree share one.

    Args:
        found: what :func:`pytest_rf.requirements.evaluate` gives of where parts hold, part by part.
    """
    parts: dict[tuple[int, int] | None, list[Finding]] = {}
    for one in found:
        parts.setdefault(one.span, []).append(one)
    return tuple(held for part in parts.values() for held in _least(part))


def _least(part: list[Finding]) -> Iterable[Held]:
    tensors = len({one.tensor for one in part})
    nearest = min(part, key=badness)
    axes: dict[Finding, list[str]] = {}
    for one in part:
        if (one.tensor, one.input) == (nearest.tensor, nearest.input):
            axes.setdefault(replace(one, axes=()), []).extend(one.axes)
    for one, names in axes.items():
        yield Held(
            metric=one.metric,
            measured=one.measured,
            required=one.required,
            spacing=one.spacing,
            counted=one.counted,
            tensor=one.tensor,
            op=one.op,
            axes=tuple(dict.fromkeys(names)),
            input=one.input,
            tensors=tensors,
        )
