"""Tables fit the screen whatever the names and figures are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pytest_rf.reporters.fitting import Cells, Heading, Table
from pytest_rf.reporters.lines import Span, plain
from pytest_rf.reporters.screen import NARROWEST, Screen
from pytest_rf.reporters.signs import fitting
from pytest_rf.reporters.widths import named, shortened, shortened_words, wrapped

NAMES = st.text(st.characters(codec="utf-8"), max_size=60) | st.text("卷积层abc./_:#[ 0123", max_size=60)
FIGURES = st.sampled_from(["3", "–", "36 to 40", "h 36 to 40*, w 112 to 224*", "inf", "1021 and 1018", "1/2"])
WIDTHS = st.integers(NARROWEST, 130)
ENCODINGS = st.sampled_from(["utf-8", "ascii", "cp1252"])

HEADINGS = (
    Heading("name", "name", least=16),
    Heading("module", "name", rank=2, least=24),
    Heading("op", "words", rank=3),
    Heading("rf", is_figure=True, is_number=True),
    Heading("stride", rank=1, is_figure=True, is_number=True),
    Heading("start", rank=5, is_figure=True, is_number=True),
)
ROWS = st.lists(
    st.tuples(
        NAMES, NAMES, NAMES, FIGURES, FIGURES, FIGURES, st.sampled_from(["", "unknown: no rule for it"])
    ),
    max_size=6,
)


def table(rows: list[tuple[str, ...]], width: int | None, encoding: str = "utf-8") -> Table:
    return Table(HEADINGS, [Cells(row[:-1], row[-1]) for row in rows], Screen(width, encoding))


@given(ROWS, WIDTHS, ENCODINGS)
@settings(deadline=None)
def test_no_line_is_wider_than_the_screen(rows: list[tuple[str, ...]], width: int, encoding: str) -> None:
    found = [fitting(line, encoding) for line in plain(table(rows, width, encoding).lines())]
    assert len(found) == len(rows) + 1
    assert max(map(cell_len, found)) <= width


@given(ROWS, WIDTHS)
@settings(deadline=None)
def test_no_figure_is_torn(rows: list[tuple[str, ...]], width: int) -> None:
    found = table(rows, width)
    for row, line in zip(rows, list(plain(found.lines()))[1:], strict=True):
        if row[-1]:
            continue
        # From the right: what stands there are figures, whole or left out as a whole.
        figures = [
            row[3 + place]
            for place, name in enumerate(("rf", "stride", "start"))
            if name not in found.left_out
        ]
        for figure in reversed(figures):
            line = line.rstrip()
            end = next((text for text in (figure, "…") if line.endswith(text)), None)
            assert end is not None
            line = line[: -len(end)]
        assert not line or line.endswith(" ")


@given(ROWS)
@settings(deadline=None)
def test_where_there_is_room_nothing_is_left_out(rows: list[tuple[str, ...]]) -> None:
    endless = table(rows, None)
    assert endless.left_out == []
    assert [list(spans) for spans in table(rows, endless.needs + 30).lines()] == [
        list(spans) for spans in endless.lines()
    ]


def test_words_that_are_left_out_leave_their_room_to_other_columns() -> None:
    headings = (
        Heading("module", "name", least=24),
        Heading("op", "words"),
        Heading("rf", is_figure=True, is_number=True),
        Heading("shape", rank=1),
    )
    rows = [
        Cells(["decoder.0.convs.conv1.deep", "Conv 3×3", "7", "1×8×64"]),
        Cells(["decoder.0.up", "ConvTranspose 2×2 stride 2", "9", "1×8×64"]),
    ]
    # A column of 16 for words, of which 15 remain, would leave no room for the shape.
    found = Table(headings, rows, Screen(56))
    assert list(plain(found.lines())) == [
        "module                      op               rf  shape",
        "decoder.0.convs.conv1.deep  Conv 3×3          7  1×8×64",
        "decoder.0.up                ConvTranspose …   9  1×8×64",
    ]


def test_words_reach_into_what_a_number_leaves_free() -> None:
    headings = Heading("op", "words"), Heading("rf", is_figure=True, is_number=True)
    rows = [
        Cells(["Conv 4×4 stride 4", "4"]),
        Cells(["MaxPool 3×3 stride 2", "36 to 40*, 112 to 224*"]),
        Cells(["LayerNormalization over channels", "28"]),
    ]
    assert list(plain(Table(headings, rows, Screen(40)).lines())) == [
        "op                                    rf",
        "Conv 4×4 stride 4                      4",
        "MaxPool 3×3 …     36 to 40*, 112 to 224*",
        "LayerNormalization over channels      28",
    ]


@given(st.lists(st.text("卷积层abc", min_size=1, max_size=12), min_size=1), WIDTHS)
@settings(deadline=None)
def test_wide_signs_stand_in_line(names: list[str], width: int) -> None:
    def place(line: str, end: int) -> int:
        return sum(2 if unicodedata.east_asian_width(sign) == "W" else 1 for sign in line[:end])

    headings = Heading("name", "name"), Heading("rf", is_figure=True)
    lines = list(plain(Table(headings, [Cells([name, "#"]) for name in names], Screen(width)).lines()))[1:]
    assert len({place(line, line.index("#")) for line in lines}) == 1


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (80, []),
        (60, []),
        (56, ["start"]),
        (50, ["op"]),  # what is shorter can find a place
        (46, ["op", "start"]),
        (41, ["module", "start"]),
        (30, ["module", "start"]),  # as wide as the narrowest that can be worked with
    ],
)
def test_the_least_important_columns_go_first(width: int, left_out: list[str]) -> None:
    # name 10, module 12, op 8, rf 8, stride 6, start 5, and 2 between them.
    row = ("layer.conv", "stages.0.qkv", "Conv 3×3", "36 to 40", "2", "-18", "")
    assert table([row], width).left_out == left_out


@pytest.mark.parametrize(("wants", "left_out"), [(0, []), (20, ["context"])])
def test_what_a_column_wants_goes_before_columns_of_a_higher_rank(wants: int, left_out: list[str]) -> None:
    headings = [
        Heading("name"),
        Heading("op", "words", rank=1, wants=wants),
        Heading("context", "words", rank=2, least=10),
    ]
    row = Cells(["encoder.stage0", "MaxPool 3×3 stride 2", "norm1 norm2 norm3"])
    found = Table(headings, [row], Screen(44))
    assert found.left_out == left_out
    told = list(plain(found.lines()))[1]
    assert ("MaxPool 3×3 stride 2" in told) is bool(wants)
    assert cell_len(told) <= 44


def test_a_column_that_yields_is_shortened_first() -> None:
    texts = "layer1.0.conv1", "Conv 3×3 stride 2", "/pool/GlobalAveragePool"
    for yields, width in ((True, 47), (False, 57)):
        context = Heading("context", "words", least=10, yields=yields)
        headings = Heading("name", "name", least=16), Heading("op", "words"), context
        (_, line) = plain(Table(headings, [Cells(texts)], Screen(width)).lines())
        assert ("stride 2" in line) is (yields or width >= 57)
    (_, line) = plain(Table(headings, [Cells(texts)], Screen(47)).lines())
    assert "stride" not in line


def test_what_is_unknown_is_said_in_the_place_of_figures() -> None:
    row = ("layer", "", "Odd", "?", "?", "?", "unknown: there is no rule for it, and nothing is guessed")
    (_, line) = plain(table([row], None).lines())
    assert line.split("  ")[-1].strip() == row[-1]
    (_, line) = plain(table([row], 48).lines())
    assert line.endswith(" …")
    assert "unknown: there is" in line


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("encoder.layer", 13, "encoder.layer"),
        ("encoder.layer", 9, "enco…ayer"),
        ("stages.13.attention.projection", 17, "stages.13…jection"),
        ("/blocks.24/layer.2499/conv/Conv_output_0", 39, "/blocks.24/layer.2499…onv/Conv_output_0"),
        ("卷积卷积卷积", 7, "卷积…积"),
        ("ab", 1, "…"),
    ],
)
def test_names_are_cut_in_the_middle_where_there_are_no_digits(text: str, width: int, shown: str) -> None:
    assert shortened(text, width) == shown
    assert cell_len(shown) <= width


def test_words_are_left_out_whole() -> None:
    assert shortened_words("Conv 7×7 stride 2", 12) == "Conv 7×7 …"
    assert shortened_words("Conv 7×7 stride 2", 17) == "Conv 7×7 stride 2"
    assert shortened_words("LayerNormalization", 11) == "Layer…ation"


@given(NAMES, NAMES, WIDTHS, ENCODINGS)
@settings(deadline=None)
def test_sentences_fit(name: str, after: str, width: int, encoding: str) -> None:
    for before in ("input ", ""):
        lines = list(plain(named(before, name, after, Screen(width, encoding))))
        lines += plain([(Span(one),) for one in wrapped(f"  {name} {after}", Screen(width, encoding))])
        assert max(map(cell_len, (fitting(line, encoding) for line in lines))) <= width
