"""The part of the grammar that reads what a figure is held against: numbers, units, declared figures, arithmetic."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeGuard

from pytest_rf.requirements import scanner
from pytest_rf.requirements.cursor import Cursor
from pytest_rf.requirements.expressions import (
    BARE,
    Expression,
    Measured,
    Negative,
    Operation,
    Sign,
    Value,
)
from pytest_rf.requirements.scanner import Kind
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES

#: Words that are no units.
RESERVED = frozenset(
    {"and", "is", "not", "or", "from", "final", "output", "input", "yes", "no", *METRICS, *PREDICATES}
)
#: What to say of arithmetic with figures.
ONE_SIDE = ": a figure stands alone, and only what it is compared with takes arithmetic"
#: Brackets and signs before a value stand within each other at most this deep.
MAX_DEPTH = 32
#: A value has at most this many signs of arithmetic.
MAX_SIGNS = 64

_BOUNDED = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_LARGEST = 10**15 - 1
_COUNTED = ("number", "percent", "quantity")
_INFINITE = ("nan", "inf", "infinity")

OPERATIONS: Mapping[Sign, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class Arithmetic(Cursor):
    """One method per rule; plain numbers are put together as they are read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.signs = 0

    def at_value(self) -> bool:
        """Return whether a value begins here, and not a figure."""
        token = self.current
        if token.kind is Kind.REFERENCE:
            return not token.value.startswith("op:")
        return (
            token.kind is Kind.NUMBER
            or (token.kind is Kind.SIGN and token.value in "+-(")
            or self.at_word("input", "yes", "no", *_INFINITE)
        )

    def value(self) -> Expression:
        """Read the value of a comparison."""
        if self.at_word("yes", "no"):
            token = self.take()
            return Value("truth", Fraction(token.value.lower() == "yes"), position=token.position)
        self.signs = 0
        return self.sum()

    def sum(self) -> Expression:
        """Read what is added up."""
        found = self.product()
        while self.at_sign("+-"):
            found = self.operation(found, self.product)
        return found

    def product(self) -> Expression:
        """Read what is multiplied."""
        found = self.factor(first=True)
        while self.at_sign("*/"):
            found = self.operation(found, self.factor)
        return found

    def at_sign(self, signs: str) -> bool:
        """Return whether one of these signs is next."""
        return self.current.kind is Kind.SIGN and self.current.value in signs

    def operation(self, left: Expression, read: Callable[[], Expression]) -> Expression:
        """Read a sign and what stands behind it."""
        token = self.take()
        self.signs += 1
        if self.signs > MAX_SIGNS:
            self.fail(f"a value has at most {MAX_SIGNS} signs: split it, or declare the figure", token)
        start = self.current
        if token.position == self.tokens[self.index - 2].end and start.position == token.end:
            self.quotes(left)
        sign: Sign = token.value  # type: ignore[assignment]  # whoever calls has looked
        right = read()
        if sign == "/" and isinstance(right, Value) and right.kind in _COUNTED and not right.number:
            self.fail("division by zero", start)
        if _is_number(left) and _is_number(right):
            return self.plain(OPERATIONS[sign](left.number, right.number), left.position)
        return Operation(sign, left, right, token.position)

    def quotes(self, left: Expression) -> None:
        """Say, where a word follows, that a name with signs in it stands in quotes."""
        last = left.right if isinstance(left, Operation) else left
        if self.current.kind is Kind.WORD and isinstance(last, Value) and last.kind in BARE:
            self.fail(f"expected a value, found {self.found()}; a name with - * or / in it stands in quotes")

    def factor(self, first: bool = False) -> Expression:
        """Read a value with its sign and its unit; ``first``: it begins a product, so that it can be a fraction."""
        start = self.current
        if not self.at_sign("+-"):
            return self.measured(self.atom(first))
        self.take()
        self.deeper()
        found = self.factor(first)
        self.depth -= 1
        if start.value == "+":
            return found
        if isinstance(found, Value) and found.kind in _COUNTED:
            return Value(found.kind, -found.number, found.name, start.position)
        return Negative(found, start.position)

    def atom(self, first: bool) -> Expression:
        """Read a value without sign and unit."""
        start = self.current
        if self.at_word(*_INFINITE):
            self.fail('no figure is compared with infinity: "is bounded" and "is not bounded" say that')
        if start.kind is Kind.REFERENCE and self.at_value():
            self.take()
            kind, _, name = start.value.partition(":")
            return Value(kind, name=name, position=start.position)  # type: ignore[arg-type]  # attr, meta or file
        if self.at_word("input"):
            self.take()
            return Value("input", position=start.position)
        if self.accept_sign("("):
            return self.brackets()
        number = self.number()
        if first and self.at_sign("/") and self.following.kind is Kind.NUMBER:
            self.take()
            bottom = self.number()
            if not bottom:
                self.fail("division by zero", self.tokens[self.index - 1])
            number /= bottom
        return self.plain(number, start.position)

    def brackets(self) -> Expression:
        """Read what stands in brackets, behind the first."""
        opened = self.tokens[self.index - 1]
        self.deeper()
        found = self.sum()
        self.depth -= 1
        if not self.accept_sign(")"):
            if self.at_end():
                self.fail("the bracket is never closed", opened)
            self.fail(f'expected ")", found {self.found()}')
        return found

    def deeper(self) -> None:
        """Count one bracket or sign more, within those before it."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"brackets and signs stand within each other more than {MAX_DEPTH} deep")

    def measured(self, found: Expression) -> Expression:
        """Read the unit of a value, if it has one."""
        token = self.current
        if self.at_sign("%"):
            unit = "%"
        elif token.kind is Kind.WORD and token.value.lower() not in RESERVED:
            unit = token.value
        else:
            return found
        self.take()
        if not _is_number(found):
            return Measured(found, unit, token.position)
        if unit == "%":
            return Value("percent", found.number, position=found.position)
        return Value("quantity", found.number, unit, found.position)

    def number(self) -> Fraction:
        """Read the digits of a number."""
        token = self.current
        if token.kind is not Kind.NUMBER:
            self.fail(f"expected a value, found {self.found()}{ONE_SIDE if self.at_word(*METRICS) else ''}")
        if not _BOUNDED.fullmatch(token.value):
            self.fail("the number is too long: at most 15 digits")
        self.take()
        return Fraction(token.value)

    def plain(self, number: Fraction, position: int) -> Value:
        """Return a plain number, if it is within its bounds."""
        if max(abs(number.numerator), number.denominator) > _LARGEST:
            scanner.fail("the number is out of range: at most 15 digits", self.text, position)
        return Value("number", number, position=position)


def _is_number(expression: Expression) -> TypeGuard[Value]:
    return isinstance(expression, Value) and expression.kind == "number"
