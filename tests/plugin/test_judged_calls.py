"""What is said of the calls that a marker judges, and of those that do not count."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import torch._dynamo  # noqa: E402, F401, F811 - as the next line
from called_nets import run  # noqa: E402

import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import


def test_a_judged_module_is_named(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.fixture
def net(): return Net(3)

@rf(7)
def test_violated(net): net(Blur()(X))

@rf(7, which="all")
def test_all(net): net(X); Student(5)(X)

@rf(7)
def test_undecidable(net):
    class Outside(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net
        def forward(self, x): return torch.from_numpy(self.net(x).detach().numpy())
    Outside()(X)

@rf(7)
def test_not_to_be_analysed(net): net(torch.rand(1, 1, 8, 8).to_sparse().to_dense().to_mkldnn())

@pytest.mark.rf("final rff == 3")
def test_requirement(net): net(X)
""",
    )
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "Net (fixture net), called at test_it.py:* with x 1×1×32×32:",
            "RF001 final rf is 3 *",
            "Net (fixture net), called at test_it.py:* with x 1×1×32×32:",
            "RF001 final rf is 3 *",
            "Student, called at test_it.py:* with x 1×1×32×32:",
            "RF001 final rf is 5 *",
            "Outside, called at test_it.py:* with x 1×1×32×32:",
            "RF002 final rf == 7: cannot be decided*",
            "Net (fixture net), called at test_it.py:* with x 1×1×8×8:",
            "Net (fixture net), called at test_it.py:* with x 1×1×32×32:",
            "*unknown metric*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_every_different_input_is_judged(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@rf(3)
def test_a_number():
    net = Net(3)
    net(X); net(X, 2); net(X, times=1)

@rf(3)
def test_a_number_in_a_tensor():
    net = Net(3)
    net(X, torch.tensor(1)); net(X, torch.tensor(3))

@pytest.mark.rf("final coverage.h <= 50%")
def test_a_shape():
    net = Net(3)
    net(X); net(torch.rand(1, 1, 4, 32))

@rf(3)
def test_a_mode():
    class Moody(Net):
        def forward(self, x): return super().forward(x, 2 if self.training else 1)
    net = Moody(3).eval()
    net(X); net.train(); net(X)

@rf(3)
def test_a_structure():
    class Pyramid(Net):
        def forward(self, levels): return super().forward(levels[0], len(levels))
    net = Pyramid(3)
    net([X]); net([X, X])

@rf(3)
def test_a_loop():
    net = Net(3)
    for extent in range(8, 216): net(torch.rand(1, 1, 4, extent))
""",
    )
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(
        [
            "Net (variable net), called at test_it.py:* with x 1×1×32×32, times 2:",
            "RF001 final rf is 5 *",
            "* in model Net at x 1×1×32×32, times 2",
            "Net (variable net), called at test_it.py:* with x 1×1×32×32, times 3:",
            "RF001 final rf is 7 *",
            "Net (variable net), called at test_it.py:* with x 1×1×4×32:",
            "RF001 final coverage*75%*",
            "Moody (variable net), called at test_it.py:* with x 1×1×32×32, in training mode:",
            "RF001 final rf is 5 *",
            "Pyramid (variable net), called at test_it.py:* with levels.0 1×1×32×32, levels.1 1×1×32×32:",
            "RF001 final rf is 5 *",
            "Net was called at more than 200 different inputs*rf.check(*",
        ]
    )


def test_calls_that_do_not_count_are_said(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.fixture
def prepared():
    net = Student(7)
    net(X)
    return net

@rf(7)
def test_before(prepared): pass

@rf(7)
def test_lazily(request): request.getfixturevalue("prepared")

class TestOld(unittest.TestCase):
    def setUp(self): Teacher(7)(X)
    @rf(7)
    def test_old(self): pass

@rf(7)
def test_traced(): torch.jit.trace(Net(7), X)

@rf(7)
def test_a_method_that_fails():
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 1, 7), nn.Conv2d(2, 1, 7)
        def encode(self, x): return self.b(self.a(x))
    with pytest.raises(RuntimeError): Failing().encode(X)

@rf(3)
def test_other_than_what_was_prepared(prepared): Net(3)(X)
""",
    )
    result.assert_outcomes(failed=5, passed=1)
    nothing = "the test has called no PyTorch module ("
    result.stdout.fnmatch_lines(
        [
            f"{nothing}Student was called by a fixture or by setUp, which does not count, at test_it.py:*",
            f"{nothing}Student was called by a fixture or by setUp*",
            f"{nothing}Teacher was called by a fixture or by setUp*",
            f"{nothing}Net was called by a tracer*",
            f"{nothing}*Failing.encode, which raised RuntimeError*",
        ]
    )


def test_a_module_that_runs_its_parts_in_threads_is_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
class Threaded(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.other = Net(7), Net(3)

    def forward(self, x):
        thread = threading.Thread(target=self.other, args=(x,))
        thread.start()
        thread.join()
        return self.net(x)

@rf(3)
def test_it(): Threaded()(X)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Threaded, called at *", "Threaded: calls 'other' in another thread*"])
