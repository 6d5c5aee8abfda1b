"""What pages need beyond a plain installation."""

from __future__ import annotations

from importlib.util import find_spec

from pytest_rf.reporters.files import OutputError


def require() -> None:
    """Raise, before anything is analysed, where the extra ``report`` is missing.

    Raises:
        OutputError: it is.
    """
    if find_spec("jinja2") is None:
        raise OutputError(
            "an HTML page needs Jinja2, which is not installed; install it with pip install 'pytest-rf[report]'"
        )
