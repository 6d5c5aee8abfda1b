"""What is said when a module cannot be recorded: where in it, why, and what would help."""

from __future__ import annotations

import re
from types import TracebackType

import torch

from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments, input_names, misfit
from pytest_rf.frontends.torch.locate import somewhere
from pytest_rf.given import remedy

_ABOUT_TYPES = re.compile(r"dtype|scalar type|\b(float|long|int|half|double)\b|Tensor\b.*type", re.IGNORECASE)


class Obstacle(Exception):
    """This way of recording cannot go on; the module itself may be all right."""


class ValuesNeeded(Obstacle):
    """The code looks at values that a run by shapes does not have."""


class Unsupported(Obstacle):
    """The call cannot be recorded at the dispatcher (a higher-order operator, say)."""


class Failed(Exception):
    """One way of recording did not work.

    Attributes:
        cause: what was raised.
        place: path and class of the innermost module that it left, if it left one.
        mine: whether it is this way of recording that cannot go on, and not the module.
    """

    def __init__(self, cause: BaseException, place: tuple[str, str] | None, mine: bool) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.place = place
        self.mine = mine

    def forget(self) -> None:
        """Let go of the frames that it was raised in, once another way is tried: they hold all of the call, and it."""
        error: BaseException | None = self
        while error is not None and error.__traceback__ is not None:
            error.__traceback__, error = None, error.__cause__ or error.__context__
        self.cause.__traceback__ = None

    def as_error(self, module: torch.nn.Module, call: Arguments) -> ModelError:
        """Return the error that the user sees."""
        kind = type(module).__name__
        if isinstance(self.cause, TypeError) and not (self.place and self.place[0]):
            wrong = misfit(module, call)
            if wrong:
                return ModelError(f"{kind} cannot be called with these arguments: {wrong}")
        where = f" in {self.place[0]!r} ({self.place[1]})" if self.place and self.place[0] else ""
        line = line_of(self.cause)
        at = f" (at {line})" if line else ""
        return ModelError(f"{kind} failed{where}: {told(self.cause)}{at}{self._hint(module, call)}")

    def _hint(self, module: torch.nn.Module, call: Arguments) -> str:
        """Return what may help where the type of an input was a guess."""
        if not call.shaped or not _ABOUT_TYPES.search(str(self.cause)):
            return ""
        given = {**dict(zip(input_names(module, call), call.args, strict=True)), **call.kwargs}
        name = call.shaped[0]
        shape = tuple(getattr(given.get(name), "shape", (1, 16)))
        return (
            f"; {', '.join(map(repr, call.shaped))} got floating numbers: give another type, "
            f"{remedy(name, shape, 'int64')}, or the tensor itself"
        )


def told(error: BaseException) -> str:
    """Return type and text of an error as one line; of a long one the first paragraph."""
    text = " ".join(str(error).strip().partition("\n\n")[0].split())
    # The signatures of all overloads follow.
    text = text.partition(", but expected one of:")[0]
    return f"{type(error).__name__}{': ' if text else ''}{text[:500]}"


def line_of(error: BaseException) -> str:
    """Return "file.py:line" of the innermost line that an error passed through outside torch, or ""."""
    found = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        file = somewhere(step.tb_frame.f_code.co_filename)
        if file is not None:
            found = f"{file}:{step.tb_lineno}"
        step = step.tb_next
    return found
