"""One description of a call: every door takes every key, in the same forms, and says the same of what is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf import analyzing, check
from pytest_rf.asserting import assert_rf
from pytest_rf.calls import KEYS, Call, CallError, stated
from pytest_rf.commands.check import check as check_command
from pytest_rf.commands.show import show as show_command
from pytest_rf.commands.values import InputShape, Setting
from pytest_rf.config import load
from pytest_rf.config.declared import Model
from pytest_rf.config.tables import ModelTable
from pytest_rf.forms import FORMS
from pytest_rf.given import TYPES, remedy, specs
from pytest_rf.testing import marker

#: What the command line gives; axes and what else authors say of a model stands in the configuration.
OPTIONS = {
    "inputs": "--input",
    "values": "--value",
    "kwargs": "--kwarg",
    "args": "--factory-arg",
    "weights": "--weights",
    "mask_below": "--mask-below",
}


def test_every_door_takes_every_key() -> None:
    keys = set(KEYS)
    assert tuple(FORMS) == KEYS
    assert keys <= set(ModelTable.__struct_fields__)
    assert keys <= set(inspect.signature(analyzing.analyze).parameters)
    assert keys <= set(marker.KNOWN)
    assert keys == set(Call.__struct_fields__)
    assert issubclass(Model, Call)


@pytest.mark.parametrize("command", [check_command, show_command])
def test_commands_take_what_the_command_line_gives(command: click.Command) -> None:
    known = {name for parameter in command.params for name in parameter.opts}
    assert set(OPTIONS.values()) <= known
    assert set(OPTIONS) <= set(KEYS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(
    path: str,
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, list[int | str] | None]],
    weights: Mapping[str, list[int]] = {},
) -> None:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, kind, dims) for name, (kind, dims) in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims) for name, dims in weights.items()],
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def embedding(path: str = "ids.onnx") -> None:
    """A model of integers: a table and a convolution over time."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Transpose", ["e"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["t", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    saved(path, nodes, {"ids": (TensorProto.INT64, ["n", "time"])}, {"table": [9, 4], "w": [2, 4, 3]})


def resized(path: str = "resized.onnx") -> None:
    """A model whose output extent an input gives."""
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["r"], mode="nearest", name="resize"),
        helper.make_node("Conv", ["r", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    saved(
        path,
        nodes,
        {"x": (TensorProto.FLOAT, [1, 1, 8]), "sizes": (TensorProto.INT64, [3])},
        {"w": [1, 1, 3]},
    )


# ------------------------------------------------------------------ the same forms at all doors


INPUTS: dict[str, Any] = {
    "shape": [1, 16],
    "table": {"shape": [1, 16], "dtype": "int64"},
    "long": {"shape": [1, 16], "dtype": "long"},
}


@pytest.mark.parametrize("form", INPUTS)
def test_integers_at_every_door(folder: Path, form: str) -> None:
    embedding()
    given = INPUTS[form]
    toml = "[1, 16]" if form == "shape" else f'{{ shape = [1, 16], dtype = "{given["dtype"]}" }}'
    (folder / "rf.toml").write_text(
        f'[[model]]\nname = "ids"\nsource = "ids.onnx"\ninputs = {{ ids = {toml} }}\nrequire = ["final rf == 3"]\n'
    )
    assert check.run(load("rf.toml")).exit_code == 0
    analysis = pytest_rf.analyze("ids.onnx", inputs={"ids": given})
    assert analysis.inputs["ids"].shape == (1, 16)
    assert pytest_rf.analyze("ids").inputs == analysis.inputs
    assert_rf("ids.onnx", "final rf == 3", inputs={"ids": given})
    assert_rf("ids", "final rf == 3")
    option = "ids=1,16" if form == "shape" else f"ids=1,16:{given['dtype']}"
    name, converted = InputShape().convert(option, None, None)
    assert specs({name: converted}) == specs({"ids": given})


def test_examples_stand_for_their_shape(folder: Path) -> None:
    embedding()
    for example in (np.zeros((1, 16), np.int64), [np.zeros((1, 16), np.int64)], [1, 16], (np.int64(1), 16)):
        assert pytest_rf.analyze("ids.onnx", inputs=example).inputs["ids"].shape == (1, 16)
    with pytest.raises(pytest_rf.ModelError, match="'ids' is of type int64 in the file, not float32"):
        pytest_rf.analyze("ids.onnx", inputs={"ids": ((1, 16), "float32")})
    with pytest.raises(pytest_rf.ModelError, match="given as str; give its shape: --input ids=1,3"):
        pytest_rf.analyze("ids.onnx", inputs={"ids": "image.png"})
    with pytest.raises(pytest_rf.ModelError, match="2 shapes are given; the model's inputs are 'ids'"):
        pytest_rf.analyze("ids.onnx", inputs=[(1, 16), (1, 16)])


VALUES = {"number": "[1, 1, 16]", "file": '"sizes.npy"'}


@pytest.mark.parametrize("form", VALUES)
def test_values_at_every_door(folder: Path, form: str) -> None:
    resized()
    np.save("sizes.npy", np.array([1, 1, 16]))
    (folder / "rf.toml").write_text(
        f'[[model]]\nname = "net"\nsource = "resized.onnx"\nvalues = {{ sizes = {VALUES[form]} }}\n'
        'require = ["final stride == 1/2"]\n'
    )
    found = check.run(load("rf.toml"))
    assert found.exit_code == 0, found.problems
    given = [1, 1, 16] if form == "number" else "sizes.npy"
    text = "sizes=1,1,16" if form == "number" else "sizes=sizes.npy"
    assert Setting().convert(text, None, None) == ("sizes", given)
    for values in ({"sizes": given}, {"sizes": np.array([1, 1, 16])}):
        assert pytest_rf.analyze("resized.onnx", values=values).outputs[0].shape == (1, 1, 14)
    call = {"values": {"sizes": given}}
    assert check.run(None, ["resized.onnx"], ["final stride == 1/2"], call=call).exit_code == 0
    assert check.run(None, ["resized.onnx"], ["final stride == 1/2"]).exit_code == 1  # undecidable without


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16000", 16000),
        ("0.5", 0.5),
        ("true", True),
        ("8,8", [8, 8]),
        ("[8, [1, 2]]", [8, [1, 2]]),
        ("small", "small"),
        ('"1"', "1"),
        ("a,b", "a,b"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
        ("1\nx = 2", "1\nx = 2"),
        (" 3 ", 3),
    ],
)
def test_settings_of_the_command_line(text: str, value: Any) -> None:
    assert Setting().convert(f"name={text}", None, None) == ("name", value)


# ------------------------------------------------------------------ the same errors


WRONG: dict[str, tuple[str, Any, str]] = {
    "no shape": ("inputs", {"x": [1, 3.5]}, "input 'x': [1, 3.5] is not a shape"),
    "no extent": ("inputs", {"x": [1, 0]}, "input 'x': shape [1, 0]: every extent must be at least 1"),
    "type": (
        "inputs",
        {"x": {"shape": [1], "dtype": "int46"}},
        "'int46' is not a type of elements, did you mean",
    ),
    "key": (
        "inputs",
        {"x": {"shape": [1], "dtpe": "int64"}},
        "input 'x': unknown key 'dtpe', did you mean 'dtype'",
    ),
    "huge": ("inputs", {"x": [2**40]}, "an extent is at most 2147483647"),
    "text": (
        "values",
        {"sr": "fast"},
        'values: sr = "fast" is not a number, a list or the path of a .npy file',
    ),
    "axis": ("axes", {"x": {"t": -99}}, ""),
    "spacing": ("spacing", {"t": "much"}, 'spacing: "much" is not a spacing'),
    "step": ("stands_for", {"t": "i*i"}, 'stands_for: t: stands_for "i*i" is not understood'),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_same_errors_at_every_door(folder: Path, name: str) -> None:
    key, value, says = WRONG[name]
    embedding()
    (folder / "rf.toml").write_text(f'[[model]]\nsource = "ids.onnx"\n{key} = {toml_of(value)}\n')
    with pytest.raises(pytest_rf.RFError) as of_python:
        pytest_rf.analyze("ids.onnx", **{key: value})
    with pytest.raises(pytest_rf.ConfigError) as of_config:
        load("rf.toml")
    assert str(of_config.value).startswith("rf.toml:3: ")
    if says:
        assert says in str(of_python.value)
        assert str(of_config.value) == f"rf.toml:3: {of_python.value}"
        with pytest.raises(pytest_rf.RFError) as of_assert:
            assert_rf("ids.onnx", "final rf >= 1", **{key: value})
        assert str(of_assert.value) == str(of_python.value)


def toml_of(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_of(one)}" for key, one in value.items()) + " }"
    return repr(value).replace("'", '"')


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("inputs", [], "is empty"),
        ("values", [1], "values: is a table of"),
        ("values", {"a": {"b": 1}}, "a is a table"),
        ("kwargs", 3, "kwargs: is a table of arguments of the call by name, not 3"),
        ("args", 3, "args: is a table or a list of the factory's arguments, not 3"),
        ("axes", {"x": 3}, "axes = { x = { t = 2 } }"),
        ("axes", {"x": {"t": True}}, "t is the number of an axis, not True"),
        ("spacing", {"t": 0.5}, 'a number with a unit, as in "0.5 mm"'),
        ("origin", "middle", "origin: is one of end, start, center, not 'middle'"),
        ("stands_for", {"t": 4}, 'a text such as "4i"'),
        ("accept_context", "op:LayerNorm", 'accept_context takes a list of patterns: ["op:LayerNorm"]'),
        ("accept_context", [3], "takes a list of patterns, not"),
        ("accept_context", ["*" * 5000], "accept_context"),
        ("weights", 1, "weights: is true or false, not 1"),
        ("wieghts", True, "wieghts: is unknown, did you mean weights?"),
    ],
)
def test_what_is_not_of_its_form(key: str, value: Any, says: str) -> None:
    with pytest.raises(CallError) as error:
        stated(Call(), {key: value})
    assert says in str(error.value)
    assert error.value.key == key


