"""What torch writes while it exports, kept off the screen: whoever asks for debugging gets it as one record."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

#: Gets, at the level ``DEBUG``, what torch wrote in an export: ``pytest-rf --debug``, pytest's ``--log-level=debug``.
LOG = logging.getLogger("pytest_rf.capture")


@contextmanager
def muted(name: str) -> Iterator[None]:
    """Have torch's log records, warnings and what it writes to standard error become one record of :data:`LOG`.

    An export that fails tells it in hundreds of lines, of which the error has the one that matters.

    Args:
        name: the module that is exported, for the record.
    """
    written = io.StringIO()
    diversion = _Diversion(written)
    handlers = _handlers()
    for handler in handlers:
        handler.addFilter(diversion)
    try:
        with redirect_stderr(written), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for handler in handlers:
            handler.removeFilter(diversion)
        if written.getvalue().strip():
            LOG.debug("torch.export of %s:\n%s", name, written.getvalue().strip())


class _Diversion(logging.Filter):
    """Takes the records of torch's loggers away from a handler, and writes each down once."""

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__()
        self._stream = stream
        self._last: logging.LogRecord | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the handler may have a record."""
        if record.name.partition(".")[0] != "torch":
            return True
        if record is not self._last:
            self._last = record
            self._stream.write(f"{logging.Formatter().format(record)}\n")
        return False


def _handlers() -> list[logging.Handler]:
    """Return the handlers that torch's records come to."""
    known = logging.Logger.manager.loggerDict
    loggers = [one for name, one in known.items() if name.partition(".")[0] == "torch"]
    found = [handler for one in loggers if isinstance(one, logging.Logger) for handler in one.handlers]
    last = [logging.lastResort] if logging.lastResort is not None else []
    return list(dict.fromkeys([*found, *logging.getLogger().handlers, *last]))
