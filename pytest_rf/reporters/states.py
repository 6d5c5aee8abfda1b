"""How much of a step model's state is needed, for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_rf.analysis.described import StateFigures

_LISTED = 4


def states(named: Iterable[tuple[str, StateFigures]]) -> Iterator[str]:
    """Yield how much of each state is needed; those of which the same is true are told together."""
    alike: dict[str, list[str]] = {}
    for name, one in named:
        alike.setdefault(_needed(one), []).append(name)
    for told, names in alike.items():
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        yield f"state {', '.join(names[:_LISTED])}{more}: {told}"


def _needed(one: StateFigures) -> str:
    if one.grows:
        return f"grows by {one.grows} position{'s' * (one.grows != 1)} a call"
    if one.needed is None:
        return f"holds {one.length} position{'s' * (one.length != 1)}; how many are needed is not known"
    if one.axis is None:
        return "recurs: it stands for all of the past" if one.needed else "is read by no output"
    if one.needed == one.length:
        return f"all {one.length} positions are needed" if one.length != 1 else "its one position is needed"
    return f"{one.needed} of {one.length} positions are needed"
