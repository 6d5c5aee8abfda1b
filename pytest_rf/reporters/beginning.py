"""A first configuration as text: TOML with comments, in which whatever a model is called is harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_rf.config import packs
from pytest_rf.config.records import quoted
from pytest_rf.factories import is_factory
from pytest_rf.given import written
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.text import count, shape
from pytest_rf.starting.begin import Entry

_BARE = re.compile(r"[A-Za-z0-9_-]+")

#: An example of the distance between neighbours, by axis.
_SPACING = {"t": "1/16000 s"}
_PIXEL = "0.5 mm"

#: Comments stand in this column, where there is room.
_COLUMN = 36


def text(entries: Sequence[Entry]) -> str:
    """Return a configuration of these models; those of which nothing can be checked stand in comments."""
    longest = max(map(len, packs.names()))
    lines = [
        f"# What these models must be able to see. Check them with: {check(entries)}",
        "# Every requirement below holds today (pytest-rf init wrote it): keep those that",
        "# you rely on, sharpen or delete the others, and say why. pytest-rf show MODEL",
        "# shows all figures.",
        "",
        "# Packs: requirements for models of a kind, and rules beside them (pytest-rf rule",
        "# lists rules).",
        *(f"#   pytest-rf:{name:<{longest}}  {packs.about(name)}" for name in packs.names()),
        '# extend = ["pytest-rf:classification"]',
        '# select = ["RF1", "RF3"]',
    ]
    for entry in entries:
        lines += ["", *(_broken(entry) if entry.wrong else _model(entry))]
    return "\n".join(lines) + "\n"


def check(entries: Sequence[Entry]) -> str:
    """Return the command that checks these models."""
    runs_code = any(is_factory(entry.source) for entry in entries if not entry.wrong)
    return "pytest-rf check" + (" --allow-code" if runs_code else "")


def _model(entry: Entry) -> Iterator[str]:
    yield "[[model]]"
    about = ", ".join(f"{name} {shape(extents)}" for name, extents in entry.shapes.items())
    yield _commented(f"name = {quoted(entry.name)}", f"{count(entry.tensors, 'tensor')}, {about}")
    yield f"source = {quoted(entry.source)}"
    if entry.inputs:
        yield f"inputs = {{ {', '.join(f'{_key(name)} = {written(one)}' for name, one in entry.inputs.items())} }}"
    if entry.chosen:
        names = dict.fromkeys(one.input for one in entry.chosen)
        shapes = ", ".join(f"{_key(name)} = {written(entry.shapes[name])}" for name in names)
        axes = " and ".join(dict.fromkeys(one.axis for one in entry.chosen))
        yield f"# inputs = {{ {shapes} }}  # the file leaves {visible(axes)} open: state what they are in use"
    if entry.axes:
        spacing = ", ".join(f"{_key(axis)} = {quoted(_SPACING.get(axis, _PIXEL))}" for axis in entry.axes)
        length = "25 ms" if entry.axes == ("t",) else "20 mm"
        yield f'# spacing = {{ {spacing} }}  # then require "final rf >= {length}"'
    yield "require = ["
    for one in entry.stated:
        yield _commented(f"  {quoted(one.text)},", one.why)
    yield "]"


def _broken(entry: Entry) -> Iterator[str]:
    yield f"# Not checked: {visible(entry.wrong)}"
    yield "# [[model]]"
    yield f"# source = {quoted(entry.source)}"


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COLUMN}}  # {visible(comment)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else quoted(name)
