"""The pytest plugin: marker ``rf``, fixture ``rf``, ``--rf`` and its options.

pytest imports this module at every start, so it imports nothing but pytest and the standard library; what it
needs to do its work lies in :mod:`pytest_rf.testing`, and is imported when a test or an option asks for it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_rf.testing.checker import Checker
    from pytest_rf.testing.state import State

_STATE: pytest.StashKey[State] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini setting."""
    group = parser.getgroup("rf", "receptive fields (pytest-rf)")
    group.addoption(
        "--rf", action="store_true", help="Also check every model of the configuration (rf.toml)."
    )
    group.addoption(
        "--rf-config",
        metavar="FILE",
        help="The configuration; by default the nearest rf.toml, .rf.toml or pyproject.toml upwards from rootdir.",
    )
    group.addoption(
        "--rf-report",
        action="append",
        metavar="[KIND:]FILE",
        help="Write what was found to a file, in a format of pytest-rf check: sarif:rf.sarif, or rf.html, rf.json, "
        "rf.xml, rf.md, rf.txt by their ending; repeatable.",
    )
    group.addoption(
        "--rf-update",
        action="store_true",
        help="With --rf: renew the lock that the configuration names with the figures of the models that run.",
    )
    parser.addini("rf_config", "The configuration of pytest-rf, relative to this file.", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the options, and ask for the configuration's models under ``--rf``."""
    config.addinivalue_line(
        "markers",
        "rf(*requirements, model=None, which=None, required=True, **call): hold a model against "
        "requirements such as 'final rf >= 224'; model: an .onnx path, package.module:factory, a model of the "
        "configuration, or a fixture, by default the PyTorch module that the test calls; which: where the test calls "
        "several models, the class, attribute, variable or fixture of the one that is meant, or 'first', 'last' or "
        "'all'; required: False lets tests be that call no model; call: inputs, values, kwargs, args, axes, spacing, "
        "origin, stands_for, frontend, chunk, state, accept_context, weights and mask_below, as everywhere.",
    )
    if config.getoption("rf_report"):
        from pytest_rf.testing import reports

        reports.hold(config)
    if config.getoption("rf"):
        from pytest_rf.testing import collection

        collection.ask(config, state(config))
    elif config.getoption("rf_update"):
        raise pytest.UsageError("--rf-update renews the lock of the configuration's models: give --rf, too")


def state(config: pytest.Config) -> State:
    """Return what the plugin knows in this process."""
    if _STATE not in config.stash:
        from pytest_rf.testing.state import State

        config.stash[_STATE] = State(config)
    return config.stash[_STATE]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the configuration's models."""
    if not parent.config.getoption("rf"):
        return None
    from pytest_rf.testing import collection

    return collection.collect(file_path, parent, state(parent.config))


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Add models that pytest has not come upon; drop those that were collected twice, by their folder and by name."""
    if not config.getoption("rf"):
        return (yield)
    from pytest_rf.testing import collection

    items += collection.missed(session, state(config))
    yield
    items[:] = collection.without_repeats(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Choose the items that tell what is wrong with whole models, now that it is settled which will run."""
    if session.config.getoption("rf"):
        from pytest_rf.testing import collection

        collection.lead(session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Listen while a marked test is prepared, so that its message can say what does not count."""
    if sys.modules.get("torch") is not None and item.get_closest_marker("rf") is not None:
        from pytest_rf.testing import listener, marker

        if marker.listens(item):
            listener.listen(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse markers that say too little before the test runs."""
    if item.get_closest_marker("rf") is not None:
        from pytest_rf.testing import marker

        marker.validate(item)
        marker.fetch(item)
        if marker.listens(item):
            marker.listen(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Hold the marked requirements once the test itself has passed."""
    if item.get_closest_marker("rf") is not None:
        from pytest_rf.testing import marker

        marker.check(item, state(item.config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show errors of ours at the user's own line, and how figures in a failed ``assert`` came about."""
    if "pytest_rf.analysis.metrics" not in sys.modules:  # without which there are neither
        return (yield)
    from pytest_rf.testing import failures

    if not item.config.getoption("fulltrace", False):
        failures.shorten_all(item, call)
    report = yield
    failures.fit(report, item, call)
    failures.explain_figures(report, call)
    failures.place_skip(report, item)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Stop listening to a test that failed by itself."""
    if item.get_closest_marker("rf") is not None:
        from pytest_rf.testing import listener

        listener.stop(item)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, or hand the results to the process that does."""
    if _STATE in session.config.stash or session.config.getoption("rf_report"):
        state(session.config).finish()
    if session.config.getoption("rf_update"):
        from pytest_rf.testing import locking

        locking.finish(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a pytest-xdist worker found."""
    results = getattr(node, "workeroutput", {}).get("pytest_rf")
    if results:
        state(node.config).receive(results, node.workeroutput.get("pytest_rf_drawn", []))
    locked = getattr(node, "workeroutput", {}).get("pytest_rf_lock")
    if locked:
        from pytest_rf.testing import locking

        locking.receive(node.config, locked)


@pytest.fixture
def rf(request: pytest.FixtureRequest) -> Checker:
    """Check models: ``rf.check(model, ..., "final rf >= 224")``, ``rf.analyze(model, ...)``."""
    from pytest_rf.testing.checker import Checker

    return Checker(state(request.config), request.node)
