"""Which of the modules that a test calls its marker judges."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

HEAD = """
import asyncio, functools, gc, threading, unittest, weakref
import pytest, torch
from torch import nn

X = torch.rand(1, 1, 32, 32)

def rf(size, **more):
    return pytest.mark.rf(f"final rf == {size}", **more)

class Blur(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", torch.ones(1, 1, 5, 5) / 25)

    def forward(self, x):
        return nn.functional.conv2d(x, self.kernel, padding=2)

class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, size, padding=size // 2)

    def forward(self, x, times=1):
        for _ in range(int(times)):
            x = self.conv(x)
        return x

class Teacher(Net): pass
class Student(Net): pass

def call(model):
    return model(X)
"""


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tests: str, *args: str, apart: bool = False
) -> pytest.RunResult:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=HEAD + tests)
    start = pytester.runpytest_subprocess if apart else pytester.runpytest
    return start("--strict-markers", "-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning", *args)


ONE = {
    "a transform before it": "Net(7)(Blur()(X))",
    "a loss behind it": "y = Net(7)(X); nn.MSELoss()(y, torch.zeros_like(y)).backward()",
    "a loss of its own class": """
    class Dice(nn.Module):
        def forward(self, a, b): return (a * b).mean()
    Dice()(Net(7)(X), X)""",
    "gradients of the input": """
    x = X.clone().requires_grad_()
    Net(7)(x).sum().backward()
    assert x.grad is not None""",
    "what a backward pass calls again": """
    from torch.utils.checkpoint import checkpoint
    class Saving(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Net(7)
        def forward(self, x): return checkpoint(self.block, x, use_reentrant=False)
    Saving()(X).sum().backward()""",
    "lazy within": "nn.Sequential(nn.LazyConv2d(1, 7))(Blur()(X))",
    "lazy itself": "nn.LazyConv2d(1, 7)(Blur()(X))",
    "a frozen model": "Net(7).requires_grad_(False)(Blur()(X))",
    "a wrapper of one's own": """
    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Net(7)
        def forward(self, x): return self.model(x)
    Wrapper()(X)""",
    "compiled and not": "n = Net(7); assert torch.equal(torch.compile(n, backend='eager')(X), n(X))",
    "a compiled function before it": """
    n = Net(7)
    torch.compile(lambda x: n(x) + 1, backend="eager", fullgraph=True)(X)
    n(X)""",
    "parallel and not": "n = Net(7); nn.DataParallel(n)(X); n(X)",
    "a script": "torch.jit.script(nn.Sequential(nn.Conv2d(1, 1, 7)))(Blur()(X))",
    "a frozen script": """
    torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Conv2d(1, 1, 7)).eval()))(Blur()(X))""",
    "what a tracer calls": "torch.jit.trace(Net(7), X)(X)",
    "what an exporter calls": "n = Net(7); torch.export.export(n, (X,)); n(X)",
    "a partial": "functools.partial(Net(7), times=1)(X)",
    "a helper": "call(Net(7))",
    "no gradients": """
    with torch.no_grad(): Net(7)(Blur()(X))""",
    "others fail": """
    with pytest.raises(RuntimeError): Net(3)(torch.rand(1, 2, 8, 8))
    pytest.raises(RuntimeError, Net(3), torch.rand(1, 2, 8, 8))
    Net(7)(X)""",
    "deleted": """
    n = Net(7)
    n(X)
    del n
    gc.collect()""",
    "several inputs of one": "n = Net(7); n(X); n(X.clone()); n(torch.rand(1, 1, 40, 48)); n(X.squeeze(0))",
    "a coroutine": """
    async def go(): Net(7)(Blur()(X))
    asyncio.run(go())""",
    "a step of training": """
    class Lit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.loss = Net(7), nn.MSELoss()
        def training_step(self, batch, number):
            x, y = batch
            return self.loss(self.net(x), y)
    Lit().training_step((X, X), 0).backward()""",
    "a step of another name": """
    class Lit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.loss = Net(7), nn.MSELoss()
        def objective(self, batch):
            x, y = batch
            return self.loss(self.net(x), y)
    Lit().objective((X, X)).backward()""",
    "a method of several layers": """
    class Codec(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 5)
        def encode(self, x): return self.b(self.a(x))
    codec = Codec()
    codec.encode(X)
    codec.encode(X)
    codec.encode(torch.rand(1, 1, 16, 16))""",
    "numbers in tensors that are not looked at": """
    class Timed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 7)
        def forward(self, x, t): return self.conv(x) * t
    timed = Timed()
    for t in torch.arange(20): timed(X, t)""",
    "quantised": """
    class Quantised(nn.Module):
        def __init__(self):
            super().__init__()
            self.into = torch.ao.nn.quantized.Quantize(0.1, 0, torch.quint8)
            self.conv = torch.ao.nn.quantized.Conv2d(1, 1, 7)
        def forward(self, x): return self.conv(self.into(x)).dequantize()
    Quantised()(Blur()(X))""",
}


def test_the_one_model_that_is_called(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = "".join(
        f"@rf(7)\ndef test_{name.replace(' ', '_').replace(chr(39), '')}():\n    {body.strip()}\n\n"
        for name, body in ONE.items()
    )
    run(pytester, monkeypatch, tests, apart=True).assert_outcomes(passed=len(ONE))


def test_the_module_with_the_weights_is_judged_not_the_transform(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@rf(5)
def test_before(): nn.Conv2d(1, 1, 1)(Blur()(X))

@rf(5)
def test_behind(): Blur()(nn.Conv2d(1, 1, 1)(X))

@rf(5)
def test_only_transforms(): nn.MSELoss()(Blur()(X), X)

@rf(5, which="Blur")
def test_named(): nn.Conv2d(1, 1, 1)(Blur()(X))
""",
    )
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "Conv2d, called at test_it.py:* with input 1×1×32×32:",
            "RF001 final rf is 1 *required == 5*",
            "Conv2d, called at test_it.py:* with input 1×1×32×32:",
            "RF001 final rf is 1 *required == 5*",
        ]
    )


