"""What an entry of the configuration that stands for several models says of all of them, though each is run alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_rf import siblings, targets
from pytest_rf.config import asked

if TYPE_CHECKING:
    from pytest_rf.checkable import Analysis
    from pytest_rf.config.declared import Config, Model
    from pytest_rf.config.sources import Target
    from pytest_rf.findings import Problem
    from pytest_rf.siblings import Missing


class Entry:
    """A ``[[model]]`` of the configuration, and what was seen of its models in this process.

    Attributes:
        chosen: the sources of those of its models that are to run, in whatever process.
    """

    def __init__(self, config: Config, model: Model, found: Sequence[Target]) -> None:
        self._config, self._model, self._targets = config, model, found
        self._missing: dict[str, Missing] = {}
        self.chosen: set[str] = set()

    def note(self, target: Target, analysis: Analysis) -> None:
        """Keep what a model, now that it is analysed, misses of the context that the entry accepts."""
        self._missing[target.source] = siblings.missing(analysis, target)

    def problems(self, target: Target) -> list[Problem]:
        """Return what is wrong with the entry as a whole; the last of its models tells that, if all are to run."""
        says = len(self._targets) > 1 and (self._model.accept_context or self._model.spacing)
        if not says or target.source != self._targets[-1].source or len(self.chosen) < len(self._targets):
            return []
        found: dict[str, Missing] = {}
        for one in reversed(self._targets):
            found[one.source] = self._missed(one)
            if not found[one.source]:  # so that nothing is missing everywhere
                return []
        return list(siblings.refused(self._model, [found[one.source] for one in self._targets]))

    def _missed(self, target: Target) -> Missing:
        """Return what a model misses; it is analysed where another process ran it."""
        if target.source not in self._missing:
            self._missing[target.source] = {}
            if not asked.leaving_out(target, self._config, skip_code=False):
                with suppress(Exception):  # which its own items tell
                    self.note(target, targets.analyse(target))
        return self._missing[target.source]
