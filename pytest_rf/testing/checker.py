"""The fixture ``rf``: requirements held against a model in a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pytest_rf.asserting import divided, explain
from pytest_rf.judging import judge
from pytest_rf.paths import display
from pytest_rf.testing import properties
from pytest_rf.testing.models import analysed
from pytest_rf.written import in_call, placed

if TYPE_CHECKING:
    import pytest

    from pytest_rf import Analysis
    from pytest_rf.testing.state import State


class Checker:
    """What the fixture ``rf`` gives a test."""

    def __init__(self, state: State, item: pytest.Item) -> None:
        self._state = state
        self._item = item

    def __repr__(self) -> str:
        return f"<rf of {self._item.name}>"

    def analyze(self, model: Any, *example: Any, **options: Any) -> Analysis:
        """Analyse a model like :func:`pytest_rf.analyze`; a fixture's name is a model, too."""
        return analysed(self._item, self._state, model, example, options, getattr(self._item, "funcargs", {}))

    def check(self, model: Any, *args: Any, **options: Any) -> None:
        """Hold a model against requirements.

        Args:
            model: whatever :func:`pytest_rf.analyze` takes, an analysis, or the name of one of the test's fixtures.
            args: for PyTorch example inputs, then the requirements: ``"final rf >= 224"``.
            options: how it is called, as for :func:`pytest_rf.analyze`: ``inputs={"x": (1, 3, 224, 224)}``.

        Raises:
            AssertionError: a requirement does not hold, or cannot be decided.
            RFError: the model cannot be analysed, or a requirement cannot be understood.
        """
        __tracebackhide__ = True
        example, requirements = divided(args)
        analysis = self.analyze(model, *example, **options)
        caller = sys._getframe(1)
        file, line = caller.f_code.co_filename, caller.f_lineno
        settings = analysis.settings(display(file), line, root=self._item.config.rootpath)
        result = judge(analysis, requirements, settings, self._item.nodeid)
        if result.findings:
            result = placed(result, settings.file, in_call(file, line, requirements))
        self._state.record(result, analysis)
        properties.record(self._item, analysis.name, properties.of(analysis))
        if result.findings:
            raise AssertionError(explain(result))
