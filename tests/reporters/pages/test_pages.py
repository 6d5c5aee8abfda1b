"""Pages as a whole: inert whatever models are called, whole without a network, usable by everybody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.reporters.pages import growth_chart
from pytest_rf.reporters.pages.growth_chart import Curve, drawn
from reporters.pages.conftest import NETS, document, serious
from reporters.pages.nets import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_names_neither_become_markup_nor_end_the_data() -> None:
    pytest.importorskip("jinja2")
    html, _ = document("hostile")
    assert "<img" not in html
    assert html.count("</script>") == len(re.findall(r"<script\b", html))
    block = html.split('id="data">')[1].split("</script>")[0]
    assert set("<>&\u2028") & set(block) == set()
    assert block.isascii()
    names = {one["name"] for one in json.loads(block)["models"][0]["tensors"]}
    assert HOSTILE[1] in names
    assert HOSTILE[4] not in names  # what steers a screen is shown escaped
    assert "\u202e" not in html


def test_a_flood_of_findings_is_cut_with_a_count() -> None:
    pytest.importorskip("jinja2")
    from pytest_rf.findings import Finding
    from pytest_rf.reporters.html import check
    from pytest_rf.results import ModelResult, Run

    many = tuple(Finding(code="RF101", rule="r", model="m", message="x" * 5000) for _ in range(5000))
    page = check(Run.of([ModelResult(model="m" * 1_000_000, findings=many)]))
    assert "4600 more are not listed" in page
    assert "more characters" in page
    assert len(page) < 5_000_000


def test_the_same_run_gives_the_same_bytes() -> None:
    pytest.importorskip("jinja2")
    first = document("unet")[0]
    document.cache_clear()
    assert document("unet")[0] == first


def test_the_page_of_a_large_classifier_is_small() -> None:
    pytest.importorskip("jinja2")
    assert len(document("resnet50")[0]) < 300_000


@pytest.mark.browser
def test_hostile_names_are_only_shown(opened: Callable[..., Page]) -> None:
    page = opened(document("hostile")[0])
    assert "owned" not in page.title()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == len(re.findall(r"<script\b", document("hostile")[0]))
    assert "{{ 7 * 7 }}" in page.locator(".look .picker").inner_text()
    assert "\u202e" not in page.locator("body").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_and_the_button(scheme: Any, opened: Callable[..., Page]) -> None:
    page = opened(document("tcn")[0], color_scheme=scheme)
    shade = "getComputedStyle(document.body).backgroundColor"
    first = page.evaluate(shade)
    assert page.locator("html").get_attribute("data-theme") == scheme
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(shade) != first
    page.emulate_media(media="print")
    assert page.evaluate(shade) in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["resnet50", "tcn", "unet3d", "two", "hostile"])
def test_a_phone_shows_all_of_it(name: str, opened: Callable[..., Page]) -> None:
    page = opened(document(name)[0], width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "scheme"), [("resnet50", "light"), ("resnet50", "dark"), ("tcn", "dark"), ("two", "light")]
)
def test_axe_finds_nothing_serious(name: str, scheme: Any, opened: Callable[..., Page]) -> None:
    assert serious(opened(document(name)[0], color_scheme=scheme, bypass_csp=True)) == []


@pytest.mark.browser
def test_verdicts_are_filtered_and_lead_to_tensors_and_rules(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    every = page.locator(".verdicts .verdict").count()
    page.locator(".verdicts [data-filter=holds]").click()
    shown = [one for one in page.locator(".verdicts .verdict").all() if one.is_visible()]
    assert 0 < len(shown) < every
    page.locator(".verdicts [data-filter=violated]").click()
    first = page.locator(".verdicts .verdict").first
    assert first.get_attribute("open") is not None
    link = first.locator("[data-tensor]").first
    name = link.inner_text()
    link.click()
    assert page.locator(".look").get_attribute("data-tensor") == name
    first.locator("a[href*='-rule-']").click()
    assert page.locator(".rules details[open]").count() == 1


@pytest.mark.browser
def test_growth_is_read_layer_by_layer_with_keys(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0])
    page.locator(".growth [role=application]").first.focus()
    page.keyboard.press("Home")
    assert "conv1 7×7 stride 2: field 7" in page.locator(".growth .at").first.inner_text()
    page.keyboard.press("End")
    assert "field 427" in page.locator(".growth .at").first.inner_text()
    assert "larger than the input" in page.locator(".growth .at").first.inner_text()
    page.keyboard.press("Enter")
    assert page.locator(".look").get_attribute("data-tensor") == "layer4.2.add"


@pytest.mark.browser
@pytest.mark.parametrize("name", ["resnet50", "unet"])
def test_charts_say_what_the_analysis_says(name: str, opened: Callable[..., Page]) -> None:
    html, analysis = document(name)
    page = opened(html)
    charts = page.evaluate("pytestRf.models[0].data.sections.growth.charts")
    tensors = list(analysis)
    for station in charts[0]["stations"]:
        field = tensors[station["tensor"]]["h"]
        told = [field.rf, field.rf_min, field.erf, field.stride]
        assert [float(eval(one)) for one in station["figures"]] == pytest.approx(
            list(map(float, told)), rel=1e-4
        )


def test_long_curves_are_thinned_and_end_where_they_end() -> None:
    depths = range(20_001)
    field = Curve("rf", "field", tuple((float(depth), float(depth % 100 + depth)) for depth in range(20_000)))
    effective = Curve("erf", "effective", field.points[:9000])
    chart = drawn([field, Curve("rf_min", "shortest path", field.points), effective], [], depths, [], [])
    ((_, points), *_, (_, short)) = chart.lines
    assert len(points) < 8 * growth_chart.WIDTH
    assert points[-2] == growth_chart.WIDTH - growth_chart.RIGHT
    assert short[-2] < points[-2]
    assert [one.text for one in chart.labels if one.kind == "erf"] == ["effective 9098, then none"]


@pytest.mark.browser
def test_without_scripts_verdicts_and_growth_are_told(opened: Callable[..., Page]) -> None:
    page = opened(document("resnet50")[0], java_script_enabled=False)
    assert "final rf >= 500" in page.locator(".verdicts").inner_text()
    assert page.locator(".growth svg polyline").count() == 4


def test_all_nets_have_a_page() -> None:
    pytest.importorskip("jinja2")
    assert all(document(name)[0] for name in NETS)
