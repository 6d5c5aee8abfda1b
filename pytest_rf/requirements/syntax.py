"""What a requirement is once it has been read: small, immutable records, and the error of a bad text."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from pytest_rf.errors import RequirementError
from pytest_rf.figures import written

Comparator = Literal[">=", "<=", ">", "<", "==", "!="]

#: The comparator seen from the other side: ``3 <= rf`` says ``rf >= 3``.
MIRRORED: dict[Comparator, Comparator] = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "==": "==", "!=": "!="}

#: How much of a text an error quotes.
_QUOTED = 120


class RequirementTextError(RequirementError):
    """A requirement is wrong at a known place of its text.

    Attributes:
        reason: what is wrong, without the text.
        text: the requirement as it was written.
        position: where in ``text``, counted from 0.
    """

    def __init__(self, reason: str, text: str, position: int) -> None:
        """Remember the place; the message is one line."""
        quoted = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
        super().__init__(f"requirement `{quoted}`, column {position + 1}: {reason}")
        self.reason = reason
        self.text = text
        self.position = position

    @property
    def detail(self) -> str:
        """More for a person to read beside the message: the caret."""
        return self.caret()

    def caret(self) -> str:
        """Return the requirement and, in a second line, a caret under the place that is wrong."""
        start = max(0, self.position - _QUOTED // 2)
        shown = self.text[start : start + _QUOTED]
        # One character for one, or the caret would stand under the wrong one.
        line = "".join(" " if char.isspace() else char if char.isprintable() else "\ufffd" for char in shown)
        return f"{line}\n{' ' * (self.position - start)}^"


class AbsentAxisError(RequirementTextError):
    """A requirement is about an axis that no input of the model has."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which tensors a requirement is about: ``final``, ``output``, a glob, or all of one operator."""

    kind: Literal["final", "output", "glob", "op"] = "final"
    pattern: str = ""
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.kind == "glob":
            quote = "'" if '"' in self.pattern else '"'
            return f"{quote}{self.pattern}{quote}"
        return f"op:{self.pattern}" if self.kind == "op" else self.kind


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of the tensors that ``where`` selects, on one axis or (None) on every spatial one."""

    where: Where
    metric: str
    axis: str | int | None = None
    align: int | None = None
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        align = "" if self.align is None else f"(align={self.align})"
        axis = "" if self.axis is None else f".{self.axis}"
        return f"{self.where} {self.metric}{align}{axis}"


@dataclass(frozen=True, slots=True)
class Value:
    """What a figure is held against.

    The kinds: a plain number, a percentage, a quantity whose unit is ``name``, the input's extent, a figure
    that the model declares under ``name`` (``attr`` or ``meta``), and yes/no (``truth``, the number 1 or 0).
    """

    kind: Literal["number", "percent", "quantity", "input", "attr", "meta", "truth"]
    number: Fraction = Fraction(0)
    name: str = ""
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.kind == "input":
            return "input"
        if self.kind == "truth":
            return "yes" if self.number else "no"
        if self.kind == "attr":
            return f"attr:{self.name}"
        if self.kind == "meta":
            quote = "'" if '"' in self.name else '"'
            return f"meta:{quote}{self.name}{quote}"
        unit = {"number": "", "percent": "%", "quantity": f" {self.name}"}[self.kind]
        return written(self.number) + unit


@dataclass(frozen=True, slots=True)
class Comparison:
    """``figure comparator value``; the figure is always on the left here, wherever it was written.

    ``span``: where in the text the comparator and the value stand.
    """

    figure: Figure
    comparator: Comparator
    value: Value
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def where(self) -> Where:
        """Return which tensors this is about."""
        return self.figure.where

    def __str__(self) -> str:
        return f"{self.figure} {self.comparator} {self.value}"


@dataclass(frozen=True, slots=True)
class Claim:
    """``where is [not] predicate``; ``span``: where in the text the predicate stands, with its ``not``."""

    where: Where
    predicate: str
    axis: str | int | None = None
    negated: bool = False
    position: int = field(default=0, compare=False)
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        axis = "" if self.axis is None else f".{self.axis}"
        return f"{self.where} is {'not ' if self.negated else ''}{self.predicate}{axis}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: its parts must all hold. ``str()`` writes it in full, with every ``where``."""

    text: str = field(compare=False)
    parts: tuple[Comparison | Claim, ...] = ()

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))
