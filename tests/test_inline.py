"""``pytest_rf.snapshot``: figures as plain data that every snapshot library keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_rf

EXAMPLES = Path(__file__).parents[1] / "examples"

#: One 3×3 convolution with a stride of 2.
LAYER = EXAMPLES / "layers" / "k3s2.onnx"

FIGURES = (
    "image h w rf=3 rf_min=3 stride=2 start=-1 lookahead=0 lookback=1 halo=1,0 multiple=2 bounded=yes symmetric=no "
    "context=no"
)


def test_it_is_plain_text_by_tensor() -> None:
    assert pytest_rf.snapshot(LAYER) == {"y": FIGURES}
    assert pytest_rf.snapshot(pytest_rf.analyze(LAYER)) == {"y": FIGURES}
    found = pytest_rf.snapshot(EXAMPLES / "unet.onnx")
    assert type(found) is dict
    assert list(found)[:2] == ["encoder.0.conv1", "encoder.0.relu1"]
    assert {type(text) for text in found.values()} == {str}


def test_what_cannot_be_analysed_is_an_error() -> None:
    with pytest.raises(pytest_rf.ModelError):
        pytest_rf.snapshot("nix.onnx")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs within do not take themselves for workers of the run around them."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)


def _project(pytester: pytest.Pytester, imported: str, test: str) -> None:
    code = f"import pytest_rf\n{imported}\n\ndef figures(): return pytest_rf.snapshot({str(LAYER)!r})\n\n{test}\n"
    pytester.makepyfile(code)


def test_it_fits_inline_snapshot(pytester: pytest.Pytester) -> None:
    pytest.importorskip("inline_snapshot")
    _project(
        pytester, "from inline_snapshot import snapshot", "def test_one(): assert figures() == snapshot()"
    )
    pytester.runpytest_subprocess("--inline-snapshot=create")
    (file,) = pytester.path.glob("test_*.py")
    assert "image h w rf=3" in file.read_text()
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    file.write_text(file.read_text().replace("rf=3", "rf=5"))
    assert pytester.runpytest_subprocess().parseoutcomes()["failed"] == 1


def test_it_fits_syrupy(pytester: pytest.Pytester) -> None:
    pytest.importorskip("syrupy")
    _project(pytester, "", "def test_one(snapshot): assert figures() == snapshot")
    pytester.runpytest_subprocess("--snapshot-update")
    (file,) = (pytester.path / "__snapshots__").glob("*.ambr")
    assert f"'y': '{FIGURES}'," in file.read_text()
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    file.write_text(file.read_text().replace("rf=3", "rf=5"))
    assert pytester.runpytest_subprocess().parseoutcomes()["failed"] == 1
