"""What is said of an axis that the model does not have is an error with its place, from every door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import pytest_rf
from pytest_rf import RFError, assert_rf

ENTRY = """\
[[model]]
name = "net"
source = "unet.onnx"
spacing = { h = "0.5 mm", ww = "0.5 mm" }
require = ["final rf >= 3"]
"""
NO_WW = 'the model has no axis "ww", did you mean "w"?; there are h, w'


def test_the_configuration(rf, folder: Path) -> None:
    (folder / "rf.toml").write_text(ENTRY)
    result = rf("check")
    assert result.status == 2
    assert result.err == f"error: rf.toml:4:27: spacing: {NO_WW}\n"
    for command in (("show", "net"), ("explain", "net", "mask")):
        assert rf(*command).err == f"error: rf.toml:4:27: spacing: {NO_WW}\n"


def test_a_table_of_its_own_and_what_steps_stand_for(rf, folder: Path) -> None:
    (folder / "rf.toml").write_text(
        '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 3"]\n[model.spacing]\nh = "1 mm"\n  Tt = "1 s"\n'
        '[[model]]\nname = "b"\nsource = "unet.onnx"\nstands_for = { hh = "4i" }\n'
    )
    first, second = rf("check").err.splitlines()
    assert first == 'error: rf.toml:6:3: spacing: the model has no axis "tt"; there are h, w'
    assert second.startswith(
        'error: rf.toml:10:16: stands_for: the model has no axis "hh", did you mean "h"?'
    )


def test_formats_have_line_and_column(rf, folder: Path) -> None:
    (folder / "rf.toml").write_text(ENTRY)
    (problem,) = json.loads(rf("check", "--format", "json").out)["models"][0]["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("rf.toml", 4, 27)
    assert "::error file=rf.toml,line=4,col=27,title=pytest-rf::" in rf("check", "--format", "github").out
    sarif = json.loads(rf("check", "--format", "sarif").out)
    (told,) = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 27}


def test_one_model_of_a_pattern_may_have_it(rf, folder: Path) -> None:
    config = '[[model]]\nsource = "*.onnx"\nspacing = {{ t = "1/16000 s", {} = "1 mm" }}\nrequire = ["final rf >= 3"]\n'
    (folder / "rf.toml").write_text(config.format("h"))
    assert (rf("check").status, rf("check").err) == (0, "")
    (folder / "rf.toml").write_text(config.format("x"))
    result = rf("check")
    assert result.status == 2
    assert (
        result.err == 'error: rf.toml:3:30: spacing: there is no axis "x" in any of the 2 models of *.onnx\n'
    )


@pytest.mark.parametrize("key", ["spacing", "stands_for"])
def test_python(folder: Path, key: str) -> None:
    given = {"spacing": {"ww": "1 mm"}, "stands_for": {"ww": "4i"}}[key]
    for call in (
        lambda: pytest_rf.analyze("unet.onnx", **{key: given}),
        lambda: pytest_rf.analyze("net", **{key: given}),
        lambda: assert_rf("unet.onnx", "final rf >= 3", **{key: given}),
        lambda: assert_rf(pytest_rf.analyze("unet.onnx"), "final rf >= 3", **{key: given}),
    ):
        with pytest.raises(RFError) as error:
            call()
        assert str(error.value).endswith(f"{key}: {NO_WW}")


def test_a_check_of_an_analysis(folder: Path) -> None:
    analysis = pytest_rf.analyze("unet.onnx")
    with pytest.raises(RFError, match='spacing: the model has no axis "ww", did you mean "w"'):
        analysis.check("final rf >= 3", spacing={"ww": "1 mm"})
    assert analysis.check("final rf >= 3 mm", spacing={"h": "1 mm", "w": "1 mm"}) == []


def test_a_marker(folder: Path, pytester: pytest.Pytester) -> None:
    shutil.copy(folder / "unet.onnx", pytester.path)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.rf("final rf >= 3", model="unet.onnx", spacing={"ww": "1 mm"})
        def test_it(): ...
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*spacing: {NO_WW}*"])
