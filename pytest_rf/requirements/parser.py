r"""Reads a requirement. The grammar is:

    requirement: part ('and' part)* END
    part:        claim | comparison
    claim:       [where] 'is' ['not'] predicate [axis] [input]
    comparison:  figure comparator value
               | value comparator figure [comparator value]
    figure:      [where] metric ['(' 'align' '=' NUMBER ')'] [axis] [input]
    where:       'final' | 'output' | STRING | 'op:'PATTERN
    axis:        '.' (WORD | NUMBER)
    input:       'from' (WORD | STRING)
    comparator:  '>=' | '<=' | '>' | '<' | '==' | '!=' | '≥' | '≤' | '≠'
    value:       sum | 'yes' | 'no'
    sum:         product (('+' | '-') product)*
    product:     factor (('*' | '/') factor)*
    factor:      ('-' | '+') factor | atom ['%' | UNIT]
    atom:        number | 'input' | '(' sum ')' | 'attr:'NAME | 'meta:'NAME | 'file:'FILE
    number:      NUMBER ['/' NUMBER]

    STRING:      anything in single or double quotes, without escapes; as a where, a glob (* ? [abc])
    NUMBER:      digits, with a decimal point or an exponent if need be; at most 15 digits either side
    WORD:        letters, digits and _, not beginning with a digit
    UNIT:        a WORD that the language does not use itself
    PATTERN:     letters, digits and . : / * ? _ -, or anything in quotes
    NAME:        letters, digits and . : _, or anything in quotes
    FILE:        a path (letters, digits and . / _ -), # and a key (letters, digits and . _), or the like in quotes
    metric:      a word of the table in pytest_rf/analysis/table.py that is compared: rf, stride, halo, context ...
    predicate:   a word of that table that is claimed: bounded, causal ...

Its meaning:

- Words are read in any case; globs, units and the names of inputs, attributes, metadata and files are not.
- A part without a where is about what the part before it is about; the first part's default is ``final``. So
  ``"encoder.*" rf >= 3 and stride <= 16`` makes both claims of the encoder.
- ``64 <= final halo <= 128`` is two comparisons of one figure. The figure stands in the middle or at one end.
- ``yes`` and ``no`` are for ``context`` alone: ``final context == no``.
- A percentage of a length is one of the input's extent; ``input`` is that extent.
- ``1/2 mm`` is half a millimetre: a fraction at the beginning of a product is one number.
- Numbers are exact fractions. Brackets and signs stand within each other at most 32 deep, and a value has at most
  64 signs. Dividing by zero is an error.
- There is no ``or``, and there are no infinities: ``is bounded`` says that.
"""

from __future__ import annotations

import re
from typing import Literal, NoReturn

from pytest_rf.requirements import scanner
from pytest_rf.requirements.arithmetic import ONE_SIDE, Arithmetic
from pytest_rf.requirements.dimensions import PlacedError, refuse
from pytest_rf.requirements.expressions import Expression, Value, beginning
from pytest_rf.requirements.scanner import Kind
from pytest_rf.requirements.syntax import (
    MIRRORED,
    Claim,
    Comparator,
    Comparison,
    Figure,
    Requirement,
    Source,
    Where,
)
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES, nearest

_PLACES = ("final", "output")

#: A name as people write it without quotes, and the word behind it: encoder.*.conv rf
_BARE_NAME = r"([\w:-]*[./*?][\w./*?:-]*)\s+(\w+)"


def parse(text: str) -> Requirement:
    """Read a requirement.

    Raises:
        RequirementTextError: it is none; the error knows the place and draws a caret under it.
    """
    return _Parser(text).requirement()