def test_what_is_given_goes_before_what_the_configuration_says(folder: Path) -> None:
    base = stated(Call(), {"inputs": {"a": [1], "b": [2]}, "accept_context": ["op:A"], "origin": "start"})
    both = stated(base, {"inputs": {"b": [3]}, "accept_context": ["op:B"], "weights": True, "origin": None})
    assert both.inputs == {"a": (1,), "b": (3,)}
    assert (both.accept_context, both.weights, both.origin) == (("op:A", "op:B"), True, "start")


def test_types_by_whatever_name() -> None:
    for given in ("int64", "torch.int64", "long", np.int64, np.dtype("int64")):
        assert specs({"x": {"shape": (1, 2), "dtype": given}}) == {"x": ((1, 2), "int64")}
        assert specs({"x": ((1, 2), given)}) == {"x": ((1, 2), "int64")}
    assert set(TYPES.values()) <= set(TYPES)


def test_structures_of_inputs() -> None:
    given = {
        "batch": {"image": [1, 3, 8, 8], "ids": {"shape": [1, 4], "dtype": "int64"}},
        "pair": [[1, 2], [3, 4]],
    }
    assert specs(given) == {
        "batch": {"image": (1, 3, 8, 8), "ids": ((1, 4), "int64")},
        "pair": [(1, 2), (3, 4)],
    }
    assert specs({"x": {"shape": [1, 2], "mask": [1, 2]}}) == {"x": {"shape": (1, 2), "mask": (1, 2)}}


