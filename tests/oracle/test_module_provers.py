"""What holds modules against their runs: it sees what values hide, and refuses what shows nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from oracle.calls import Case, judge  # noqa: E402
from oracle.engines.linearised import MAGNITUDES, LinearProber  # noqa: E402
from oracle.engines.modules import InDouble, as_array  # noqa: E402
from oracle.influence import Influence  # noqa: E402
from oracle.modules import Net, check, compared, observed  # noqa: E402
from oracle.perturb import probe_rows  # noqa: E402
from pytest_rf import analyze  # noqa: E402
from pytest_rf.frontends.torch.arguments import arguments  # noqa: E402


class Weightless(nn.Module):
    """A convolution whose weights are all 0."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3)
        nn.init.zeros_(self.conv.weight)

    def forward(self, x):
        return self.conv(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Sequential(nn.Conv1d(1, 1, 3), Net(lambda x: (x - 1e6).relu())),
        lambda: Net(lambda x: (1e9 * x).softmax(2)),
        Weightless,
    ],
    ids=["dead activation", "hard attention", "zero weights"],
)
def test_stand_ins_show_what_values_hide(make) -> None:
    torch.manual_seed(0)
    module, x = make(), torch.rand(1, 1, 8)
    plain = observed(module, x)
    analysis = analyze(module, x)
    assert compared(analysis, plain).inexact
    engine = InDouble(LinearProber(module, arguments(module, x), 0, []))
    shown = probe_rows(engine, engine.points[0], points=engine.points, magnitudes=MAGNITUDES)
    found = compared(analysis, shown)
    found.assert_exact()


def test_a_module_of_which_nothing_is_claimed_does_not_pass() -> None:
    with pytest.raises(AssertionError, match="nothing is claimed"):
        check(Net(lambda x: torch.tensor(x.tolist())), torch.rand(2, 4))


def test_results_that_are_not_numbers_do_not_pass() -> None:
    with pytest.raises(AssertionError, match="not a number"):
        check(Net(lambda x: (x - 10).log()), torch.rand(2, 4))


def test_what_depends_on_no_input_must_not_move() -> None:
    module, x = Net(lambda x: (x * 2, torch.ones(2))), torch.rand(2)
    analysis, influence = analyze(module, x), observed(module, x)
    assert not compared(analysis, influence).unsound
    fixed = next(name for name, value in analysis.graph.outputs.items() if not value.varies)
    influence.rows[fixed, "x", 0][0, 1] = True
    with pytest.raises(AssertionError, match="depend on no input"):
        compared(analysis, influence)


def test_outputs_that_a_run_does_not_give_do_not_pass() -> None:
    module, x = Net(lambda x: x * 2), torch.rand(2)
    with pytest.raises(AssertionError, match="other outputs"):
        compared(analyze(module, x), Influence())


def test_both_parts_of_complex_numbers_move() -> None:
    x = torch.rand(1, 5, dtype=torch.complex128)
    check(Net(lambda x: x.imag.cumsum(1)), x)
    check(Net(lambda x: x.real.cumsum(1)), x)


def test_short_floats_stay_apart() -> None:
    steps = torch.tensor([1.0, 1.0078125, float("nan"), float("inf")], dtype=torch.bfloat16)
    assert np.unique(as_array(steps)[:2]).size == 2
    assert np.isnan(as_array(steps)[2])
    assert judge(Case("short", "mul", Net(lambda x: x * 2), (steps[:2],))).status == "exact"


def test_files_are_held_against_their_runs_without_torch() -> None:
    code = "import sys, oracle.suite, oracle.shown, oracle.light, oracle.engines; assert 'torch' not in sys.modules"
    tests, root = Path(__file__).parents[1], Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tests)!r}, {str(root)!r}]; {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
