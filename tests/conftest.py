from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from types import ModuleType
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# A shell starts what runs in its background with interrupts ignored, and what that starts inherits it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow at whatever it does: how long an example takes says nothing about the code. A normal run draws
# the same examples each time, so that what it finds is of the change at hand.
settings.register_profile(
    "patient", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
# pytest --hypothesis-profile=nightly: ten times as many examples as a normal run, and other ones each time.
settings.register_profile("nightly", settings.get_profile("patient"), derandomize=False, max_examples=1000)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep results of ``check`` apart from the user's, and from those of other tests."""
    monkeypatch.setenv("PYTEST_RF_CACHE_DIR", str(tmp_path_factory.getbasetemp() / f"cache-{uuid4().hex}"))


@pytest.fixture
def pytester(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """Run pytest in this process, and forget wholly what that imports.

    The modules are taken out of ``sys.modules`` again, and would still be found in their packages: by who imports them
    from there, to patch one that nobody else uses any more.
    """
    yield pytester
    for package in [one for name, one in sys.modules.items() if name.partition(".")[0] == "pytest_rf"]:
        for name, value in list(vars(package).items()):
            whole = f"{package.__name__}.{name}"
            if isinstance(value, ModuleType) and value.__name__ == whole and whole not in sys.modules:
                delattr(package, name)
