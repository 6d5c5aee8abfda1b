from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

HEAD = """
import pytest, torch
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 3))
"""


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str, apart: bool = False
) -> pytest.RunResult:
    """Run a test; ``apart``, in a process of its own, where it imports what torch can import only once."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=HEAD + test)
    start = pytester.runpytest_subprocess if apart else pytester.runpytest
    return start("--strict-markers", "-p", "pytest_rf.plugin")


def test_the_model_that_the_test_calls(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7")
def test_holds():
    assert build()(torch.randn(1, 3, 32, 32)).shape == (1, 4, 13, 13)

@pytest.mark.rf("final rf >= 8")
def test_fails():
    build()(torch.randn(1, 3, 32, 32))

@pytest.mark.rf("final rf >= 7")
def test_calls_nothing():
    build()

@pytest.mark.rf("final rf >= 7")
def test_calls_in_vain():
    with pytest.raises(RuntimeError):
        build()(torch.randn(1, 4, 8, 8))
""",
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "RF001 final rf is 7*required >= 8*",
            "the test has called no PyTorch module*",
            "*it called Sequential, which raised RuntimeError*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_pytorch_is_left_as_it_was(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.nn.Module.__call__
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7")
def test_breaks():
    build()(torch.randn(1, 3, 32, 32))
    assert False, "by itself"
""",
    )
    result.assert_outcomes(failed=1)
    assert torch.nn.Module.__call__ is before


def test_a_factory(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(nets=HEAD)
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7", model="nets:build", inputs=(1, 3, 32, 32))
def test_holds(): pass
""",
    )
    result.assert_outcomes(passed=1)


CALLS = """
import threading

X = torch.randn(1, 3, 32, 32)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = build()

    def forward(self, *, image, flag=False):
        return self.body(image)

    @torch.no_grad()
    def encode(self, x, *rest, scale=2):
        return self.body(x) * scale

class Taking(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = build()

    def forward(self, batch):
        return self.body(batch.pop("image"))

class Calling(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = build()[0], build()[2]

    def __call__(self, x):
        return self.second(self.first(x))

class Pair(nn.Module):
    def forward(self, pair):
        return build()(pair[0] + pair[1])

def in_thread():
    thread = threading.Thread(target=build(), args=(X,))
    thread.start()
    thread.join()

def changed_afterwards():
    net = build().eval()
    net(X)
    net.train()
    net[0] = nn.Conv2d(3, 4, 9)

def expected_failure():
    net = build()
    with pytest.raises(RuntimeError):
        net(torch.randn(1, 5, 8, 8))
    net(X)

def hooked():
    net, seen = build(), []
    net.register_forward_hook(lambda module, args, result: seen.append(result))
    net(X)
    assert len(seen) == 1

def half():
    with torch.autocast("cpu", torch.bfloat16):
        build()(X.bfloat16())

def without_gradients():
    with torch.inference_mode():
        build()(X)

def functional():
    net = build()
    torch.func.functional_call(net, {name: value * 2 for name, value in net.named_parameters()}, (X,))

CASES = {
    "keyword": lambda: Net()(image=X, flag=True),
    "dict": lambda: Taking()({"image": X}),
    "tuple": lambda: Pair()((X, X)),
    "forward": lambda: build().forward(X),
    "own forward": lambda: Net().forward(image=X),
    "own call": lambda: Calling()(X),
    "method": lambda: Net().encode(X, 1, scale=3),
    "compiled": lambda: torch.compile(build(), backend="eager")(X),
    "parallel": lambda: nn.DataParallel(build())(X),
    "vmap": lambda: torch.vmap(build())(X[None]),
    **{f.__name__: f for f in (
        in_thread, changed_afterwards, expected_failure, hooked, half, without_gradients, functional
    )},
}

@pytest.mark.rf("final rf == 7", "final stride == 2")
@pytest.mark.parametrize("name", CASES)
def test_it(name):
    CASES[name]()
"""


def test_the_call_is_kept_as_it_was(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, CALLS, apart=True)
    result.assert_outcomes(passed=17)


def test_a_method_that_replaces_its_argument(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = build()

    def halved(self, x):
        x = x[:, :, ::2]
        return self.body(x)

@pytest.mark.rf("final rf == 7")
def test_it(): Net().halved(torch.randn(1, 3, 32, 32))
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Net.halved(), which replaces its argument 'x'*rf.check*"])


def test_nothing_of_a_test_changes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout())

    def forward(self, x):
        return self.net(x) * torch.rand(1)

def go():
    torch.manual_seed(0)
    net = Net()
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    y = net(x)
    y.sum().backward()
    return net, [y, x.grad, torch.rand(3), *net.state_dict().values()]

PLAIN = go()[1]
KEPT = []

@pytest.mark.rf("final rf == 3")
def test_it():
    net, found = go()
    assert all(map(torch.equal, PLAIN, found))
    KEPT.append((net, torch.get_rng_state()))

CALL = nn.Module.__call__

def test_afterwards():
    assert nn.Module.__call__ is CALL  # nobody listens any more
    net, state = KEPT[0]
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, PLAIN[3:], net.state_dict().values()))
    assert net.training and net.net[0].weight.grad is not None
""",
        apart=True,
    )
    result.assert_outcomes(passed=2)


def test_models_in_markers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(nets=HEAD + "\ndef exits(): raise SystemExit(0)\n")
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.fixture
def net(): return build()

SHAPE = (1, 3, 32, 32)

@pytest.mark.rf("final rf == 7", model="net", inputs={"x": SHAPE})
def test_a_fixture_that_the_test_does_not_ask_for(): pass

@pytest.mark.rf("final rf == 7", model=build, inputs=SHAPE)
def test_a_callable(): pass

@pytest.mark.rf("final rf == 7", model=build(), inputs=SHAPE)
def test_a_module(): pass

@pytest.mark.rf("final rf == 7", model="nets:exits", inputs=SHAPE)
def test_exits(): pass

@pytest.mark.rf("final rf == 7", model=lambda: None, inputs=SHAPE)
def test_gives_nothing(): pass
""",
    )
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["nets:exits: exits*", "*gave None instead of an nn.Module*"])


def test_unittest_and_classes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
import unittest

X = torch.randn(1, 3, 32, 32)

@pytest.mark.rf("final rf >= 8")
class TestOld(unittest.TestCase):
    def test_fails(self): build()(X)
    def test_calls_nothing(self): pass
    def test_breaks(self):
        build()(X)
        self.fail("by itself")
    @unittest.expectedFailure
    def test_expected(self):
        build()(X)
        self.fail()

@pytest.mark.rf("final rf == 7")
class TestNew:
    def test_holds(self): build()(X)
""",
    )
    result.assert_outcomes(failed=3, passed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*by itself*"])
