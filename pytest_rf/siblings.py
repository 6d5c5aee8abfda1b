"""What an entry of the configuration that stands for several models says of all of them together.

A pattern of ``accept_context`` need only match in one of them, so only who has seen all can tell that it matches in
none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.accepting import complaint, unmatched
from pytest_rf.config.declared import Model
from pytest_rf.config.sources import Target
from pytest_rf.findings import Problem
from pytest_rf.targets import accepted_at

#: The accepted context that is not in a model, and what to say if it is in none of its siblings.
Missing = Mapping[str, str]


def missing(analysis: Analysis, target: Target) -> Missing:
    """Return the accepted context that is not in a model, where its entry stands for others too."""
    if target.siblings == 1 or not target.model.accept_context:
        return {}
    models = f"any of the {target.siblings} models of {target.model.source}"
    patterns = unmatched(analysis, target.model.accept_context)
    return {pattern: complaint(pattern, analysis, models) for pattern in patterns}


def refused(model: Model, found: Sequence[Missing]) -> Iterator[Problem]:
    """Yield the problems of an entry: its accepted context that none of its models has.

    Args:
        model: the entry.
        found: what is missing in each of its models, in their order; nothing where one could not be analysed.
    """
    first, *others = found
    for pattern, told in first.items():
        if all(pattern in other for other in others):
            text = f"{accepted_at(model, pattern)}{told}"
            yield Problem(message=text, file=model.file, line=model.line)
