"""``[[operator]]``: what it takes, what it refuses and on which line, and how files that extend each other state it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_rf.config import load
from pytest_rf.errors import ConfigError
from pytest_rf.registry import Stated


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, path: str = "rf.toml") -> str:
    Path(path).write_text(text)
    return path


def test_what_can_be_stated() -> None:
    text = """
[[operator]]
name = "acme::Blur"
kernel = [3, 5]
stride = 2
dilation = [1, 2]
padding = [[1, 0], 2]

[[operator]]
name = "acme::Up"
kernel = 4
stride = 2
padding = 1
transposed = true
output_padding = 1
channels = 8

[[operator]]
name = "acme::Gain"
elementwise = true

[[operator]]
name = "com.acme.more::*"
mixing = true

[[operator]]
name = "ai.onnx::Unheard"
nothing = true
"""
    assert load(written(text)).operators == {
        "acme::Blur": Stated(kernel=[3, 5], stride=2, dilation=[1, 2], padding=[[1, 0], 2]),
        "acme::Up": Stated(kernel=4, stride=2, padding=1, transposed=True, output_padding=1, channels=8),
        "acme::Gain": "elementwise",
        "com.acme.more::*": "mixing",
        "Unheard": "nothing",
    }


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        ('name = "Blur"\nkernel = 3', 1, 'name = "Blur" is not domain::Operator, as in "acme::Blur"'),
        ('name = "acme::"\nkernel = 3', 1, "is not domain::Operator"),
        ('name = "acme::Bl*"\nkernel = 3', 1, "is not domain::Operator"),
        ('name = "\\u001b[0m::x"\nkernel = 3', 1, "is not domain::Operator"),
        ('name = "ai.onnx::Conv"\nkernel = 3', 1, '"ai.onnx::Conv" is known'),
        ('name = "ai.onnx::Softplus"\nkernel = 3', 1, "is known"),
        ('name = "com.microsoft::Attention"\nkernel = 3', 1, "is known"),
        ('name = "ai.onnx::*"\nkernel = 3', 1, "is known"),
        ('name = "aten::conv2d"\nkernel = 3', 1, "is an operator of PyTorch itself"),
        ('name = "acme::Blur"', 1, "says nothing of what it reads; give one of kernel = 3"),
        ('name = "acme::Blur"\nkernel = 3\nmixing = true', 1, "says kernel and mixing; give one of"),
        ('name = "acme::Blur"\nmixing = true\nstride = 2', 1, "stride goes with kernel, which is not there"),
        (
            'name = "acme::Blur"\nkernel = 3\noutput_padding = 1',
            1,
            "output_padding goes with transposed = true",
        ),
        ('name = "acme::Blur"\nkernel = 0', 3, "expected a whole number >= 1"),
        ('name = "acme::Blur"\nkernel = []', 1, "kernel [] is wrong"),
        ('name = "acme::Blur"\nkernel = 3\npadding = [[1, 2, 3]]', 1, "padding [[1, 2, 3]] is wrong"),
        ('name = "acme::Blur"\nkernel = 3\nstrides = 2', 4, 'unknown key "strides", did you mean "stride"?'),
        (
            'name = "acme::Blur"\nkernel = 3\n[[operator]]\nname = "acme::Blur"\nkernel = 5',
            4,
            '"acme::Blur" is stated twice',
        ),
    ],
)
def test_what_is_refused_and_on_which_line(lines: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(f"[[operator]]\n{lines}\n"))
    assert says in str(error.value)
    assert str(error.value).startswith(f"rf.toml:{line}: ")


def test_files_that_are_extended_state_operators_too() -> None:
    written(
        '[[operator]]\nname = "acme::A"\nkernel = 3\n[[operator]]\nname = "acme::B"\nkernel = 3\n', "own.toml"
    )
    config = load(written('extend = ["own.toml"]\n[[operator]]\nname = "acme::B"\nkernel = 5\n'))
    assert config.operators == {"acme::A": Stated(kernel=3), "acme::B": Stated(kernel=5)}