def test_several_models_fail_and_are_listed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator, self.critic = Net(7), nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten())

    def training_step(self, batch):
        return self.critic(self.generator(batch)).mean()

@rf(7)
def test_classes():
    Teacher(3)(Blur()(X)); Student(7)(X)

@rf(7)
def test_variables():
    teacher, student = Net(3), Net(7)
    call(teacher); call(student)

@rf(7)
def test_nameless():
    Net(3)(X); Net(7)(X)

@rf(7)
def test_attributes():
    Gan().training_step(X)

@rf(7)
def test_threads():
    both = threading.Barrier(2)
    def go(net):
        both.wait()
        net(X)
    threads = [threading.Thread(target=go, args=(net,)) for net in (Teacher(3), Student(7))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

@rf(7)
def test_averaged():
    net = Net(7)
    average = torch.optim.swa_utils.AveragedModel(net)
    net(X); average(X)
""",
    )
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(
        [
            'the test calls 2 different modules, and a marker judges one: say which*"first", "last" or "all"',
            '  Teacher, called at test_it.py:*: which="Teacher"',
            '  Student, called at test_it.py:*: which="Student"',
            "  Blur, called at test_it.py:*: left aside, it has no parameters",
            '  Net (variable teacher, variable model), called at test_it.py:*: which="teacher"',
            '  Net (variable student, variable model), called at test_it.py:*: which="student"',
            '  Net, called at test_it.py:*: which="first"',
            '  Net, called at test_it.py:*: which="last"',
            '  Net (attribute generator), called at test_it.py:*: which="generator"',
            '  Sequential (attribute critic), called at test_it.py:*: which="critic"',
        ]
    )
    result.stdout.fnmatch_lines_random(
        ["  * called at test_it.py:*: which=*Teacher*", "  AveragedModel (variable average)*"]
    )
    result.stdout.no_fnmatch_line("*RF0*")


NAMED = """
@rf(7, which="Student")
def test_class(): Teacher(3)(X); Student(7)(X)

@rf(7, which="Net")
def test_class_above(): Student(7)(X)

@rf(7, which="student")
def test_variable():
    teacher, student = Net(3), Net(7)
    call(teacher); call(student)

@pytest.fixture
def net(): return Net(7)

@rf(7, which="net")
def test_fixture(net): call(Net(3)); call(net)

@rf(7, which="net")
@pytest.mark.usefixtures("net")
def test_fixture_that_is_not_an_argument(request): call(Net(3)); call(request.getfixturevalue("net"))

@pytest.mark.parametrize("one", [Net(7), nn.Conv2d(1, 1, 7)])
@rf(7, which="one")
def test_parameter(one): Teacher(3)(X); one(X)

class Pair:
    def __init__(self): self.student, self.teacher = Net(7), Net(3)

@rf(7, which="student")
def test_attribute():
    pair = Pair()
    call(pair.teacher); call(pair.student)

class TestOfAClass:
    def setup_method(self): self.student, self.teacher = Net(7), Net(3)

    @rf(7, which="student")
    def test_it(self): call(self.teacher); call(self.student)

NETS = {"wide": Net(7), "narrow": Net(3)}

@rf(7, which="wide")
def test_key():
    for one in NETS.values(): one(X)

@rf(7, which="net")
def test_within_a_step():
    class Lit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.head = Net(7), nn.Conv2d(1, 1, 1)
        def training_step(self, x): return self.head(self.net(x)).mean()
    Lit().training_step(X)

@rf(7, which="body")
def test_within_a_method():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.body = Net(3), Net(7)
        def encode(self, x): return self.body(self.stem(x))
    Two().encode(X)

@rf(7, which="first")
def test_first(): Student(7)(X); Student(3)(X)

@rf(7, which="last")
def test_last(): Student(3)(X); Student(7)(X); nn.MSELoss()(X, X)

@rf(7, which="last")
def test_last_call():
    one = Student(7)
    one(X); Student(3)(X); one(X)

@rf(7, which="all")
def test_all(): Student(7)(X); Teacher(7)(X); Blur()(X)

@rf(3, which="Teacher")
@rf(7, which="Student")
def test_two_markers(): Teacher(3)(X); Student(7)(X)

@rf(7, which="Student")
def test_compiled(): Teacher(3)(X); torch.compile(Student(7), backend="eager")(X)

@rf(7, which="Student")
def test_parallel(): Teacher(3)(X); nn.DataParallel(Student(7))(X)

@rf(7, which="Net")
def test_script():
    Blur()(X)
    torch.jit.trace(Net(7), X)(X)

class TestOld(unittest.TestCase):
    def setUp(self):
        self.student, self.teacher = Net(7), Net(3)
        self.teacher(X)

    @rf(7)
    def test_set_up_does_not_count(self): self.student(X)

    @rf(7, which="student")
    def test_it(self): self.teacher(X); self.student(X)
"""


def test_which_settles_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    run(pytester, monkeypatch, NAMED, apart=True).assert_outcomes(passed=22)


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


def test_which_that_matches_nothing_or_too_much(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@rf(7, which="Studnet")
def test_nothing(): Student(7)(Blur()(X))

@rf(7, which="Net")
def test_too_much(): Teacher(7)(X); Student(7)(X); nn.Conv2d(1, 1, 7)(X)

@rf(7, which="Student")
def test_without_calls(): pass
""",
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            'which="Studnet" is none of the modules that the test calls, did you mean "Student"?',
            '  Blur, called at *: which="Blur"',
            '  Student, called at *: which="Student"',
            'which="Net" fits 2 different modules*',
            '  Teacher, called at *: which="Teacher"',
            '  Student, called at *: which="Student"',
            "the test has called no PyTorch module*",
        ]
    )


