"""Front-ends as they are written down, and errors that show the place."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf import RequirementError
from pytest_rf.framing import Framing, FrontendTextError, Stage, parse
from pytest_rf.framing.grammar import LARGEST
from pytest_rf.framing.samples import count


@pytest.mark.parametrize(
    ("text", "stages", "rate"),
    [
        ("frames(400, 160, rate = 16000)", [(400, 160, 0)], 16000),
        ("Frames(window=400,hop=160)", [(400, 160, 0)], None),
        ("frames(512, 256, before = 256)", [(512, 256, 256)], None),
        ("frames(512, 256, 256, rate = 22050)", [(512, 256, 256)], 22050),
        ("frames(5, 2, center = true)", [(5, 2, 2)], None),
        ("stft(512, 128)", [(512, 128, 256)], None),
        ("stft(512, 128, center = FALSE)", [(512, 128, 0)], None),
        ("stft(512, 160, win = 400, rate = 16000)", [(400, 160, 200)], 16000),
        ("stft(512, 160, 400, false)", [(400, 160, -56)], None),
        ("stft(1024, 256, rate = 44.1) then frames(4, 4)", [(1024, 256, 512), (4, 4, 0)], Fraction(441, 10)),
    ],
)
def test_what_is_understood(text: str, stages: list[tuple[int, int, int]], rate: Fraction | None) -> None:
    assert parse(text) == Framing(tuple(Stage(*one) for one in stages), rate)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "expected frames or stft, found the end"),
        (
            "frame(400, 160)",
            1,
            'expected frames or stft, found "frame"; write frames(400, 160, rate = 16000)',
        ),
        ("frames 400", 8, 'expected "(", found "400"'),
        ("frames(400)", 1, "frames needs hop"),
        ("stft(hop = 3)", 1, "stft needs n_fft"),
        ("frames(400, 160", 16, 'expected ")", found the end'),
        (
            "frames(400, 160, width = 3)",
            18,
            'frames has no "width"; there are window, hop, before, center, rate',
        ),
        ("frames(400, 160, before = 400)", 27, "before is less than the window of 400 samples"),
        ("frames(400, 160, before = 3, center = true)", 27, "leave one of them out"),
        ("stft(100, 10, win = 200)", 21, "win is at most n_fft, which is 100"),
        ("stft(100, 10, center = 3)", 24, 'center is true or false, not "3"'),
        ("frames(0, 1)", 8, f"window is from 1 to {LARGEST}"),
        ("frames(4, 10000000)", 11, f"hop is from 1 to {LARGEST}"),
        ("frames(4.5, 1)", 8, "window is a whole number of samples"),
        ("frames(25 ms, 10 ms)", 8, "window is a number of samples, not a time"),
        (
            "frames(25 ms, 10 ms, rate = 16000)",
            8,
            "window is a number of samples, not a time: 25 ms at 16000 = 400",
        ),
        (
            "frames(400, 0.01 s, rate = 44100)",
            13,
            "hop is a number of samples, not a time: 0.01 s at 44100 = 441",
        ),
        ("frames(4, 4, rate = 16 kHz)", 24, "rate is samples a second, a number without a unit"),
        ("frames(4, 4) then frames(25 ms, 4)", 26, "window is a number of positions of the stage before it"),
        ("frames(4, true)", 11, 'hop is a number, not "true"'),
        ("frames(4, -1)", 11, "unexpected character '-'"),
        ("frames(4, 4, hop = 4)", 14, "hop is given twice"),
        ("frames(hop = 4, 4)", 17, "goes by its own name"),
        ("frames(4, 4) then frames(4, 4, rate = 3)", 39, "the rate is that of the samples"),
        ("frames(4, 4) frames(4, 4)", 14, 'expected "then" or the end'),
        ("frames(4, 4) then", 18, "expected frames or stft, found the end"),
        ("frames(9, 99999) then frames(99, 99)", 1, "all stages together"),
        (f"frames(4, 4{' ' * 500})", 501, "longer than 500 characters"),
    ],
)
def test_what_is_not_has_a_place(text: str, column: int, says: str) -> None:
    with pytest.raises(FrontendTextError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.position == column - 1
    assert "\n" not in str(caught.value)
    assert caught.value.caret().splitlines()[-1].endswith("^")


@given(st.text(max_size=60) | st.text("frames stft(),=0123456789.then rate", max_size=60))
def test_no_text_does_harm(text: str) -> None:
    try:
        framing = parse(text)
    except RequirementError:
        return
    assert framing.window >= 1 <= framing.hop


def test_stages_are_one_window() -> None:
    framing = parse("stft(1024, 256, rate = 16000) then frames(4, 2)")
    assert (framing.window, framing.hop, framing.before, framing.behind) == (1792, 512, 512, 768)
    assert framing.extent(1) == 1792 - 512
    assert framing.extent(0) == 0
    assert count(framing, [0, 1]) == framing.extent(2)
    assert count(parse("frames(1, 10) then frames(3, 1)"), [0, 1]) == 4
