"""Pictures of what a unit reads: the cells that are coloured are those that are read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import model

import pytest_rf

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

EXAMPLES = Path(__file__).parents[2] / "examples"

VOLUME = """
    net (float[1,1,8,10,12] x) => (float[1,1,?,?,?] y) <float[1,1,3,3,3] w>
    { y = Conv<pads=[1,2,1,1,2,1], dilations=[1,2,1]>(x, w) }
"""


def coloured(figure: Figure, *extents: int, chart: int = 0) -> np.ndarray[Any, Any]:
    """Return which positions of an input are coloured as read in a picture."""
    cover = figure.axes[chart].images[-1]
    cells = cover.get_array()[..., 3] > 0
    left, _, _, top = cover.get_extent()
    whole = np.zeros((1, *extents)[-2:], bool)
    row = 0 if len(extents) == 1 else int(top + 0.5)
    column = int(left + 0.5)
    whole[row : row + cells.shape[0], column : column + cells.shape[1]] = cells
    return whole


@pytest.mark.parametrize("name", ["unet", "classifier", "layers/dilated", "layers/k5s2"])
def test_what_is_coloured_is_what_is_read(name: str) -> None:
    tensor = pytest_rf.analyze(EXAMPLES / f"{name}.onnx").final[0].at()
    source = tensor.field().input
    assert tensor.shape is not None
    draw = random.Random(5)
    for _ in range(12):
        unit = tuple(draw.randrange(extent) for extent in tensor.shape[2:])
        cells = coloured(tensor.plot(unit), *source.shape[2:])
        wanted = np.zeros(cells.shape, bool)
        wanted[np.ix_(tensor.reads(unit, "h"), tensor.reads(unit, "w"))] = True
        assert (cells == wanted).all()


def test_a_time_line_has_holes_padding_and_reach() -> None:
    tensor = pytest_rf.analyze(
        model("""
            net (float[1,1,40] x) => (float[1,1,?] y) <float[1,1,3] w> { y = Conv<pads=[8,0], dilations=[4]>(x, w) }
        """)
    ).outputs[0]
    figure = tensor.plot((4,))
    assert np.flatnonzero(coloured(figure, 40)[0]).tolist() == [0, 4]
    (ax,) = figure.axes
    assert {text.get_text() for text in ax.texts} >= {"look-back 8", "look-ahead 0"}
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:3] == ["read", "hole in the field", "padding"]


def test_three_axes_are_three_slices() -> None:
    tensor = pytest_rf.analyze(model(VOLUME)).outputs[0]
    unit = (3, 4, 5)
    figure = tensor.plot(unit, np.random.default_rng(0).random((8, 10, 12)))
    planes = [("h", "w"), ("d", "w"), ("d", "h")]
    assert len(figure.axes) == 3
    for ax, (down, across) in zip(figure.axes, planes, strict=True):
        assert (ax.get_ylabel(), ax.get_xlabel()) == (down, across)
        cells = ax.images[-1].get_array()  # over the image what is not read is veiled
        read = cells[..., 2] > 0.3
        assert np.flatnonzero(read.any(1)).tolist() == tensor.reads(unit, down)
        assert np.flatnonzero(read.any(0)).tolist() == tensor.reads(unit, across)


def test_very_long_axes_are_drawn_in_few_cells() -> None:
    tensor = pytest_rf.analyze(
        model("""
            net (float[1,1,500000] x) => (float[1,1,?] y) <float[1,1,100000] w> { y = Conv(x, w) }
        """)
    ).outputs[0]
    (ax,) = tensor.plot((7,)).axes
    cells = ax.images[0].get_array()[0, :, 3]
    assert len(cells) <= 1024
    left, right = ax.images[0].get_extent()[:2]
    assert left == 6.5
    assert 100006.5 <= right < 100106.5
    assert 0 < cells[-1] < cells[0]  # the last one is read in part


def test_of_a_small_field_in_a_large_image_its_surroundings_are_drawn() -> None:
    tensor = pytest_rf.analyze(EXAMPLES / "layers" / "dilated.onnx").final[0]
    (ax,) = tensor.plot((100, 120), np.zeros((256, 256))).axes
    assert ax.get_xlim() == (114.5, 129.5)
    cover = ax.images[-1]
    left, _, _, top = cover.get_extent()
    read = np.argwhere(cover.get_array()[..., 2] > 0.3) + np.array([int(top + 0.5), int(left + 0.5)])
    assert {tuple(place) for place in read.tolist()} == {
        (row, column) for row in tensor.reads((100, 120), "h") for column in tensor.reads((100, 120), "w")
    }


def test_context_is_a_frame_and_a_unit_that_reads_nothing_is_drawn() -> None:
    gated = pytest_rf.analyze(
        model("""
            net (float[1,2,12,9] x) => (float[1,2,?,?] y) <float[2,2,3,3] w>
            { a = Conv<pads=[1,1,1,1]>(x, w)  g = GlobalAveragePool(a)  y = Mul(a, g) }
        """)
    ).outputs[0]
    labels = [text.get_text() for text in gated.plot((5, 5)).legends[0].get_texts()]
    assert "context" in labels
    padded = pytest_rf.analyze(
        model("""
            net (float[1,1,6] x) => (float[1,1,?] y) <float[1,1,1] w> { y = Conv<pads=[2,2]>(x, w) }
        """)
    ).outputs[0]
    assert "nothing" in padded.plot((0,)).get_suptitle()


@pytest.mark.parametrize(
    "shape", [(96, 96), (96, 96, 3), (1, 96, 96), (1, 1, 96, 96)], ids=lambda shape: "×".join(map(str, shape))
)
def test_images_come_in_any_shape_of_the_input(shape: tuple[int, ...]) -> None:
    tensor = pytest_rf.analyze(EXAMPLES / "unet.onnx").final[0].at()
    image = np.zeros(shape)
    image[tuple(7 if extent == 96 else 0 for extent in shape)] = 255.0  # one bright place, at 7, 7
    ground = tensor.plot((50, 60), image).axes[0].images[0].get_array()
    bright = ground if ground.ndim == 2 else ground.max(axis=-1)
    assert np.argwhere(bright > 0.5).tolist() == [[7, 7]]


def test_images_that_do_not_fit_are_refused() -> None:
    tensor = pytest_rf.analyze(EXAMPLES / "unet.onnx").final[0].at()
    with pytest.raises(
        pytest_rf.RFError, match=r"96×95 does not fit input 'image' of shape 1×1×96×96; give one of 96×96"
    ):
        tensor.plot((5, 5), np.zeros((96, 95)))
    with pytest.raises(pytest_rf.RFError, match="array of numbers"):
        tensor.plot((5, 5), "photo.png")
    with pytest.raises(IndexError):
        tensor.plot((96, 0))


def test_tensors_of_torch_are_images() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Conv2d(3, 4, 5)
    tensor = pytest_rf.analyze(module, inputs={"x": (2, 3, 20, 30)}).outputs[0]
    image = torch.rand(2, 3, 20, 30, requires_grad=True)
    assert tensor.plot((4, 4), image).axes[0].images[0].get_array().shape == (20, 30, 3)


def test_axes_of_the_user_take_one_or_two_axes() -> None:
    figure = Figure()
    ax = figure.subplots()
    assert pytest_rf.analyze(EXAMPLES / "unet.onnx").final[0].at().plot((3, 3), ax=ax) is figure
    with pytest.raises(pytest_rf.RFError, match="leave out ax"):
        pytest_rf.analyze(model(VOLUME)).outputs[0].plot((1, 1, 1), ax=ax)