def test_not_required(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
pytestmark = rf(7, required=False)

def test_nothing(): assert 1 + 1 == 2
def test_loss(): assert nn.MSELoss()(X, X) == 0
def test_holds(): Net(7)(X)
def test_fails(): Net(3)(X)
def test_fails_without_parameters(): Blur()(X)
def test_several(): Net(7)(X); Net(5)(X)
def test_breaks():
    Net(3)(X)
    assert False, "by itself"
""",
    )
    result.assert_outcomes(passed=3, failed=4)
    result.stdout.fnmatch_lines(
        ["RF001 final rf is 3 *", "RF001 final rf is 5 *", "the test calls 2 different *", "*by itself*"]
    )


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('whcih="Net"', '*does not take whcih, did you mean "which"?*'),
        ("requierd=False", '*does not take requierd, did you mean "required"?*'),
        ('which="Net", model="net.onnx"', "*which= is about the modules that the test calls*"),
        ('required=False, model="net.onnx"', "*required=False is about the modules that the test calls*"),
        ("which=3", '*which= is a name, "first", "last" or "all", not 3*'),
        ('which=""', '*which= is a name, "first", "last" or "all", not *'),
        ('required="no"', "*required= is True or False, not 'no'*"),
    ],
)
def test_wrong_keywords(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, marker: str, message: str
) -> None:
    result = run(pytester, monkeypatch, f"@rf(7, {marker})\ndef test_it(): Net(7)(X)\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


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
