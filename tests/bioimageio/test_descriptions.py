"""bioimage.io descriptions, 0.4 and 0.5: right ones hold, and each field that is wrong is told at its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pytest_rf import cli

pytest.importorskip("yaml")

EXAMPLES = Path(__file__).parents[2] / "examples"

NEW = """\
type: model
format_version: 0.5.4
name: unet
weights:
  onnx: {source: unet.onnx, opset_version: 17}
inputs:
  - id: image
    axes:
      - {type: batch}
      - {type: channel, channel_names: [raw]}
      - {type: space, id: y, size: {min: 64, step: 16}, scale: 0.5}
      - {type: space, id: x, size: {min: 44, step: 4}, scale: 0.5}
outputs:
  - id: mask
    axes:
      - {type: batch}
      - {type: channel, channel_names: [mask, edge]}
      - {type: space, id: y, size: {tensor_id: image, axis_id: y}, scale: 0.5, halo: 24}
      - {type: space, id: x, size: {tensor_id: image, axis_id: x, offset: 0}, scale: 0.5, halo: 20}
"""
OLD = """\
format_version: 0.4.10
name: unet
weights:
  onnx:
    source: unet.onnx
inputs:
  - name: image
    axes: bcyx
    shape: {min: [1, 1, 64, 64], step: [0, 0, 16, 16]}
outputs:
  - name: mask
    axes: bcyx
    shape: {reference_tensor: image, scale: [1, null, 1, 1], offset: [0, 1, 0, 0]}
    halo: [0, 0, 20, 24]
"""
CAUSAL = """\
format_version: 0.4.9
name: tcn
weights: {onnx: {source: tcn.onnx}}
inputs:
  - {name: audio, axes: bct, shape: {min: [1, 1, 200], step: [0, 0, 1]}}
outputs:
  - name: mask
    axes: bct
    shape: {reference_tensor: audio, scale: [1, 1, 1], offset: [0, 0, 0]}
    halo: [0, 0, 62]
"""
SMALLER = """\
type: model
format_version: 0.5.3
weights: {onnx: {source: tcn.onnx}}
inputs:
  - {id: sound, axes: [{type: batch}, {type: channel}, {type: time, size: 200}]}
