"""Why one unit reads what it reads, for a reader and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from pytest_rf.analysis.chains import Side
from pytest_rf.analysis.unit_explaining import UnitAlong, UnitChain, UnitExplanation, UnitLink
from pytest_rf.figures import Number, said, shown, value
from pytest_rf.reporters import layer_rows
from pytest_rf.reporters.layer_groups import Row
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.widths import wrapped
from pytest_rf.reporters.wrapping import wrapped as broken

_BEYOND = {"first": "before", "last": "after"}


def lines(one: UnitExplanation, screen: Screen, every: bool) -> Iterator[Line]:
    """Yield what a unit reads along each axis, and the units that lead to the ends of it.

    Args:
        one: the explanation.
        screen: what the lines are to fit.
        every: whether all units are told one by one.
    """
    unit = ", ".join(map(str, one.unit))
    for place, along in enumerate(one.axes):
        if place:
            yield ()
        head = line(
            f"unit ({unit}) of ",
            (one.tensor.name, "bold"),
            f" ({one.tensor.op}) ",
            *_reads(one, along),
            (f", towards {one.input}", "dim"),
        )
        yield from broken([head], screen.room or 0)
        for chain in along.chains:
            yield from _chain(chain, screen, every, one.input)


def _reads(one: UnitExplanation, along: UnitAlong) -> Iterator[tuple[str, str]]:
    if along.reads is None:
        yield f"reads nothing on axis {along.axis}", ""
        return
    first, last = along.reads
    yield f"reads {first} to {last} on axis {along.axis}: {one.metric} ", ""
    yield ("none" if along.figure is None else said(along.figure)), "figure"


def _chain(chain: UnitChain, screen: Screen, every: bool, source: str) -> Iterator[Line]:
    far = "" if chain.figure is None else f", {_far(chain.figure, chain.side)}"
    for text in wrapped(f"  {chain.side} position {chain.position}{far}", screen, "    "):
        yield line(text)
    if not chain.whole:
        yield line(("    no single element of what the first of these reads has that position", "warn"))
    told = [link for place, link in enumerate(chain.links) if every or _tells(chain.links, place)]
    yield from layer_rows.lines([_row(link, source) for link in told], _adds, _place, screen, every, "    ")
    padded = [link for link in chain.links if link.padding]
    if padded:
        names = ", ".join(f"{link.layer} ({link.padding})" for link in padded[:3])
        more = f" and {len(padded) - 3:,} more" if len(padded) > 3 else ""
        text = f"    clipped: elements {_BEYOND[chain.side]} it are padding at {names}{more}"
        for part in wrapped(text, screen, "      "):
            yield line((part, "dim"))


def _tells(links: Sequence[UnitLink], place: int) -> bool:
    """Return whether a unit of a chain tells why; what moves nothing beside no padding is only on the way."""
    link = links[place]
    if place in (0, len(links) - 1) or link.adds or link.padding:
        return True
    return link.adds is None and link.reads != links[place - 1].reads


def _far(figure: Number, side: Side) -> str:
    """Return where a position lies, seen from what a unit stands for."""
    end, beyond, within = ("end", "behind", "before") if side == "last" else ("beginning", "before", "behind")
    if not figure:
        return f"the {end} of what the unit stands for"
    far = said(abs(Fraction(figure)))
    way = beyond if figure > 0 else f"{within} the {end} of"
    return f"{far} {way} what the unit stands for"


def _row(link: UnitLink, source: str) -> Row:
    name, kind = (source, "") if link.layer is None else (link.layer.called, link.layer.kind)
    place = f"[{', '.join(map(str, link.element))}]"
    return Row(name, kind, link.adds, link.total, "" if link.layer is None else link.layer.source, place)


def _adds(row: Row) -> str:
    return "" if row.growth is None else f"{'+' if row.growth >= 0 else ''}{shown(row.growth)}"


def _place(row: Row) -> str:
    return "" if row.total is None else shown(row.total)


def plain(one: UnitExplanation) -> dict[str, Any]:
    """Return an explanation as JSON holds it."""
    return {
        "tensor": one.tensor._asdict(),
        "metric": one.metric,
        "input": one.input,
        "unit": list(one.unit),
        "axes": [
            {
                "axis": along.axis,
                "reads": None if along.reads is None else list(along.reads),
                "figure": None if along.figure is None else value(along.figure),
                "chains": [_plain(chain) for chain in along.chains],
            }
            for along in one.axes
        ],
    }


def _plain(chain: UnitChain) -> dict[str, Any]:
    return {
        "side": chain.side,
        "position": chain.position,
        "figure": None if chain.figure is None else value(chain.figure),
        "whole": chain.whole,
        "links": [
            {
                "layer": None if link.layer is None else link.layer._asdict(),
                "element": list(link.element),
                "reads": list(link.reads),
                "padding": link.padding,
                "adds": None if link.adds is None else value(link.adds),
                "total": None if link.total is None else value(link.total),
            }
            for link in chain.links
        ],
    }
