from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# pytest --hypothesis-profile=nightly: ten times as many examples as a normal run, and other ones each time.
settings.register_profile("nightly", max_examples=1000)
