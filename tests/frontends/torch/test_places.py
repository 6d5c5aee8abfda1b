"""Module paths, call numbers and source lines, wherever the code comes from."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv(x)) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.layers = nn.ModuleList([Block(), Block()])

    def forward(self, x):
        x = self.block(self.block(x))
        for layer in self.layers:
            x = layer(x)
        return x


X = torch.zeros(1, 2, 20)


class Head(nn.Module):
    """Runs one operator of its own, before its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.conv(x.flip(2))


def test_the_path_of_a_module_is_what_it_returns_and_no_operator_before_its_layers() -> None:
    analysis = pytest_rf.analyze(nn.Sequential(Head(), nn.ReLU(), Head()), X)
    assert [t.name for t in analysis] == ["0.flip", "0.conv", "1", "2.flip", "2.conv"]
    assert (analysis["0"].op, analysis["0"]["t"].rf) == ("aten.conv1d", 3)
    assert (analysis["2"].op, analysis["2"]["t"].rf) == ("aten.conv1d", 5)


class Lines(nn.Module):
    """Calls one layer of torch's on several lines, and operators of its own around it."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.inner = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Tanh()))

    def forward(self, x):
        x = self.act(x)
        x = x + 1
        x = self.inner(x)
        x = self.inner(
            self.act(x),
        )
        return torch.relu(self.act(x) + 1)


def lines(analysis: pytest_rf.Analysis) -> list[tuple[str, int]]:
    start = Lines.forward.__code__.co_firstlineno
    return [(t.name, int(str(t.source).rpartition(":")[2]) - start) for t in analysis]


LINES = [
    ("act", 1),
    ("add", 2),
    ("inner.0.0", 3),
    ("inner.0.1", 3),
    ("act@2", 5),
    ("inner.0.0@2", 4),
    ("inner.0.1@2", 4),
    ("act@3", 7),
    ("add_1", 7),
    ("relu", 7),
]


def test_each_call_of_a_module_has_its_line() -> None:
    assert lines(pytest_rf.analyze(Lines(), X)) == LINES


def test_a_model_that_analyses_another_has_its_own_lines() -> None:
    found = []

    class Curious(Lines):
        def forward(self, x):
            found.append(pytest_rf.analyze(Lines(), X))
            return super().forward(x)

    assert lines(pytest_rf.analyze(Curious(), X)) == LINES
    assert lines(found[0]) == LINES


@pytest.mark.parametrize("strict", [False, True])
def test_exported_programs_know_the_original_modules_and_lines(strict: bool) -> None:
    module = Net()
    analysis = pytest_rf.analyze(torch.export.export(module, (X,), strict=strict))
    direct = pytest_rf.analyze(module, X)
    assert analysis.capture == "export"
    assert [(t.name, t.module, t.source) for t in analysis] == [(t.name, t.module, t.source) for t in direct]
    for path, size in {
        "block": 3,
        "block@2": 5,
        "block.conv@2": 5,
        "layers.0": 7,
        "layers.1.conv": 9,
    }.items():
        assert analysis[path]["t"].rf == direct[path]["t"].rf == size


class Pyramid(nn.Module):
    """Returns its argument beside what it makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, stride=2)

    def forward(self, x):
        return [x, self.conv(x)]


def test_a_module_that_returns_the_input_first() -> None:
    module = nn.Sequential(Pyramid())
    tensor = pytest_rf.analyze(module, X)["0"]
    assert (tensor.name, tensor.shape, tensor["t"].rf) == ("input", (1, 2, 20), 1)
    assert pytest_rf.verify(module, X, output="0").equal


def test_traced_programs_know_the_modules() -> None:
    analysis = pytest_rf.analyze(torch.fx.symbolic_trace(Net()), X)
    assert analysis["layers.1.conv"].module == "layers.1.conv"
    assert {tensor.module for tensor in analysis} == {
        path for path, child in Net().named_modules() if isinstance(child, (Block, nn.Conv1d))
    }


def test_who_calls_analyze_is_no_source() -> None:
    tensor = pytest_rf.analyze(nn.Sequential(nn.Conv1d(2, 2, 3)), X)["0"]
    assert (tensor.module, tensor.source) == ("0", "")


