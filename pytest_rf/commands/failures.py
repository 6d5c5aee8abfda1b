"""What can go wrong, as one line on standard error and an exit status."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from pytest_rf.errors import RFError
from pytest_rf.reporters.lines import visible, visible_line
from pytest_rf.reporters.signs import fitting

if TYPE_CHECKING:
    from pytest_rf.results import Run

WRONG_RUN = 2
"""Usage, configuration or model: the user can put it right."""
OUR_BUG = 3
INTERRUPTED = 130

#: Longer messages are cut.
MESSAGE_LIMIT = 2000


def guarded(action: Callable[[], int], debug: bool) -> int:
    """Run a command and return its exit status, whatever happens in it."""
    try:
        return action()
    except click.exceptions.Exit as left:
        return left.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see '{context.command_path} --help')" if context is not None else ""
        complain(" ".join(error.format_message().split()) + hint)
        return WRONG_RUN
    except RFError as error:
        complain(str(error))
        detail = getattr(error, "detail", "")
        if detail:
            explain(detail)
        return WRONG_RUN
    except OSError as error:
        if error.filename is not None:  # a file that nobody has said is wrong
            bug(f"{type(error).__name__}: {error}", _traceback(error) if debug else "")
            return OUR_BUG
        abandon()
        complain(f"standard output: {error.strerror or error}; write somewhere else")
        return WRONG_RUN
    except Exception as error:
        bug(f"{type(error).__name__}: {error}", _traceback(error) if debug else "")
        return OUR_BUG


def abandon() -> None:
    """Keep Python from writing what is left for standard output when it ends, which would fail once more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = None


def complain(message: str) -> None:
    """Write one line about what is wrong to standard error."""
    _label("error", "bad", message)


def warn(message: str) -> None:
    """Write one line about what is not wrong but may not be meant."""
    _label("warning", "warn", message)


def tell(text: str) -> None:
    """Write a line that is somebody else's: what a model has printed."""
    _write(f"{visible_line(text)}\n")


def explain(detail: str) -> None:
    """Write more about what is wrong: the caret under a requirement, a traceback."""
    _write("".join(f"  {visible_line(text, MESSAGE_LIMIT)}\n" for text in detail.splitlines()[:200]))


@contextlib.contextmanager
def shown_log() -> Iterator[None]:
    """Write what the package logs to standard error, line by line, for as long as the context lasts."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            first, *rest = record.getMessage().splitlines()
            _write(f"debug: {visible(first, MESSAGE_LIMIT)}\n")
            _write("".join(f"  {visible(text, MESSAGE_LIMIT)}\n" for text in rest))

    log, handler = logging.getLogger("pytest_rf"), Handler()
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def problems(found: Run, debug: bool, warnings: bool = True) -> None:
    """Write why a run itself is wrong, one line for the same problem of many models, and what it warns of."""
    from pytest_rf.reporters import alike

    for warning in found.warnings if warnings else ():
        warn(warning)
    for problem, models in alike.problems(found):
        others = f"; the same in {len(models) - 1:,} more models: {alike.named(models[1:])}"
        message = f"{problem.message}{others if len(models) > 1 else ''}"
        if problem.internal:
            bug(message, problem.detail if debug else "")
        else:
            complain(message)
            explain(problem.detail)


def bug(message: str, detail: str = "") -> None:
    """Write that this is our fault, and what we ask for."""
    complain(
        f"internal error: {message}. This is a bug of pytest-rf, not of your model: "
        "please report it, with the command, the model and the output of the command with --debug"
    )
    if detail:
        explain(detail)


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


def _label(word: str, style: str, message: str) -> None:
    """Write one line; on a terminal it is broken between words, and the word before it has a colour."""
    text = visible(" ".join(message.split()), MESSAGE_LIMIT)
    if not _is_terminal():
        _write(f"{word}: {text}\n")
        return
    from pytest_rf.commands.color import wants_color
    from pytest_rf.reporters.lines import line, write
    from pytest_rf.reporters.wrapping import terminal_width, wrapped

    # Its limit is not that of a span.
    pieces = wrapped(
        [line((f"{word}:", style), *(f" {one}" for one in text.split()))], terminal_width(sys.stderr)
    )
    buffer = io.StringIO()
    write(list(pieces), buffer, wants_color(sys.stderr))
    _write(buffer.getvalue())


def _is_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # closed
        return False


def _write(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(fitting(text, sys.stderr.encoding or "utf-8"))
            sys.stderr.flush()
