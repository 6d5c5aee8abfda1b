"""Draws the pictures of docs/jobs and docs/explanation from what the analysis says of the example models.

Usage: python docs/generate_pictures.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import onnx

import pytest_rf

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT / "examples"))

from builder import Builder  # noqa: E402

# Okabe and Ito's colours, which are told apart by the colour-blind too.
BLUE, ORANGE, GREEN, GREY, INK = "#0072b2", "#d55e00", "#009e73", "#9a9a9a", "#333333"


class Drawing:
    """An SVG picture on a white card, in the units that its author chooses."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.size = (width, height)
        self.title = title
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, **style: str) -> None:
        """Draw a rectangle."""
        self._add("rect", "", x=x, y=y, width=width, height=height, **style)

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str = INK, **style: str) -> None:
        """Draw a line."""
        self._add("line", "", x1=x, y1=y, x2=to_x, y2=to_y, stroke=colour, **style)

    def disc(self, x: float, y: float, radius: float, **style: str) -> None:
        """Draw a disc."""
        self._add("circle", "", cx=x, cy=y, r=radius, **style)

    def text(self, x: float, y: float, words: str, colour: str = INK, anchor: str = "start") -> None:
        """Write words."""
        self._add("text", escape(words), x=x, y=y, fill=colour, text_anchor=anchor)

    def _add(self, tag: str, body: str, **attributes: float | str) -> None:
        written = " ".join(
            f'{name.replace("_", "-")}="{value:g}"'
            if isinstance(value, int | float)
            else f'{name.replace("_", "-")}="{value}"'
            for name, value in attributes.items()
        )
        self.parts.append(f"<{tag} {written}>{body}</{tag}>" if body else f"<{tag} {written}/>")

    def __str__(self) -> str:
        width, height = self.size
        lines = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
            f'font-family="sans-serif" font-size="13">\n<title>{escape(self.title)}</title>\n'
            f'<rect width="100%" height="100%" rx="8" fill="#ffffff"/>\n{lines}\n</svg>\n'
        )


def example(name: str) -> Any:
    """Return the analysis of an example model."""
    return pytest_rf.analyze(ROOT / "examples" / name)


def outline(colour: str, **style: str) -> dict[str, str]:
    """Return the style of a box whose inside shows what is below."""
    return {"fill": colour, "fill_opacity": "0.18", "stroke": colour, "stroke_width": "1.5", **style}


def classifier() -> Drawing:
    """The whole image, and how much of it one unit reads, and how much moves it."""
    t = example("classifier.onnx").final[0]
    picture = Drawing(640, 280, "The input, 128 × 128, with the field and the effective field of unit (2, 2)")
    scale, left, top = 1.3, 60, 60
    field = {axis: t.unclipped((2, 2))[axis] for axis in "hw"}
    (top_at, bottom), (first, last) = field["h"], field["w"]
    picture.box(left, top, 128 * scale, 128 * scale, fill="#eeeeee", stroke=INK)
    picture.box(
        left + first * scale,
        top + top_at * scale,
        (last - first + 1) * scale,
        (bottom - top_at + 1) * scale,
        **outline(BLUE),
    )
    x, y = ((sum(field[axis]) + 1) / 2 * scale for axis in "wh")
    picture.disc(left + x, top + y, t["h"].erf / 2 * scale, **outline(ORANGE))
    picture.disc(left + x, top + y, 3, fill=ORANGE)
    picture.text(330, 90, "input: 128 × 128")
    picture.text(330, 120, f"rf: {t['h'].rf} × {t['w'].rf}, beyond the border padding", BLUE)
    picture.text(330, 150, f"erf: {t['h'].erf:.0f} wide", ORANGE)
    picture.text(330, 180, "unit (2, 2) of layer4.0.relu2")
    return picture


