"""How modules are called: types, structures, keyword arguments, and the arguments of what makes them, at every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytest_rf import check, cli  # noqa: E402
from pytest_rf.asserting import assert_rf  # noqa: E402
from pytest_rf.config import load  # noqa: E402

CODE = '''
import torch
from torch import nn


class Tokens(nn.Module):
    """Integers, a kernel that its maker chooses, and an option of the call."""

    def __init__(self, kernel=3, *, dilation=1):
        super().__init__()
        self.table = nn.Embedding(9, 4)
        self.conv = nn.Conv1d(4, 4, kernel, dilation=dilation)

    def forward(self, ids, twice=False, mode="plain", sizes=()):
        y = self.conv(self.table(ids).transpose(1, 2))
        assert mode in ("plain", "odd") and all(isinstance(one, int) for one in sizes)
        return self.conv(y) if twice else y


class Batch(nn.Module):
    """Tensors in a dict and in a list."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 3, 3)
        self.table = nn.Embedding(9, 3)

    def forward(self, batch, pair):
        return self.conv(batch["x"]) + self.table(batch["ids"]).sum() + self.conv(pair[0]) + pair[1]


def build(kernel=3, dilation=1):
    return Tokens(kernel, dilation=dilation)


def needs(width):
    return Tokens(width)


made = Tokens()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "calling_nets.py").write_text(CODE)
    return tmp_path


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "calling_nets", raising=False)


