"""Transposed convolutions that overlap unevenly are found, by whatever name torch calls them."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import checks  # noqa: E402
from pytest_rf.analysis import Analysis  # noqa: E402
from pytest_rf.checks.subject import Subject  # noqa: E402
from pytest_rf.graph import Builder, Node  # noqa: E402
from pytest_rf.operators import aten  # noqa: E402
from pytest_rf.operators.aten.call import OpCall  # noqa: E402
from pytest_rf.requirements import Settings  # noqa: E402


def found(analysis: Analysis) -> list[str]:
    return [finding.code for finding in checks.find("RF303").findings(Subject(analysis, Settings()))]


@pytest.mark.parametrize(
    ("rank", "kind"), [(1, nn.ConvTranspose1d), (2, nn.ConvTranspose2d), (3, nn.ConvTranspose3d)]
)
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "uneven"), [(3, 2, 1, True), (4, 2, 1, False), (4, 2, 2, True)]
)
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")
@pytest.mark.parametrize("exported", [False, True])
def test_transposed_layers(
    rank: int, kind: Any, kernel: int, stride: int, dilation: int, uneven: bool, exported: bool
) -> None:
    net = nn.Sequential(
        nn.Conv1d(2, 2, 3) if rank == 1 else nn.Identity(), kind(2, 2, kernel, stride, dilation=dilation)
    )
    x = torch.zeros(1, 2, *[8] * rank)
    if exported:
        program = torch.export.export(net.eval(), (x,), strict=False)
        analysis = pytest_rf.analyze(program.run_decompositions())
    else:
        analysis = pytest_rf.analyze(net, x)
    assert found(analysis) == ["RF303"] * uneven


@pytest.mark.parametrize("name", ["convolution", "_convolution", "conv_transpose1d"])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("computed", [False, True])
def test_the_operator_says_whether_it_is_transposed(name: str, transposed: bool, computed: bool) -> None:
    transposed = transposed or "transpose" in name
    b = Builder()
    x, weight = b.input("x", (1, 4, 8)), b.input("w", (4, 4, 3)) if computed else b.constant((4, 4, 3))
    b.begin(Node("up", f"aten.{name}"))
    given = {"input": x, "weight": weight, "bias": None, "stride": [2], "padding": [0], "dilation": [1]}
    given |= {"transposed": transposed, "output_padding": [0], "groups": 1}
    y = aten.table()[f"aten.{name}"](
        OpCall(b, f"aten.{name}.default", given, [(1, 4, 17 if transposed else 3)])
    )
    b.node.outputs["up"] = b.graph.outputs["up"] = y
    assert found(Analysis(b.graph, "net")) == ["RF303"] * transposed
