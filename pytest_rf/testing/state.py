"""What the plugin knows in one process: the configuration, and the results that go into the report."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_rf.check import ModelResult
    from pytest_rf.config.declared import Config


class State:
    """One per process; under pytest-xdist the workers' results are handed to the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[dict[str, Any]] = []

    @cached_property
    def path(self) -> Path | None:
        """The configuration file: ``--rf-config``, the ini setting, or the nearest one upwards."""
        from pytest_rf.config import discover

        wanted: str | None = self._config.getoption("rf_config")
        if wanted is not None:
            return self._config.invocation_params.dir / wanted
        ini: str = self._config.getini("rf_config")
        if ini:
            return (self._config.inipath or self._config.rootpath / "pytest.ini").parent / ini
        return discover(self._config.invocation_params.dir)

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

    def record(self, result: ModelResult) -> None:
        """Keep a result for the report."""
        if self._config.getoption("rf_report") is not None:
            from pytest_rf import report

            self._results.append(report.to_dict(report.of_model(result)))

    def receive(self, results: list[dict[str, Any]]) -> None:
        """Take over the results of a pytest-xdist worker."""
        self._results += results

    def finish(self) -> None:
        """Write the report, or hand the results to the controller."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput["pytest_rf"] = self._results
            return
        file = self._config.getoption("rf_report")
        if file is None:
            return
        from pytest_rf import report
        from pytest_rf.errors import RFError
        from pytest_rf.reporters.files import save

        # Workers finish in any order and each may have analysed the same model: sorted, and told once.
        unique = {
            repr(one): one for one in sorted(self._results, key=lambda one: (one["file"], one["model"]))
        }
        models = tuple(map(report.model_from, unique.values()))
        config = "" if self.__dict__.get("path") is None else self._shown(self.__dict__["path"])
        try:
            save(report.to_json(report.of_models(models, config)), file, self._config.invocation_params.dir)
        except RFError as error:
            pytest.exit(f"--rf-report: {error}", returncode=2)

    def _shown(self, path: Path) -> str:
        root = self._config.rootpath
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
