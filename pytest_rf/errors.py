"""The errors that users can meet. Each one's text is a single line that names file, place and remedy."""

from __future__ import annotations

QUOTED = 120
"""How much of a text an error quotes."""

NO_TORCH = "torch is not installed; install it with pip install 'pytest-rf[torch]'"
"""What to say where a model needs torch and there is none."""


class RFError(Exception):
    """Base of every error that is not a bug of pytest-rf itself (exit status 2 on the command line)."""

    def __str__(self) -> str:
        """Return the message as one line, whatever was put into it."""
        return " ".join(super().__str__().split())


class ModelError(RFError):
    """A model cannot be read or analysed: wrong file, impossible attribute, open dimension, a limit."""


class ConfigError(RFError):
    """The configuration is wrong: not TOML, an unknown key, a glob that matches nothing."""


class PlacedConfigError(ConfigError):
    """A configuration is wrong at a known place.

    Attributes:
        detail: shows it to a person, as with a caret.
        line: the line, counted from 1; 0 where it is not known.
        column: the column in that line, likewise.
    """

    def __init__(self, message: str, detail: str = "", line: int = 0, column: int = 0) -> None:
        """Keep detail and place beside the message."""
        super().__init__(message)
        self.detail = detail
        self.line = line
        self.column = column


class RequirementError(RFError):
    """A requirement cannot be understood or applied: syntax, unknown metric, nothing that it selects."""


class UnknownError(ModelError, ValueError):
    """A figure of a tensor that is unknown: it rests on an operator without a rule, or on what is not followed."""


class TilingError(RFError, ValueError):
    """A tiling cannot be understood, or an image does not fit it."""


class WrittenError(RFError):
    """What a user has written in a small language is wrong at a known place of its text.

    Attributes:
        reason: what is wrong, without the text.
        text: what was written.
        position: where in ``text``, counted from 0.
    """

    kind = "text"
    """What was written, in a word."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        """Remember the place; the message is one line."""
        quoted = text if len(text) <= QUOTED else text[:QUOTED] + "…"
        super().__init__(f"{self.kind} `{quoted}`, column {position + 1}: {reason}")
        self.reason = reason
        self.text = text
        self.position = position

    @property
    def detail(self) -> str:
        """More for a person to read beside the message: the caret."""
        return self.caret()

    def caret(self) -> str:
        """Return the text and, in a second line, a caret under the place that is wrong."""
        start = max(0, self.position - QUOTED // 2)
        shown = self.text[start : start + QUOTED]
        # One character for one, or the caret would stand under the wrong one.
        line = "".join(" " if char.isspace() else char if char.isprintable() else "\ufffd" for char in shown)
        return f"{line}\n{' ' * (self.position - start)}^"
