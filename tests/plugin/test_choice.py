"""Which of the modules that a test calls its marker judges."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from called_nets import run  # noqa: E402

import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

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
    "a model and its trace": "n = Net(7); assert torch.equal(torch.jit.trace(n, X)(X), n(X))",
    "a model and its script": "n = Net(7); torch.jit.script(n.conv); n(X); torch.jit.trace(n.eval(), X)(X)",
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
