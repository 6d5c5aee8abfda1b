"""``attr:NAME`` in requirements: figures that a PyTorch module declares itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytest_rf import RequirementError, assert_rf  # noqa: E402
from pytest_rf.requirements.wording import required  # noqa: E402


class Encoder(torch.nn.Module):
    right_context = 2

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 4, 5, padding=2)
        self.layers = torch.nn.ModuleList([torch.nn.Conv1d(4, 4, 1)])
        self.name = "encoder"
        self.flag = True
        self.share = 0.1
        self.endless = float("inf")
        self.register_buffer("measured", torch.tensor(5))
        self.nowhere = torch.zeros(1, device="meta")

    @property
    def receptive_field(self) -> int:
        return 5

    @property
    def broken(self) -> int:
        raise ZeroDivisionError("no\nlayers")

    @property
    def confused(self) -> int:
        return self.nothing_such

    def field(self) -> int:
        return 5

    def forward(self, x: Any) -> Any:
        return self.layers[0](self.conv(x))


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()

    def forward(self, x: Any) -> Any:
        return self.encoder(x)


@pytest.fixture(scope="module")
def net() -> pytest_rf.Analysis:
    return pytest_rf.analyze(Net(), torch.zeros(1, 1, 40))


@pytest.mark.parametrize(
    "text",
    [
        "final rf == attr:encoder.receptive_field",
        "lookahead == attr:encoder.right_context and lookback <= 2",
        "final rf == 2 * attr:encoder.right_context + 1",
        "final rf == attr:encoder.measured",
        "rf == attr:encoder.conv.kernel_size.0",
        "stride == attr:encoder.layers.0.in_channels / 4",
        "rf == attr:'encoder.receptive_field' px",
        "rf >= attr:encoder.share * 50 and rf <= attr:encoder.share * 50",
    ],
)
def test_attributes_of_modules_declare_figures(net: pytest_rf.Analysis, text: str) -> None:
    assert net.check(text) == []


def test_a_finding_says_the_attribute_and_its_value(net: pytest_rf.Analysis) -> None:
    (finding,) = net.check("rf == attr:encoder.right_context + 1")
    assert required(finding) == "== attr:encoder.right_context + 1 (3)"
    assert finding.message.startswith(
        "final rf is 5 on axis t, required == attr:encoder.right_context + 1 (3)"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("right_context", 'Net has no attribute "right_context"'),
        (
            "encoder.right_contex",
            'Encoder (encoder) has no attribute "right_contex", did you mean "right_context"?',
        ),
        ("encoder.name", "is not a number but a str"),
        ("encoder.flag", "is not a number but a bool"),
        ("encoder.endless", "is inf"),
        (
            "encoder.conv.kernel_size",
            "is not a number but a tuple; one of its elements is attr:encoder.conv.kernel_size.0",
        ),
        ("encoder.conv.weight", "is not a number but a Parameter"),
        ("encoder.field", "is a method, not a number; nothing is called"),
        ("encoder.conv", "is a Conv1d, not a number"),
        ("encoder.broken", "broken raises ZeroDivisionError: no layers"),
        ("encoder.confused", "confused raises AttributeError"),
        ("encoder.nowhere", "is a tensor without a value"),
        ("encoder..name", "has no attribute"),
        ("a" + ".a" * 40, "more than 20 parts"),
    ],
)
def test_what_declares_no_figure_is_an_error_of_one_line(
    net: pytest_rf.Analysis, name: str, says: str
) -> None:
    with pytest.raises(RequirementError) as caught:
        net.check(f"final rf == attr:{name}")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_are_what_they_are_written_as() -> None:
    module = Encoder()
    module.share = 0.1
    found = pytest_rf.analyze(module, torch.zeros(1, 1, 40)).check("coverage == attr:share")
    assert found[0].required is not None
    assert Fraction(str(found[0].required.value)) == Fraction(1, 10)


def test_compiled_modules_and_assert_rf_have_them_too() -> None:
    assert_rf(
        torch.compile(Net(), backend="eager"),
        torch.zeros(1, 1, 40),
        "final rf == attr:encoder.receptive_field",
    )
    with pytest.raises(AssertionError, match=r"attr:encoder\.right_context \(2\)"):
        assert_rf(Net(), torch.zeros(1, 1, 40), "final rf == attr:encoder.right_context")


def test_an_exported_program_says_what_to_do() -> None:
    program = torch.export.export(Net(), (torch.zeros(1, 1, 40),))
    with pytest.raises(RequirementError, match=r"exported program.*analyse the module"):
        pytest_rf.analyze(program).check("final rf == attr:encoder.receptive_field")


def test_metadata_are_looked_for_in_files(net: pytest_rf.Analysis) -> None:
    with pytest.raises(RequirementError, match=r"declares no meta:rf: .* as in attr:NAME"):
        net.check("final rf == meta:rf")
