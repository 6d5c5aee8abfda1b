"""The built-in rules for a reader: all in a list, or one with its explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.checks import FAMILIES, Rule
from pytest_rf.reporters.lines import Line, line


def listing(rules: Sequence[Rule]) -> Iterator[Line]:
    """Yield all rules by family, with one line each."""
    width = max(len(rule.name) for rule in rules)
    for number, (family, about) in enumerate(FAMILIES.items()):
        members = [rule for rule in rules if rule.code.startswith(family)]
        if not members:
            continue
        if number:
            yield ()
        yield line((f"{family} {about}", "bold"))
        for rule in members:
            mark = "" if rule.default or rule.always else " (when selected)"
            yield line("  ", (rule.code, "figure"), f" {rule.name:<{width}}  {rule.summary}", (mark, "dim"))


def explanation(rule: Rule) -> Iterator[Line]:
    """Yield one rule with all that there is to say about it."""
    yield line((rule.code, "figure"), " ", (rule.name, "bold"))
    yield ()
    yield line(rule.summary)
    for heading, text in rule.explanation.items():
        yield ()
        yield line((heading, "bold"))
        for part in text.split("\n"):
            yield line(f"  {part}")
