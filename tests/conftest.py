from __future__ import annotations

import signal
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
