"""What lights up is what is read: the page in Chromium against ``Tensor.reads``."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import pytest_rf
from pytest_rf import Analysis, Tensor
from pytest_rf.reporters.pages import document as pages
from pytest_rf.reporters.pages import sections
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult
from reporters.pages import nets
from reporters.pages.conftest import NETS, document

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser]

#: Chooses tensors and units, and returns what lights up of each input.
REGIONS = """drawn => drawn.map(([tensor, unit]) => {
  const model = pytestRf.models[0];
  model.choose(tensor, "test");
  model.look.choose(unit);
  return pytestRf.region(0);
})"""


@pytest.mark.parametrize("name", NETS)
def test_a_region_drawn_is_what_the_unit_reads(name: str, opened: Callable[..., Page]) -> None:
    html, analysis = document(name)
    page = opened(html)
    units = list(_drawn(analysis, 25))
    drawn = page.evaluate(REGIONS, [[place, list(unit)] for place, _, unit in units])
    for (_, tensor, unit), told in zip(units, drawn, strict=True):
        assert list(told.values()) == [_read(tensor, one, unit) for one in analysis.inputs], (tensor, unit)


def _drawn(analysis: Analysis, count: int) -> Any:
    draw = random.Random(count)
    known = list(enumerate(analysis))
    for _ in range(count):
        place, tensor = draw.choice(known)
        extents = [tensor.shape[axis] for axis in _axes(tensor)]
        # Borders are where most can be wrong.
        yield place, tensor, tuple(draw.choice([0, extent - 1, draw.randrange(extent)]) for extent in extents)


def _axes(tensor: Tensor, name: str | None = None) -> list[int]:
    """Return the axes along which the units of a tensor lie, towards one input or any."""
    layout = tensor.runs.structure(tensor.value).layout
    keys = {key for key in tensor.runs.spatial if name in (None, key[0])}
    return [number for number, axis in enumerate(layout) if any(factor.carries & keys for factor in axis)]


def _read(tensor: Tensor, name: str, unit: tuple[int, ...]) -> dict[str, list[int]]:
    at = dict(zip(_axes(tensor), unit, strict=True))
    own = [at[axis] for axis in _axes(tensor, name)]
    return {axis: tensor.reads(own, axis, name) for axis in tensor.runs.inputs[name].axes}


def test_a_tile_reads_what_its_units_read(opened: Callable[..., Page]) -> None:
    html, analysis = document("unet")
    page = opened(html)
    told = page.evaluate(
        "pytestRf.models[0].look.choose([30, 40], [[30, 37], [40, 55]]) ?? pytestRf.region(0)"
    )
    final = analysis.final[0]
    for axis, span, other in (("h", range(30, 38), 1), ("w", range(40, 56), 0)):
        units = [(at, 40) if other else (30, at) for at in span]
        read = set().union(*(final.reads(unit, axis) for unit in units))
        assert told["image"][axis] == sorted(read)
    assert "halo" in page.locator(".look .told caption").inner_text()


def test_a_tile_that_no_halo_makes_whole_is_told(opened: Callable[..., Page]) -> None:
    page = opened(document("two")[0])
    page.evaluate("pytestRf.models[0].look.choose([8, 16], [[8, 31], [16, 39]])")
    rows = page.locator(".look .told tbody tr").all_inner_texts()
    assert [row.split("\t")[-1] for row in rows] == ["6, 5", "6, 5", "none is enough", "none is enough"]
    assert "no halo is enough" in page.locator(".look .told").inner_text()


def test_long_audio_is_pointed_at(opened: Callable[..., Page]) -> None:
    analysis = pytest_rf.analyze(nets.tcn(160_000, levels=3), name="tcn")
    data = sections.of(Subject(analysis, ModelResult(model="tcn")))
    page = opened(pages.html([pages.plain(data)]))
    place, tensor = len(list(analysis)) - 1, analysis.final[0]
    units = [0, 1, 30, 80_000, 159_997, 159_999]
    drawn = page.evaluate(REGIONS, [[place, [unit]] for unit in units])
    assert [one["audio"]["t"] for one in drawn] == [tensor.reads((unit,), "t") for unit in units]


def test_pointing_dragging_and_keys_move_the_unit(opened: Callable[..., Page]) -> None:
    page = opened(document("unet")[0])
    look, units = page.locator(".look"), page.locator("canvas.map")
    units.scroll_into_view_if_needed()
    box = units.bounding_box()
    assert box is not None
    before = look.get_attribute("data-unit")
    page.mouse.move(box["x"] + 11, box["y"] + 21)
    assert look.get_attribute("data-unit") != before
    page.mouse.move(2, 2)
    assert look.get_attribute("data-unit") == before  # only a click stays
    page.mouse.move(box["x"] + 11, box["y"] + 21)
    page.mouse.down()
    page.mouse.up()
    clicked = look.get_attribute("data-unit")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert clicked is not None
    h, w = map(int, clicked.split(","))
    assert look.get_attribute("data-unit") == f"{h + 1},{w + 1}"
    page.keyboard.press("Shift+ArrowDown")
    assert "The tile h" in page.locator(".look [aria-live]").inner_text()
    page.keyboard.press("Escape")
    assert "The unit" in page.locator(".look [aria-live]").inner_text()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 70)
    page.mouse.up()
    assert "The tile" in page.locator(".look [aria-live]").inner_text()


def test_a_click_on_the_input_goes_to_the_unit_that_stands_for_it(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    picture = page.locator(".look figure canvas").first
    picture.click(position={"x": 150, "y": 350})
    unit = page.locator(".look").get_attribute("data-unit")
    assert unit is not None
    h, w = map(int, unit.split(","))
    assert h > w  # further down than to the right


def test_a_tensor_is_found_and_chosen_by_keys_alone(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    page.get_by_label("Tensor", exact=True).fill("layer2.0 conv2")
    page.keyboard.press("ArrowDown")  # into the list
    page.keyboard.press("Home")
    assert page.locator(".look").get_attribute("data-tensor") == "layer2.0.conv2"
    assert page.locator(".look [role=option][aria-selected=true]").count() == 1
    assert "Conv 3×3 stride 2" in page.locator(".look .chosen").inner_text()


def test_a_time_line_tells_look_back_and_look_ahead(opened: Callable[..., Page]) -> None:
    page = opened(document("tcn")[0])
    texts = page.locator(".look svg.timeline").first.text_content() or ""
    assert "look-back 256" in texts
    assert "look-ahead 2" in texts


def test_three_axes_are_three_slices_and_several_inputs_have_each_their_canvas(
    opened: Callable[..., Page],
) -> None:
    assert opened(document("unet3d")[0]).locator(".look figure canvas").count() == 3
    two = opened(document("two")[0])
    assert two.locator(".look figure").count() == 2
    assert "/gate/pool/GlobalAveragePool" in two.locator(".look p.context").inner_text()


def test_holes_are_told(opened: Callable[..., Page]) -> None:
    page = opened(document("dilated")[0])
    assert "holes" in page.locator(".look .told").inner_text()
