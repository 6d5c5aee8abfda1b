"""The page of two states: what changed stands side by side, with signs, and is filtered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import pytest

import pytest_rf
from pytest_rf import cli
from pytest_rf.comparing import Comparison
from pytest_rf.config.records import ModelKey
from pytest_rf.locks import figures
from pytest_rf.locks.compare import paired
from pytest_rf.locks.figures import ModelFigures
from pytest_rf.reporters.pages import compared, sides
from pytest_rf.reporters.pages.sections import ModelPage
from reporters.pages import nets
from reporters.pages.conftest import serious
from reporters.pages.nets import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def state(model: onnx.ModelProto, name: str = "net") -> ModelFigures:
    return figures.of(pytest_rf.analyze(model), ModelKey(name, f"{name}.onnx"))


def net(kernel: int = 3, stride: int = 1, more: bool = False, name: str = "body") -> onnx.ModelProto:
    found = nets.Net(image=[1, 3, 64, 48])
    x = found.conv("image", "stem", (3, 8), 3)
    x = found.node("Relu", [x], "stem.act")
    x = found.conv(x, name, (8, 8), kernel, stride=stride)
    x = found.node("Relu", [x], f"{name}.act")
    x = found.node("Sigmoid", [x], "gate") if more else x
    return found.model(found.conv(x, "head", (8, 2), 1))


def told(old: ModelFigures, new: ModelFigures) -> compared.ModelRow:
    (found,) = compared.of(Comparison("old.onnx", "new.onnx", paired([old], [new]))).models
    return found


def page(old: ModelFigures, new: ModelFigures, words: tuple[str, str] = ("old.onnx", "new.onnx")) -> str:
    pytest.importorskip("jinja2")
    from pytest_rf.reporters.pages import document

    return document.html([], compared=document.plain(compared.of(Comparison(*words, paired([old], [new])))))


def both(
    old: onnx.ModelProto, new: onnx.ModelProto, words: tuple[str, str] = ("old.onnx", "new.onnx")
) -> tuple[str, tuple[ModelPage, ModelPage]]:
    """Return the page of two models with their graphs, and the data of these."""
    pytest.importorskip("jinja2")
    from pytest_rf.reporters.pages import document

    analyses = [pytest_rf.analyze(one) for one in (old, new)]
    states = [figures.of(one, ModelKey("net", "net.onnx")) for one in analyses]
    found = Comparison(*words, paired(states[:1], states[1:]))
    drawn = sides.of(*analyses, words, found.models[0])
    return document.html([*map(document.plain, drawn)], compared=document.plain(compared.of(found))), drawn


def ways(page: ModelPage) -> dict[str, str]:
    """Return what became of the boxes of the outermost level, by their names."""
    data = page.sections["graph"]
    top = range(data.levels[0].count)
    return {
        data.labels[box] or page.tensors[data.tensors[box]].op: data.ways[data.changes[box]] for box in top
    }


def test_boxes_tell_what_became_of_what_lies_in_them() -> None:
    _, (old, new) = both(net(), net(kernel=5, more=True))
    assert ways(old) == {"image": "same", "stem": "same", "body": "grew", "head": "grew"}
    assert ways(new) == {"image": "same", "stem": "same", "body": "grew", "gate": "added", "head": "grew"}
    names = [[one.name for one in page.tensors] for page in (old, new)]
    partners = old.sections["graph"].partners
    assert [names[1][place] for place in partners] == names[0]
    assert new.sections["graph"].partners[names[1].index("gate")] == -1
    _, (shallow, deep) = both(nets.unet(extent=64, depth=2), nets.unet(extent=64, depth=3))
    assert ways(deep)["down2"] == "added"
    assert ways(shallow)["up0"] == "grew"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("3", "5", ("grew", "+2")),
        ("5", "3", ("shrank", "−2")),
        ("1/2", "2", ("grew", "+3/2")),
        ("36..40", "36..44", ("grew", "+4")),
        ("36..40", "32..40", ("shrank", "−4")),
        ("18,18", "18,20", ("grew", "+2")),
        ("40", "inf", ("grew", "")),
        ("inf", "40", ("shrank", "")),
        ("inf", "inf", ("same", "")),
        ("yes", "no", ("otherwise", "")),
        ("-", "4", ("otherwise", "")),
        ("-3", "-4", ("shrank", "−1")),
        ("8", "8..9", ("grew", "+1")),
    ],
)
def test_which_way_a_figure_moved(old: str, new: str, expected: tuple[str, str]) -> None:
    assert compared.change(old, new) == expected


def test_tensors_stand_in_order_with_what_moved_together() -> None:
    found = told(state(net()), state(net(kernel=5)))
    assert [(row.state, row.name, row.others, row.count) for row in found.rows] == [
        ("same", "", [], 2),
        ("changed", "body", ["body.act", "head"], 1),
    ]
    moved = {one.name: (one.old, one.new, one.way, one.by) for one in found.rows[1].figures}
    assert moved["rf"] == ("5", "7", "grew", "+2")
    assert moved["start"] == ("-2", "-3", "otherwise", "−1")  # it moved, and is no smaller for it
    assert found.says == "3 of 5 tensors changed"
    assert [row.name for row in found.finals] == ["head"]
    stride = next(one for one in found.finals[0].figures if one.name == "stride")
    assert (stride.old, stride.new, stride.way) == ("1", "1", "same")
    (line,) = found.lines
    assert (line.where, line.most) == ("h and w", "7")
    assert line.old[-1] == (1.0, round(5 / 7, 4))
    assert line.new[-1] == (1.0, 1.0)


def test_what_came_and_what_is_gone_stands_where_it_was() -> None:
    grown = told(state(net()), state(net(more=True)))
    assert [(row.state, row.name) for row in grown.rows] == [("same", ""), ("added", "gate"), ("same", "")]
    shrunk = told(state(net(more=True)), state(net()))
    assert [(row.state, row.name) for row in shrunk.rows] == [("same", ""), ("removed", "gate"), ("same", "")]
    assert not shrunk.metrics


def test_what_differs_on_one_axis_names_it() -> None:
    old, new = net(), net()
    (stride,) = (one for one in new.graph.node[2].attribute if one.name == "strides")
    stride.ints[:] = [2, 1]
    found = told(state(old), state(new))
    moved = [one for row in found.rows for one in row.figures if one.name == "stride"]
    assert {(one.where, one.old, one.new, one.by) for one in moved} == {("h", "1", "2", "+1")}


def test_a_lock_knows_no_order_and_has_no_lines() -> None:
    from msgspec.structs import replace

    found = told(replace(state(net()), ordered=False), state(net(kernel=5)))
    assert not found.lines
    assert [row.name for row in found.rows if row.state == "changed"] == ["body"]


def test_a_model_that_one_side_has_not_is_told() -> None:
    both = compared.of(Comparison("a", "b", paired([state(net()), state(net(), "gone")], [state(net())] * 1)))
    assert {one.name: one.says for one in both.models} == {
        "net": "nothing differs",
        "gone": "the model is gone",
    }
    assert both.models[0].name == "gone"  # what differs comes first


def test_long_lists_end_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compared, "MOST", 1)
    found = told(state(net()), state(net(kernel=5, stride=2, more=True)))
    assert len(found.rows) == 1
    assert found.more == 2  # the gate, and the head
    assert "2 more tensors differ" in page(state(net()), state(net(kernel=5, stride=2, more=True)))


@pytest.mark.browser
def test_rows_are_filtered_by_way_figure_and_name(opened: Callable[..., Page]) -> None:
    shown = opened(page(state(net()), state(net(kernel=5, stride=2, more=True))))
    rows = "all => all.filter(one => !one.hidden && one.offsetParent !== null).map(one => one.dataset.way)"
    body = shown.locator(".tensors tbody tr[data-way]")
    assert {"grew", "otherwise", "added"} <= set(body.evaluate_all(rows))
    shown.get_by_role("button", name="grew").click()
    assert "grew" not in body.evaluate_all(rows)
    shown.get_by_role("button", name="grew").click()
    shown.locator(".compare select").select_option("stride")
    names = "all => all.filter(one => one.offsetParent !== null && one.dataset.figure).map(one => one.dataset.figure)"
    assert set(body.evaluate_all(names)) == {"stride"}
    shown.locator(".compare .find").fill("gate")
    assert shown.locator(".tensors").inner_text().count("gate") == 1
    assert shown.locator(".compare .count").inner_text() == "1 tensor"


@pytest.mark.browser
def test_two_states_stand_side_by_side(opened: Callable[..., Page]) -> None:
    shown = opened(both(net(), net(kernel=5, more=True))[0])
    old, new = shown.locator(".both .graph").all()
    new.scroll_into_view_if_needed()
    assert old.locator(".stage .way-grew").count() == 3  # the module, the head and the output that it is
    assert new.locator(".stage .way-added").count() == 1
    assert "▲ grew" in new.locator(".legend").inner_text()
    old.locator(".tree [role=treeitem]").nth(3).click()
    assert "head" in new.locator(".told").inner_text()
    new.locator("[data-by=size]").click()
    assert new.locator(".stage .way-grew").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everybody(scheme: Any, opened: Callable[..., Page]) -> None:
    html, _ = both(net(), net(kernel=5, stride=2, more=True))
    assert serious(opened(html, color_scheme=scheme, bypass_csp=True)) == []
    phone = opened(html, width=390)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert "▲ grew +2" in phone.locator("main").inner_text()
    bare = opened(html, java_script_enabled=False)
    assert "▲ grew +2" in bare.locator("main").inner_text()


@pytest.mark.browser
def test_hostile_names_are_text(opened: Callable[..., Page]) -> None:
    old, new = (net(kernel, name=HOSTILE[1]) for kernel in (3, 5))
    shown = opened(both(old, new, (HOSTILE[0], HOSTILE[4]))[0])
    assert shown.title() != "owned"
    assert shown.locator("img").count() == 0
    assert HOSTILE[1] in shown.locator("main").inner_text()
    assert "\u202e" not in shown.locator("body").inner_text()


def test_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("jinja2")
    monkeypatch.chdir(tmp_path)
    Path("rf.toml").touch()  # so that no other one is found further up
    onnx.save(net(), "old.onnx")
    onnx.save(net(kernel=5), "new.onnx")

    def report(*words: str, output: str = "diff.html") -> tuple[int, str]:
        status = cli.run(["report", *words, "-o", output])
        return status, capsys.readouterr().err

    assert report("old.onnx", "new.onnx") == (0, "diff.html: what changed from old.onnx to new.onnx\n")
    assert "3 of 5 tensors changed" in Path("diff.html").read_text(encoding="utf-8")
    assert 'data-section="graph"' in Path("diff.html").read_text(encoding="utf-8")
    status, told = report("old.onnx", "new.onnx", "--require", "final rf > 3")
    assert (status, "leave out --require" in told) == (2, True)
    status, told = report("old.onnx", "no.onnx")
    assert (status, "no.onnx" in told) == (2, True)
    assert report("old.onnx", "new.onnx", output="new.onnx")[0] == 2
