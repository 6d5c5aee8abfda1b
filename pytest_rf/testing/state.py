"""What the plugin knows in one process: the configuration, and the results that go into the report."""

from __future__ import annotations

import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf import paths

if TYPE_CHECKING:
    from pytest_rf.checkable import Analysis
    from pytest_rf.config.declared import Config
    from pytest_rf.results import ModelResult


class State:
    """One per process; under pytest-xdist the workers' results are handed to the controller.

    Attributes:
        collected: whether pytest has come upon the configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        # Reports name files as pytest does, wherever it was started.
        config.add_cleanup(partial(paths.name_from, paths.root()))
        paths.name_from(config.rootpath)
        self._results: list[ModelResult] = []
        self._drawn: dict[tuple[str, str], str] = {}
        self.collected = False

    @cached_property
    def path(self) -> Path | None:
        """The configuration file: ``--rf-config``, the ini setting, or the nearest one upwards from the root folder."""
        wanted: str | None = self._config.getoption("rf_config")
        ini: str = self._config.getini("rf_config")
        if wanted is not None:
            path = self._config.invocation_params.dir / wanted
        elif ini:
            path = (self._config.inipath or self._config.rootpath / "pytest.ini").parent / ini
        else:
            from pytest_rf.config import discover

            found = discover(self._config.rootpath)
            if found is None:
                return None
            path = found
        return Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)

    @cached_property
    def settings(self) -> Config:
        """The configuration.

        Raises:
            RFError: there is none, or it is wrong.
        """
        from pytest_rf.config import load
        from pytest_rf.errors import ConfigError

        if self.path is None:
            raise ConfigError("no configuration: write rf.toml, or give one with --rf-config")
        return load(self.path)

    def record(self, result: ModelResult, analysis: Analysis | None = None) -> None:
        """Keep a result for the report, and what is drawn of the model, if a report shows that."""
        if not self._config.getoption("rf_report"):
            return
        self._results.append(result)
        if analysis is not None and self._is_drawn:
            from pytest_rf.reporters.pages.drawing import draw

            self._drawn[result.model, result.file] = draw(analysis, result)

    @cached_property
    def _is_drawn(self) -> bool:
        from pytest_rf.testing import reports

        return reports.are_drawn(self._config)

    def receive(self, results: list[Any], drawn: list[Any]) -> None:
        """Take over the results of a pytest-xdist worker, and what it has drawn, which come as plain data."""
        import msgspec

        from pytest_rf.results import ModelResult

        self._results += msgspec.convert(results, list[ModelResult])
        self._drawn.update({(model, file): data for model, file, data in drawn})

    def finish(self) -> None:
        """Write the reports, or hand the results to the controller."""
        if hasattr(self._config, "workeroutput"):
            import msgspec

            self._config.workeroutput["pytest_rf"] = msgspec.to_builtins(self._results)
            self._config.workeroutput["pytest_rf_drawn"] = [[*key, data] for key, data in self._drawn.items()]
            return
        if not self._config.getoption("rf_report"):
            return
        from pytest_rf.results import Run
        from pytest_rf.testing import reports

        # Workers finish in any order and each may have analysed the same model: sorted, and each shown once.
        unique = dict.fromkeys(sorted(self._results, key=lambda one: (one.file, one.model)))
        config = "" if self.__dict__.get("path") is None else paths.display(self.__dict__["path"])
        reports.write(self._config, Run.of(unique, config), self.__dict__.get("path"), self._drawn)
