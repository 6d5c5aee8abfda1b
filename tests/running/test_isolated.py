"""Which models have a process of their own, and what they may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rf import isolation
from pytest_rf.config.declared import Limits, Model
from pytest_rf.config.sources import Target
from pytest_rf.running import terms


def target(limits: Limits | None = None, path: Path | None = Path("net.onnx")) -> Target:
    model = Model(source="net", limits=limits or Limits())
    return Target(name="net", source="net", path=path, model=model)


@pytest.fixture(params=[True, False], ids=["cheap", "dear"])
def cheap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(isolation, "is_forkable", lambda: request.param)
    return request.param


def test_code_always_has_one(cheap: bool) -> None:
    for isolate in ("auto", "always", "never"):
        assert isolation.is_isolated(target(path=None), isolate)


def test_files_have_one_where_that_pays(cheap: bool, tmp_path: Path) -> None:
    assert isolation.is_isolated(target(), "auto") is cheap
    assert isolation.is_isolated(target(), "auto", untrusted=True)
    assert isolation.is_isolated(target(Limits(seconds=1.0)), "auto")
    assert isolation.is_isolated(target(Limits(memory=1)), "auto")
    large = tmp_path / "large.onnx"
    with large.open("wb") as file:
        file.truncate(isolation.LARGE)
    assert isolation.is_isolated(target(path=large), "auto")
    assert isolation.is_isolated(target(), "always")
    assert not isolation.is_isolated(target(), "never", untrusted=True)


def test_what_models_may_take() -> None:
    assert isolation.terms(target()) == terms.Terms(terms.SECONDS, terms.MEMORY)
    assert isolation.terms(target(path=None)) == terms.Terms(terms.SECONDS, None, alone=True)
    stated = Limits(seconds=2.5, memory=1000)
    assert isolation.terms(target(stated)) == terms.Terms(2.5, 1000)
    assert isolation.terms(target(stated, path=None)) == terms.Terms(2.5, 1000, alone=True)
