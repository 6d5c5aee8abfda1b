from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# A busy machine is slow at whatever it does: how long an example takes says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# pytest --hypothesis-profile=nightly: ten times as many examples as a normal run, and other ones each time.
settings.register_profile("nightly", settings.get_profile("patient"), max_examples=1000)