def tiling() -> Drawing:
    """Along one axis: a tile, what is kept of it, and what its outermost kept units read."""
    analysis = example("unet.onnx")
    mask = analysis.final[0]
    plan = analysis.tiles({"h": 72, "w": 72})
    (before, after), tile = plan.context["h"], 72
    start = tile - before - after
    kept = (start + before, start + tile - after - 1)
    reads = [mask.unclipped((unit, 48))["h"] for unit in kept]
    picture = Drawing(
        640, 190, "A tile of 72 positions, what is kept of it, and what its outermost kept units read"
    )
    at = lambda position: 20 + (position - 20) * 5.6  # noqa: E731
    for row, (low, high), colour, words in (
        (50, (start, start + tile - 1), GREY, "the tile"),
        (85, kept, GREEN, f"kept: without {before} before and {after} after"),
        (120, reads[0], BLUE, f"what unit {kept[0]} reads"),
        (155, reads[1], ORANGE, f"what unit {kept[1]} reads"),
    ):
        picture.box(at(low), row, at(high + 1) - at(low), 18, **outline(colour))
        picture.text(at(low) + 4, row - 4, f"{words}: {low} to {high}", INK)
    for position in (start, start + tile):
        picture.line(at(position), 40, at(position), 180, GREY, stroke_dasharray="4 4")
    return picture


def streaming() -> Drawing:
    """Time lines: what one step reads, and where that is its future."""
    picture = Drawing(640, 150, "What step 100 reads of its past and of its future")
    at = lambda step: 20 + (step - 32) * 6.6  # noqa: E731
    for row, name in ((50, "tcn.onnx"), (110, "jobs/tcn-smooth.onnx")):
        low, high = example(name).final[0].unclipped((100,))["t"]
        picture.text(20, row - 10, f"{name}: step 100 reads {low} to {high}")
        picture.line(20, row + 10, at(100), row + 10, GREY)
        picture.box(at(low), row, at(101) - at(low), 20, **outline(BLUE))
        if high > 100:
            picture.box(at(101), row, at(high + 1) - at(101), 20, **outline(ORANGE))
            picture.text(at(high + 1) + 6, row + 15, f"the future: {high - 100} steps", ORANGE)
        picture.box(at(100), row, 6.6, 20, fill=BLUE)
    return picture


def patches() -> Drawing:
    """The image, and the patches of three units."""
    real = example("jobs/patchgan3.onnx").final[0]
    picture = Drawing(640, 320, "The patches that three units judge, on an image of 256 × 256")
    left = top = 40
    picture.box(left, top, 256, 256, fill="#eeeeee", stroke=INK)
    for number, (unit, colour) in enumerate((((0, 0), BLUE), ((12, 12), ORANGE), ((12, 13), GREEN))):
        region = real.unclipped(unit)
        (y, bottom), (x, right) = region["h"], region["w"]
        picture.box(left + x, top + y, right - x + 1, bottom - y + 1, **outline(colour))
        picture.text(
            320,
            90 + 30 * number,
            f"unit {unit}: {bottom - y + 1} × {right - x + 1} from row {y}, column {x}",
            colour,
        )
    return picture


def levels() -> Drawing:
    """The field of one unit of each level around its cell."""
    analysis = example("jobs/detector.onnx")
    picture = Drawing(
        620, 370, "The fields of one unit of p3, p4 and p5 around the cells that they stand for"
    )
    left = top = 50
    picture.box(left, top, 256, 256, fill="#eeeeee", stroke=INK)
    for number, (name, colour) in enumerate((("p5", BLUE), ("p4", ORANGE), ("p3", GREEN))):
        tensor = analysis[name]
        stride = int(tensor["h"].stride)
        unit = 128 // stride
        (y, bottom), (x, right) = (tensor.unclipped((unit, unit))[axis] for axis in "hw")
        picture.box(left + x, top + y, right - x + 1, bottom - y + 1, **outline(colour))
        picture.box(
            left + unit * stride, top + unit * stride, stride, stride, fill=colour, fill_opacity="0.6"
        )
        picture.text(350, 120 + 30 * number, f"{name}: {right - x + 1} around a cell of {stride}", colour)
    picture.text(350, 90, "unit at (128, 128) of 256 × 256")
    return picture