class _Parser(Arithmetic):
    """One method per rule of the grammar; each reads what it stands for and leaves the rest."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.where = Where()

    def requirement(self) -> Requirement:
        if self.at_end():
            self.fail('an empty requirement requires nothing: write one such as "final rf >= 224"')
        parts = self.part()
        while self.accept_word("and"):
            parts += self.part()
        if self.at_word("or"):
            self.fail('there is no "or": write separate requirements, each must hold')
        token = self.current
        if token.kind is Kind.COMPARATOR:
            self.fail("the figure of a chain stands in the middle, as in 64 <= final halo <= 128")
        if self.at_word("from"):
            self.fail("from stands behind the metric, as in final halo from image <= 48")
        if token.kind is not Kind.END:
            self.fail(f'expected "and" or the end, found {self.found()}')
        return Requirement(self.text, tuple(parts))

    def part(self) -> list[Comparison | Claim]:
        if self.at_value():
            start = self.current.position
            left = self.value()
            comparator = MIRRORED[self.comparator()]
            span = (start, self.behind)
            figure = self.figure()
            parts: list[Comparison | Claim] = [self.compared(figure, comparator, left, span)]
            if self.current.kind is Kind.COMPARATOR:
                parts.append(self.comparison(figure))
            return parts
        self.place()
        if self.at_word("is"):
            return [self.claim()]
        return [self.comparison(self.figure(placed=True))]

    def comparison(self, figure: Figure) -> Comparison:
        start = self.current.position
        comparator, value = self.comparator(), self.value()
        return self.compared(figure, comparator, value, (start, self.behind))

    def claim(self) -> Claim:
        self.take()
        start = self.current.position
        negated = self.accept_word("not")
        token = self.current
        name = token.value.lower()
        if token.kind is not Kind.WORD or name not in PREDICATES:
            hint = nearest(name, PREDICATES) if token.kind is Kind.WORD else ""
            if name in METRICS:
                hint = f": {name} is compared, as in {self.where} {name} {_example(name)}"
            self.fail(f"expected a predicate ({', '.join(PREDICATES)}), found {self.found()}{hint}")
        self.take()
        axis = self.axis()
        return Claim(self.where, name, axis, negated, self.source(), token.position, (start, token.end))

    def figure(self, placed: bool = False) -> Figure:
        if not placed:
            self.place()
        token = self.current
        name = token.value.lower()
        if token.kind is not Kind.WORD or name not in METRICS:
            self.no_metric(name)
        self.take()
        align, axis = self.align(name), self.axis()
        return Figure(self.where, name, axis, align, self.source(), token.position)

    def source(self) -> Source | None:
        """Read the input that a figure is about, if it names one."""
        if not self.accept_word("from"):
            return None
        token = self.take()
        if token.kind not in (Kind.WORD, Kind.STRING) or token.value.lower() in ("and", "is"):
            self.fail(
                "expected the name of an input, as in from image; what is not one word in quotes", token
            )
        if self.current.kind is Kind.SIGN and self.current.value in "./:-":
            self.fail("a name of more than letters, digits and _ stands in quotes", token)
        return Source(token.value, token.position)

    def no_metric(self, name: str) -> NoReturn:
        """Say what stands where a metric should."""
        token, following = self.current, self.following
        if self.at_word("from"):
            self.fail("from stands behind the metric, as in final halo from image <= 48")
        if self.at_sign("."):
            self.fail(f"an axis stands behind the metric, as in {self.where} rf.h >= 48")
        bare = re.compile(_BARE_NAME).match(self.text, token.position)
        if bare and bare[2].lower() in (*METRICS, "is"):
            self.fail(f'names of tensors and modules go in quotes, as in "{bare[1][:60]}" {bare[2]}')
        if token.kind is not Kind.WORD:
            self.fail(f"expected a metric ({', '.join(METRICS)}), found {self.found()}")
        if name in PREDICATES:
            self.fail(f'"{name}" is a predicate: write "{self.where} is {name}"')
        if following.kind is Kind.WORD and following.value.lower() in (*METRICS, "is"):
            hint = nearest(name, _PLACES)
            self.fail(
                f'"{name[:60]}" is not a place{hint or ": final, output, op:NAME, or a name in quotes"}'
            )
        hint = nearest(name, METRICS)
        if not hint and following.value in (".", "/"):
            hint = ": names of tensors and modules go in quotes"
        self.fail(f"unknown metric {self.found()}{hint or '; there are ' + ', '.join(METRICS)}")

    def place(self) -> None:
        """Read a where if there is one; it stays for the parts that follow."""
        token = self.current
        if self.at_word(*_PLACES):
            kind: Literal["final", "output"] = "final" if token.value.lower() == "final" else "output"
            self.where = Where(kind, "", token.position)
        elif token.kind is Kind.STRING:
            self.where = Where("glob", token.value, token.position)
        elif token.kind is Kind.REFERENCE and token.value.startswith("op:"):
            self.where = Where("op", token.value[3:], token.position)
        else:
            return
        self.take()

    def axis(self) -> str | int | None:
        if not self.accept_sign("."):
            return None
        token = self.take()
        if token.kind is Kind.WORD:
            return token.value.lower()
        if token.kind is Kind.NUMBER and token.value.isdigit() and len(token.value) <= 2:
            return int(token.value)
        self.fail("expected an axis: a name such as h, or its number", token)

    def align(self, metric: str) -> int | None:
        start = self.current
        if not self.accept_sign("("):
            return None
        if METRICS[metric].tiled is None:
            do = " and ".join(row.name for row in METRICS.values() if row.tiled is not None)
            self.fail(f"{metric} takes nothing in brackets; only {do} does, as in halo(align=32)", start)
        if not (self.accept_word("align") and self.accept_sign("=")):
            self.fail(f'expected "align=", found {self.found()}')
        token = self.take()
        if (
            token.kind is not Kind.NUMBER
            or not re.fullmatch("[0-9]{1,9}", token.value)
            or not int(token.value)
        ):
            self.fail("align is a whole number from 1", token)
        if not self.accept_sign(")"):
            self.fail(f'expected ")", found {self.found()}')
        return int(token.value)

    def comparator(self) -> Comparator:
        token = self.current
        if token.kind is Kind.SIGN and token.value == "=":
            self.fail("write == for equality")
        if token.kind is not Kind.COMPARATOR:
            hint = ONE_SIDE if self.at_sign("+-*/(") else ""
            self.fail(f"expected a comparator (>=, <=, >, <, ==, !=), found {self.found()}{hint}")
        self.take()
        return token.value  # type: ignore[return-value]  # the scanner knows no others

    def compared(
        self, figure: Figure, comparator: Comparator, value: Expression, span: tuple[int, int]
    ) -> Comparison:
        """Refuse what can be seen to make no sense before there is a model."""
        metric, position = METRICS[figure.metric], beginning(value)
        truth = isinstance(value, Value) and value.kind == "truth"
        if (metric.kind == "truth") != truth:
            wanted = "yes or no" if metric.kind == "truth" else "a number"
            scanner.fail(f"{metric.name} is compared with {wanted}", self.text, position)
        if truth and comparator not in ("==", "!="):
            scanner.fail(f"{metric.name} takes == or !=", self.text, position)
        try:
            refuse(value, metric)
        except PlacedError as error:
            scanner.fail(str(error), self.text, error.position)
        written = " ".join(self.text[slice(*span)].split()).strip("<>=!≥≤≠ ")
        return Comparison(figure, comparator, value, span, written)


def _example(metric: str) -> str:
    """Return an ending that makes an example of a metric."""
    return "== no" if METRICS[metric].kind == "truth" else ">= 16"
