"""Which models have a process of their own, and what they may take."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pytest_rf import Analysis, check, cli, config, isolation
from pytest_rf.config.declared import Limits, Model
from pytest_rf.config.sources import Target
from pytest_rf.examining import Examined
from pytest_rf.findings import Finding, Measurement
from pytest_rf.results import ModelResult
from pytest_rf.running import process, terms

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = """
lock = "rf.lock"

[[model]]
source = "unet.onnx"
require = ["final rf >= 36", "final rf >= 300"]

[[model.waiver]]
rule = "RF302"
reason = "so"
until = 2999-01-01
"""

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


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


@pytest.mark.parametrize("forked", [True, False], ids=["forked", "spawned"])
def test_all_that_a_model_is_held_against_gets_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    if forked and sys.platform != "linux":
        pytest.skip("forks on Linux only")
    shutil.copy(EXAMPLES / "unet.onnx", tmp_path)
    (tmp_path / "rf.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    assert cli.run(["snapshot"]) == 0
    assert cli.run(["baseline"]) == 0
    monkeypatch.setattr(process, "is_forkable", lambda: forked)
    settings = config.load("rf.toml")
    there = check.run(settings, examiner=isolation.Examiners(isolate="always"))
    assert there == check.run(settings)
    assert {one.status for one in there.models[0].requirements} == {"holds", "known"}


def test_names_that_are_not_text_and_large_numbers_get_there() -> None:
    finding = Finding(code="RF001", rule="r", model="m", message="\udcff\x1b", tensor="a\ud800", measured=(
        Measurement(low=-(1 << 200), high=float("inf")), Measurement(low="1/2", high=True)
    ))  # fmt: skip
    one = Examined(ModelResult(model="m", findings=(finding,)), {("accept_context", 0): "none"})
    assert isolation._read(isolation._written(one)) == one


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"[" * 100_000, b"\xff", b'[{"model": 3}, {}]'])
def test_what_is_no_result_is_none(content: bytes) -> None:
    assert isolation._read(content) is None


def test_an_interrupt_in_a_library_is_the_callers(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "unet.onnx", tmp_path)

    def interrupt(target: Target) -> Analysis:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.run(paths=[str(tmp_path / "unet.onnx")], requires=["final rf >= 3"], load=interrupt)
