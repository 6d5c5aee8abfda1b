"""The fixture ``rf``: requirements held against a model in a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pytest_rf.asserting import analyze, divided, explain
from pytest_rf.judging import judge
from pytest_rf.paths import display
from pytest_rf.requirements import Settings
from pytest_rf.testing import properties
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

    def analyze(self, model: Any, *example: Any, inputs: Any = None, **options: Any) -> Analysis:
        """Analyse a model like :func:`pytest_rf.analyze`; ``inputs`` of an .onnx file may be one bare shape."""
        return analyze(model, *example, inputs=inputs, **options)

    def check(self, model: Any, *args: Any, inputs: Any = None, **options: Any) -> None:
        """Hold a model against requirements.

        Args:
            model: an .onnx path, an ONNX model, a PyTorch module, or an analysis.
            args: for PyTorch example inputs, then the requirements: ``"final rf >= 224"``.
            inputs: shapes that the model leaves open.
            options: what else :func:`pytest_rf.analyze` takes.

        Raises:
            AssertionError: a requirement does not hold, or cannot be decided.
            RFError: the model cannot be analysed, or a requirement cannot be understood.
        """
        __tracebackhide__ = True
        example, requirements = divided(args)
        analysis = analyze(model, *example, inputs=inputs, **options)
        caller = sys._getframe(1)
        file, line = caller.f_code.co_filename, caller.f_lineno
        root = self._item.config.rootpath
        settings = Settings(model=analysis.name, file=display(file), line=line, root=root)
        result = judge(analysis, requirements, settings, self._item.nodeid)
        if result.findings:
            result = placed(result, settings.file, in_call(file, line, requirements))
        self._state.record(result)
        properties.record(self._item, analysis.name, properties.of(analysis))
        if result.findings:
            raise AssertionError(explain(result))
