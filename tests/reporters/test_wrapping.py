from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf.reporters import check
from pytest_rf.reporters.lines import Span, line, plain
from pytest_rf.reporters.wrapping import middle, wrapped
from reporters.findings import finding, run


def broken(text: str, width: int) -> list[str]:
    return list(plain(wrapped([line(text)], width)))


def test_lines_break_between_words_below_the_second_word() -> None:
    text = "RF001 final rf is 188 on axes h and w, required >= 200"
    assert broken(text, 40) == ["RF001 final rf is 188 on axes h and w,", "      required >= 200"]
    assert broken(text, 0) == [text]
    assert broken(text, len(text)) == [text]


@pytest.mark.parametrize("width", range(12, 60))
def test_a_figure_keeps_its_unit_and_its_comparator(width: int) -> None:
    pieces = broken("RF001 final rf is 36 (18 mm) to 40 (20 mm), required >= 30 mm (60) of 1 ms", width)
    for piece in pieces:
        assert not piece.endswith((">=", "18", "20", "30", " 1", "(18", "(20"))
        assert not re.match(r" *(mm|ms)\b", piece)


def test_sentences_go_on_two_columns_further_in_and_labels_stand_alone() -> None:
    assert broken("  positions are computed 2.00 times at 384", 30) == [
        "  positions are computed 2.00",
        "    times at 384",
    ]
    assert broken("help: use windows, or weights = true", 32) == [
        "help: use windows, or",
        "      weights = true",
    ]


@pytest.mark.parametrize("width", range(14, 60))
def test_a_figure_stays_with_what_becomes_of_it(width: int) -> None:
    pieces = broken("help: the nearest, conv2: kernel 3 → 1 (padding -1 → 0), stem → head gives 2007", width)
    for piece in pieces:
        assert not piece.endswith(("→", " 3", "-1"))
        assert not piece.lstrip().startswith(("1", "0"))
    text = f"also {'name → ' * 40}end"  # what is no figure can be broken before every arrow
    assert all(len(piece) <= width + 7 for piece in broken(text, width))


def test_styles_and_names_survive() -> None:
    spans = line(
        ("  = ", "dim"),
        "at tensor ",
        ("encoder.stages.0.conv", "bold"),
        " (Conv), made in ",
        ("net.py:3", "place"),
    )
    pieces = list(wrapped([spans], 30))
    assert list(plain(pieces)) == [
        "  = at tensor",
        "    encoder.stages.0.conv",
        "    (Conv), made in net.py:3",
    ]
    assert Span("encoder.stages.0.conv", "bold") in pieces[1]


def test_what_stands_in_columns_is_left_alone() -> None:
    for text in (
        f" 7 | {'final rf >= 20 and ' * 9}",
        f"   | {' ' * 50}^^^^ measured 19",
        f"  +32 → 131  {'name ' * 40}",
    ):
        assert broken(text, 40) == [text.rstrip()]


def test_what_is_cut_for_its_length_is_cut_before_it_is_broken() -> None:
    assert len(broken("word " * 100_000, 80)) < 10
    assert "more characters" in " ".join(broken("word " * 100_000, 80))


@given(st.lists(st.text("ab <=1m.", max_size=12), max_size=8), st.integers(10, 60))
def test_nothing_is_lost_but_spaces(texts: list[str], width: int) -> None:
    spans = tuple(Span(text, "bold" if number % 2 else "") for number, text in enumerate(texts))
    pieces = list(wrapped([spans], width))
    assert "".join("".join(plain(pieces)).split()) == "".join("".join(texts).split())


@pytest.mark.parametrize(
    ("most", "shown"), [(21, "encoder.stages.0.conv"), (11, "encod….conv"), (10, "encod…conv")]
)
def test_names_are_shortened_in_the_middle(most: int, shown: str) -> None:
    assert middle("encoder.stages.0.conv", most) == shown
    assert len(shown) <= most


def test_only_paragraphs_are_broken() -> None:
    long = run(finding(message="word " * 40))
    assert max(map(len, plain(check(long, "concise", width=40)))) > 100
    assert check(long, "json", width=40) == check(long, "json")
    assert max(map(len, plain(check(long, "full", width=60)))) <= 62


def test_a_file_and_a_pipe_get_whole_lines(tmp_path: Path) -> None:
    import shutil

    shutil.copy(Path(__file__).parents[2] / "examples" / "unet.onnx", tmp_path)
    command = [sys.executable, "-m", "pytest_rf", "check", "unet.onnx", "--require", "final rf >= 400"]
    env = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}

    def out(*more: str, **variables: str) -> list[str]:
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, env=env | variables, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 1, done.stderr
        return done.stdout.splitlines()

    first = "RF001 final rf is 36 to 40 on axes h and w, required >= 400"
    assert out()[0] == first
    assert max(map(len, out(COLUMNS="60"))) <= 60
    out("-o", "out.txt", COLUMNS="60")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()[0] == first
