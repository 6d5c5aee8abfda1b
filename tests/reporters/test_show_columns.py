"""Which columns and rows ``show`` gives: chosen ones, modules as a tree, what changes, in which order."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from rich.cells import cell_len

import pytest_rf
from pytest_rf.analysis import cells
from pytest_rf.analysis.metrics import AxisField, Metric
from pytest_rf.errors import ModelError
from pytest_rf.reporters import SHOW, show
from pytest_rf.reporters.lines import plain
from pytest_rf.reporters.screen import NARROWEST, Screen
from pytest_rf.view import view

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def unet() -> pytest_rf.Analysis:
    return pytest_rf.analyze(EXAMPLES / "unet.onnx")


def text(
    analysis: pytest_rf.Analysis, format: str = "table", width: int | None = None, **chosen: object
) -> str:
    document = show(view(analysis, **chosen), format, Screen(width))  # type: ignore[arg-type]
    return document if isinstance(document, str) else "\n".join(plain(document))


def body(shown: str) -> list[list[str]]:
    """Return the cells of the table of tensors, which stands after the last empty line but for notes."""
    blocks = [block for block in shown.split("\n\n") if "  " in block]
    return [line.split() for line in blocks[-1].splitlines()]


def table(analysis: pytest_rf.Analysis, format: str, **chosen: object) -> list[list[str]]:
    shown = text(analysis, format, **chosen)
    if format == "csv":
        return list(csv.reader(io.StringIO(shown)))
    if format == "markdown":
        lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines()]
        return [lines[0], *lines[2:]]
    return body(shown)


def exported(*names: str) -> onnx.ModelProto:
    """Return what torch.onnx exports today looks like: names of nodes say nothing, metadata tells the module."""
    nodes, before = [], "x"
    for number, module in enumerate(names):
        node = helper.make_node("Conv", [before, "w"], [f"val_{number}"], name=f"node_{number}", pads=[1, 1])
        scopes = [
            "",
            *(".".join(module.split(".")[: n + 1]) for n in range(module.count(".") + 1)),
            f"conv_{number}",
        ]
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=repr(scopes))
        nodes.append(node)
        before = f"val_{number}"
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 64])],
        [helper.make_tensor_value_info(before, TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3], [1.0] * 3)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def odd(*names: str) -> pytest_rf.Analysis:
    """Return a chain of operators without a rule, and of elementwise ones where the name is small."""
    names = ("x", *names)
    nodes = [
        helper.make_node(
            "Relu" if name.islower() else "Odd", [before], [name], domain="" if name.islower() else "own"
        )
        for before, name in pairwise(names)
    ]
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 8]) for name in names]
    graph = helper.make_graph(nodes, "net", info[:1], info[-1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return pytest_rf.analyze(helper.make_model(graph, opset_imports=opsets), axes={"x": {"t": 2}})


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_columns_are_those_that_were_chosen(unet: pytest_rf.Analysis, format: str) -> None:
    heads, *rows = table(unet, format, chosen=("rf", "halo", "module"), node="mask")
    assert heads == ["rf", "halo", "module"]
    assert rows[0][-2:] == ["18", "head"]


def test_columns_of_csv_have_a_figure_each(unet: pytest_rf.Analysis) -> None:
    heads, *rows = table(unet, "csv", chosen=("rf", "halo", "op"), node="mask")
    assert heads == ["name", "input", "axis", "rf", "rf_smallest", "halo_before", "halo_after", "op"]
    assert rows == [["mask", "image", axis, "40", "36", "18", "18", "Conv"] for axis in ("h", "w")]


def test_columns_of_json_come_beside_the_usual_figures(unet: pytest_rf.Analysis) -> None:
    (tensor,) = json.loads(text(unet, "json", chosen=("density",), node="mask"))["tensors"]
    assert {"rf", "density"} <= {*tensor["fields"]["image"]["h"]}


def test_what_names_a_row_stands_first(unet: pytest_rf.Analysis) -> None:
    assert body(text(unet, chosen=("rf", "stride")))[0] == ["name", "rf", "stride"]
    assert body(text(unet, chosen=("rf", "node")))[0] == ["rf", "node"]
    assert body(text(unet, chosen=("rf",), asked=("halo",)))[0] == ["name", "rf", "halo"]
    assert body(text(unet, asked=("halo",)))[0][-2:] == ["start", "halo"]


def test_only_chosen_figures_are_computed(unet: pytest_rf.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    read = set()

    def spied(metric: Metric, about: AxisField) -> str:
        read.add(metric.name)
        return figure(metric, about)

    figure = cells.figure
    monkeypatch.setattr(cells, "figure", spied)
    text(unet, chosen=("stride", "op"), width=120)
    assert read == {"stride"}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (("halos",), "--columns: there is no column halos, did you mean halo"),
        (("modul",), "--columns: there is no column modul, did you mean module"),
        (("rf", "xyzzy"), "--columns: there is no column xyzzy; there are name, node, op, module"),
        (("tensors",), "--columns: tensors are counted in a tree only; add --depth"),
    ],
)
def test_unknown_columns_are_errors(unet: pytest_rf.Analysis, chosen: tuple[str, ...], said: str) -> None:
    with pytest.raises(ModelError) as raised:
        view(unet, chosen=chosen)
    assert said in str(raised.value)


def test_modules_are_shown_where_names_say_nothing(unet: pytest_rf.Analysis) -> None:
    analysis = pytest_rf.analyze(exported("stem", "stage.0", "stage.1"))
    heads, *rows = body(text(analysis))
    assert heads[:3] == ["name", "module", "op"]
    assert [row[:2] for row in rows] == [["val_0", "stem"], ["val_1", "stage.0"], ["val_2", "stage.1"]]
    assert "module" not in body(text(unet))[0]


def test_a_tree_gathers_tensors_by_module() -> None:
    analysis = pytest_rf.analyze(exported("stem", "stage.0", "stage.1.conv", "stage.1.conv", "head"))
    shown = text(analysis, depth=2)
    assert shown.startswith("net: 5 tensors\n")
    assert [line[:15] for line in shown.splitlines()[-6:]] == [
        "module  tensors",
        "stem          1",
        "stage         3",
        "  0           1",
        "  1           2",
        "head          1",
    ]
    # The figures are those of a module's last tensor.
    assert [row[3] for row in body(shown)[1:]] == ["3", "9", "5", "9", "11"]
    assert [row[0] for row in body(text(analysis, depth=1))[1:]] == ["stem", "stage", "head"]


def test_a_tree_tells_whole_paths_to_programs() -> None:
    analysis = pytest_rf.analyze(exported("stem", "stage.0"))
    heads, *rows = table(analysis, "csv", depth=2, chosen=("tensors", "rf"))
    assert heads == ["module", "tensors", "input", "axis", "rf", "rf_smallest"]
    assert [row[0] for row in rows] == ["stem", "stage", "stage.0"]
    with pytest.raises(ModelError, match="--depth: JSON tells every tensor's module"):
        text(analysis, "json", depth=1)


def test_a_tree_needs_modules() -> None:
    with pytest.raises(ModelError, match="no tensor tells its module; leave out --depth"):
        view(odd("a"), depth=1)


def test_only_what_changes_is_shown(unet: pytest_rf.Analysis) -> None:
    names = [tensor.name for tensor in view(unet, changed=True).tensors]
    assert "encoder.0.relu1" not in names
    assert "decoder.0" not in names  # a Concat, one of whose branches has these figures
    assert "mask" not in names  # a 1×1 convolution
    assert names[:3] == ["encoder.0.conv1", "encoder.0.conv2", "encoder.0.pool"]
    assert "decoder.1.up" in names  # its stride shrinks
    assert [t.name for t in view(unet, changed=True, node="decoder.0*").tensors] == [
        "decoder.0.up",
        "decoder.0.conv",
    ]
    with pytest.raises(ModelError, match="--changed: no tensor changes rf or stride; leave out --changed"):
        view(unet, changed=True, node="mask")


def test_the_first_unknown_tensor_is_a_change() -> None:
    assert [tensor.name for tensor in view(odd("a", "B", "c", "D"), changed=True).tensors] == ["B"]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("rf", ["val_0", "val_1", "val_2", "val_10"]),
        ("-rf", ["val_10", "val_2", "val_1", "val_0"]),
        ("name", ["val_0", "val_1", "val_2", "val_10"]),
        ("-module", ["val_10", "val_2", "val_1", "val_0"]),
    ],
)
def test_rows_are_sorted_by_a_column(by: str, names: list[str]) -> None:
    analysis = pytest_rf.analyze(exported(*(f"layer{n}" for n in range(11))))
    order = [tensor.name for tensor in view(analysis, sort=by).tensors]
    assert [name for name in order if name in names] == names


def test_what_has_no_figure_is_sorted_last(unet: pytest_rf.Analysis) -> None:
    analysis = odd("a", "B")
    assert [tensor.name for tensor in view(analysis, sort="rf").tensors] == ["a", "B"]
    assert [tensor.name for tensor in view(analysis, sort="-rf").tensors] == ["a", "B"]
    assert [tensor.name for tensor in view(odd("B", "c"), sort="status").tensors] == ["B", "c"]
    with pytest.raises(ModelError, match="--sort: there is no column strde, did you mean stride"):
        view(unet, sort="strde")
    with pytest.raises(ModelError, match="--sort: a tree has the order of the model"):
        view(unet, sort="rf", depth=1)


def test_operators_are_selected_by_name(unet: pytest_rf.Analysis) -> None:
    assert {tensor.op for tensor in view(unet, "op:maxpool").tensors} == {"MaxPool"}
    assert {tensor.op for tensor in view(unet, "op:*o*").tensors} == {"Conv", "Concat", "MaxPool"}
    with pytest.raises(ModelError, match=r"--node op:Convv selects no tensor; near misses: op:Conv"):
        view(unet, "op:Convv")


@pytest.mark.parametrize(
    "given",
    [{"chosen": ("rf",)}, {"depth": 1}, {"changed": True}, {"sort": "rf"}],
    ids=lambda given: next(iter(given)),
)
def test_a_unit_has_no_table(unet: pytest_rf.Analysis, given: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="--unit shows positions, not a table"):
        view(unet, unit=(0, 0), **given)  # type: ignore[arg-type]


def test_what_is_left_out_is_told_with_how_to_see_it(unet: pytest_rf.Analysis) -> None:
    shown = text(unet, width=50)
    told = " ".join(shown.split("\n\n")[-1].split())
    assert told == (
        "left out at 50 columns: shape, start (a wider terminal shows them, or --columns name,shape,start)"
    )
    assert body(text(unet, width=50, chosen=("name", "shape", "start")))[0] == ["name", "shape", "start"]
    assert "left out" not in text(unet)


def test_chosen_columns_are_left_out_from_the_last_on(unet: pytest_rf.Analysis) -> None:
    chosen = ("rf", "stride", "shape", "op", "lookback", "lookahead", "halo")
    (heads, *_) = body("\n\n".join(text(unet, width=60, chosen=chosen).split("\n\n")[:-1]))
    assert heads == ["name", *chosen[: len(heads) - 1]]
    assert 3 < len(heads) < len(chosen)


NAMES = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=70), min_size=2, max_size=2, unique=True
).filter(lambda names: not {"w", "z"} & {*names})


@given(NAMES, st.integers(20, 220), st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_line_is_wider_than_the_terminal(names: list[str], width: int, changed: bool) -> None:
    x, y = names
    graph = helper.make_graph(
        [
            helper.make_node("Conv", [x, "w"], [y], strides=[1, 2]),
            helper.make_node("Odd", [y], ["z"], domain="own"),
        ],
        x,
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 1, 16, 16])],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, None)],
        [helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3, 5], [1.0] * 15)],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    analysis = pytest_rf.analyze(helper.make_model(graph, opset_imports=opsets))
    for chosen in ({"changed": changed}, {"unit": (0, 0)}, {"chosen": ("source", "rf", "node", "halo")}):
        lines = text(analysis, width=width, **chosen).splitlines()
        assert max(map(cell_len, lines)) <= max(width, NARROWEST)


@pytest.mark.parametrize("format", [format for format in SHOW if format != "json"])
def test_every_format_tells_why_a_tensor_is_unknown(format: str) -> None:
    analysis = odd("Y")
    assert "Odd" in text(analysis, format, chosen=("name", "rf"))
    if format == "table":
        assert "Y is unknown: " in text(analysis, format, chosen=("rf", "name"), width=80)


def test_where_no_figure_is_wanted_none_is_told(unet: pytest_rf.Analysis) -> None:
    shown = text(unet, chosen=("name", "op"), node="op:maxpool")
    assert shown.splitlines()[2:] == [
        "",
        "name            op",
        "encoder.0.pool  MaxPool 2×2 stride 2",
        "encoder.1.pool  MaxPool 2×2 stride 2",
    ]


def test_figures_of_a_value_are_read_once(unet: pytest_rf.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    figure = cells.figure
    monkeypatch.setattr(
        cells, "figure", lambda metric, about: (read.append(about.value.number), figure(metric, about))[1]
    )
    assert len(body(text(unet, chosen=("stride",), node="encoder.0.*1"))) == 3  # a convolution and its ReLU
    inner = [number for number in read if number != unet["mask"].number]
    assert len(inner) == 2  # along h and w
