"""What models are called on the command line, and what is said of their calls there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def several(folder: Path) -> Path:
    """Models in folders, some of them not to be looked into."""
    for place in (
        "models/unet.onnx",
        "models/audio/tcn.onnx",
        "models/.hidden/x.onnx",
        "models/env/lib/y.onnx",
    ):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / ("tcn.onnx" if "tcn" in place else "unet.onnx"), folder / place)
    (folder / "models/env/pyvenv.cfg").touch()
    (folder / "rf.toml").write_text(
        'require = ["final rf >= 1"]\n'
        '[[model]]\nname = "net"\nsource = "unet.onnx"\nrequire = ["final rf >= 36"]\n'
        '[[model]]\nname = "all"\nsource = "models/**/*.onnx"\nrequire = ["final rf >= 2"]\n'
    )
    return folder


def checked(rf, *arguments: str) -> list[tuple[str, str, int]]:
    result = rf("check", *arguments, "--format", "json")
    assert result.status == 0, result.err
    models = json.loads(result.out)["models"]
    return [(one["model"], one["file"], len(one["requirements"])) for one in models]


def test_names_folders_and_patterns(rf, several: Path) -> None:
    assert checked(rf, "net") == [("net", "unet.onnx", 2)]
    assert checked(rf, "all") == [
        ("all:tcn", "models/audio/tcn.onnx", 2),
        ("all:unet", "models/unet.onnx", 2),
    ]
    assert checked(rf, "all:tcn") == [("all:tcn", "models/audio/tcn.onnx", 2)]
    both = [("all:tcn", "models/audio/tcn.onnx", 2), ("all:unet", "models/unet.onnx", 2)]
    assert checked(rf, "models") == checked(rf, "models/") == checked(rf, "models/**/*.onnx") == both
    assert checked(rf, "models/*/t*.onnx", "models") == both
    assert checked(rf, str(several / "models" / "*.onnx")) == [both[1]]
    assert checked(rf, "t?n.onnx") == [("tcn", "tcn.onnx", 1)]
    assert checked(rf, "*.onnx") == [("tcn", "tcn.onnx", 1), ("net", "unet.onnx", 2)]


def test_a_file_goes_before_a_name_and_before_a_pattern(rf, several: Path) -> None:
    shutil.copy("tcn.onnx", "net")
    shutil.copy("tcn.onnx", "a[1].onnx")
    assert checked(rf, "net") == [("net", "net", 1)]
    assert checked(rf, "a[1].onnx") == [("a[1]", "a[1].onnx", 1)]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("models/*.pt", "models/*.pt: matches no file"),
        ("empty", "empty: holds no .onnx file"),
        ("nix", "nix: no such file, and rf.toml has no model of this name\n"),
        ("nett", 'nett: no such file, and rf.toml has no model of this name, did you mean "net"?\n'),
        ("nix.onnx", "nix.onnx: no such file; check the path\n"),
        ("*" * 5000, "error: "),
    ],
)
def test_what_means_no_model(rf, several: Path, path: str, says: str) -> None:
    (several / "empty").mkdir()
    result = rf("check", path, "net")
    assert result.status == 2
    assert says in result.err
    assert result.err.count("\n") == 1


def test_a_misspelt_name_is_told_by_every_command(rf, several: Path) -> None:
    says = 'error: nett: no such file, and rf.toml has no model of this name, did you mean "net"?\n'
    for words in (["show", "nett"], ["check", "-q", "nett"], ["diff", "net", "nett"]):
        result = rf(*words)
        assert (result.status, result.out, result.err) == (2, "", says)


def resized() -> None:
    """A model whose output extent an input gives."""
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["r"], mode="nearest", name="resize"),
        helper.make_node("Conv", ["r", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8]),
            helper.make_tensor_value_info("sizes", TensorProto.INT64, [3]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 1, 3])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "resized.onnx"
    )


@pytest.mark.parametrize("value", ["1,1,16", "[1, 1, 16]", "sizes.npy"])
def test_values(rf, folder: Path, value: str) -> None:
    resized()
    np.save("sizes.npy", np.array([1, 1, 16]))
    given = ("resized.onnx", "--value", f"sizes={value}")
    assert "1×1×14" in rf("show", *given).out
    assert rf("check", *given, "--require", "final stride == 1/2").status == 0
    assert rf("check", "resized.onnx", "--require", "final stride == 1/2").status == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--input", "image"), "is not an input shape"),
        (("--input", "image=1,1,0"), "every extent is 1 or more"),
        (("--input", "image=1,1,48,48:int46"), "'int46' is not a type of elements, did you mean"),
        (("--input", "image=1,1,48,48:int64"), "'image' is of type float32 in the file, not int64"),
        (("--input", "imgae=1,1,48,48"), "has no input 'imgae'"),
        (("--value", "sr"), "is not a setting; write it as name=value"),
        (("--value", "image=small"), "is not a number, a list or the path of a .npy file"),
        (("--value", "image=nix.npy"), "nix.npy cannot be read"),
        (("--value", "image=1", "--value", "image=2"), "--value image is given twice"),
        (("--factory-arg", "width=64"), "args are those of a factory"),
        (("--kwarg", "scale=2"), "an ONNX model takes no kwargs (scale)"),
    ],
)
@pytest.mark.parametrize("command", [("check", "--require", "final rf >= 1"), ("show",)])
def test_wrong_descriptions(
    rf, folder: Path, command: tuple[str, ...], arguments: tuple[str, ...], says: str
) -> None:
    result = rf(command[0], "unet.onnx", *command[1:], *arguments)
    assert result.status == 2
    assert says in result.err
    assert result.err.count("\n") == 1


def opened(path: str, source: str = "unet.onnx") -> None:
    """Save a model with open extents."""
    model = onnx.load(source)
    for number, symbol in ((2, "height"), (3, "width")):
        dim = model.graph.input[0].type.tensor_type.shape.dim[number]
        dim.dim_param = symbol
    onnx.save(model, path)


def test_open_extents_are_chosen_and_told(rf, folder: Path) -> None:
    opened("open.onnx")
    held = ("final rf >= 36", "final is bounded", "final halo <= 24", "final stride == 1")
    result = rf("check", "open.onnx", *(word for one in held for word in ("--require", one)))
    assert (result.status, result.err) == (0, "")
    assert "4 requirements hold; h and w of image at 256, which the model leaves open" in result.out
    report = json.loads(rf("check", "open.onnx", "--require", held[0], "--format", "json").out)
    assert report["models"][0]["chosen"] == [
        {"input": "image", "axis": "h", "extent": 256},
        {"input": "image", "axis": "w", "extent": 256},
    ]
    shown = json.loads(rf("show", "open.onnx", "--format", "json").out)
    assert shown["inputs"][0]["chosen"] == [2, 3]
    assert "axes 2 (height), 3 (width) of input 'image' open, so 256 was chosen" in shown["notes"][0]
    given = json.loads(rf("show", "open.onnx", "--input", "image=1,1,48,48", "--format", "json").out)
    assert (given["inputs"][0]["chosen"], given["notes"]) == ([], [])


@pytest.mark.parametrize(
    "requirement",
    [
        "final coverage <= 20%",
        "final rf <= input",
        "final is symmetric",
        "final unused == 0",
        "final rf <= 50%",
    ],
)
def test_finite_figures_of_open_extents_are_undecidable(rf, folder: Path, requirement: str) -> None:
    opened("open.onnx")
    result = rf("check", "open.onnx", "--require", requirement, "--format", "json")
    assert result.status == 1
    (finding,) = json.loads(result.out)["models"][0]["findings"]
    assert finding["undecidable"]
    remedy = re.search(r"give its shape as inputs \((--input [^)]+)\)", finding["reason"])
    assert remedy is not None
    followed = rf("check", "open.onnx", "--require", requirement, *shlex.split(remedy[1]))
    assert followed.status == 0


def test_the_help_of_an_unknown_operator_is_what_to_write(rf, folder: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], kernel_shape=[3], name="conv"),
        helper.make_node("Blur", ["a"], ["y"], domain="com.acme", name="blur"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 1, 3])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.acme", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "custom.onnx")
    entry = '[[model]]\nsource = "custom.onnx"\nrequire = ["final rf == 5"]\n'
    (folder / "rf.toml").write_text(entry)
    result = rf("check")
    assert result.status == 1
    lines = result.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == "[[operator]]")
    written = "\n".join(line.strip() for line in lines[start : start + 4])
    assert 'name = "com.acme::Blur"' in written
    (folder / "rf.toml").write_text(f"{written}\n\n{entry}")
    assert rf("check").status == 0
    assert rf("check", "custom.onnx").status == 0
    assert "5" in rf("show", "custom.onnx", "--node", "y").out
    (folder / "rf.toml").write_text(f"{written}\n")
    assert rf("check", "custom.onnx", "--require", "final rf == 5").status == 0
