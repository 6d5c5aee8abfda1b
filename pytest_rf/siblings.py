"""What an entry of the configuration that stands for several models says of all of them together.

A pattern of ``accept_context`` need only match in one of them, and an axis of ``spacing`` only be in one, so only who
has seen all can tell that it is in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_rf.config.declared import Model
from pytest_rf.config.positions import Keys
from pytest_rf.config.sources import Target
from pytest_rf.findings import Problem

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis

#: What a model does not have of what its entry says, by key, and what to say if none of its siblings has it.
Missing = Mapping[Keys, str]


def missing(analysis: Analysis, target: Target) -> Missing:
    """Return what a model does not have of what its entry says, where that stands for others too."""
    if target.siblings == 1:
        return {}
    from pytest_rf import targets

    models = f"any of the {target.siblings} models of {target.model.source}"
    return targets.missing(analysis, target.model, models)


def refused(model: Model, found: Sequence[Missing]) -> Iterator[Problem]:
    """Yield the problems of an entry: what it says of what none of its models has.

    Args:
        model: the entry.
        found: what is missing in each of its models, in their order; nothing where one could not be analysed.
    """
    first, *others = found
    if not first:
        return
    from pytest_rf import targets

    for keys, told in first.items():
        if all(keys in other for other in others):
            line, column = model.place(*keys)
            text = str(targets.at(model, told, *keys))
            yield Problem(message=text, file=model.file, line=line, column=column)