# ------------------------------------------------------------------ files of values


@pytest.mark.parametrize("where", ["../outside.npy", "link.npy", "/etc/passwd.npy"])
def test_files_of_values_stay_below_the_configuration(folder: Path, where: str) -> None:
    inner = folder / "inner"
    inner.mkdir()
    resized("inner/resized.onnx")
    np.save("outside.npy", np.array([1, 1, 16]))
    (inner / "link.npy").symlink_to(folder / "outside.npy")
    (inner / "rf.toml").write_text(
        f'[[model]]\nsource = "resized.onnx"\nvalues = {{ sizes = "{where}" }}\nrequire = ["final rf >= 1"]\n'
    )
    found = check.run(load("inner/rf.toml"))
    assert found.exit_code == 2
    assert "leads out of the folder of the configuration" in found.problems[0].message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is not a .npy file of numbers"),
        (b"\x93NUMPY\x01\x00", "is not a .npy file of numbers"),
        ("objects", "is not a .npy file of numbers"),
        (
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }   \n",
            "is not a .npy file of numbers",
        ),
    ],
)
def test_files_of_values_that_are_none(folder: Path, content: Any, says: str) -> None:
    resized()
    if content == "objects":
        np.save("sizes.npy", np.array([print], dtype=object), allow_pickle=True)
    elif content is not None:
        Path("sizes.npy").write_bytes(content)
    with pytest.raises(pytest_rf.ModelError, match=r"sizes\.npy") as error:
        pytest_rf.analyze("resized.onnx", values={"sizes": "sizes.npy"})
    assert says in str(error.value)
    Path("sizes.npy").unlink(missing_ok=True)
    Path("sizes.npy").mkdir()
    with pytest.raises(pytest_rf.ModelError, match="is not a regular file"):
        pytest_rf.analyze("resized.onnx", values={"sizes": "sizes.npy"})


