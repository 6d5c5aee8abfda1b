"""What a requirement is once it has been read: small, immutable records, and the error of a bad text."""

from __future__ import annotations

import re
from typing import Literal

from pytest_rf.errors import RequirementError, WrittenError
from pytest_rf.requirements.expressions import BARE, Expression, Part, quoted

Comparator = Literal[">=", "<=", ">", "<", "==", "!="]

#: The comparator seen from the other side: ``3 <= rf`` says ``rf >= 3``.
MIRRORED: dict[Comparator, Comparator] = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "==": "==", "!=": "!="}


class RequirementTextError(WrittenError, RequirementError):
    """A requirement is wrong at a known place of its text."""

    kind = "requirement"


class AbsentError(RequirementTextError):
    """A requirement is about something that the model does not have: an axis, an input, an operator.

    What the model's own requirement names must be there. One that is shared by models of many kinds does not
    apply to this one.
    """


class Where(Part, frozen=True):
    """Which tensors a requirement is about: ``final``, ``output``, a glob, or all of one operator."""

    kind: Literal["final", "output", "glob", "op"] = "final"
    pattern: str = ""
    position: int = 0

    def __str__(self) -> str:
        if self.kind == "glob":
            return quoted(self.pattern)
        if self.kind == "op":
            return f"op:{self.pattern if re.fullmatch(BARE['op'], self.pattern) else quoted(self.pattern)}"
        return self.kind


class Source(Part, frozen=True):
    """The one input that a figure is about, by its name; without one it is about every input."""

    name: str
    position: int = 0


def _from(source: Source | None) -> str:
    """Return how the input is written behind a figure; always in quotes, as a word would be read in its place."""
    return "" if source is None else f" from {quoted(source.name)}"


class Figure(Part, frozen=True):
    """A metric of the tensors that ``where`` selects, on one axis or (None) on every spatial one.

    ``source``: the input that it is about; None for every input.
    """

    where: Where
    metric: str
    axis: str | int | None = None
    align: int | None = None
    source: Source | None = None
    position: int = 0

    def __str__(self) -> str:
        align = "" if self.align is None else f"(align={self.align})"
        axis = "" if self.axis is None else f".{self.axis}"
        return f"{self.where} {self.metric}{align}{axis}{_from(self.source)}"


class Comparison(Part, frozen=True):
    """``figure comparator value``; the figure is always on the left here, wherever it was written.

    ``span``: where in the text the comparator and the value stand; ``written``: the value as it was written.
    """

    figure: Figure
    comparator: Comparator
    value: Expression
    span: tuple[int, int] = (0, 0)
    written: str = ""

    @property
    def where(self) -> Where:
        """Return which tensors this is about."""
        return self.figure.where

    def __str__(self) -> str:
        return f"{self.figure} {self.comparator} {self.value}"


class Claim(Part, frozen=True):
    """``where is [not] predicate``; ``span``: where in the text the predicate stands, with its ``not``."""

    where: Where
    predicate: str
    axis: str | int | None = None
    negated: bool = False
    source: Source | None = None
    position: int = 0
    span: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        axis = "" if self.axis is None else f".{self.axis}"
        return f"{self.where} is {'not ' if self.negated else ''}{self.predicate}{axis}{_from(self.source)}"


class Requirement(Part, frozen=True):
    """A requirement: its parts must all hold. ``str()`` writes it in full, with every ``where``."""

    text: str
    parts: tuple[Comparison | Claim, ...] = ()

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))
