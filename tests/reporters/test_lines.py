from __future__ import annotations

import io
from typing import Any

import pytest
from rich.style import Style

from pytest_rf.reporters.lines import STYLES, line, plain, visible, write


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("layer3.0.conv2 3×3", "layer3.0.conv2 3×3"),
        ("größe", "größe"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\x9b2J", "\\x9b2J"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("a\u2028b", "a\\u2028b"),
        ("a##[error]b", "a##\\x5berror]b"),
    ],
)
def test_what_steers_a_terminal_is_shown_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_long_text_is_cut_with_a_count() -> None:
    assert visible("x" * 1_000_000, limit=10) == "xxxxxxxxxx… (999,990 more characters)"
    assert visible("x" * 10, limit=10) == "x" * 10


def test_lines_are_escaped_whatever_their_spans_hold() -> None:
    assert list(plain([line("a\nb", ("\x1b[0m", "bad"), "  ")])) == ["a\\nb\\x1b[0m"]


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        (("::error::x",), "\\x3a:error::x"),
        ((" ", (":", "bad"), ":error::x"), " \\x3a:error::x"),
        (("a ::error::x",), "a ::error::x"),
        (("a##", "[error]"), "a##\\x5berror]"),
    ],
)
def test_no_runner_takes_a_line_for_a_command(spans: tuple[Any, ...], shown: str, color: bool) -> None:
    stream = io.StringIO()
    write([line(*spans)], stream, color)
    assert stream.getvalue() == f"{shown}\n"


def test_colour_adds_styles_and_nothing_else() -> None:
    stream = io.StringIO()
    write([line(("bad", "bad"), " [bold]text[/bold] \x1b[2J :smile:")], stream, color=True)
    text = stream.getvalue()
    assert "\x1b[1;31mbad" in text
    assert "[bold]text[/bold] \\x1b[2J :smile:" in text


@pytest.mark.parametrize("name", STYLES)
def test_styles_can_be_read_on_white_and_on_black(name: str) -> None:
    style = Style.parse(STYLES[name])
    color = "" if style.color is None else style.color.name
    assert color not in ("yellow", "blue")
    assert not color.startswith("bright")
    # Where terminals draw it in its bright form these are as good as white.
    assert not (style.bold and color in ("green", "cyan"))


def test_without_colour_rich_is_not_used() -> None:
    stream = io.StringIO()
    write([line(("bad", "bad"), "x" * 300)], stream, color=False)
    assert stream.getvalue() == "bad" + "x" * 300 + "\n"
