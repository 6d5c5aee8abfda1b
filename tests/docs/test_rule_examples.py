"""Every rule finds something in the example of its page, built as its text says.

Examples are texts for people; what each of them describes is built here. One that is written anew has to be built anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from blocks import ROOT, Block, of
from models import model

import pytest_rf
from pytest_rf import checks, cli
from pytest_rf.checks.subject import Subject
from pytest_rf.requirements import Settings, parse

EXAMPLES = {Path(block.page).stem: block for block in of("docs/rules/*.md", "text")}

NAMED = """
    net (float[1,1,64,64] x) => (float[1,1,64,64] y) <float[1,1,3,3] w, float[1,1,138,138] wide>
    {
        [decoder.up4] a = Conv<pads=[1,1,1,1]>(x, w)
        [head] y = Conv<pads=[68,68,69,69]>(a, wide)
    }
"""
WARP = "net (float[1,3,9] x) => (float[1,3,9] y) { y = com.acme.Warp(x) }"

NORM = "shape = Shape(x) flat = Reshape(x, group) n = InstanceNormalization(flat, one, one) y = Reshape(n, shape)"
GROUP = "int64[3] group = {0, 1, -1}, float[1] one = {1}"


def graph(shapes: str, made: str, weights: str = "float[1] unused") -> onnx.ModelProto:
    """Return a model from x to y, of their shapes."""
    x, y = shapes.split(" -> ")
    return model(f"net (float[{x}] x) => (float[{y}] y) <{weights}> {{ {made} }}")


#: What the examples describe, and what their models require.
BUILT: dict[str, tuple[str, onnx.ModelProto, Sequence[str]]] = {
    "RF101": (
        "final rf 427 on an input of 32 × 32",
        graph("1,1,32,32 -> 1,1,32,32", f"y = Conv<pads={[213] * 4}>(x, w)", "float[1,1,427,427] w"),
        [],
    ),
    "RF102": (
        "a ResNet for images of 224 × 224, trained on images of 32 × 32",
        graph(
            "1,1,32,32 -> 1,1,1,1",
            "a = Conv<pads=[3,3,3,3],strides=[2,2]>(x, w) b = Conv<pads=[1,1,1,1],strides=[2,2]>(a, v)"
            "c = Conv<pads=[1,1,1,1],strides=[2,2]>(b, v) d = Conv<pads=[1,1,1,1],strides=[2,2]>(c, v)"
            "y = Conv<pads=[1,1,1,1],strides=[2,2]>(d, v)",
            "float[1,1,7,7] w, float[1,1,3,3] v",
        ),
        [],
    ),
    "RF103": (
        "x = MaxPool(kernel=2, stride=2)(image of 225 × 225)       # row and column 224 are read by nothing",
        graph("1,1,225,225 -> 1,1,112,112", "y = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x)"),
        [],
    ),
    "RF104": (
        "Conv(kernel=3, dilation=24, padding=24) on 16 × 16        # only the middle tap reads",
        graph(
            "1,1,16,16 -> 1,1,16,16",
            f"y = Conv<dilations=[24,24],pads={[24] * 4}>(x, w)",
            "float[1,1,3,3] w",
        ),
        [],
    ),
    "RF201": (
        "a valid U-Net (3×3 without padding, 2×2 pools) on 570 × 570: the second pool drops a row; 572 fits",
        graph(
            "1,1,570,570 -> 1,1,139,139",
            "a = Conv(x, w) b = Conv(a, w) c = MaxPool<kernel_shape=[2,2],strides=[2,2]>(b)"
            "d = Conv(c, w) e = Conv(d, w) y = MaxPool<kernel_shape=[2,2],strides=[2,2]>(e)",
            "float[1,1,3,3] w",
        ),
        [],
    ),
    "RF202": (
        "Conv(kernel=1, stride=2)          # the main path of the original ResNet-50",
        graph("1,1,8,8 -> 1,1,4,4", "y = Conv<strides=[2,2]>(x, w)", "float[1,1,1,1] w"),
        [],
    ),
    "RF203": (
        "y = Conv(kernel=2, padding=0)(x) + crop(x)          # centres half a position apart",
        graph(
            "1,1,9 -> 1,1,8",
            "a = Conv(x, w) b = Slice(x, begin, end, axis) y = Add(a, b)",
            "float[1,1,2] w, int64[1] begin = {0}, int64[1] end = {8}, int64[1] axis = {2}",
        ),
        [],
    ),
    "RF204": (
        "Conv(kernel=3, stride=2, padding=1)       # offset -1/2",
        graph("1,1,9 -> 1,1,5", "y = Conv<pads=[1,1],strides=[2]>(x, w)", "float[1,1,3] w"),
        [],
    ),
    "RF205": (
        "Conv(kernel=3, stride=2, padding=1) on 224 positions      # symmetric at 225",
        graph("1,1,224 -> 1,1,112", "y = Conv<pads=[1,1],strides=[2]>(x, w)", "float[1,1,3] w"),
        [],
    ),
    "RF206": (
        "MaxPool(kernel=2, stride=2)",
        graph("1,1,8,8 -> 1,1,4,4", "y = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x)"),
        [],
    ),
    "RF301": (
        "ConvTranspose(kernel=3, stride=2)       # every other unit reads one position more",
        graph("1,1,8 -> 1,1,17", "y = ConvTranspose<strides=[2]>(x, w)", "float[1,1,3] w"),
        [],
    ),
    "RF302": (
        "three 3×3 convolutions with dilation 2, 2, 2          # 7 of 13 positions are read",
        graph(
            "1,1,32,32 -> 1,1,32,32",
            "a = Conv<dilations=[2,2],pads=[2,2,2,2]>(x, w) b = Conv<dilations=[2,2],pads=[2,2,2,2]>(a, w)"
            "y = Conv<dilations=[2,2],pads=[2,2,2,2]>(b, w)",
            "float[1,1,3,3] w",
        ),
        [],
    ),
    "RF303": (
        "ConvTranspose(kernel=3, stride=2)       # two taps, one tap, two taps, one tap ...",
        graph("1,1,8 -> 1,1,17", "y = ConvTranspose<strides=[2]>(x, w)", "float[1,1,3] w"),
        [],
    ),
    "RF304": (
        'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)',
        graph(
            "1,1,8,8 -> 1,1,16,16",
            'y = Resize<mode="linear",coordinate_transformation_mode="align_corners">(x, , s)',
            "float[4] s = {1, 1, 2, 2}",
        ),
        [],
    ),
    "RF401": (
        "causal convolution -> GroupNorm over channels and time -> causal convolution",
        graph(
            "1,1,16 -> 1,1,16",
            f"a = Conv<pads=[2,0]>(x, w) {NORM.replace('(x', '(a').replace('y =', 'b =')} y = Conv<pads=[2,0]>(b, w)",
            f"float[1,1,3] w, {GROUP}",
        ),
        [],
    ),
    "RF402": (
        'require = ["final halo <= 96"]        # and a GroupNorm in every block',
        graph("1,1,16 -> 1,1,16", NORM, GROUP),
        ["final halo <= 96"],
    ),
    "RF403": (
        'F.pad(x, (2, 0), mode="reflect")          # unit 0 reads positions 1 and 2',
        graph(
            "1,1,16 -> 1,1,16",
            'a = Pad<mode="reflect">(x, p) y = Conv(a, w)',
            "int64[6] p = {0, 0, 2, 0, 0, 0}, float[1,1,3] w",
        ),
        ["final is causal"],
    ),
    "RF404": (
        "lstm(x)           # batch_first=False, called with (batch, time, features)",
        graph(
            "4,9,3 -> 4,1,9,2",
            "y = LSTM<hidden_size=2>(x, w, r)",
            "float[1,8,3] w, float[1,8,2] r",
        ),
        [],
    ),
    "RF501": (
        "aux = self.head(x)            # and nothing uses aux",
        graph("1,1,8 -> 1,1,8", "y = Relu(x) aux = Conv(x, w)", "float[1,1,3] w"),
        [],
    ),
    "RF502": (
        "F.interpolate(x, size=x.shape[-2:])",
        graph(
            "1,1,8,8 -> 1,1,6,6",
            "a = Conv(x, w) y = Resize(a, , s)",
            "float[1,1,3,3] w, float[4] s = {1, 1, 1, 1}",
        ),
        [],
    ),
}


def found(code: str, analysis: pytest_rf.Analysis, requirements: Sequence[str]) -> list[Any]:
    check = checks.find(code).check
    assert check is not None
    return list(check(Subject(analysis, Settings(), tuple(map(parse, requirements)))))


@pytest.mark.parametrize("code", BUILT)
def test_rules_fire_at_their_examples(code: str) -> None:
    text, built, requirements = BUILT[code]
    assert EXAMPLES[code].code.strip() == text
    assert found(code, pytest_rf.analyze(built), requirements)


def test_training_mode_is_found_in_its_example() -> None:
    torch = pytest.importorskip("torch")
    net, x = torch.nn.Sequential(torch.nn.BatchNorm1d(3)), torch.rand(2, 3, 8)
    names = {"pytest_rf": pytest_rf, "net": net, "x": x}
    assert found("RF405", eval(EXAMPLES["RF405"].code.strip(), names), [])


def project(block: Block, folder: Path) -> list[str]:
    """Write the project of an example about a configuration, and return what ``check`` is asked beside it."""
    code, text = Path(block.page).stem, block.code
    onnx.save(model(NAMED), folder / "unet.onnx")
    if code == "RF006":
        shutil.copy(ROOT / "examples/unet.onnx", "unet.onnx")
        (folder / "rf.toml").write_text(text, encoding="utf-8")
        assert cli.run(["snapshot"]) == 0
        shutil.copy(ROOT / "examples/changed/unet.onnx", "unet.onnx")
    elif code == "RF007":
        shutil.copy(ROOT / "examples/unet.onnx", "unet.onnx")
    elif code in ("RF003", "RF004"):
        text = f'select = ["RF004"]\n[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 188"]\n\n{text}'
    elif code in ("RF002", "RF005"):
        onnx.save(model(WARP, domains=', "com.acme" : 1'), "warp.onnx")
        return ["warp.onnx", "--require", text.partition(" #")[0] if code == "RF002" else "output rf >= 1"]
    elif code == "RF008":
        pytest.importorskip("yaml")
        shutil.copy(ROOT / "examples/unet.onnx", "unet.onnx")
        head = "type: model\nformat_version: 0.5.4\nname: unet\nweights:\n  onnx: {source: unet.onnx}\n"
        inputs = "inputs:\n  - id: image\n    axes:\n      - {type: batch}\n"
        inputs += "      - {type: channel, channel_names: [c]}\n"
        space = "".join(f"      - {{type: space, id: {axis}, size: {{min: 44, step: 4}}}}\n" for axis in "yx")
        others = "      - { type: batch }\n      - { type: channel, channel_names: [a, b] }\n"
        x = "      - { type: space, id: x, size: { tensor_id: image, axis_id: x }, halo: 20 }\n"
        outputs = text.replace("axes:\n", f"axes:\n{others}")
        (folder / "bioimageio.yaml").write_text(f"{head}{inputs}{space}{outputs}{x}", encoding="utf-8")
        return ["bioimageio.yaml"]
    (folder / "rf.toml").write_text(text, encoding="utf-8")
    return []


@pytest.mark.parametrize("code", [code for code in EXAMPLES if code < "RF1"])
def test_rules_about_what_is_declared_fire_at_their_examples(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cli.run(["check", "--no-cache", *project(EXAMPLES[code], tmp_path)])
    said = capsys.readouterr().out
    assert f"{code} " in said
    if code == "RF001":
        assert "measured 140" in said


def test_every_example_is_built() -> None:
    assert EXAMPLES.keys() == {*BUILT, "RF405", *(code for code in EXAMPLES if code < "RF1")}