def holes() -> Drawing:
    """What one unit reads with dilations that leave holes, and with others."""
    picture = Drawing(640, 360, "What unit (32, 32) reads: dilations 2, 4, 8 and dilations 1, 2, 5")
    for left, name, words in ((20, "gridding", "dilations 2, 4, 8"), (330, "hybrid", "dilations 1, 2, 5")):
        tensor = example(f"jobs/{name}.onnx").final[0]
        rows, columns = (tensor.reads((32, 32), axis) for axis in "hw")
        picture.text(left, 30, f"{words}: rf {tensor['h'].rf}, density {tensor['h'].density:.0%}")
        picture.box(left, 45, 290, 290, fill="#eeeeee", stroke=INK)
        for row in rows:
            for column in columns:
                picture.box(left + (column - 18) * 10, 45 + (row - 18) * 10, 10, 10, fill=BLUE)
    return picture


def flipped() -> Drawing:
    """Where units look in the image and in the flipped one."""
    picture = Drawing(640, 200, "Where units of the heat-map look: in the image, and in the flipped one")
    tensor = example("jobs/heatmaps.onnx").final[0]
    scale, shown = 24, 6
    for row, colour, words in (
        (60, BLUE, "in the image"),
        (120, ORANGE, "in the flipped image, flipped back"),
    ):
        picture.text(20, row - 14, words, colour)
        for unit in range(shown):
            left = 20 + unit * 4 * scale
            picture.box(left, row, 4 * scale, 24, fill="#eeeeee", stroke=GREY)
            off = float(tensor["w"].offset) * (1 if colour == BLUE else -1)
            picture.disc(left + (2 + off) * scale, row + 12, 6, fill=colour)
    picture.text(20, 180, "a box: the 4 pixels that a unit stands for; a dot: the centre of what it sees")
    return picture


def samples() -> Drawing:
    """Which samples of the batch the tags of each sample depend on."""
    picture = Drawing(
        640, 230, "Which of four samples each sample's tags depend on: one, or all before it too"
    )
    for left, name, words in (
        (20, "tagger", "tagger.onnx: its own"),
        (330, "tagger-time-first", "tagger-time-first.onnx: others"),
    ):
        tags = example(f"jobs/{name}.onnx").final[0]
        low, high = tags.bounds(0)
        picture.text(left, 30, words)
        picture.text(left + 80, 58, "reads of sample 0, 1, 2, 3")
        for sample in range(4):
            picture.text(left, 83 + 36 * sample, f"tags of {sample}")
            for other in range(4):
                read = low[sample, 0, 0] <= other <= high[sample, 0, 0]
                colour = "#eeeeee" if not read else BLUE if other == sample else ORANGE
                picture.box(left + 80 + 36 * other, 64 + 36 * sample, 34, 34, fill=colour)
    return picture


def room() -> Drawing:
    """What is left of the image behind each layer, at the smallest extent and at one below it."""
    picture = Drawing(640, 380, "What is left of an image of 44 and of one of 40 pixels, layer by layer")
    model = onnx.load(ROOT / "examples/jobs/valid-unet.onnx")
    kinds = ("Conv", "MaxPool", "ConvTranspose")
    layers = [node.output[0] for node in model.graph.node if node.op_type in kinds]
    for left, extent in ((150, 44), (410, 40)):
        picture.text(left, 30, f"an image of {extent}")
        for row, name in enumerate(layers):
            length, top = _left(name, extent), 42 + 22 * row
            picture.box(left, top, 4 * length, 16, **outline(BLUE))
            words, colour = (str(length), INK) if length else ("nothing", ORANGE)
            picture.text(left + 4 * length + 6, top + 13, words, colour)
            if left == 150:
                picture.text(140, top + 13, name, anchor="end")
    return picture


def _left(name: str, extent: int) -> int:
    """Return the height of a tensor of the U-Net without padding at another extent; 0 where it does not get there."""
    model = onnx.load(ROOT / "examples/jobs/valid-unet.onnx")
    names = [node.output[0] for node in model.graph.node]
    del model.graph.node[names.index(name) + 1 :], model.graph.output[:], model.graph.value_info[:]
    model.graph.output.add(name=name)
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "n"
    try:
        (tensor,) = pytest_rf.analyze(model, inputs={"image": (1, 1, extent, extent)}).outputs
    except pytest_rf.ModelError:
        return 0
    return int(tensor.shape[2])


Layer = Callable[[Builder], Any]


