r"""Reads a requirement. The grammar is:

    requirement: part ('and' part)* END
    part:        claim | comparison
    claim:       [where] 'is' ['not'] predicate [axis]
    comparison:  figure comparator value
               | value comparator figure [comparator value]
    figure:      [where] metric ['(' 'align' '=' NUMBER ')'] [axis]
    where:       'final' | 'output' | STRING | 'op:'NAME
    axis:        '.' (WORD | NUMBER)
    comparator:  '>=' | '<=' | '>' | '<' | '==' | '!=' | '≥' | '≤' | '≠'
    value:       number ['%' | UNIT] | 'input' | 'attr:'NAME | 'meta:'NAME | 'yes' | 'no'
    number:      ['-' | '+'] NUMBER ['/' NUMBER]

    STRING:      a glob (* ? [abc]) in single or double quotes, without escapes
    NUMBER:      digits, with a decimal point or an exponent if need be; at most 15 digits either side
    NAME:        letters, digits and . : / * ? _ -, or anything in quotes
    metric:      a word of the table in pytest_rf/analysis/metrics.py that is compared: rf, stride, halo, context ...
    predicate:   a word of that table that is claimed: bounded, causal ...

Its meaning:

- Words are read in any case; globs, units and the names of attributes and metadata are not.
- A part without a where is about what the part before it is about; the first part's default is ``final``. So
  ``"encoder.*" rf >= 3 and stride <= 16`` makes both claims of the encoder.
- ``64 <= final halo <= 128`` is two comparisons of one figure. The figure stands in the middle or at one end.
- ``yes`` and ``no`` are for ``context`` alone: ``final context == no``.
- A percentage of a length is one of the input's extent; ``input`` is that extent.
- There is no ``or`` and no arithmetic, and there are no infinities: ``is bounded`` says that.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NoReturn

from pytest_rf.requirements import scanner
from pytest_rf.requirements.scanner import Kind, Token
from pytest_rf.requirements.syntax import (
    MIRRORED,
    Claim,
    Comparator,
    Comparison,
    Figure,
    Requirement,
    Value,
    Where,
)
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES, nearest

_BOUNDED = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_LARGEST = 10**15 - 1
_PLACES = ("final", "output")
_RESERVED = frozenset({"and", "is", "not", "or", "final", "output", "input", *METRICS, *PREDICATES})


def parse(text: str) -> Requirement:
    """Read a requirement.

    Raises:
        RequirementTextError: it is none; the error knows the place and draws a caret under it.
    """
    return _Parser(text).requirement()


class _Parser:
    """One method per rule of the grammar; each reads what it stands for and leaves the rest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = scanner.scan(text)
        self.index = 0
        self.where = Where()

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    @property
    def behind(self) -> int:
        """The place behind the token that was taken last."""
        return self.tokens[self.index - 1].end

    @property
    def following(self) -> Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def fail(self, reason: str, token: Token | None = None) -> NoReturn:
        scanner.fail(reason, self.text, (token or self.current).position)

    def found(self) -> str:
        """Name the current token for an error."""
        return "the end" if self.current.kind is Kind.END else f'"{self.current.value[:60]}"'

    def at_end(self) -> bool:
        return self.current.kind is Kind.END

    def take(self) -> Token:
        token = self.current
        if token.kind is not Kind.END:
            self.index += 1
        return token

    def at_word(self, *words: str) -> bool:
        return self.current.kind is Kind.WORD and self.current.value.lower() in words

    def accept_word(self, word: str) -> bool:
        if self.at_word(word):
            self.take()
            return True
        return False

    def accept_sign(self, sign: str) -> bool:
        if self.current.kind is Kind.SIGN and self.current.value == sign:
            self.take()
            return True
        return False

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
        return Claim(self.where, name, self.axis(), negated, token.position, (start, token.end))

    def figure(self, placed: bool = False) -> Figure:
        if not placed:
            self.place()
        token = self.current
        name = token.value.lower()
        if token.kind is not Kind.WORD or name not in METRICS:
            self.no_metric(name)
        self.take()
        align = self.align(name)
        return Figure(self.where, name, self.axis(), align, token.position)

    def no_metric(self, name: str) -> NoReturn:
        """Say what stands where a metric should."""
        token, following = self.current, self.following
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
            self.fail(f"expected a comparator (>=, <=, >, <, ==, !=), found {self.found()}")
        self.take()
        return token.value  # type: ignore[return-value]  # the scanner knows no others

    def at_value(self) -> bool:
        token = self.current
        if token.kind is Kind.REFERENCE:
            return not token.value.startswith("op:")
        return (
            token.kind is Kind.NUMBER
            or (token.kind is Kind.SIGN and token.value in "+-")
            or self.at_word("input", "yes", "no", "nan", "inf", "infinity")
        )

    def value(self) -> Value:
        start = self.current
        if self.at_word("nan", "inf", "infinity"):
            self.fail('no figure is compared with infinity: "is bounded" and "is not bounded" say that')
        if start.kind is Kind.REFERENCE and self.at_value():
            self.take()
            kind, _, name = start.value.partition(":")
            return Value("attr" if kind == "attr" else "meta", name=name, position=start.position)
        if self.at_word("input"):
            self.take()
            return Value("input", position=start.position)
        if self.at_word("yes", "no"):
            return Value("truth", Fraction(self.take().value.lower() == "yes"), position=start.position)
        negative = self.accept_sign("-")
        if not negative:
            self.accept_sign("+")
        number = self.number()
        if self.accept_sign("/"):
            divisor = self.current
            bottom = self.number()
            if not bottom:
                self.fail("division by zero", divisor)
            number /= bottom
        if max(abs(number.numerator), number.denominator) > _LARGEST:
            self.fail("the number is out of range: at most 15 digits", start)
        number = -number if negative else number
        if self.accept_sign("%"):
            return Value("percent", number, position=start.position)
        if self.current.kind is Kind.WORD and self.current.value.lower() not in _RESERVED:
            return Value("quantity", number, self.take().value, start.position)
        return Value("number", number, position=start.position)

    def number(self) -> Fraction:
        token = self.current
        if token.kind is not Kind.NUMBER:
            self.fail(f"expected a value, found {self.found()}")
        if not _BOUNDED.fullmatch(token.value):
            self.fail("the number is too long: at most 15 digits")
        self.take()
        return Fraction(token.value)

    def compared(
        self, figure: Figure, comparator: Comparator, value: Value, span: tuple[int, int]
    ) -> Comparison:
        """Refuse what can be seen to make no sense before there is a model."""
        metric = METRICS[figure.metric]
        if (metric.kind == "truth") != (value.kind == "truth"):
            wanted = "yes or no" if metric.kind == "truth" else "a number"
            scanner.fail(f"{metric.name} is compared with {wanted}", self.text, value.position)
        if metric.kind == "truth" and comparator not in ("==", "!="):
            scanner.fail(f"{metric.name} takes == or !=", self.text, value.position)
        if value.kind == "quantity" and metric.kind == "ratio":
            scanner.fail(f"{metric.name} is a share and has no unit", self.text, value.position)
        if value.kind == "percent" and metric.kind == "step":
            scanner.fail(f"{metric.name} takes no percentage", self.text, value.position)
        if value.kind == "input" and metric.kind in ("ratio", "step"):
            scanner.fail(f"{metric.name} is not compared with the input's extent", self.text, value.position)
        return Comparison(figure, comparator, value, span)


def _example(metric: str) -> str:
    """Return an ending that makes an example of a metric."""
    return "== no" if METRICS[metric].kind == "truth" else ">= 16"
