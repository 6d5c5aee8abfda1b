"""The built-in rules for a reader: all in a list, or one with its explanation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from pytest_rf.checks import FAMILIES, Rule
from pytest_rf.reporters.lines import Line, line

#: Summaries get no less room than this, however narrow the terminal is.
_LEAST = 24

#: Explanations are no wider than this: longer lines are hard to read.
_MOST = 112


def listing(rules: Sequence[Rule], width: int = 0) -> Iterator[Line]:
    """Yield all rules by family, with one line each, or more where the terminal is narrow.

    Args:
        rules: the rules.
        width: the columns of the terminal; 0 where there is none.
    """
    names = max(len(rule.name) for rule in rules)
    for number, (family, about) in enumerate(FAMILIES.items()):
        members = [rule for rule in rules if rule.code.startswith(family)]
        if not members:
            continue
        if number:
            yield ()
        yield line((f"{family} {about}", "bold"))
        for rule in members:
            mark = "" if rule.default or rule.always else " (when selected)"
            start = len(f"  {rule.code} ") + names + len("  ")
            first, *others = _filled(rule.summary + mark, max(width - start, _LEAST) if width else 0)
            yield line("  ", (rule.code, "figure"), f" {rule.name:<{names}}  ", *_marked(first, mark))
            yield from (line(" " * start, *_marked(other, mark)) for other in others)


def explanation(rule: Rule, width: int = 0) -> Iterator[Line]:
    """Yield one rule with all that there is to say about it.

    Args:
        rule: the rule.
        width: the columns of the terminal; 0 where there is none.
    """
    yield line((rule.code, "figure"), " ", (rule.name, "bold"))
    yield ()
    yield from map(line, _filled(rule.summary, width))
    for heading, text in rule.explanation.items():
        yield ()
        yield line((heading, "bold"))
        for part in _flowing(text, heading == "Example", min(width, _MOST)):
            yield line(f"  {part}")
    if rule.settings:
        yield ()
        yield line(("Settings", "bold"))
        yield from (line(f"  {part}") for part in rule.settings.split("\n"))


def _marked(text: str, mark: str) -> tuple[str | tuple[str, str], ...]:
    """Return the spans of a text that may end in a mark."""
    if not mark or not text.endswith(mark.strip()):
        return (text,)
    before = text.removesuffix(mark.strip())
    return before, (mark.strip(), "dim")


def _flowing(text: str, is_code: bool, width: int) -> Iterator[str]:
    """Yield the lines of an explanation: its sentences fill the width, code stays as it is."""
    if is_code or not width:
        yield from text.split("\n")
        return
    for is_prose, lines in groupby(text.split("\n"), lambda one: bool(one) and not one.startswith("    ")):
        if not is_prose:
            yield from lines
            continue
        points: list[str] = []
        for one in lines:
            if points and not one.startswith("- "):
                points[-1] += f" {one.strip()}"
            else:
                points.append(one)
        for point in points:
            yield from _filled(point, width - 2, "  " if point.startswith("- ") else "")


def _filled(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines of a width, broken between words; 0 leaves it as it is."""
    if not width:
        return [text]
    # What stands in brackets at the end of a summary stays together.
    kept = text.replace("(when selected)", "(when\0selected)")
    lines = textwrap.wrap(
        kept, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [one.replace("\0", " ") for one in lines] or [text]
