"""Figures are properties of tests, which JUnit XML and other reports take over."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import pytest_rf
from pytest_rf.testing import properties

Pytester = pytest.Pytester

EXAMPLES = Path(__file__).parents[2] / "examples"

TESTS = """
import pytest

def test_fixture(rf):
    rf.check("unet.onnx", "final rf >= 36")
    rf.check("unet.onnx", "final halo <= 24")
    rf.check("tcn.onnx", "final rf >= 36")

@pytest.mark.rf("final rf >= 41", model="unet.onnx")
def test_marker(record_property): record_property("mine", 1)
"""


def recorded(file: str) -> dict[str, list[tuple[str, str]]]:
    return {
        case.attrib["name"]: [(one.attrib["name"], one.attrib["value"]) for one in case.iter("property")]
        for case in ElementTree.parse(file).getroot().iter("testcase")
    }


UNET = [("rf.model", "unet"), ("rf.final.h", "40"), ("rf.final.w", "40")]
TCN = [("rf.model", "tcn"), ("rf.final.t", "63")]


@pytest.mark.parametrize("arguments", [[], ["-pxdist", "-n2"]])
def test_items_of_the_configuration(project: Pytester, arguments: list[str]) -> None:
    if arguments:
        pytest.importorskip("xdist")
    project.runpytest_subprocess("--rf", "--junitxml=out.xml", *arguments)
    found = recorded("out.xml")
    assert found["final rf >= 36"] == found["final rf >= 41"] == UNET
    assert found["final is causal"] == TCN


def test_fixture_and_marker(project: Pytester) -> None:
    project.makepyfile(test_it=TESTS)
    project.runpytest("--junitxml=out.xml", "-o", "junit_family=xunit1").assert_outcomes(passed=1, failed=1)
    assert recorded("out.xml") == {"test_fixture": UNET + TCN, "test_marker": [("mine", "1"), *UNET]}


def convolved(text: str) -> Any:
    """Return a model whose last input is the kernel of its convolutions."""
    onnx = pytest.importorskip("onnx")
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17, "acme" : 1]> {text}')
    model.graph.initializer.append(onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, (1, 1, 3), [1.0] * 3))
    del model.graph.input[-1]
    return model


def test_outputs_and_inputs_have_their_names_where_there_are_several() -> None:
    model = convolved(
        "two (float[1,1,16] a, float[1,1,16] b, float[1,1,3] w) => (float[1,1,14] c, float[1,1,14] d) "
        "{ c = Conv(a, w) e = Conv(b, w) d = Add(c, e) }"
    )
    assert dict(properties.of(pytest_rf.analyze(model))) == {
        "rf.final.c.t": 3,
        "rf.final.d.a.t": 3,
        "rf.final.d.b.t": 3,
    }


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ("k = Constant<value = int64 {2}>() z = CumSum(x, k)", (("rf.final.t", "inf"),)),
        ("z = acme.Blur(x)", ()),
    ],
)
def test_what_has_no_end_is_told_and_what_is_unknown_is_left_out(
    operators: str, expected: tuple[tuple[str, str], ...]
) -> None:
    model = convolved(
        f"net (float[1,1,16] x, float[1,1,3] w) => (float[1,1,14] y) {{ {operators} y = Conv(z, w) }}"
    )
    assert properties.of(pytest_rf.analyze(model)) == expected
