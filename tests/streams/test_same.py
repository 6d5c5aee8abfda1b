"""Whether two nets are the same stream, and the first step that differs."""

from __future__ import annotations

import pytest

import pytest_rf
from tests.streams.onnx_models import cached_conv, causal_conv, model


def step(cache: int = 8, taps: int = 9, chunk: int = 4) -> pytest_rf.Analysis:
    return pytest_rf.analyze(cached_conv(cache, taps, chunk), state="auto")


@pytest.mark.parametrize("chunk", [1, 4])
@pytest.mark.parametrize("cache", [8, 11])
def test_the_same(cache: int, chunk: int) -> None:
    found = pytest_rf.same(pytest_rf.analyze(causal_conv()), step(cache, chunk=chunk), run=True)
    assert found
    assert (found.unit, found.why, found.delay, found.startup, found.ran) == (None, "", 0, 8, True)


@pytest.mark.parametrize("chunk", [1, 3, 4])
def test_a_cache_that_is_one_step_short(chunk: int) -> None:
    found = pytest_rf.same(pytest_rf.analyze(causal_conv()), step(7, chunk=chunk))
    assert not found
    first = -(-8 // chunk) * chunk  # the first step of the first chunk behind the start-up
    assert found.unit == first
    assert found.why == (
        f"step {first} of 'y' along t reads {first - 7} to {first} of 'x', and {first - 8} to {first} in offline: "
        f"{first - 8} is missing"
    )


@pytest.mark.parametrize("ahead", [1, 3, 8])
def test_a_delay_is_told_as_a_delay(ahead: int) -> None:
    found = pytest_rf.same(pytest_rf.analyze(causal_conv(before=8 - ahead, after=ahead)), step(), run=True)
    assert found
    assert found.delay == ahead


def test_holes_are_compared() -> None:
    dilated = model(
        "offline (float[1,2,64] x) => (float[1,2,64] y) { y = Conv<pads = [8, 0], dilations = [2]>(x, w) }",
        w=(2, 2, 5),
    )
    found = pytest_rf.same(pytest_rf.analyze(dilated), step())
    assert found.unit == 8
    assert "5 of 0 to 8 in offline: 1, 3, 5, 7 are too many" in found.why


def test_a_past_without_end_is_none_that_ends() -> None:
    scan = model(
        """offline (float[1,2,64] x) => (float[1,2,64] y) <int64[1] time = {2}, int64 axis = {2}> {
            y = CumSum(x, axis)
        }"""
    )
    found = pytest_rf.same(pytest_rf.analyze(scan), step())
    assert "and everything up to 8 in offline" in found.why


def test_steps_of_another_rate() -> None:
    """A step model without any cache gives fewer steps a call."""
    net = model(
        """bare (float[1,2,12] x, float[1,2] n) => (float[1,2,8] y, float[1,2] n_out) {
            y = Conv(x, w)
            n_out = Identity(n)
        }""",
        w=(2, 2, 5),
    )
    found = pytest_rf.same(
        pytest_rf.analyze(causal_conv(5, 4)), pytest_rf.analyze(net, state="auto", axes={"x": {"t": 2}})
    )
    assert not found
    assert found.unit is not None


def test_two_offline_models() -> None:
    one, other = pytest_rf.analyze(causal_conv()), pytest_rf.analyze(causal_conv(before=6, after=2))
    assert pytest_rf.same(one, one, run=True)
    found = pytest_rf.same(one, other)
    assert (bool(found), found.unit, found.axis) == (False, 0, "t")


def test_models_are_analysed_where_they_are_given() -> None:
    assert pytest_rf.same(causal_conv(), causal_conv())


def test_outputs_that_do_not_pair() -> None:
    with pytest.raises(
        pytest_rf.ModelError,
        match="outputs of the two do not pair: offline has 'y'; step has 'y', 'new_cache'",
    ):
        pytest_rf.same(causal_conv(), cached_conv())
    with pytest.raises(pytest_rf.ModelError, match='say which of these are its state: state = "auto"'):
        pytest_rf.same(causal_conv(), cached_conv())


def test_an_input_that_is_too_short_to_be_run() -> None:
    with pytest.raises(pytest_rf.ModelError, match="too short"):
        pytest_rf.same(pytest_rf.analyze(causal_conv(extent=6)), step(), run=True)


def test_what_lies_elsewhere_is_not_run() -> None:
    import pickle

    away = pickle.loads(pickle.dumps(step()))
    assert pytest_rf.same(pytest_rf.analyze(causal_conv()), away)
    with pytest.raises(pytest_rf.ModelError, match="not at hand"):
        pytest_rf.same(pytest_rf.analyze(causal_conv()), away, run=True)
