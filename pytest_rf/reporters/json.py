"""JSON for programs; ``pytest-rf schema report`` prints its schema."""

from __future__ import annotations

from pytest_rf.analysis.report import to_json
from pytest_rf.results import Run
from pytest_rf.view import View


def check(run: Run) -> str:
    """Return a run as JSON."""
    return to_json(run)


def show(view: View) -> str:
    """Return all figures of a model, of the chosen tensors, or the region of a unit, as JSON."""
    return to_json(view.report())