def test_code_that_was_typed_in_has_lines() -> None:
    scope = {"nn": nn}
    code = "class Typed(nn.Module):\n  def forward(self, x):\n    y = x * 2\n    return y.flip(2)\n"
    exec(compile(code, "<ipython-input-3-abc>", "exec"), scope)
    assert pytest_rf.analyze(scope["Typed"](), X).outputs[0].source == "<ipython-input-3-abc>:4"


def test_other_threads_do_not_confuse_the_paths() -> None:
    other = nn.Conv1d(2, 2, 3)

    class Threaded(Net):
        def forward(self, x):
            thread = threading.Thread(target=other, args=(X,))
            thread.start()
            thread.join()
            return self.block(x)

    assert [t.module for t in pytest_rf.analyze(Threaded(), X)] == ["block.conv", "block", "block"]


def test_parts_of_the_model_in_other_threads_are_refused() -> None:
    class Threaded(Net):
        def forward(self, x):
            made = []
            thread = threading.Thread(target=lambda: made.append(self.block(x)))
            thread.start()
            thread.join()
            return made[0]

    with pytest.raises(pytest_rf.ModelError, match=r"calls 'block' in another thread"):
        pytest_rf.analyze(Threaded(), X)


def test_the_first_call_has_a_number_too() -> None:
    analysis = pytest_rf.analyze(Net(), X)
    assert analysis["block@1"].name == analysis["block"].name
    with pytest.raises(KeyError, match="near misses"):
        analysis["block@3"]


def test_requirements_name_modules_and_operators() -> None:
    analysis = pytest_rf.analyze(Net(), X)
    assert not analysis.check('"layers.[01].*" rf >= 7')
    assert not analysis.check("op:conv1d rf >= 3")
    assert not analysis.check("op:aten.conv1d rf >= 3")
    with pytest.raises(pytest_rf.RequirementError, match="selects nothing, did you mean"):
        analysis.check('"layers.[23].*" rf >= 7')
    with pytest.raises(pytest_rf.RequirementError, match=r'no operator "conv2d", did you mean "conv1d"'):
        analysis.check("op:conv2d rf >= 7")
    normed = nn.Sequential(nn.Conv1d(2, 2, 3), nn.InstanceNorm1d(2))
    for pattern in ("op:instance_norm", "op:aten.instance_norm"):
        assert not pytest_rf.analyze(normed, X, accept_context=[pattern]).check("final is bounded")


@pytest.mark.parametrize("pool", [False, True])
def test_what_other_threads_compute_is_unknown(pool: bool) -> None:
    class Threaded(nn.Module):
        def forward(self, x):
            made = []

            def work():
                made.append(x.flip(2))

            if pool:
                with ThreadPoolExecutor(1) as workers:
                    workers.submit(work).result()
            else:
                thread = threading.Thread(target=work)
                thread.start()
                thread.join()
            return {"there": made[0], "both": made[0] + x, "here": x * 2}

    there, both, here = pytest_rf.analyze(Threaded(), X).outputs
    assert (there.status, both.status, here.status) == ("unknown", "unknown", "exact")
    assert there.reason.startswith("computed in another thread, started at")


class Direct(nn.Module):
    """Calls its code itself, past what torch does around it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.conv(x).relu()

    def _call_impl(self, *args, **kwargs):
        return self.forward(*args, **kwargs)


def _bypassed(module: nn.Module, *args: object, **kwargs: object) -> object:
    return module.forward(*args, **kwargs)


@pytest.mark.parametrize("way", ["as torch does", "a class of its own", "replaced"])
def test_calls_of_modules_are_seen_however_they_are_made(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "replaced":
        monkeypatch.setattr(nn.Module, "__call__", _bypassed)
    before = nn.Module.__call__, nn.Module._call_impl
    layer = Direct() if way == "a class of its own" else Head()
    analysis = pytest_rf.analyze(nn.Sequential(layer, nn.ReLU()), X)
    assert {t.module for t in analysis} == {"0", "0.conv", "1"}
    assert (nn.Module.__call__, nn.Module._call_impl) == before


def test_compiled_parts_have_their_paths() -> None:
    part = Head()
    part.compile(backend="eager")
    analysis = pytest_rf.analyze(nn.Sequential(part, nn.ReLU()), X)
    assert {t.module for t in analysis} == {"0", "0.conv", "1"}
