"""What listening to a test costs it: its failures, its memory, its processes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from called_nets import run  # noqa: E402

import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import


def test_the_own_failure_comes_first(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@rf(7)
def test_it():
    Net(3)(X)
    Net(5)(torch.rand(1, 2, 8, 8))
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *RuntimeError: *"])
    result.stdout.no_fnmatch_line("*different modules*")
    result.stdout.no_fnmatch_line("*listener.py*")


def test_little_is_kept(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
from torch.utils.flop_counter import FlopCounterMode
from torch.utils._python_dispatch import TorchDispatchMode

class Counting(TorchDispatchMode):
    seen = ()
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen += func,
        return func(*args, **kwargs or {})

@rf(7)
def test_inputs_and_results():
    net, alive = Net(7), []
    for _ in range(50):
        x = torch.rand(1, 1, 32, 32)
        y = net(x)
        alive += weakref.ref(x), weakref.ref(y)
    del x, y
    assert not [one for one in alive if one() is not None]

@rf(7)
def test_operators():
    net = Net(7)
    with Counting() as heard:
        net(X, torch.tensor(1))
    plain = Counting()
    with plain:
        net(X, torch.tensor(1))
    assert heard.seen == plain.seen

KEPT = []

@rf(7)
def test_afterwards():
    net = Net(7)
    net(X)
    KEPT.append(weakref.ref(net))

def test_nothing_is_left():
    gc.collect()
    assert KEPT[0]() is None
""",
        apart=True,
    )
    result.assert_outcomes(passed=4)


def test_workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xdist")
    result = run(
        pytester,
        monkeypatch,
        """
@rf(7)
def test_fails(): Net(3)(X); Net(7)(X)

@rf(7, which="last")
def test_holds(): Net(3)(X); Net(7)(X)
""",
        "-pxdist",
        "-n2",
        apart=True,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["the test calls 2 different *", '  Net, called *: which="first"'])