# ------------------------------------------------------------------ what models are


def test_what_is_said_of_an_analysis_is_held(folder: Path) -> None:
    embedding()
    analysis = pytest_rf.analyze("ids.onnx", inputs=(1, 16), spacing={"t": "10 ms"}, origin="start")
    assert analysis.check("final rf >= 30 ms") == []
    assert len(analysis.check("final rf >= 31 ms")) == 1
    assert analysis.check("final rf >= 30 ms", spacing={"t": "20 ms"}) == []
    assert_rf(analysis, "final rf <= 3 m", spacing={"t": "1 m"})
    with pytest.raises(pytest_rf.ModelError, match="of it can only be said axes, spacing, origin"):
        assert_rf(analysis, "final rf >= 1", inputs=(1, 16))


def test_words_that_mean_no_model(folder: Path) -> None:
    with pytest.raises(
        pytest_rf.ModelError, match=r"no model 'nix': .* nor a model of a configuration \(there is"
    ):
        pytest_rf.analyze("nix")
    embedding()
    (folder / "rf.toml").write_text('[[model]]\nname = "ids"\nsource = "ids.onnx"\n')
    with pytest.raises(pytest_rf.ModelError, match=r"no model 'nix': .* nor a model of rf\.toml"):
        assert_rf("nix", "final rf >= 1")
    with pytest.raises(pytest_rf.ModelError, match=r"nix\.onnx: no such file"):
        pytest_rf.analyze("nix.onnx")
    with pytest.raises(pytest_rf.ModelError, match=r"args are those of a factory"):
        pytest_rf.analyze("ids.onnx", args={"width": 3})
    with pytest.raises(pytest_rf.ModelError, match=r"takes no kwargs \(scale\); give .* values"):
        pytest_rf.analyze("ids.onnx", kwargs={"scale": 3})


@pytest.mark.parametrize("name", ["x", "a b", 'q"uote', "input.1", "naïve"])
@pytest.mark.parametrize("dtype", ["", "int64"])
def test_remedies_are_accepted_as_they_are_written(name: str, dtype: str) -> None:
    import shlex

    from pytest_rf.toml import loads

    text = remedy(name, (1, 16), dtype)
    option, _, rest = text.partition(", in a configuration ")
    toml, _, python = rest.partition(", in Python ")
    given = {name: {"shape": [1, 16], "dtype": dtype} if dtype else [1, 16]}
    flag, word = shlex.split(option)
    assert flag == "--input"
    key, converted = InputShape().convert(word, None, None)
    wanted = specs(given)
    assert specs({key: converted}) == wanted
    assert specs(loads(toml)["inputs"]) == wanted
    assert specs(eval(f"dict({python})")["inputs"]) == wanted
