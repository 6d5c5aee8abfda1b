"""Fields that look alike share their figures in a report: they are those of each field by itself."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from hypothesis import given  # noqa: E402

import pytest_rf  # noqa: E402
from analysis.test_grounds import each_alone  # noqa: E402
from pytorch.drawn_nets import examples, nets, time_nets  # noqa: E402
from pytorch.hard_nets import LOOSE, TIGHT, ZEROED  # noqa: E402
