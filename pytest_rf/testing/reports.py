"""The reports of ``--rf-report``: held when pytest starts, written when it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rf.errors import RFError
from pytest_rf.reporters import Drawn, destinations
from pytest_rf.reporters.destinations import Destination
from pytest_rf.results import Run


def hold(config: pytest.Config) -> None:
    """Refuse, before any test runs, what could not be written.

    Raises:
        pytest.UsageError: a report names no kind, or a file that cannot be written.
    """
    try:
        destinations.hold(_wanted(config), config.invocation_params.dir)
    except RFError as error:
        raise pytest.UsageError(f"--rf-report {error}") from None


def are_drawn(config: pytest.Config) -> bool:
    """Return whether a report shows what is drawn of models."""
    return destinations.are_drawn(_wanted(config))


def write(config: pytest.Config, run: Run, kept: Path | None, drawn: Drawn) -> None:
    """Write every report; where one cannot be written, the run ends as one that was called wrongly.

    Args:
        config: pytest's.
        run: what was found.
        kept: the configuration of the models, if there is one: never written over.
        drawn: what was drawn of the models.
    """
    never = () if kept is None else (kept,)
    wrong = destinations.write(run, _wanted(config), config.invocation_params.dir, never, drawn)
    if wrong:
        told = "; ".join(map(str, wrong))
        pytest.exit(f"--rf-report {told}", returncode=pytest.ExitCode.USAGE_ERROR)


def _wanted(config: pytest.Config) -> tuple[Destination, ...]:
    words: list[str] = config.getoption("rf_report")
    return destinations.read(words)
