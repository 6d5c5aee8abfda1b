"""A lock as text: what is written is read again, whatever models call their tensors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_rf
from pytest_rf import ConfigError
from pytest_rf.locks import figures, lockfile
from pytest_rf.locks.figures import ModelFigures, TensorFigures, Towards

EXAMPLES = Path(__file__).parents[2] / "examples"

NAMES = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["", "in", "unknown", ";", "a b", 'a"b', "a\\", "h=1", "model", "x\n  y", "\x1b[2J", "\u202e", "ü", "<&>"]
)
FIGURES = st.dictionaries(
    st.sampled_from(["rf", "stride", "halo"]),
    st.sampled_from(["3", "1/2", "36..40", "18,18", "inf", "-inf..inf", "-", "-18", "yes"]),
)
TOWARDS = st.builds(Towards, input=NAMES, axes=st.lists(NAMES, max_size=2).map(tuple), figures=FIGURES)
TENSORS = st.builds(
    TensorFigures, name=NAMES, op=NAMES, module=NAMES, fields=st.lists(TOWARDS, max_size=2).map(tuple)
) | st.builds(TensorFigures, name=NAMES, op=NAMES, known=st.just(False))
MODELS = st.builds(
    ModelFigures,
    name=NAMES,
    source=NAMES,
    inputs=st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(1, 2**40), max_size=2), max_size=2),
    finals=st.lists(NAMES, max_size=2).map(tuple),
    tensors=st.lists(TENSORS, max_size=4).map(tuple),
)


def bare(model: ModelFigures) -> tuple[object, ...]:
    """Return what a lock holds of a model: no lines, no order of tensors."""
    tensors = [(one.name, one.op, one.module, one.known, one.fields) for one in model.tensors]
    return model.name, model.source, model.inputs, model.finals, sorted(map(repr, tensors))


@given(st.lists(MODELS, max_size=3, unique_by=lambda one: one.key))
def test_what_is_written_is_read_again(models: list[ModelFigures]) -> None:
    text = lockfile.text(models)
    again = lockfile.parse(text.encode(), "rf.lock")
    assert {key: bare(model) for key, model in again.items()} == {one.key: bare(one) for one in models}
    assert lockfile.text(again.values()) == text
    assert all(char.isascii() and (char.isprintable() or char == "\n") for char in text)


def test_the_text_of_a_model() -> None:
    found = figures.of(pytest_rf.analyze(EXAMPLES / "unet.onnx"), figures.ModelKey("unet", "unet.onnx"))
    head, empty, model, source, final, *tensors = lockfile.text([found]).splitlines()
    assert (head, empty, model) == ("pytest-rf lock 1", "", "model unet unet.onnx")
    assert (source, final) == ("input image h=96 w=96", "final mask")
    assert len(tensors) == 23
    assert (
        "  decoder.0.conv Conv ; image h w rf=36..40 rf_min=7 stride=1 start=-18 lookahead=20 lookback=20 "
        "halo=18,18 multiple=4 bounded=yes symmetric=yes context=no" in tensors
    )


def test_tensors_are_sorted_as_people_count() -> None:
    names = ["r10", "r9", "a", "r1.x2", "r1.x10", "r01", "r1"]
    model = ModelFigures(
        name="m",
        source="m",
        inputs={},
        finals=(),
        tensors=tuple(TensorFigures(name=n, op="X") for n in names),
    )
    lines = lockfile.text([model]).splitlines()
    assert [one.split()[0] for one in lines if one.startswith("  ")] == [
        "a",
        "r01",
        "r1",
        "r1.x2",
        "r1.x10",
        "r9",
        "r10",
    ]


GOOD = "pytest-rf lock 1\n\nmodel m m.onnx\ninput x t=9\nfinal y\n  y Conv ; x t rf=3\n"


def test_windows_line_ends_are_read() -> None:
    assert lockfile.parse(GOOD.replace("\n", "\r\n").encode(), "rf.lock") == lockfile.parse(
        GOOD.encode(), "rf.lock"
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("pytest-rf lock 1", "", 1),
        ("pytest-rf lock 1", "<<<<<<< HEAD", 1),
        ("pytest-rf lock 1", "pytest-rf lock 2", 1),
        ("\n\n", "\nx\n", 2),
        ("model m m.onnx", "model m", 3),
        ("model m m.onnx", 'model "m m.onnx', 3),
        ("input x t=9", "<<<<<<< HEAD", 4),
        ("input x t=9", "input x t", 4),
        ("input x t=9", "input x t=1e3", 4),
        ("  y Conv", "  y", 6),
        ("  y Conv", "  y Conv of z", 6),
        ("; x t", ";", 6),
        ("; x t", '; "\\q" t', 6),
        ("; x t", "; x t(", 6),
        ("; x t rf=3", "; x t rf=3 ;", 6),
        ("rf=3", "rf=much", 6),
        ("rf=3", "rf=1/0", 6),
        ("rf=3", "rf=1e9999999", 6),
        ("rf=3", "rf=1/2e-05", 6),
        ("rf=3", "rf=3..", 6),
        ("rf=3", "rf=", 6),
    ],
)
def test_what_is_not_a_lock_is_an_error_at_its_line(old: str, new: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=rf"^rf\.lock:{line}: ") as error:
        lockfile.parse(GOOD.replace(old, new, 1).encode(), "rf.lock")
    assert "\n" not in str(error.value)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_lock_or_an_error(content: bytes) -> None:
    for data in (content, b"pytest-rf lock 1\nmodel a b\n  " + content):
        told = "rf.lock: one line"
        try:
            parsed = lockfile.parse(data, "rf.lock")
        except ConfigError as error:
            told = str(error)
        else:
            assert lockfile.parse(data, "rf.lock") == parsed
        assert told.startswith("rf.lock:")
        assert "\n" not in told


def test_figures_of_many_tensors_are_read_once_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    own = figures._figures
    monkeypatch.setattr(figures, "_figures", lambda field: seen.append(field) or own(field))
    analysis = pytest_rf.analyze(EXAMPLES / "unet.onnx")
    figures.of(analysis)
    assert len(seen) == 2 * len({tensor.number for tensor in analysis}) < 2 * len(analysis)
