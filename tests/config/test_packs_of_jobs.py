"""Every shipped pack passes a model that is made for its job, and fails one that is not."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import check, config

HEADS = {
    1: "net (float[1,2,{n}] x) => (float[1,2,?] y) <float[2,2,{k}] w, float[2,2,2] u, float[2] s> {{ {body} }}",
    2: "net (float[1,2,{n},{n}] x) => (float[1,2,?,?] y) <float[2,2,{k},{k}] w, float[2,2,2,2] u, float[2,2,3,3] v,"
    " float[2] s, float[4] r = {{1.0,1.0,2.0,2.0}}> {{ {body} }}",
    3: "net (float[1,2,{n},{n},{n}] x) => (float[1,2,?,?,?] y) <float[2,2,{k},{k},{k}] w, float[2] s> {{ {body} }}",
}


def net(rank: int, body: str, n: int = 64, k: int = 3) -> str:
    return HEADS[rank].format(n=n, k=k, body=body)


NORM = "y = InstanceNormalization(a, s, s)"
SAME = "a = Conv<pads=[1,1,1,1]>(x, w)"
PAST = "a = Conv<pads=[{k},0]>(x, w)"
FRAMES = "a = Conv<pads=[2,1,1,0,1,1]>(x, w)"

PASSED = {
    "classification": net(2, "a = Conv<strides=[2,2]>(x, w) y = Conv(a, w)", 15, 5),
    "detection": net(2, "y = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w)"),
    "segmentation": net(2, "y = Conv<pads=[48,48,48,48]>(x, w)", 96, 97),
    "tiled-inference": net(2, f"{SAME} y = Relu(a)"),
    "streaming": net(1, PAST.format(k=2) + " y = Relu(a)"),
    "streaming-audio": net(1, PAST.format(k=2) + " y = Relu(a)"),
    "time-series": net(1, PAST.format(k=8) + " y = Relu(a)", 9, 9),
    "gan-discriminator": net(2, "y = Conv<strides=[4,4], pads=[7,7,7,7]>(x, w)", 64, 17),
    "super-resolution": net(2, f"{SAME} y = ConvTranspose<strides=[2,2]>(a, u)"),
    "causal-video": net(3, f"{FRAMES} y = Relu(a)", 6),
}

FAILED = {
    "classification": (net(2, "y = Conv(x, w)"), {"RF001"}),
    "detection": (
        net(2, "a = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) y = Conv<pads=[1,1,1,1]>(a, w)", 63),
        {"RF201"},
    ),
    "segmentation": (net(2, f"{SAME} y = Relu(a)"), {"RF001"}),
    "tiled-inference": (net(2, f"{SAME} {NORM}"), {"RF001", "RF402"}),
    "streaming": (net(1, PAST.format(k=1) + " y = Relu(a)").replace("[1,0]", "[1,1]"), {"RF001"}),
    "streaming-audio": (
        net(1, 'p = Pad<mode="reflect">(x, q) y = Conv(p, w)').replace(
            "float[2] s", "float[2] s, int64[6] q = {0,0,2,0,0,0}"
        ),
        {"RF001", "RF403"},
    ),
    "time-series": (net(1, "a = Conv<pads=[4,0], dilations=[2]>(x, w) y = Relu(a)", 9), {"RF001", "RF302"}),
    "gan-discriminator": (net(2, "y = Conv<pads=[1,1,1,1]>(x, w)"), {"RF001"}),
    "super-resolution": (net(2, f"{SAME} y = ConvTranspose<strides=[2,2]>(a, v)"), {"RF303"}),
    "causal-video": (net(3, f"{FRAMES} y = InstanceNormalization(a, s, s)", 6), {"RF001", "RF402"}),
}

SHIPPED = sorted(path.stem for path in (Path(__file__).parents[2] / "rules").glob("*.toml"))


def run(folder: Path, pack: str, text: str) -> check.Run:
    onnx.save(model(text), folder / "net.onnx")
    (folder / "rf.toml").write_text(f'[[model]]\nsource = "net.onnx"\nextend = ["pytest-rf:{pack}"]\n')
    return check.run(config.load(folder / "rf.toml"))


def test_every_pack_has_both() -> None:
    assert SHIPPED == sorted(PASSED) == sorted(FAILED)


@pytest.mark.parametrize("pack", SHIPPED)
def test_a_model_for_the_job_passes(tmp_path: Path, pack: str) -> None:
    found = run(tmp_path, pack, PASSED[pack])
    assert [finding.message for finding in found.findings] == []
    assert found.exit_code == 0
    assert found.models[0].judged


@pytest.mark.parametrize("pack", SHIPPED)
def test_a_model_that_is_not_fails(tmp_path: Path, pack: str) -> None:
    text, codes = FAILED[pack]
    found = run(tmp_path, pack, text)
    assert {finding.code for finding in found.findings} == codes
    assert found.exit_code == 1


@pytest.mark.parametrize("pack", SHIPPED)
def test_every_pack_names_itself_and_its_sources(pack: str) -> None:
    text = (Path(__file__).parents[2] / "rules" / f"{pack}.toml").read_text(encoding="utf-8")
    assert f"pytest-rf:{pack}" in text.splitlines()[0]
