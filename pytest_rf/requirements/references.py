"""Figures that are declared somewhere: ``attr:`` of the module, ``meta:`` of the file, ``file:`` beside the model."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from pytest_rf.analysis import Analysis
from pytest_rf.errors import RequirementError
from pytest_rf.requirements.dimensions import PlacedError
from pytest_rf.requirements.expressions import Value
from pytest_rf.requirements.vocabulary import nearest

_DECLARED = r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*"

#: Larger numbers, and fractions of more than that, are no figures of a model.
_LARGEST = 10**15

#: An error lists at most this many names.
_LISTED = 8

#: An entry of metadata that is a list or a table is read no further.
_LONGEST = 10_000

#: An attribute's path has at most this many parts.
_PARTS = 20


class References:
    """The declared figures of one model; each is looked up once."""

    def __init__(self, analysis: Analysis, root: Path | None = None) -> None:
        """Remember where to look.

        Args:
            analysis: the model.
            root: the folder that ``file:`` is relative to and never leaves; by default the working directory.
        """
        self._analysis = analysis
        self._root = root
        self._known: dict[tuple[str, str], Fraction] = {}

    def number(self, value: Value) -> Fraction:
        """Return the number that a value declares.

        Raises:
            PlacedError: there is none; the text names what was looked for, and the remedy.
        """
        key = value.kind, value.name
        if key not in self._known:
            try:
                self._known[key] = _LOOK[value.kind](self, value.name)
            except RequirementError as error:
                raise PlacedError(str(error), value.position) from None
        return self._known[key]

    def _metadata(self, name: str) -> Fraction:
        declared = self._analysis.graph.metadata
        if name not in declared and (inner := _within(name, declared)) is not None:
            return inner
        if name not in declared:
            hint = nearest(name, declared)
            if not hint and self._analysis.module is not None:
                hint = ": metadata are those of an ONNX file; a module's own figures are attributes, as in attr:NAME"
            if not hint:
                hint = (
                    f"; it declares {', '.join(list(declared)[:_LISTED])}"
                    if declared
                    else "; it has no metadata: export it with metadata_props, or require a number"
                )
            raise RequirementError(f"the model declares no meta:{name}{hint}")
        match = re.fullmatch(_DECLARED, declared[name][:40])
        if match is None:
            shown = declared[name] if len(declared[name]) <= 40 else declared[name][:40] + "…"
            first = "" if _listed(declared[name]) is None else f"; one of its numbers is meta:{name}.0"
            raise RequirementError(f'meta:{name} is not a number but "{shown}"{first}')
        return Fraction(match.group(1))

    def _of_file(self, name: str) -> Fraction:
        from pytest_rf.requirements import files

        return files.number(name, self._root or Path.cwd())

    def _attribute(self, path: str) -> Fraction:
        found = self._analysis.module
        if found is None:
            raise RequirementError(
                f"attr:{path} is an attribute of a PyTorch module, and this model is an ONNX file: write the figure "
                f"into its metadata_props and require meta:{path}"
            )
        if type(found).__name__ == "ExportedProgram":
            raise RequirementError(
                f"attr:{path}: an exported program keeps no attributes of its module: analyse the module itself"
            )
        parts = path.split(".")
        if len(parts) > _PARTS:
            raise RequirementError(f"attr:{path[:60]}…: a path of more than {_PARTS} parts")
        for place, part in enumerate(parts):
            found = _part(found, part, ".".join(parts[:place]), path)
        return _counted(found, path)


_LOOK: Mapping[str, Callable[[References, str], Fraction]] = {
    "attr": References._attribute,
    "meta": References._metadata,
    "file": References._of_file,
}


def _within(name: str, declared: Mapping[str, str]) -> Fraction | None:
    """Return the number that an entry holds in a list or a table: ``left_context.0``, ``streaming.chunk``.

    None where no entry is meant. Lists of numbers are written with commas, or as JSON like all else.

    Raises:
        RequirementError: an entry is meant, and has no such number.
    """
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        entry = ".".join(parts[:count])
        if entry in declared:
            found = _listed(declared[entry])
            key = ".".join(parts[count:])
            from pytest_rf.requirements import files

            return files.within(f"meta:{entry}", declared[entry] if found is None else found, key)
    return None


def _listed(text: str) -> list[Fraction] | None:
    """Return numbers that are written with commas, in brackets or not; None where it is not that."""
    inner = text[:_LONGEST].strip().removeprefix("[").removesuffix("]")
    matches = [re.fullmatch(_DECLARED, part) for part in inner.split(",")]
    return [Fraction(match[1]) for match in matches if match] if len(matches) > 1 and all(matches) else None


def _part(owner: object, name: str, before: str, path: str) -> object:
    """Return an attribute, or an element of a list; properties run, as the model's own code has run before."""
    if isinstance(owner, (list, tuple)) and name.isdigit() and int(name[:9]) < len(owner):
        return owner[int(name[:9])]
    try:
        return getattr(owner, name)
    except Exception as error:
        # Of a module, an AttributeError from within a property reads as if there were no such attribute.
        if not isinstance(error, AttributeError) or name in dir(type(owner)):
            raise RequirementError(f"attr:{path}: {name} raises {_said(error)}") from None
        known = [one for one in dir(owner) if not one.startswith("_")]
        whose = f"{type(owner).__name__}{f' ({before})' if before else ''}"
        raise RequirementError(
            f'attr:{path}: {whose} has no attribute "{name}"{nearest(name, known)}'
        ) from None


def _counted(found: object, path: str) -> Fraction:
    """Return what an attribute holds as a number: also one of numpy, or a tensor of one element."""
    if callable(found):
        raise RequirementError(
            f"attr:{path} is {_kind(found)}, not a number; nothing is called: make it a property or an attribute"
        )
    item = getattr(found, "item", None)
    if callable(item) and getattr(found, "numel", lambda: 0)() == 1:
        try:
            found = item()
        except Exception as error:
            raise RequirementError(f"attr:{path} is a tensor without a value: {_said(error)}") from None
    if isinstance(found, bool) or not isinstance(found, (numbers.Real, Decimal)):
        where = (
            f"; one of its elements is attr:{path}.0" if isinstance(found, (list, tuple)) and found else ""
        )
        raise RequirementError(f"attr:{path} is not a number but {_kind(found)}{where}")
    if not math.isfinite(found) or abs(float(found)) > _LARGEST:
        raise RequirementError(f"attr:{path} is {found}, which no figure is compared with")
    return exact(found)


def exact(number: numbers.Real | Decimal) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth, not the nearest that a float can hold."""
    if isinstance(number, (numbers.Rational, Decimal)):
        return Fraction(number).limit_denominator(_LARGEST)
    return Fraction(repr(float(number))).limit_denominator(_LARGEST)


def _kind(found: object) -> str:
    kind = type(found).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _said(error: Exception) -> str:
    """Return an error of the model's own code as one line."""
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}{': ' if text else ''}{text}"
