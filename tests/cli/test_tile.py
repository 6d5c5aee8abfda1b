"""``pytest-rf tile``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
UNET, TCN, CLASSIFIER = (str(EXAMPLES / f"{name}.onnx") for name in ("unet", "tcn", "classifier"))


def test_what_a_model_allows(rf) -> None:
    result = rf("tile", UNET)
    assert result.status == 0
    assert "tiles begin on multiples of 4" in result.out
    assert "smallest seamless overlap: 40 in total, 20 a side" in result.out


def test_a_causal_model_needs_context_on_one_side(rf) -> None:
    assert "smallest seamless context: 62 before, 0 after" in rf("tile", TCN).out
    assert rf("tile", TCN, "--tile", "t=200", "--context", "t=62:0").status == 0
    assert rf("tile", TCN, "--tile", "t=200", "--context", "t=61:0").status == 1


def test_what_allows_none_names_the_operator_and_what_would(rf) -> None:
    result = rf("tile", CLASSIFIER)
    assert result.status == 0
    assert (
        "h, w: GlobalAveragePool '/pool/GlobalAveragePool' takes statistics over the whole axis" in result.out
    )
    assert "no overlap is seamless" in result.out
    assert rf("tile", CLASSIFIER, "--tile", "h=64").status == 1


def test_the_operator_is_told_with_its_module_and_line(rf, tmp_path: Path) -> None:
    import onnx
    from models import model

    text = "net (float[1,2,64] x) => (float[1,2,64] y) <float[2] s> { y = InstanceNormalization(x, s, s) }"
    norm = model(text)
    norm.graph.node[0].name = "node_norm_12"
    for key, value in {
        "pkg.torch.onnx.name_scopes": "['', 'enc.0.1', 'norm']",
        "pkg.torch.onnx.stack_trace": 'File "nets.py", line 11, in forward\n    return self.enc(x)',
    }.items():
        norm.graph.node[0].metadata_props.add(key=key, value=value)
    onnx.save(norm, tmp_path / "norm.onnx")
    call = (str(tmp_path / "norm.onnx"), "--input", "x=1,2,64")
    said = "InstanceNormalization 'node_norm_12' (enc.0.1, nets.py:11) takes statistics over the whole axis"
    assert said in " ".join(rf("tile", *call).out.split())
    (obstacle,) = json.loads(rf("tile", *call, "--format", "json").out)["obstacles"]
    assert (obstacle["module"], obstacle["source"]) == ("enc.0.1", "nets.py:11")


def test_a_tiling_is_judged(rf) -> None:
    good = rf("tile", UNET, "--tile", "h=128,w=128", "--overlap", "h=40", "--overlap", "w=64")
    assert (good.status, "seamless: tiles of h 128 every 88, w 128 every 64" in good.out) == (0, True)
    bad = rf("tile", UNET, "--tile", "h=128", "--overlap", "h=32", "--format", "json")
    assert bad.status == 1
    found = json.loads(bad.out)
    assert not found["seamless"]
    assert found["axes"]["h"]["min_overlap"] == 40
    miss = found["misses"][0]
    assert not miss["start"] <= miss["position"] < miss["stop"]


def test_what_a_tiling_lacks_is_said_first(rf) -> None:
    short = rf("tile", UNET, "--tile", "h=128", "--overlap", "h=32").out
    assert "h: an overlap of 40 in total is enough, there are 32" in short
    assert short.index("is enough") < short.index("kept of the tile")
    lopsided = rf("tile", UNET, "--tile", "h=128", "--context", "h=4:40").out
    assert "h: a context of 20 before and 20 after is enough, there are 4 and 40" in lopsided


def test_off_the_grid_the_nearest_that_fit_are_named(rf) -> None:
    assert "the nearest are 128 and 132" in rf("tile", UNET, "--tile", "h=130").out
    found = rf("tile", UNET, "--tile", "h=128", "--overlap", "h=42")
    assert found.status == 1
    assert "begin every 86, off the grid of 4; the nearest overlaps that fit are 40 and 44" in found.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tile", "h"), "write numbers by axis, as in h=512,w=512"),
        (("--tile", "h=32:16"), "write numbers by axis"),
        (("--tile", "h=-4"), "write numbers by axis"),
        (("--tile", "t=32"), "the model has no axis 't'; its axes are h, w"),
        (("--tile", "h=0"), "of positions from 1 on"),
        (("--tile", "h=32", "--overlap", "w=8"), "'w' is not tiled"),
        (("--tile", "h=32", "--overlap", "h=32"), "does not move on"),
        (("--tile", "h=32", "--overlap", "h=4", "--context", "h=4"), "give one of them"),
        (("--tile", "h=32,h=64"), "--tile h is given twice"),
        (("--overlap", "h=32"), "give their extent, --tile h=512"),
    ],
)
def test_what_makes_no_sense_is_one_line(rf, arguments, told: str) -> None:
    result = rf("tile", UNET, *arguments)
    assert result.status == 2
    assert told in result.err
    assert len(result.err.splitlines()) == 1
