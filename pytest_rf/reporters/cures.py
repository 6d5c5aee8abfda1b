"""Cures in words: what to edit, and the figure that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from msgspec.structs import replace

from pytest_rf.findings import Cure, Edit, Finding
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES
from pytest_rf.requirements.wording import listed, measured, required

#: So many layers are named of an edit of many.
_NAMED = 3


def helps(found: Finding) -> list[str]:
    """Return what would put a finding right, one text each; what is to be written down has several lines."""
    lines = [cure(found, one) for one in found.cures]
    if found.search is not None:
        lines.append(unsuccessful(found))
    return [*lines, found.help] if found.help else lines


def cure(found: Finding, one: Cure) -> str:
    """Return a cure: ``layer4.2.conv2: dilation 1 → 2 (padding 1 → 2) gives final rf 491 (needs >= 480)``."""
    yes_or_no = found.metric in METRICS and METRICS[found.metric].kind == "truth"
    if not one.measured or (found.number is None and yes_or_no):
        claim = found.metric in PREDICATES and found.number is not None
        return f"{edits(one.edits)} makes it {required(found)}" if claim else f"{edits(one.edits)} cures it"
    return f"{edits(one.edits)} gives {_figure(found, one)} (needs {required(found)})"


def unsuccessful(found: Finding) -> str:
    """Return that nothing helped, and how far the best of what was tried gets."""
    search = found.search
    assert search is not None
    one = "the one edit of a layer that was tried is not" if search.tried == 1 else ""
    text = one or f"none of the {search.tried:,} edits of single layers that were tried is"
    if search.nearest is None:
        return f"{text} enough"
    return (
        f"{text} enough; the nearest, {edits(search.nearest.edits)}, gives {_figure(found, search.nearest)}"
    )


def edits(made: Sequence[Edit]) -> str:
    """Return what is done to layers: the first edit of each, and in brackets what goes with it.

    Where nothing but an operator in front of a layer is edited, which pads for it, that is named:
    ``/Pad (in front of conv): padding before 1 → 2 (after 1 → 0)``.
    """
    alike: dict[str, list[str]] = {}
    for layer, own in groupby(made, lambda edit: edit.layer):
        parts = list(own)
        pads = dict.fromkeys(edit.by for edit in parts)
        if "" in pads:
            alike.setdefault(_together(parts), []).append(layer)
            continue
        for pad in pads:
            what = _together([replace(edit, by="") for edit in parts if edit.by == pad])
            alike.setdefault(what, []).append(f"{pad} (in front of {layer})")
    return "; ".join(f"{listed(names, _NAMED)}: {what}" for what, names in alike.items())


def _together(parts: Sequence[Edit]) -> str:
    """Return edits of one layer: the first, and in brackets the others."""
    first, *others = map(_edit, parts)
    others = [other.removeprefix("padding ") if first.startswith("padding") else other for other in others]
    return f"{first} ({', '.join(others)})" if others else first


def _edit(one: Edit) -> str:
    if one.what == "layer behind":
        return f"one more layer behind it ({one.new})"
    if not one.old:
        return f"{one.what} {_said(one.new)}"
    return f"{one.what} {_said(one.old)} → {_said(one.new)}{f' by {one.by}' if one.by else ''}"


def _said(numbers: tuple[int, ...] | str) -> str:
    if isinstance(numbers, str):
        return numbers
    return str(numbers[0]) if len(set(numbers)) == 1 else "×".join(map(str, numbers))


def _figure(found: Finding, one: Cure) -> str:
    figure = measured(replace(found, measured=one.measured, local=(), context=()))
    return f"{f'{found.where} ' if found.where else ''}{found.metric} {figure}"
