"""Findings of the built-in rules that say the same, told once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pytest_rf.findings import Finding
from pytest_rf.requirements.wording import on_axes

#: As many findings of a rule about one operator are told one by one.
FEW = 5


def along_all_axes(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a rule, with those that say the same of several axes as one."""
    merged: dict[Finding, list[Finding]] = {}
    for one in findings:
        merged.setdefault(replace(one, axes=(), message=_along(one, ("?",))), []).append(one)
    found = []
    for alike in merged.values():
        axes = tuple(axis for one in alike for axis in one.axes)
        found.append(replace(alike[0], axes=axes, message=_along(alike[0], axes)))
    return found


def _along(found: Finding, axes: Sequence[str]) -> str:
    """Return a message as it would be about other axes: ``on axis h``, ``along axis h``, ``over axis h``."""
    if not found.axes:
        return found.message
    own, others = (on_axes(some).removeprefix(" on ") for some in (found.axes, axes))
    return re.sub(rf"(?<= ){re.escape(own)}(?!\w)", lambda _: others, found.message, count=1)


def gathered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with those of a rule that many tensors of one operator give as one.

    The findings of requirements stay as they are.
    """
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        if one.number is None and one.tensor:
            groups.setdefault(_kind(one), []).append(one)
    many = {key: group for key, group in groups.items() if len(group) > FEW}
    found: list[Finding] = []
    for one in findings:
        group = many.get(_kind(one), []) if one.number is None else []
        if not group:
            found.append(one)
        elif one is group[0]:
            found.append(_all_in(group))
    return tuple(found)


def _kind(found: Finding) -> tuple[str, str, str]:
    """Return what findings of a rule share that are told as one."""
    return found.code, found.op, found.waived


def _all_in(group: Sequence[Finding]) -> Finding:
    """Return the first finding of a group with the tensors of the rest."""
    first, *rest = group
    tensors = len({one.tensor for one in group}) - 1
    more = f"; likewise at {tensors:,} more tensor{'' if tensors == 1 else 's'}" if tensors else ""
    return replace(first, message=f"{first.message}{more}", others=tuple(one.elsewhere() for one in rest))
