"""``[[model.tiling]]``: what no model could be run in is an error of the file, with its line and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rf import config
from pytest_rf.errors import ConfigError

HEAD = '[[model]]\nsource = "a.onnx"\n\n[[model.tiling]]\n'


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str) -> config.reading.Config:
    Path("rf.toml").write_text(HEAD + text)
    return config.load("rf.toml")


def test_a_tiling_with_all_that_can_be_said_of_it() -> None:
    (model,) = load(
        "tile = { h = 128, w = 64, d = 32 }\noverlap = { h = 32 }\ncontext = { w = [8, 4], d = 3 }\n"
        "align = { h = 16 }\ncrop = { h = 2 }\n"
    ).models
    (tiling,) = model.tilings
    assert tiling.context == {"w": (8, 4), "d": (3, 3)}
    assert tiling.text == "tile h=128,w=64,d=32 overlap h=32 context w=8:4,d=3:3 align h=16 crop h=2:2"
    assert (tiling.file, tiling.line, tiling.column) == ("rf.toml", 4, 1)
    assert tiling.places["context", "d"] == (7, 25)
    start, stop = tiling.span("context", "d")
    assert tiling.text[start:stop] == "d=3:3"
    assert model.stated == (tiling,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'rf.toml:4: model[0].tiling[0]: the key "tile" is missing'),
        ("tile = {}", "rf.toml:5: model[0].tiling[0].tile: expected a table of length >= 1"),
        ("tile = 128", "rf.toml:5: model[0].tiling[0].tile: expected a table, got a whole number"),
        ("tile = { h = 0 }", "rf.toml:5: model[0].tiling[0].tile[...]: expected a whole number >= 1"),
        (
            "tile = { h = 128.5 }",
            "rf.toml:5: model[0].tiling[0].tile[...]: expected a whole number, got a number",
        ),
        ("tile = { h = true }", "expected a whole number, got true or false"),
        ("tile = { h = 9 }\noverlap = { h = -1 }", "rf.toml:6: model[0].tiling[0].overlap[...]: expected"),
        (
            "tile = { h = 9 }\ncontext = { h = [1] }",
            "rf.toml:6: model[0].tiling[0].context[...]: expected a list of length >= 2",
        ),
        ("tile = { h = 9 }\ncontext = { h = [1, -2] }", "expected a whole number >= 0"),
        (
            "tile = { h = 9 }\noverlop = { h = 1 }",
            'rf.toml:6: unknown key "overlop", did you mean "overlap"?',
        ),
        (
            "tile = { h = 9 }\noverlap = { w = 1 }",
            "rf.toml:6: tiling: overlap has axis w, which is not tiled; tiles are given along h: write tile = { w",
        ),
        (
            "tile = { h = 9 }\noverlap = { h = 4 }\ncontext = { h = 2 }",
            "rf.toml:7: tiling: h has an overlap and a context; keep one of them: an overlap is what neighbours",
        ),
        (
            "tile = { w = 99, h = 64 }\noverlap = { w = 4, h = 64 }",
            "rf.toml:6: tiling: a tile of 64 along h with 64 in total of overlap does not move on; give a larger",
        ),
        ("tile = { h = 9 }\ncontext = { h = [8, 1] }", "with 9 in total of context does not move on"),
    ],
)
def test_what_makes_no_sense_is_an_error_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
