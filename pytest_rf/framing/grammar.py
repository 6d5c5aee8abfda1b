"""Reads what a front-end does. The grammar is:

    frontend:  stage ('then' stage)* END
    stage:     'frames' '(' arguments ')' | 'stft' '(' arguments ')'
    arguments: argument (',' argument)*
    argument:  [WORD '='] (NUMBER | 'true' | 'false')

    frames(window, hop, before = 0, center = false, rate = RATE)
               position i is computed from the samples hop·i - before to hop·i - before + window - 1; with center half
               of the window lies before
    stft(n_fft, hop, win = n_fft, center = true, rate = RATE)
               the same of a short-time Fourier transform, as torch.stft and librosa.stft have it: a window of win
               samples in the middle of n_fft, and with center half of n_fft before

Its meaning:

- The first stage reads the samples, each that follows the positions of the one before it: ``stft(1024, 256) then
  frames(4, 4)`` are patches of four frames.
- Arguments stand in this order or go by their names. All are whole numbers but the rate, samples a second, which may
  have decimals and is said of the first stage alone.
- Words are read in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple, NoReturn

from pytest_rf.errors import RequirementError, WrittenError
from pytest_rf.framing.stages import Framing, Stage

LARGEST = 1 << 20
"""The largest window, hop and rate; all stages together have no more either."""

MAX_LENGTH = 500
"""Longer texts are refused before they are read."""

#: Each stage's arguments in their order; those of None must be given.
_ARGUMENTS: Mapping[str, Mapping[str, int | bool | None]] = {
    "frames": {"window": None, "hop": None, "before": 0, "center": False, "rate": 0},
    "stft": {"n_fft": None, "hop": None, "win": 0, "center": True, "rate": 0},
}

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<word>[^\W\d]\w*)|(?P<sign>[(),=]))")
_RATE = re.compile(r"(?i)\brate\s*=\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)")

#: Longer numbers are none.
_DIGITS = 30

#: How many of a unit of time are a second.
_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "µs": 1_000_000, "ns": 1_000_000_000}
_EXAMPLE = "frames(400, 160, rate = 16000)"


class FrontendTextError(WrittenError, RequirementError):
    """What is said of a front-end is not understood, at a known place of its text."""

    kind = "front-end"


class _Token(NamedTuple):
    kind: str
    value: str
    position: int


class _Given(NamedTuple):
    """An argument: its value, and where it stands."""

    value: Fraction | bool
    at: _Token


def parse(text: str) -> Framing:
    """Read a front-end, such as ``stft(512, 128, rate = 16000) then frames(4, 4)``.

    Raises:
        FrontendTextError: it is none; the error knows the place and draws a caret under it.
    """
    return _Parser(text).frontend()


class _Parser:
    """One method per rule of the grammar; each reads what it stands for and leaves the rest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self.scanned()
        self.index = 0

    def scanned(self) -> list[_Token]:
        if len(self.text) > MAX_LENGTH:
            self.fail(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
        found, position, end = [], 0, len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None:
                position += len(self.text[position:]) - len(self.text[position:].lstrip())
                self.fail(f"unexpected character {self.text[position]!a}", position)
            kind = str(match.lastgroup)
            found.append(_Token(kind, match[kind].lower(), match.start(kind)))
            position = match.end()
        return [*found, _Token("end", "", end)]

    def frontend(self) -> Framing:
        stages: list[Stage] = []
        rate: Fraction | bool | None = None
        while True:
            stage, given = self.stage()
            if given is not None and stages:
                self.fail("the rate is that of the samples: say it of the first stage", given.at.position)
            rate = given.value if given is not None else rate
            stages.append(stage)
            if not self.accept("then"):
                break
        if self.current.kind != "end":
            self.fail(f'expected "then" or the end, found {self.found()}')
        framing = Framing(tuple(stages), None if rate is None else Fraction(rate))
        if max(framing.window, framing.hop) > LARGEST:
            self.fail(f"all stages together read or move by more than {LARGEST} samples", 0)
        return framing

    def stage(self) -> tuple[Stage, _Given | None]:
        token = self.take()
        if token.value not in _ARGUMENTS:
            self.fail(f"expected frames or stft, found {self.found(token)}; write {_EXAMPLE}", token.position)
        given = self.arguments(token)
        missing = [
            name for name, default in _ARGUMENTS[token.value].items() if default is None and name not in given
        ]
        if missing:
            self.fail(
                f"{token.value} needs {' and '.join(missing)}, as in {self.example(token)}", token.position
            )
        made = self.frames(given) if token.value == "frames" else self.stft(given)
        return made, given.get("rate")

    def frames(self, given: Mapping[str, _Given]) -> Stage:
        window, hop = int(given["window"].value), int(given["hop"].value)
        before = given.get("before")
        if self.is_true(given, "center", False):
            if before is not None:
                self.fail("center says how much lies before: leave one of them out", before.at.position)
            return Stage(window, hop, window // 2)
        if before is None:
            return Stage(window, hop)
        if before.value >= window:
            self.fail(f"before is less than the window of {window} samples", before.at.position)
        return Stage(window, hop, int(before.value))

    def stft(self, given: Mapping[str, _Given]) -> Stage:
        size, hop = int(given["n_fft"].value), int(given["hop"].value)
        win = given.get("win")
        window = size if win is None else int(win.value)
        if win is not None and window > size:
            self.fail(f"win is at most n_fft, which is {size}", win.at.position)
        return Stage(
            window, hop, (size // 2 if self.is_true(given, "center", True) else 0) - (size - window) // 2
        )

    def arguments(self, stage: _Token) -> dict[str, _Given]:
        known = _ARGUMENTS[stage.value]
        given: dict[str, _Given] = {}
        self.sign("(")
        while True:
            token, name = self.current, ""
            if token.kind == "word" and token.value not in ("true", "false"):
                name = self.take().value
                if name not in known:
                    there = ", ".join(known)
                    self.fail(f'{stage.value} has no "{name[:60]}"; there are {there}', token.position)
                self.sign("=")
            elif len(given) < len(known) and list(given) == list(known)[: len(given)]:
                name = list(known)[len(given)]
            else:
                self.fail(
                    f"what stands behind a name goes by its own name: {', '.join(known)}", token.position
                )
            if name in given:
                self.fail(f"{name} is given twice", token.position)
            given[name] = self.value(name, isinstance(known[name], bool))
            if not self.accept(","):
                break
        self.sign(")")
        return given

    def value(self, name: str, truth: bool) -> _Given:
        token = self.take()
        if truth:
            if token.value not in ("true", "false"):
                self.fail(f"{name} is true or false, not {self.found(token)}", token.position)
            return _Given(token.value == "true", token)
        least = 0 if name == "before" else 1
        if token.kind != "number":
            self.fail(f"{name} is a number, not {self.found(token)}", token.position)
        self.refuse_unit(name, token)
        if name != "rate" and not token.value.isdigit():
            self.fail(f"{name} is a whole number of samples", token.position)
        if len(token.value) > _DIGITS or not least <= Fraction(token.value) <= LARGEST:
            self.fail(f"{name} is from {least} to {LARGEST}", token.position)
        return _Given(Fraction(token.value), token)

    def refuse_unit(self, name: str, number: _Token) -> None:
        """Refuse a unit behind a number; where the rate is said, the samples that a time is are named."""
        unit = self.current.value
        if name == "rate" and unit in ("hz", "khz"):
            self.fail("rate is samples a second, a number without a unit")
        if name == "rate" or unit not in _SECOND:
            return
        first = all(token.value != "then" for token in self.tokens[: self.index])
        counted = "samples" if first else "positions of the stage before it"
        rate = _RATE.search(self.text) if first else None
        said = ""
        if rate is not None and len(number.value) <= _DIGITS:
            samples = Fraction(number.value) * Fraction(rate[1]) / _SECOND[unit]
            said = f": {number.value} {unit} at {rate[1]} = {float(samples):g}"
        self.fail(f"{name} is a number of {counted}, not a time{said}", number.position)

    @staticmethod
    def is_true(given: Mapping[str, _Given], name: str, default: bool) -> bool:
        return bool(given[name].value) if name in given else default

    @staticmethod
    def example(stage: _Token) -> str:
        return _EXAMPLE if stage.value == "frames" else "stft(512, 128, rate = 16000)"

    # ------------------------------------------------------------------ a place among the tokens

    @property
    def current(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.current
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def accept(self, value: str) -> bool:
        if self.current.value == value:
            self.take()
            return True
        return False

    def sign(self, sign: str) -> None:
        if not self.accept(sign):
            self.fail(f'expected "{sign}", found {self.found()}')

    def found(self, token: _Token | None = None) -> str:
        token = token or self.current
        return "the end" if token.kind == "end" else f'"{token.value[:60]}"'

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        raise FrontendTextError(reason, self.text, self.current.position if position is None else position)
