"""A project with models of all kinds, and a configuration with all that can become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import code_zoo
import onnx
from models import conv, model
from onnx import TensorProto, helper

from pytest_rf import cli

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 12345\n"

ACME = ', "acme" : 1'

#: Written as text; ``?`` and names are extents that the file leaves open.
TEXTS = {
    "dynamic.onnx": (
        """net (float[n,1,time] audio) => (float[n,2,?] y) <float[2,1,5] w>
        { y = Conv<kernel_shape=[5], pads=[4,0]>(audio, w) }""",
        "",
    ),
    "streamed.onnx": (
        """net (float[1,1,64] x) => (float[1,2,?] y) <float[2,1,3] w, float[2,2,3] v>
        { h = Conv<kernel_shape=[3], pads=[1,1]>(x, w) y = Conv<kernel_shape=[3], pads=[2,0]>(h, v) }""",
        "",
    ),
    "custom.onnx": (
        """net (float[1,3,32,32] image) => (float[1,3,?,?] y) <float[3,3,3,3] w>
        { b = acme.Blur(image) y = Conv<kernel_shape=[3,3]>(b, w) }""",
        ACME,
    ),
    "unknown.onnx": (
        """net (float[1,3,32,32] image) => (float[1,3,?,?] y) <float[3,3,3,3] w>
        { b = acme.Warp(image) y = Conv<kernel_shape=[3,3]>(b, w) }""",
        ACME,
    ),
    "mild.onnx": (
        """net (float[1,1,16] x) => (float[1,1,16] y) <float[1,1,3] w>
        {
            c = Conv<kernel_shape=[3], pads=[1,1]>(x, w)
            sizes = Constant<value = int64[3] {1, 1, 16}>()
            y = Resize<mode = "linear">(c, , , sizes)
        }""",
        "",
    ),
    "zoo/deconv.onnx": (
        """net (float[1,3,32,32] image) => (float[1,3,?,?] y) <float[3,3,3,3] w, float[3] s>
        { n = InstanceNormalization(image, s, s) y = ConvTranspose<strides=[2,2]>(n, w) }""",
        "",
    ),
    "zoo/plain.onnx": (
        """net (float[1,3,32,32] image) => (float[1,3,?,?] y) <float[3,3,3,3] w>
        { y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(image, w) }""",
        "",
    ),
}

CONFIG = """
select = ["RF1", "RF303", "RF004"]
lfs = "skip"
require = ["final stride <= 8"]
lock = "rf.lock"

[[operator]]
name = "acme::Blur"
kernel = 5
padding = 2

[[model]]
name = "ids"
source = "ids.onnx"
inputs = { ids = { shape = [1, 16], dtype = "int64" } }
axes = { ids = { batch = 0, t = 1 } }
spacing = { t = "10 ms" }
require = ["final rf == 3", "final rf >= 50 ms"]

[[model]]
name = "two"
source = "two.onnx"
require = [
  "final halo from image <= 1",
  "final halo from guide <= 1",
  "final rf == 2 * (1 + 2)",
]

[[model]]
name = "values"
source = "values.onnx"
values = { sizes = [1, 1, 16] }
require = ["final stride <= 1/4", "final rf >= 2"]

[[model]]
name = "dynamic"
source = "dynamic.onnx"
spacing = { t = "1/16000 s" }
require = ["final rf >= 1 ms", "final is causal", "final rf >= input"]

[[model]]
name = "streamed"
source = "streamed.onnx"
extend = ["pytest-rf:streaming", "team.toml"]
ignore = ["RF1"]

[[model]]
name = "custom"
source = "custom.onnx"
require = ["final rf == 7", "final rf == 3"]

[[model]]
name = "unknown"
source = "unknown.onnx"
require = ["final rf >= 3", "final is bounded"]

[[model]]
source = "zoo/*.onnx"
extend = ["pytest-rf:segmentation"]
accept_context = ["op:InstanceNormalization"]
require = ["output is bounded"]

[[model]]
name = "waived"
source = "waived.onnx"
require = ["final rf >= 9", "final stride <= 1"]

[[model.waiver]]
rule = "RF001"
at = "op:Conv"
reason = "until the next training"

[[model.waiver]]
rule = "RF002"
reason = "covers nothing"

[[model]]
name = "expired"
source = "waived.onnx"
require = ["final rf >= 9"]

[[model.waiver]]
rule = "RF001"
reason = "was to be mended"
until = 2020-01-01

[[model]]
name = "known"
source = "known.onnx"
require = ["final rf >= 9"]