CALLS: dict[str, tuple[dict[str, Any], list[str], str, str]] = {
    "types": (
        {"inputs": {"ids": {"shape": [1, 16], "dtype": "int64"}}},
        ["--input", "ids=1,16:int64"],
        'inputs = { ids = { shape = [1, 16], dtype = "int64" } }',
        "final rf == 3",
    ),
    "kwargs": (
        {
            "inputs": {"ids": ((1, 16), torch.int64)},
            "kwargs": {"twice": True, "mode": "odd", "sizes": [1, 2]},
        },
        ["--input", "ids=1,16:int64", "--kwarg", "twice=true", "--kwarg", "mode=odd", "--kwarg", "sizes=1,2"],
        'inputs = { ids = { shape = [1, 16], dtype = "int64" } }\n'
        'kwargs = { twice = true, mode = "odd", sizes = [1, 2] }',
        "final rf == 5",
    ),
    "args": (
        {"inputs": {"ids": ((1, 16), "torch.int64")}, "args": {"kernel": 5, "dilation": 2}},
        ["--input", "ids=1,16:long", "--factory-arg", "kernel=5", "--factory-arg", "dilation=2"],
        'inputs = { ids = { shape = [1, 16], dtype = "long" } }\nargs = { kernel = 5, dilation = 2 }',
        "final rf == 9",
    ),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("source", ["calling_nets:build", "calling_nets:Tokens"])
def test_every_door(folder: Path, name: str, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    call, words, toml, requirement = CALLS[name]
    (folder / "rf.toml").write_text(
        f'[[model]]\nname = "tokens"\nsource = "{source}"\n{toml}\nrequire = ["{requirement}"]\n'
    )
    found = check.run(load("rf.toml"), allow_code=True)
    assert (found.exit_code, found.problems) == (0, ())
    assert_rf("tokens", requirement)
    assert_rf(source, requirement, **call)
    assert pytest_rf.analyze(source, **call).check(requirement) == []
    (folder / "rf.toml").unlink()
    assert cli.run(["check", source, "--allow-code", *words, "--require", requirement]) == 0
    assert cli.run(["check", source, "--allow-code", *words, "--require", "final rf == 77"]) == 1
    capsys.readouterr()
    assert cli.run(["show", source, "--allow-code", *words, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["inputs"][0]["shape"] == [1, 16]
    assert "zeros of type int64 stand for its elements" in shown["notes"][0]


def test_classes_functions_and_modules(folder: Path) -> None:
    from calling_nets import Tokens, build, made

    ids = {"ids": ((1, 16), "int64")}
    assert_rf(Tokens, "final rf == 5", inputs=ids, args=[5])
    assert_rf(build, torch.zeros(1, 16, dtype=torch.int64), "final rf == 7", args={"kernel": 7})
    assert_rf(made, torch.zeros(1, 16, dtype=torch.int64), "final rf == 3")
    assert_rf("calling_nets:made", torch.zeros(1, 16, dtype=torch.int64), "final rf == 3")
    for source in ("calling_nets:made", made):
        with pytest.raises(
            pytest_rf.ModelError, match="args are those of a factory, and this is the model itself"
        ):
            pytest_rf.analyze(source, inputs=ids, args=[5])
    with pytest.raises(
        pytest_rf.ModelError, match=r"needs: TypeError.*--factory-arg width=64.*args = \{ width = 64 \}"
    ):
        pytest_rf.analyze("calling_nets:needs", inputs=ids)
    with pytest.raises(pytest_rf.ModelError, match="gave int '3' instead"):
        pytest_rf.analyze(lambda: 3, inputs=ids)
    with pytest.raises(pytest_rf.ModelError, match="is looked for below"):
        pytest_rf.analyze("nowhere_nets:build", inputs=ids)


def test_structures_of_inputs(folder: Path) -> None:
    inputs = {
        "batch": {"x": (1, 3, 16), "ids": {"shape": (1, 4), "dtype": "int64"}},
        "pair": [(1, 3, 16), (1, 3, 14)],
    }
    (folder / "rf.toml").write_text(
        '[[model]]\nname = "batch"\nsource = "calling_nets:Batch"\nrequire = ["final rf <= 3"]\n'
        'inputs = { batch = { x = [1, 3, 16], ids = { shape = [1, 4], dtype = "int64" } }, '
        "pair = [[1, 3, 16], [1, 3, 14]] }\n"
    )
    assert list(pytest_rf.analyze("calling_nets:Batch", inputs=inputs).inputs) == list(
        pytest_rf.analyze("batch").inputs
    )
    assert "batch.ids" in pytest_rf.analyze("batch").inputs


def test_arrays_are_examples() -> None:
    net = nn.Sequential(nn.Conv1d(3, 3, 3))
    analysis = pytest_rf.analyze(net, inputs={"x": np.zeros((1, 3, 9), np.float32)})
    assert analysis.inputs["x"].shape == (1, 3, 9)


def test_a_guess_of_the_type_is_told_with_what_to_write() -> None:
    with pytest.raises(pytest_rf.ModelError) as error:
        pytest_rf.analyze(nn.Embedding(9, 2), inputs={"input": (1, 4)})
    assert "--input input=1,4:int64" in str(error.value)
    assert (
        pytest_rf.analyze(nn.Embedding(9, 2), inputs={"input": ((1, 4), "int64")}).outputs[0].status
        == "exact"
    )
    # What was given a type is not a guess.
    with pytest.raises(pytest_rf.ModelError) as told:
        pytest_rf.analyze(nn.Embedding(9, 2), inputs={"input": ((1, 4), "float32")})
    assert "got floating numbers" not in str(told.value)


def test_an_operator_that_the_configuration_states(folder: Path) -> None:
    @torch.library.custom_op("rftest_calls::blur", mutates_args=())
    def blur(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool1d(x, 5, 1, 2)

    @blur.register_fake
    def _(x):
        return torch.empty_like(x)

    (folder / "blurring_nets.py").write_text(
        "import torch\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
        "        return torch.ops.rftest_calls.blur(x)\n"
    )
    (folder / "rf.toml").write_text(
        '[[operator]]\nname = "rftest_calls::blur"\nkernel = 5\npadding = 2\n\n'
        '[[model]]\nname = "net"\nsource = "blurring_nets:Net"\ninputs = { x = [1, 2, 12] }\n'
        'axes = { x = { t = 2 } }\nrequire = ["final rf == 5"]\n'
    )
    found = check.run(load("rf.toml"), allow_code=True)
    assert (found.exit_code, found.problems, found.findings) == (0, (), ())
    unknown = check.run(None, ["blurring_nets:Net"], allow_code=True, call={"inputs": {"x": [1, 2, 12]}})
    (finding,) = unknown.findings
    assert 'name = "rftest_calls::blur"' in finding.help


def test_weights_at_every_door(folder: Path) -> None:
    (folder / "zero_nets.py").write_text(
        "import torch\n\n\nclass Net(torch.nn.Conv1d):\n    def __init__(self):\n        super().__init__(1, 1, 3)\n"
        "        torch.nn.init.zeros_(self.weight[..., 0:1])\n"
    )
    (folder / "rf.toml").write_text(
        '[[model]]\nname = "net"\nsource = "zero_nets:Net"\ninputs = { input = [1, 1, 9] }\nweights = true\n'
        'require = ["final rf == 2"]\n'
    )
    assert check.run(load("rf.toml"), allow_code=True).exit_code == 0
    inputs = {"input": (1, 1, 9)}
    assert_rf("zero_nets:Net", "final rf == 2", inputs=inputs, weights=True)
    assert_rf("zero_nets:Net", "final rf == 3", inputs=inputs)
    words = ["check", "zero_nets:Net", "--allow-code", "--input", "input=1,1,9", "--require", "final rf == 2"]
    (folder / "rf.toml").unlink()
    assert cli.run([*words, "--weights"]) == 0
    assert cli.run(words) == 1
