"""The JSON Schema of the reports: of an analysis, of a unit, of a run, of a comparison."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_rf.analysis.metrics import TABLE
from pytest_rf.analysis.report import AnalysisReport, UnitReport, fields
from pytest_rf.locks.report import DiffReport
from pytest_rf.results import Run

Report = AnalysisReport | UnitReport | Run | DiffReport


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the reports; ``report`` tells them apart."""
    found = msgspec.json.schema(Report)
    asked = {name for row in TABLE if not row.is_shown("json") for name, *_ in fields(row)}
    for kind in found["$defs"].values():
        # Reports are written whole, defaults too, but for figures that have to be asked for.
        left_out = {*asked, "samples"} if kind["title"] == "AxisReport" else set()
        kind["required"] = [name for name in kind["properties"] if name not in left_out]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pytest-rf report", **found}