[[model]]
name = "worse"
source = "worse.onnx"
require = ["final rf >= 9", "final rf <= 2"]

[[model]]
name = "moved"
source = "moved.onnx"
require = ["final rf <= 5"]

[[model]]
name = "wrong"
source = "known.onnx"
require = ["op:ConvTranspose rf <= 2", "final rf <= 3", "final rf.t <= 3"]

[[model]]
name = "improved"
source = "improved.onnx"
require = ["final rf >= 5"]

[[model]]
name = "quiet"
source = "known.onnx"
select = ["RF303"]
ignore = ["RF1"]

[[model]]
name = "mild"
source = "mild.onnx"
select = ["RF502"]
require = ["final rf >= 3"]

[[model]]
name = "broken"
source = "broken.onnx"
require = ["final rf >= 3"]

[[model]]
name = "pointer"
source = "pointer.onnx"
require = ["final rf >= 3"]

[[model]]
name = "missing"
source = "missing.onnx"
require = ["final rf >= 3"]

[[model]]
name = "empty"
source = "nothing/*.onnx"
require = ["final rf >= 3"]

[[model]]
source = "pair/*.onnx"
accept_context = ["op:LayerNormalization"]
require = ["final rf >= 3"]
"""


def saved(
    path: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    weights: Mapping[str, Sequence[int]],
) -> None:
    """Write a model of nodes, with weights of which only the shape is given."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, kind, dims) for name, (kind, dims) in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims) for name, dims in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def integers(path: str) -> None:
    """A table of words, and a convolution over time."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Transpose", ["e"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["t", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    saved(path, nodes, {"ids": (TensorProto.INT64, ["n", "time"])}, {"table": [9, 4], "w": [2, 4, 3]})


def two_inputs(path: str) -> None:
    """An image and a guide, of which different neighbourhoods are read."""
    nodes = [
        helper.make_node("Conv", ["image", "v"], ["i"], pads=[2, 2, 2, 2], name="wide"),
        helper.make_node("Conv", ["guide", "w"], ["g"], pads=[1, 1, 1, 1], name="narrow"),
        helper.make_node("Add", ["i", "g"], ["y"], name="sum"),
    ]
    dims = [1, 3, 32, 32]
    inputs = dict.fromkeys(("image", "guide"), (TensorProto.FLOAT, dims))
    saved(path, nodes, inputs, {"v": [4, 3, 5, 5], "w": [4, 3, 3, 3]})


def resized(path: str) -> None:
    """A model whose output's extent an input gives."""
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["r"], mode="nearest", name="resize"),
        helper.make_node("Conv", ["r", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    inputs = {"x": (TensorProto.FLOAT, [1, 1, 8]), "sizes": (TensorProto.INT64, [3])}
    saved(path, nodes, inputs, {"w": [1, 1, 3]})


def write(folder: Path, code: bool = False) -> None:
    """Write the project into the working directory, with its baseline and its lock, and then let models change.

    Args:
        folder: the working directory.
        code: whether it has models that its code makes, too.
    """
    for name in ("zoo", "nothing", "pair"):
        (folder / name).mkdir()
    for name, (text, domains) in TEXTS.items():
        onnx.save(model(text, domains=domains), folder / name)
    integers("ids.onnx")
    two_inputs("two.onnx")
    resized("values.onnx")
    for name in ("waived", "known", "improved", "moved", "pair/first", "pair/second"):
        onnx.save(conv(3, 32), folder / f"{name}.onnx")
    onnx.save(conv(5, 32), folder / "worse.onnx")
    (folder / "pointer.onnx").write_text(POINTER)
    (folder / "team.toml").write_text(
        'require = ["output rf.h >= 3", "op:GRU is causal", "output rf <= 4"]\n'
    )
    (folder / "rf.toml").write_text(CONFIG + (code_zoo.CONFIG if code else ""))
    if code:
        (folder / "rf_doors_nets.py").write_text(code_zoo.CODE)
    leave = ["--allow-code"] if code else []
    assert cli.run(["snapshot", *leave]) == 2  # not all can be read
    assert cli.run(["baseline", "known", "worse", "improved", *(["trained"] if code else []), *leave]) == 0
    onnx.save(conv(3, 32), folder / "worse.onnx")
    onnx.save(conv(5, 32), folder / "improved.onnx")
    onnx.save(conv(3, 32, strides="[2,2]"), folder / "moved.onnx")
    (folder / "broken.onnx").write_bytes(b"\x08\x07not a model")
