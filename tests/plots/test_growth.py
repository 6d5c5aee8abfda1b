"""Charts of growth: what is drawn is what was found."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from models import model

import pytest_rf
from pytest_rf.analysis.growth import growths

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from pytest_rf.plots import encoded

EXAMPLES = Path(__file__).parents[2] / "examples"
SVG = "{http://www.w3.org/2000/svg}"


def analysis(name: str) -> pytest_rf.Analysis:
    return pytest_rf.analyze(EXAMPLES / f"{name}.onnx")


def texts(figure: Figure) -> list[str]:
    """Return the texts of a figure, as its SVG has them."""
    root = ElementTree.fromstring(encoded(figure, "svg"))
    return ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]


def drawn(figure: Figure, label: str) -> list[float]:
    (line,) = [
        one for one in figure.axes[0].patches if isinstance(one, StepPatch) and one.get_label() == label
    ]
    return list(line.get_data().values)


@pytest.mark.parametrize("name", ["unet", "tcn", "classifier"])
def test_the_lines_are_the_figures(name: str) -> None:
    field = analysis(name).final[0].field()
    (one,) = growths(field)
    figure = field.plot()
    assert drawn(figure, "field") == [station.rf for station in one.stations]
    assert drawn(figure, "effective field") == [station.erf for station in one.stations]
    band = next(patch for patch in figure.axes[0].patches if patch.get_label() == "shortest to longest path")
    assert list(band.get_data().baseline) == [station.rf_min for station in one.stations]
    (strides,) = figure.axes[1].patches
    assert list(strides.get_data().values) == [station.stride for station in one.stations]


def test_text_stays_text() -> None:
    found = texts(analysis("unet").final[0].field().plot())
    assert {"along h and w", "field", "effective field", "input: 96", "bottleneck.conv1", "40"} <= {*found}
    pdf = encoded(analysis("unet").final[0]["h"].plot(), "pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/Type3" not in pdf


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_files_are_the_same_each_time(kind: str) -> None:
    first, second = (encoded(analysis("tcn").final[0]["t"].plot(), kind) for _ in range(2))
    assert first == second


def test_the_users_style_has_no_say_and_is_left_alone() -> None:
    import matplotlib

    plain = encoded(analysis("tcn").final[0]["t"].plot(), "svg")
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red"}):
        assert encoded(analysis("tcn").final[0]["t"].plot(), "svg") == plain
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_touched(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, pytest_rf\n"
        "tensor = pytest_rf.analyze(sys.argv[1]).final[0]\n"
        "assert not any(name.startswith('matplotlib') for name in sys.modules)\n"
        "tensor['t'].plot().savefig(sys.argv[2])\n"
        "tensor.at().plot((5,))._repr_svg_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, EXAMPLES / "tcn.onnx", tmp_path / "growth.svg"], check=True)


def test_axes_of_the_user_are_drawn_into() -> None:
    figure = Figure()
    ax = figure.subplots()
    assert analysis("tcn").final[0]["t"].plot(ax=ax) is figure
    assert ax.get_ylabel() == "input positions"


def test_a_field_larger_than_the_input_is_shaded_and_mixing_is_told() -> None:
    large = pytest_rf.analyze(EXAMPLES / "classifier.onnx").final[0].field().plot()
    labels = [patch.get_label() for patch in large.axes[0].patches]
    assert "larger than the input" in labels
    mixing = pytest_rf.analyze(
        model("""
            net (float[1,8,4] x) => (float[1,8,?] y) <float[8,8] w>
            { a = Transpose<perm=[0,2,1]>(x)  b = MatMul(a, w)  y = Transpose<perm=[0,2,1]>(b) }
        """),
        axes={"x": {"t": 1}},
    )
    figure = mixing["y"]["t"].plot()
    assert "whole axis" in texts(figure)
    assert np.isfinite(drawn(figure, "field")).all()


@pytest.mark.parametrize("name", ["$\\alpha$", "<b>&amp;", "a\u202eb\x1b[2J", "名前", "n" * 500])
def test_names_are_text(name: str) -> None:
    proto = model("net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,3] w> { y = Conv(x, w) }")
    proto.graph.node[0].output[0] = proto.graph.output[0].name = name
    figure = pytest_rf.analyze(proto).final[0]["t"].plot()
    found = texts(figure)
    assert not any(sign in text for text in found for sign in "\u202e\x1b")
    if name.isprintable() and len(name) < 40:
        assert name in found
    encoded(figure, "png")
