"""The graph of a page: boxes in boxes that open, close, are found and followed, with mouse and keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

import pytest_rf
from pytest_rf.boxes.links import Links
from pytest_rf.reporters.pages import graph
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult
from reporters.pages import nets
from reporters.pages.conftest import document, serious
from reporters.pages.nets import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

EXAMPLES = Path(__file__).parents[3] / "examples"

pytestmark = [pytest.mark.browser]


def started(page: Page) -> Locator:
    """Return the section once it has been drawn."""
    section = page.locator(".graph")
    section.scroll_into_view_if_needed()
    section.locator(".stage svg").wait_for(state="attached")
    return section


def box(section: Locator, name: str) -> Locator:
    """Return the box of a name."""
    return (
        section.locator(".stage [data-box]")
        .filter(has=section.page.locator(f'.label:text-is("{name}")'))
        .first
    )


def labels(section: Locator, which: str = "") -> list[str]:
    """Return the names of the boxes that are to be seen."""
    return section.locator(f".stage .box{which} .label").all_text_contents()


def test_modules_are_closed_until_they_are_clicked(opened: Callable[..., Page]) -> None:
    section = started(opened(document("resnet50")[0]))
    assert labels(section) == [
        *("image", "conv1", "maxpool", "layer1", "layer2", "layer3", "layer4"),
        *("avgpool", "flatten", "fc", "fc"),
    ]
    layer = box(section, "layer2")
    assert layer.get_attribute("aria-expanded") == "false"
    layer.click(position={"x": 20, "y": 10})
    assert box(section, "layer2").get_attribute("aria-expanded") == "true"
    assert {"layer2.0", "layer2.3"} <= set(labels(section))
    told = section.locator(".told").inner_text()
    assert "layer2" in told
    assert "rf 91, stride 8" in told
    box(section, "layer2").locator("rect").first.click(position={"x": 20, "y": 10})
    assert "layer2.0" not in labels(section)


def test_keys_open_boxes_and_lead_from_one_to_another(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    section = started(page)
    focused = "document.activeElement.querySelector('.label').textContent"
    box(section, "image").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "layer1"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "layer1.0"
    page.keyboard.press("Escape")
    assert page.evaluate(focused) == "layer1"
    assert "layer1.0" not in labels(section)


def test_the_tree_tells_the_same_with_keys_of_its_own(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    section = started(page)
    tree = section.get_by_role("tree")
    item = tree.get_by_role("treeitem").nth(3)
    assert item.get_attribute("aria-expanded") == "false"
    item.focus()
    page.keyboard.press("ArrowRight")
    assert tree.get_by_role("treeitem").nth(3).get_attribute("aria-expanded") == "true"
    assert "layer1.0" in labels(section)
    page.keyboard.press("ArrowRight")
    focused = page.locator(":focus")
    assert focused.get_attribute("aria-level") == "2"
    assert focused.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert "layer1.0" not in labels(section)
    assert tree.locator("[tabindex='0']").count() == 1
    page.keyboard.press("End")
    assert page.locator(":focus").inner_text() == "fc output · rf whole axis"


def test_a_search_opens_what_is_found(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    section = started(page)
    section.locator(".find").fill("layer3.4.conv2")
    hits = section.locator(".hits")
    assert hits.inner_text().startswith("4 found")  # the module, and three tensors in it
    section.locator(".find").press("Enter")
    assert "layer3.4" in labels(section)
    assert "conv2" in labels(section)
    assert "layer3.4.conv2" in section.locator(".told").inner_text()
    section.locator(".find").fill("no such layer")
    assert hits.inner_text() == "0 found"


def test_colours_say_field_stride_or_kind_and_words_say_it_too(opened: Callable[..., Page]) -> None:
    section = started(opened(document("windows")[0]))
    assert any("rf" in one for one in _seconds(section))
    section.locator("[data-by=stride]").click()
    assert any(one.startswith("stride") for one in _seconds(section))
    section.locator("[data-by=kind]").click()
    assert any("mixing" in one for one in _seconds(section))
    assert section.locator(".stage .kind-mixing").count()
    assert "mixing" in section.locator(".legend").inner_text()


def _seconds(section: Locator) -> list[str]:
    return section.locator(".stage .figure").all_text_contents()


def test_the_path_of_a_finding_is_drawn_from_the_input_on(opened: Callable[..., Page]) -> None:
    section = started(opened(document("resnet50")[0]))
    section.locator(".trails").select_option(label="RF001 final rf >= 500")
    assert labels(section, ".on")[:4] == ["image", "conv1", "maxpool", "layer1"]
    assert section.locator(".stage .edge.on").count() >= 6
    box(section, "layer1").click(position={"x": 20, "y": 10})
    assert section.locator(".stage .edge.on").count() >= 10
    section.locator(".trails").select_option("-1")
    assert section.locator(".stage .edge.on").count() == 0


def test_a_box_that_is_chosen_is_looked_at_and_the_other_way_round(opened: Callable[..., Page]) -> None:
    page = opened(document("unet")[0])
    section = started(page)
    box(section, "head").click()
    assert page.locator(".look").get_attribute("data-tensor") == "head"
    place = page.evaluate("pytestRf.models[0].data.tensors.findIndex(one => one.name === 'middle.conv0')")
    page.evaluate("place => pytestRf.models[0].choose(place, 'test')", place)
    assert section.locator(".stage .box.chosen").get_attribute("aria-label").startswith("middle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_graph_is_for_everybody(scheme: Any, opened: Callable[..., Page]) -> None:
    page = opened(document("windows")[0], color_scheme=scheme, bypass_csp=True)
    section = started(page)
    section.locator(".stage [aria-expanded=false]").first.click(position={"x": 20, "y": 10})
    section.locator(".find").fill("block")
    assert serious(page) == []
    section.locator("[data-by=kind]").click()
    assert serious(page) == []


def test_hostile_names_are_text(opened: Callable[..., Page]) -> None:
    page = opened(document("hostile")[0])
    section = started(page)
    while section.locator(".stage [aria-expanded=false]").count():
        section.locator(".stage [aria-expanded=false]").first.click(position={"x": 20, "y": 10})
    assert page.locator("img").count() == 0
    assert "owned" not in page.title()
    section.locator(".find").fill("document.title")
    assert section.locator(".hits button").count()
    assert "\u202e" not in section.inner_text()
    section.locator(".hits button").first.click()
    assert HOSTILE[0] in section.locator(".told").inner_text()


@pytest.mark.parametrize("name", ["resnet50", "unet", "windows", "two"])
def test_every_edge_of_the_graph_is_on_some_level(name: str) -> None:
    _, analysis = document(name)
    data = graph.of(Subject(analysis, ModelResult(model=name)))
    parents = {
        level.first + place: box
        for box, number in enumerate(data.inner)
        if number >= 0
        for level in [data.levels[number]]
        for place in range(level.count)
    }
    drawn = set()
    for level in data.levels:
        for source, target in zip(level.edges[::2], level.edges[1::2], strict=True):
            ends = [one + level.first - 1 if 0 < one <= level.count else None for one in (source, target)]
            drawn.add(tuple(ends))
    links = Links(analysis.graph)
    leaf = {node.name: number for number, node in links.nodes.items()}
    by_tensor = {
        data.tensors[box]: box for box, inner in enumerate(data.inner) if inner < 0 and data.counts[box] > 0
    }
    tensors = list(analysis)
    boxes = {one.node: by_tensor[place] for place, one in enumerate(tensors) if place in by_tensor}
    for node, number in leaf.items():
        for source in (one for one in links.reads[number] if one >= 0):
            a, b = boxes[links.nodes[source].name], boxes[node]
            above, below = _around(a, parents), _around(b, parents)
            meet = next(one for one in above if one in below)
            outer = above[: above.index(meet)], below[: below.index(meet)]
            assert (outer[0][-1] if outer[0] else a, outer[1][-1] if outer[1] else b) in drawn
            assert all((one, None) in drawn for one in outer[0][:-1])
            assert all((None, one) in drawn for one in outer[1][:-1])


def _around(box: int, parents: dict[int, int]) -> list[int | None]:
    found: list[int | None] = [box]
    while found[-1] in parents:
        found.append(parents[found[-1]])  # type: ignore[index]
    return [*found, None]


@pytest.fixture(scope="module")
def deep() -> str:
    """Return the page of a graph of 5,000 nodes with hostile names."""
    from pytest_rf.reporters.pages import document as pages
    from pytest_rf.reporters.pages import sections

    analysis = pytest_rf.analyze(nets.deep(hostile=True), name="deep")
    return pages.html([pages.plain(sections.of(Subject(analysis, ModelResult(model="deep"))))])


def test_boxes_are_coloured_by_size_first(opened: Callable[..., Page]) -> None:
    section = started(opened(document("unet")[0]))
    pressed = section.locator("[data-by][aria-pressed=true]")
    assert pressed.get_attribute("data-by") == "size"
    assert section.locator("[data-by]").count() == 3
    assert "140 to 204" in section.locator(".legend").inner_text()
    assert section.locator(".stage .box.step-6").count() > 0
    none = started(opened(document("two")[0])).locator(".stage .box", has_text="reads none of it")
    assert {
        one.split()[1] for one in none.evaluate_all("all => all.map(one => one.getAttribute('class'))")
    } == {"plain"}


def test_five_thousand_nodes_open_at_once(deep: str, opened: Callable[..., Page]) -> None:
    assert len(deep) < 5_000_000
    page = opened(deep)
    begun = time.perf_counter()
    page.reload()
    section = started(page)
    taken = time.perf_counter() - begun
    assert section.locator(".stage [data-box]").count() < 200
    assert page.title() != "owned"
    assert page.locator("img").count() == 0
    assert taken < 3  # a loaded machine; benchmarks/pages.py measures it
    first = section.locator(".stage [aria-expanded=false]").first
    first.click(position={"x": 20, "y": 10})
    assert section.locator(".stage [aria-expanded=true]").count() == 1


def test_only_a_model_with_findings_has_a_path_to_choose(opened: Callable[..., Page]) -> None:
    section = started(opened(document("tcn")[0]))
    assert section.locator(".trails").count() == (section.locator(".stage .fault").count() > 0)


def test_the_way_along_which_a_figure_grew_is_drawn_where_no_single_position_shows_it() -> None:
    analysis = pytest_rf.analyze(str(EXAMPLES / "classifier.onnx"))
    (found,) = analysis.check("final stride <= 16")
    assert found.witness is None
    subject = Subject(analysis, ModelResult(model="net", findings=(found,)))
    data = graph.of(subject)
    (trail,) = data.trails
    assert data.labels[trail.path[0]] == "image"
    assert trail.at == [trail.path[-1]]
    on = [subject.tensors[data.tensors[place]].module for place in trail.path[1:]]
    grew = [step.layer.partition(" ")[0] for step in found.path]
    assert [module for module in on if module in grew] == grew
    # Where nothing is told of how it grew, no way is drawn.
    (other,) = graph.of(
        Subject(analysis, ModelResult(model="net", findings=(replace(found, path=()),)))
    ).trails
    assert other.path == []
