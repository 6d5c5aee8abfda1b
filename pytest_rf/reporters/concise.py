"""One line per finding: ``rf.toml:9:3: RF001 unet: final rf is 188, required >= 200 (tensor "y", Conv)``."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.reporters.full import place
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.summary import more
from pytest_rf.results import Run

#: Findings shown per model.
MOST = 1000


def findings(run: Run, verbosity: int = 0) -> Iterator[Line]:
    """Yield a line per finding, whatever the verbosity."""
    for result in run.models:
        for found in result.findings[:MOST]:
            where = place(found) or result.file
            yield line((where, "place"), ": ", (found.code, "bad"), f" {found.model}: {found.message}")
        if len(result.findings) > MOST:
            yield more(len(result.findings) - MOST)