outputs:
  - id: out
    axes:
      - {type: batch}
      - {type: channel}
      - {type: time, size: {tensor_id: sound, axis_id: time}, halo: 62}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("unet", "tcn", "classifier"):
        shutil.copy(EXAMPLES / f"{name}.onnx", tmp_path)
    (tmp_path / "rf.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]):
    def run(text: str, *arguments: str) -> tuple[int, str, str]:
        (folder / "bioimageio.yaml").write_text(text)
        status = cli.run(["check", "bioimageio.yaml", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.parametrize("text", [NEW, OLD, CAUSAL, SMALLER], ids=["0.5", "0.4", "0.4 causal", "0.5 time"])
def test_a_right_description_holds(check, text: str) -> None:
    status, out, err = check(text)
    assert (status, err) == (0, ""), out
    assert "Checked 1 model, 1 requirement: all hold." in out


@pytest.mark.parametrize(
    ("text", "old", "new", "line", "told", "help"),
    [
        (NEW, "halo: 24", "halo: 16", 18, "mask, axis y: halo 16: tiles need 20", "halo: 20"),
        (NEW, "halo: 20", "halo: 21", 19, "halo 21: tiles begin every", "halo: 20"),
        (NEW, ", halo: 20", "", 19, "mask, axis x: no halo: tiles need 20", "halo: 20"),
        (NEW, "step: 16", "step: 10", 11, "min 64, step 10: extents that fit", "min: 64, step: 12"),
        (NEW, "min: 44", "min: 42", 12, "the model does not run at an extent of 42: ", "min: 44, step: 4"),
        (NEW, "offset: 0", "offset: -4", 19, "of an extent of 96 it makes 92, and the model 96", "scale 1, offset 0"),
        (NEW, "y}, scale: 0.5", "y}, scale: 1", 18, "of an extent of 96 it makes 48", "scale 1, offset 0"),
        (OLD, "20, 24]", "20, 12]", 14, "mask, axis x: halo 12: tiles need 20", "halo: 20"),
        (OLD, "halo: [0, 0, 20, 24]", "", 11, "mask, axis y: no halo: tiles need 20", "halo: 20"),
        (OLD, "step: [0, 0, 16, 16]", "step: [0, 0, 16, 7]", 9, "min 64, step 7: extents that fit", "min: 64, step: 8"),
        (OLD, "1, 1, 64, 64]", "1, 1, 62, 64]", 9, "min 62, step 16: the model does not run", "min: 64, step: 16"),
        (OLD, "[0, 1, 0, 0]", "[0, 1, -2, 0]", 13, "offset -4: of an extent of 96 it makes 92", "scale 1, offset 0"),
        (OLD, "[1, null, 1, 1]", "[1, null, 1, 2]", 13, "of an extent of 96 it makes 192", "scale 1, offset 0"),
        (CAUSAL, "62]", "61]", 10, "halo 61: tiles need 62 (62 at the beginning and 0 at the end; the", "halo: 62"),
        (SMALLER, "halo: 62", "halo: 9", 11, "out, axis time: halo 9: tiles need 62 (62 at", "halo: 62"),
    ],
)  # fmt: skip
def test_each_field_that_is_wrong_is_told_at_its_place(check, text, old, new, line, told, help) -> None:
    assert text.count(old) == 1
    status, out, _ = check(text.replace(old, new), "--format", "json")
    findings = json.loads(out)["models"][0]["findings"]
    one = next(one for one in findings if told in one["message"])
    assert (one["code"], one["file"], one["line"]) == ("RF008", "bioimageio.yaml", line)
    assert one["help"].startswith(help)
    assert status == (0 if "no halo" in told else 1)
    assert one["severity"] == ("warning" if "no halo" in told else "error")


def test_where_no_halo_is_enough_the_operator_is_told(check) -> None:
    text = """\
type: model
format_version: 0.5.4
weights: {onnx: {source: classifier.onnx}}
inputs:
  - id: image
    axes: [{type: batch}, {type: channel}, {type: space, id: y, size: 64}, {type: space, id: x, size: 64}]
outputs:
  - {id: logits, axes: [{type: batch}, {type: channel}]}
"""
    assert check(text)[0] == 0  # nobody claims that it can be tiled


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("format_version: 0.5.4", "format_version: 0.3.6", "bioimageio.yaml:2:1: format_version '0.3.6'; a bioimage"),
        ("source: unet.onnx", "source: ../unet.onnx", 'bioimageio.yaml:5:10: source "../unet.onnx" leads out of the'),
        ("source: unet.onnx", "source: /etc/passwd", 'source "/etc/passwd" is not an .onnx file in this folder'),
        ("source: unet.onnx", "source: https://a.b/unet.onnx", "is not an .onnx file in this folder; fetch it there"),
        ("  onnx: {source", "  pytorch_state_dict: {source", "weights have no onnx entry with a source; export"),
        ("source: unet.onnx", "source: gone.onnx", "gone.onnx: no such file"),
        ("type: model", "type: !!python/object/apply:os.system [ls]", "not valid YAML"),
        ("type: model", "type: model\nx: &a [1]\ny: {<<: *a}", "has merged keys"),
        ("type: model", "type: model\nx: " + "[" * 3000, "nested too deeply"),
        ("type: model", "type: model\nx: " + "y" * (1 << 18), "larger than 262144 bytes, which no description is"),
        ("id: image\n", "id: [image]\n", "bioimageio.yaml:7:5: a tensor without a name"),
        ("min: 64", "min: 64.5", "min is a whole number"),
        ("halo: 24", "halo: -1", "bioimageio.yaml:18:80: halo is a number from 0 on"),
        ("scale: 0.5, halo: 24", "scale: 0, halo: 24", "scale is a number above 0"),
        ("tensor_id: image, axis_id: y", "tensor_id: picture, axis_id: y", "refers to 'picture', which is no input"),
        ("      - {type: channel, channel_names: [raw]}\n", "", "describes 3 axes of input 'image', which has 4"),
    ],
)  # fmt: skip
def test_what_is_no_description_is_one_line(check, old: str, new: str, told: str) -> None:
    status, _, err = check(NEW.replace(old, new, 1))
    assert status == 2
    assert told in err
    assert len(err.splitlines()) == 1
    assert len(err) < 400


def test_without_yaml_it_says_how_to_install_it(check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    status, _, err = check(NEW)
    assert status == 2
    assert "needs PyYAML: pip install 'pytest-rf[bioimageio]'" in err


def test_a_link_out_of_the_folder_is_not_followed(check, folder: Path) -> None:
    (folder / "unet.onnx").unlink()
    (folder / "unet.onnx").symlink_to(EXAMPLES / "unet.onnx")
    assert "leads out of the folder of the description" in check(NEW)[2]


@pytest.mark.parametrize("model", ["unet", "tcn", "classifier"])
@pytest.mark.parametrize("version", ["bioimageio", "bioimageio-0.4"])
def test_what_is_written_holds(check, capsys, model: str, version: str) -> None:
    assert cli.run(["tile", f"{model}.onnx", "--format", version]) == 0
    written = capsys.readouterr().out
    number = "0.4.10" if "0.4" in version else "0.5.4"
    head = f"type: model\nformat_version: {number}\nweights: {{onnx: {{source: {model}.onnx}}}}\n"
    status, out, err = check(head + written)
    assert (status, err) == (0, ""), out
    if model == "tcn":
        assert "# needed are 62 before and 0 after; the format has one number for both" in written


@pytest.mark.filterwarnings("ignore")  # of files that the library leaves open
def test_what_is_written_is_what_the_format_has() -> None:
    pytest.importorskip("bioimageio.spec")
    import io
    from contextlib import redirect_stdout

    import yaml
    from bioimageio.spec.model import v0_4, v0_5

    for model in ("unet", "tcn", "classifier"):
        for version in ("bioimageio", "bioimageio-0.4"):
            with redirect_stdout(io.StringIO()) as written:
                cli.run(["tile", f"{model}.onnx", "--format", version])
            data = yaml.safe_load(written.getvalue())
            for key in ("inputs", "outputs"):
                for one in data[key]:
                    if version == "bioimageio":
                        kind = v0_5.InputTensorDescr if key == "inputs" else v0_5.OutputTensorDescr
                        kind.model_validate({**one, "test_tensor": {"source": __file__}})
                    else:
                        kind = v0_4.InputTensorDescr if key == "inputs" else v0_4.OutputTensorDescr
                        kind.model_validate({**one, "data_type": "float32"})
