"""The baseline as a file: TOML, sorted, an entry a line, so that it can be read in a diff."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import msgspec

from pytest_rf.baseline.entries import Entry, Place, Range
from pytest_rf.config import tomlfile
from pytest_rf.config.records import ModelKey, quoted
from pytest_rf.errors import ConfigError
from pytest_rf.figures import Number, Value, number, value
from pytest_rf.paths import display

FORMAT = 1
"""Version of the file's form; it grows when a reader of the old form could misread the new one."""

Baseline = dict[ModelKey, list[Entry]]
"""What is known to fail, by model."""

#: A baseline of more bytes is none.
MAX_SIZE = 1 << 24

_HEAD = f"""\
# What is known to fail, with its value: pytest-rf check fails on what is new or worse.
# Written by pytest-rf baseline; with --prune it takes out what no longer fails.
format = {FORMAT}
"""

#: Where an entry is; what else it has are figures.
_WHERE = ("tensor", "input", "axis", "undecidable")

#: A figure that TOML has no number for.
_TEXT = re.compile(r"-?(?:inf|[0-9]{1,40}/[1-9][0-9]{0,39})")

_Figure = bool | int | float | str


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    """``[[model.known]]``: what is known of one requirement or rule."""

    at: list[dict[str, _Figure | list[_Figure]]]
    requirement: str = ""
    rule: str = ""


class _Model(msgspec.Struct, forbid_unknown_fields=True):
    """``[[model]]``: what is known of one model."""

    name: str
    source: str
    known: list[_Known] = []


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The file."""

    format: int
    model: list[_Model] = []


def read(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ConfigError: there is none, or it is not a baseline; the text says how to write it anew.
    """
    name = display(path)
    if not path.exists():
        raise ConfigError(f"{name}: the configuration names this baseline, and there is none; write it with "
                          "pytest-rf baseline")  # fmt: skip
    data = tomlfile.read(path, MAX_SIZE).data
    format = data.get("format")
    if isinstance(format, int) and format > FORMAT:
        raise ConfigError(f"{name}: written by a newer pytest-rf (format {format}, this one knows {FORMAT})")
    try:
        file = msgspec.convert(data, _File)
        return {ModelKey(one.name, one.source): list(_entries(one)) for one in file.model}
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{name}: not a baseline: {error}; delete it and run pytest-rf baseline") from None


def text(baseline: Mapping[ModelKey, Iterable[Entry]]) -> str:
    """Return a baseline as the text of a file; the same baseline gives the same text."""
    return "".join([_HEAD, *(_model(key, entries) for key, entries in sorted(baseline.items()))])


def _model(key: ModelKey, entries: Iterable[Entry]) -> str:
    ordered = sorted(entries, key=lambda entry: entry.place)
    if not ordered:
        return ""
    lines = ["", "[[model]]", f"name = {quoted(key.name)}", f"source = {quoted(key.source)}"]
    for of, some in groupby(ordered, lambda entry: entry.place.of):
        what = "rule" if is_rule(of) else "requirement"
        lines += ["", "[[model.known]]", f"{what} = {quoted(of)}", "at = ["]
        lines += [f"  {{ {', '.join(_items(entry))} }}," for entry in some]
        lines.append("]")
    return "\n".join(lines) + "\n"


def is_rule(of: str) -> bool:
    """Return whether an entry is of a rule, not of a requirement."""
    return of.startswith("RF") and of[2:].isdigit()


def _items(entry: Entry) -> Iterator[str]:
    place = entry.place
    for name, part in (("tensor", place.tensor), ("input", place.input), ("axis", place.axis)):
        if part:
            yield f"{name} = {quoted(part)}"
    if entry.undecidable is not None:
        yield f"undecidable = {quoted(entry.undecidable)}"
    # What lies before stands before what lies after.
    for column, (low, high) in sorted(
        entry.figures.items(), key=lambda item: item[0].replace("_before", "_")
    ):
        yield f"{column} = {_written(low) if low == high else f'[{_written(low)}, {_written(high)}]'}"


def _written(figure: Number) -> str:
    found: Value = value(figure)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return repr(float(f"{found:.9g}"))
    return quoted(found) if isinstance(found, str) else str(found)


def _entries(model: _Model) -> Iterator[Entry]:
    for known in model.known:
        of = known.requirement or known.rule
        for item in known.at:
            where = {name: item.get(name, "") for name in _WHERE}
            if not of or not all(isinstance(one, str) for one in where.values()):
                raise ValueError(f'an entry of model "{model.name}" does not say of what it is')
            tensor, source, axis, _ = map(str, where.values())
            figures = {_column(name): _range(found) for name, found in item.items() if name not in _WHERE}
            undecidable = str(item["undecidable"]) if "undecidable" in item else None
            yield Entry(Place(of, tensor, source, axis), figures, undecidable)


def _column(name: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(f"{name[:40]!r} is not the name of a figure")
    return name


def _range(found: _Figure | list[_Figure]) -> Range:
    ends = found if isinstance(found, list) else [found, found]
    if len(ends) != 2:
        raise ValueError("a figure is one number or two: the smallest and the largest")
    low, high = (_number(end) for end in ends)
    return low, high


def _number(found: _Figure) -> Number:
    wrong = not _TEXT.fullmatch(found) if isinstance(found, str) else math.isnan(found)
    if wrong:
        raise ValueError(f"{str(found)[:40]!r} is not a figure")
    return number(found)
