"""What a unit reads, as a picture: holes, padding, several axes, and signs that every screen has."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf.reporters import show
from pytest_rf.reporters.lines import plain
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.signs import fitting
from pytest_rf.reporters.sparkline import drawn
from pytest_rf.view import view


def net(extents: tuple[int, ...], kernel: int = 3, **attributes: object) -> onnx.ModelProto:
    rank = len(extents)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], **attributes)],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, *extents])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1] + [kernel] * rank, [1.0] * kernel**rank)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def behind(*parts: onnx.NodeProto | TensorProto) -> onnx.ModelProto:
    """Return a padded convolution of 3 over 8 positions, and nodes with their constants behind it."""
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1]),
            *(part for part in parts if isinstance(part, onnx.NodeProto)),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3], [1.0] * 3),
            *(part for part in parts if isinstance(part, TensorProto)),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def drawing(model: onnx.ModelProto, unit: tuple[int, ...], screen: Screen | None = None) -> list[str]:
    document = show(view(pytest_rf.analyze(model), unit=unit), "table", screen)
    assert not isinstance(document, str)
    return list(plain(document))


def test_padding_lies_outside() -> None:
    assert drawing(net((8,), 5, pads=[4, 4]), (1,)) == [
        "unit (1) of y (Conv, 1×1×12) reads",
        "  t: 0 to 1 (2 of 8), and of padding 3 before",
        "",
        "  t 0 ░░░██······ 7",
        "  █ read, · not read, ░ padding; positions a sign: t 1",
    ]
    assert "and of padding 3 after" in drawing(net((8,), 5, pads=[4, 4]), (10,))[1]


def test_holes_are_seen() -> None:
    lines = drawing(net((12,), 3, dilations=[3]), (2,))
    assert lines[1] == "  t: 2 to 8 (7 of 12, 4 holes)"
    assert lines[3] == "  t 0 ··█··█··█··· 11"


def test_long_inputs_are_scaled() -> None:
    lines = drawing(net((400,), 3, dilations=[30]), (203,))
    # Each of the three that are read makes its sign of ten positions a part.
    assert lines[3] == "  t 0 " + "·" * 20 + "▒··▒··▒" + "·" * 13 + " 399"
    assert lines[4] == "  ▒ partly read, · not read; positions a sign: t 10"


def test_of_a_dot_the_neighbourhood_is_drawn() -> None:
    lines = drawing(net((400,), 3, dilations=[4]), (203,))
    assert lines[3] == "  t 187 " + "·" * 16 + "█···█···█" + "·" * 15 + " 226"
    assert drawing(net((400,), 3, pads=[1, 1]), (0,))[3] == "  t 0 ░██" + "·" * 38 + " 39"
    assert drawing(net((400,), 3, pads=[1, 1]), (399,))[3] == "  t 360 " + "·" * 38 + "██░ 399"
    canvas = drawing(net((400, 400), 3, dilations=[2, 2]), (300, 7))
    assert canvas[4] == "      0" + " " * 37 + "39"
    assert [line[6:18] for line in canvas[10:17]] == [
        "·" * 12,
        "·······█·█·█",
        "·" * 12,
        "·······█·█·█",
        "·" * 12,
        "·······█·█·█",
        "·" * 12,
    ]


def test_two_axes_are_a_canvas() -> None:
    lines = drawing(net((4, 12), 3, pads=[1, 1, 1, 1], dilations=[1, 2]), (0, 0))
    assert lines[3:] == [
        "",
        "     0         11",
        "    ░ ░ ░",
        "  0 ░·█·█········",
        "    ░·█·█········",
        "     ············",
        "  3  ············",
        "  █ read, · not read, ░ padding; positions a sign: h 1 down, w 1 across",
    ]


def test_three_axes_are_a_bar_each() -> None:
    lines = drawing(net((8, 6, 10), pads=[1] * 6), (0, 2, 9))
    assert lines[1:] == [
        "  d: 0 to 1 (2 of 8), and of padding 1 before",
        "  h: 1 to 3 (3 of 6)",
        "  w: 8 to 9 (2 of 10), and of padding 1 after",
        "",
        "  d 0 ░██······ 7",
        "  h 0  ·███·· 5",
        "  w 0  ········██░ 9",
        "  █ read, · not read, ░ padding; positions a sign: d 1, h 1, w 1",
    ]


def test_every_screen_can_show_it() -> None:
    lines = drawing(net((400,), 5, dilations=[40], pads=[80, 80]), (0,), Screen(80, "ascii"))
    assert all(line.isascii() for line in lines[3:])
    assert lines[3] == "  t 0 oooo+...+...+" + "." * 31 + " 399"
    assert " ".join(" ".join(lines[4:]).split()) == (
        "+ partly read, . not read, o padding (more than is drawn); positions a sign: t 10"
    )


def test_a_narrow_screen_has_a_smaller_picture() -> None:
    narrow, wide = (drawing(net((400, 400)), (0, 0), Screen(width)) for width in (40, 100))
    assert max(map(len, narrow)) <= 40 < max(map(len, wide))


def test_what_reads_nothing_has_no_picture() -> None:
    pad = helper.make_tensor("p", TensorProto.INT64, [6], [0, 0, 3, 0, 0, 0])
    assert drawing(behind(helper.make_node("Pad", ["c", "p"], ["y"]), pad), (0,))[1:] == ["  t: nothing"]


def test_what_reads_everything_has_no_padding() -> None:
    mixing = helper.make_tensor("m", TensorProto.FLOAT, [8, 8], [1.0] * 64)
    pool = helper.make_node("MatMul", ["c", "m"], ["c2"]), helper.make_node("Add", ["c", "c2"], ["y"])
    lines = drawing(behind(*pool, mixing), (0,))
    assert lines[1] == "  t: 0 to 7 (8 of 8)"
    assert lines[3] == "  t 0 ████████ 7"


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [([1, 2, 4, 8], "▂▃▅█"), ([1, 8, float("inf")], "▁▇█"), ([float("inf")] * 2, "██"), ([0, 7], "▁█")],
)
def test_a_sparkline_grows_with_the_sizes(sizes: list[float], shown: str) -> None:
    assert drawn(sizes) == shown


def test_growth_is_drawn_with_the_signs_that_the_screen_has() -> None:
    nodes = [helper.make_node("Conv", [before, "w"], [after]) for before, after in ("ca", "ay")]
    model = view(pytest_rf.analyze(behind(*nodes)))
    shown, ascii_only = (
        fitting("\n".join(plain(show(model, "table", Screen(80, encoding)))), encoding)
        for encoding in ("utf-8", "ascii")
    )
    assert "rf over depth ▄▆█ 3 to 7" in shown
    assert "rf over depth -+# 3 to 7" in ascii_only


def test_of_branches_the_larger_is_drawn() -> None:
    chain = [helper.make_node("Conv", [before, "w"], [after], pads=[1, 1]) for before, after in ("ca", "ab")]
    nodes = [*chain, helper.make_node("Relu", ["c"], ["r"]), helper.make_node("Add", ["b", "r"], ["y"])]
    assert view(pytest_rf.analyze(behind(*nodes))).growth(60) == [3, 5, 7, 7, 7]  # type: ignore[union-attr]


def test_unclipped_fields_go_beyond_the_input() -> None:
    tensor = pytest_rf.analyze(net((8,), 5, pads=[4, 4], strides=[2])).final[0]
    assert [tensor.unclipped((place,)) for place in (0, 4)] == [{"t": (-4, 0)}, {"t": (4, 8)}]
    with pytest.raises(IndexError):
        tensor.unclipped((99,))
