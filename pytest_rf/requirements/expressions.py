"""What a figure is held against: a number with its unit, a declared figure, or arithmetic over these.

An expression is a tree of small, immutable records. ``str()`` writes it so that it is read back as the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from pytest_rf.figures import written

Sign = Literal["+", "-", "*", "/"]

#: Units that are no measure of their own: positions of the axis, steps of the tensor, samples of a signal.
POSITIONS = ("px", "pixel", "pixels", "position", "positions")
STEPS = ("step", "steps")
SAMPLES = ("sample", "samples")

#: The names that need no quotes behind each prefix. But for patterns of operators, which begin a requirement or a
#: part, and the paths of files, none of the signs of arithmetic is in them.
BARE = {
    "op": r"[\w.:*?/-]+",
    "attr": r"[\w.:]+",
    "meta": r"[\w.:]+",
    "file": r"[\w./-]+#[\w.]+",
}


def quoted(name: str) -> str:
    """Return a name in the quotes that it does not hold itself."""
    quote = "'" if '"' in name else '"'
    return f"{quote}{name}{quote}"


_WHERE = frozenset({"position", "span", "text", "written"})


class Part(Struct, frozen=True, eq=False):
    """A part of a requirement, or the whole: how it is written and where it stands makes no difference."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._said()))

    def _said(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name not in _WHERE)


class Value(Part, frozen=True):
    """A value that stands alone.

    The kinds: a plain number, a percentage, a quantity whose unit is ``name``, the input's extent, a figure
    that is declared under ``name`` (``attr``, ``meta`` or ``file``), and yes/no (``truth``, the number 1 or 0).
    """

    kind: Literal["number", "percent", "quantity", "input", "attr", "meta", "file", "truth"]
    number: Fraction = Fraction(0)
    name: str = ""
    position: int = 0

    def __str__(self) -> str:
        if self.kind == "input":
            return "input"
        if self.kind == "truth":
            return "yes" if self.number else "no"
        if self.kind in BARE:
            return (
                f"{self.kind}:{self.name if re.fullmatch(BARE[self.kind], self.name) else quoted(self.name)}"
            )
        unit = {"number": "", "percent": "%", "quantity": f" {self.name}"}[self.kind]
        return written(self.number) + unit


class Negative(Part, frozen=True):
    """The opposite of a value that is not a plain number."""

    operand: Expression
    position: int = 0

    def __str__(self) -> str:
        return f"-{_operand(self.operand)}"


class Measured(Part, frozen=True):
    """What has a unit, or is a percentage (``%``), without being a number: ``attr:window ms``."""

    operand: Expression
    unit: str
    position: int = 0

    def __str__(self) -> str:
        return f"{_operand(self.operand)}{'' if self.unit == '%' else ' '}{self.unit}"


class Operation(Part, frozen=True):
    """Two values put together; ``position`` is that of the sign."""

    sign: Sign
    left: Expression
    right: Expression
    position: int = 0

    def __str__(self) -> str:
        # Products on the left of a sum, and sums on its left, need no brackets; all else is plainer with them.
        left = str(self.left) if self._binds_left() else _operand(self.left)
        right = str(self.right) if self._binds_right() else _operand(self.right)
        return f"{left} {self.sign} {right}"

    def _binds_left(self) -> bool:
        return isinstance(self.left, Operation) and (self.sign in "+-" or self.left.sign in "*/")

    def _binds_right(self) -> bool:
        return isinstance(self.right, Operation) and self.sign in "+-" and self.right.sign in "*/"


Expression = Value | Negative | Measured | Operation


def units(expression: Expression) -> Iterator[str]:
    """Yield the units that an expression is written in, ``%`` among them."""
    if isinstance(expression, Value):
        if expression.kind in ("quantity", "percent"):
            yield expression.name or "%"
    elif isinstance(expression, Operation):
        yield from units(expression.left)
        yield from units(expression.right)
    else:
        if isinstance(expression, Measured):
            yield expression.unit
        yield from units(expression.operand)


def beginning(expression: Expression) -> int:
    """Return where an expression begins in the text, but for brackets."""
    if isinstance(expression, Operation):
        return beginning(expression.left)
    return beginning(expression.operand) if isinstance(expression, Measured) else expression.position


def _operand(expression: Expression) -> str:
    """Return an expression as it stands beside a sign: in brackets unless it can only be read as one."""
    text = str(expression)
    alone = isinstance(expression, Value) and "/" not in text.split(":")[0] and not text.startswith("-")
    return text if alone else f"({text})"
