"""A place among the tokens of a requirement, with what every rule of the grammar does there."""

from __future__ import annotations

from typing import NoReturn

from pytest_rf.requirements import scanner
from pytest_rf.requirements.scanner import Kind, Token


class Cursor:
    """Looks at the current token, takes it, and fails at it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = scanner.scan(text)
        self.index = 0

    @property
    def current(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.index]

    @property
    def behind(self) -> int:
        """The place behind the token that was taken last."""
        return self.tokens[self.index - 1].end

    @property
    def following(self) -> Token:
        """The token behind it."""
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def fail(self, reason: str, token: Token | None = None) -> NoReturn:
        """Raise the error of a token, by default the current one."""
        scanner.fail(reason, self.text, (token or self.current).position)

    def found(self) -> str:
        """Name the current token for an error."""
        return "the end" if self.current.kind is Kind.END else f'"{self.current.value[:60]}"'

    def at_end(self) -> bool:
        """Return whether all is read."""
        return self.current.kind is Kind.END

    def take(self) -> Token:
        """Return the current token and go on."""
        token = self.current
        if token.kind is not Kind.END:
            self.index += 1
        return token

    def at_word(self, *words: str) -> bool:
        """Return whether one of these words is next, in any case."""
        return self.current.kind is Kind.WORD and self.current.value.lower() in words

    def accept_word(self, word: str) -> bool:
        """Take a word if it is next."""
        if self.at_word(word):
            self.take()
            return True
        return False

    def accept_sign(self, sign: str) -> bool:
        """Take a sign if it is next."""
        if self.current.kind is Kind.SIGN and self.current.value == sign:
            self.take()
            return True
        return False