def operators() -> Drawing:
    """Tables of what each unit of one operator reads: a row a unit, a column an input position."""
    picture = Drawing(640, 520, "What the units of twelve operators read: a row a unit, a column a position")
    for number, (words, layer) in enumerate(_OPERATORS):
        left, top = 20 + number % 4 * 155, 40 + number // 4 * 168
        _table(picture, left, top, words, layer)
    return picture


def _table(picture: Drawing, left: float, top: float, words: str, layer: Layer) -> None:
    b = Builder()
    layer(b)
    tensor = pytest_rf.analyze(_model(b), axes={"x": {"t": 2}}).outputs[0]
    units = tensor.shape[2]
    size = 8.0
    picture.text(left, top - 8, words)
    picture.box(left, top, 12 * size, units * size, fill="#eeeeee", stroke=GREY)
    for unit in range(units):
        context = _whole(tensor, unit) if tensor["t"].context else ()
        for colour, positions in ((ORANGE, context), (BLUE, tensor.reads((unit,), "t"))):
            for position in positions:
                picture.box(left + position * size, top + unit * size, size - 0.6, size - 0.6, fill=colour)


def _whole(tensor: Any, unit: int) -> Iterable[int]:
    """Return all positions that one unit depends on, context counted."""
    low, high = tensor.region((unit,), context=True)["t"]
    return range(low, high + 1)


def _model(b: Builder) -> Any:
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 12])]
    outputs = [helper.make_tensor_value_info(b.nodes[-1].output[0], TensorProto.FLOAT, None)]
    graph = helper.make_graph(b.nodes, "one", inputs, outputs, b.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _conv(b: Builder, x: str = "x", **attributes: object) -> str:
    return b.conv(x, f"conv{len(b.nodes)}", (2, 2), [3], **attributes)


def _spread(b: Builder) -> str:
    weight = b.weight("weight", [2, 2, 4])
    return b.node("ConvTranspose", ["x", weight], "up", strides=[2], pads=[5, 5])


def _resized(b: Builder) -> str:
    b.node("Slice", ["x", b.constant("from", [0]), b.constant("to", [6]), b.constant("axis", [2])], "half")
    scales = b.constant("scales", [1, 1, 2], np.float32)
    return b.node("Resize", ["half", "", scales], "up", mode="linear")


def _attention(b: Builder) -> str:
    turned = b.node("Transpose", ["x"], "turned", perm=[0, 2, 1])
    scores = b.node("Softmax", [b.node("MatMul", [turned, "x"], "scores")], "weights", axis=-1)
    mixed = b.node("MatMul", [scores, turned], "mixed")
    return b.node("Transpose", [mixed], "back", perm=[0, 2, 1])


def _norm(b: Builder) -> str:
    scale, bias = (b.constant(name, [1, 1], np.float32) for name in ("scale", "bias"))
    return b.node("InstanceNormalization", ["x", scale, bias], "norm")


_OPERATORS: tuple[tuple[str, Layer], ...] = (
    ("3 taps", lambda b: _conv(b, pads=[1, 1])),
    ("3 taps, stride 2", lambda b: _conv(b, pads=[1, 1], strides=[2])),
    ("3 taps, dilation 2", lambda b: _conv(b, pads=[2, 2], dilations=[2])),
    ("3 taps, padded before", lambda b: _conv(b, pads=[2, 0])),
    ("no padding", lambda b: _conv(b)),
    ("two layers of 3", lambda b: _conv(b, _conv(b, pads=[1, 1]), pads=[1, 1])),
    ("transposed, 4 by 2", _spread),
    ("linear resize by 2", _resized),
    (
        "reflected padding",
        lambda b: _conv(
            b, b.node("Pad", ["x", b.constant("pads", [0, 0, 2, 0, 0, 2])], "pad", mode="reflect")
        ),
    ),
    ("running sum", lambda b: b.node("CumSum", ["x", b.constant("along", 2)], "sum")),
    ("attention (mixing)", _attention),
    ("norm (context)", _norm),
)

PICTURES: dict[str, Callable[[], Drawing]] = {
    "classifier": classifier,
    "tiling": tiling,
    "streaming": streaming,
    "patchgan": patches,
    "detector": levels,
    "gridding": holes,
    "flip": flipped,
    "samples": samples,
    "smallest-input": room,
    "operators": operators,
}


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(str(draw()), encoding="utf-8")


if __name__ == "__main__":
    main()
