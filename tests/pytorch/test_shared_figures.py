"""Fields that look alike share their figures in a report: they are those of each field by itself."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytest_rf.analysis.grounds import Grounds  # noqa: E402
from pytorch.hard_nets import LOOSE, TIGHT, ZEROED  # noqa: E402

NETS = {**TIGHT, **LOOSE, **ZEROED}


@pytest.mark.parametrize("name", NETS)
def test_shared_figures_are_those_of_each_field(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, given = NETS[name]
    torch.manual_seed(0)
    example = given if isinstance(given, tuple) else (given,)
    analysis = pytest_rf.analyze(make(), *example, weights=name in ZEROED)
    shared = analysis.to_dict()
    monkeypatch.setattr(Grounds, "of", lambda grounds, field: None)
    assert shared == analysis.to_dict()
