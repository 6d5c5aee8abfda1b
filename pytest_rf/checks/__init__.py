"""The built-in rules, in one table: a rule is there because it is listed here.

Every rule has a file of its own with its explanation; ``pytest-rf rule`` and the documentation are made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from pytest_rf.checks import (
    batch_leak,
    border_reads_ahead,
    checkerboard,
    context_ahead,
    dead_operator,
    description_differs,
    extent_dependent_grid,
    field_exceeds_input,
    figures_changed,
    gridding,
    hidden_context,
    identity_resampling,
    misaligned_merge,
    off_grid,
    padding_only_tap,
    ragged_input,
    requirement_undecidable,
    requirement_violated,
    stride_skips_input,
    tiling_seams,
    training_mode,
    uneven_padding,
    uneven_phases,
    unfiltered_downsampling,
    unknown_operator,
    unproductive_layer,
    unread_input,
    waiver_expired,
    waiver_unused,
)
from pytest_rf.checks.options import Options
from pytest_rf.checks.rule import FAMILIES, HEADINGS, Rule
from pytest_rf.requirements.vocabulary import nearest

__all__ = ["FAMILIES", "HEADINGS", "RULES", "Choice", "Rule", "find", "match", "options", "selected"]

RULES: tuple[Rule, ...] = (
    requirement_violated.RULE,
    requirement_undecidable.RULE,
    waiver_expired.RULE,
    waiver_unused.RULE,
    unknown_operator.RULE,
    figures_changed.RULE,
    tiling_seams.RULE,
    description_differs.RULE,
    field_exceeds_input.RULE,
    unproductive_layer.RULE,
    unread_input.RULE,
    padding_only_tap.RULE,
    ragged_input.RULE,
    stride_skips_input.RULE,
    misaligned_merge.RULE,
    off_grid.RULE,
    uneven_padding.RULE,
    unfiltered_downsampling.RULE,
    uneven_phases.RULE,
    gridding.RULE,
    checkerboard.RULE,
    extent_dependent_grid.RULE,
    context_ahead.RULE,
    hidden_context.RULE,
    border_reads_ahead.RULE,
    batch_leak.RULE,
    training_mode.RULE,
    dead_operator.RULE,
    identity_resampling.RULE,
)


def find(text: str) -> Rule:
    """Return a rule by its code or name, in any case.

    Raises:
        KeyError: there is none; the text names the nearest.
    """
    wanted = text.strip().lower()
    for rule in RULES:
        if wanted in (rule.code.lower(), rule.name):
            return rule
    raise KeyError(_no_rule(text))


def match(text: str) -> tuple[Rule, ...]:
    """Return the rules that a code, the beginning of one, or a name stands for; a family may be empty.

    Raises:
        KeyError: it stands for none; the text names the nearest.
    """
    wanted = text.strip()
    chosen = tuple(
        rule for rule in RULES if rule.name == wanted.lower() or rule.code.startswith(wanted.upper() or "-")
    )
    if not chosen and wanted.upper() not in FAMILIES:
        raise KeyError(_no_rule(text))
    return chosen


def selected(
    select: Iterable[str] = (), ignore: Iterable[str] = (), *more: tuple[Iterable[str], Iterable[str]]
) -> tuple[Rule, ...]:
    """Return the rules to check: what is selected, or the defaults, without what is ignored.

    The rules that cannot be left out are always among them. Those that are on by themselves judge nothing: a model
    that nobody asks anything of has not passed because it leaks no samples.

    Args:
        select: codes, beginnings of codes or names of rules; without any, the defaults.
        ignore: those to leave out.
        more: what is selected and ignored on top of that, such as for one model: it adds to what came before,
            or takes from it.

    Raises:
        KeyError: a text stands for no rule.
    """
    texts = list(select)
    asked = _matching([*texts, *(text for added, _ in more for text in added)])
    chosen = _matching(texts) if texts else {rule.code for rule in RULES if rule.default}
    chosen -= _matching(ignore)
    for added, left_out in more:
        chosen = (chosen | _matching(added)) - _matching(left_out)
    found = (rule for rule in RULES if rule.always or rule.code in chosen)
    return tuple(rule if rule.code in asked else replace(rule, judges=None) for rule in found)


def options(*layers: Mapping[str, Mapping[str, Any]]) -> dict[str, Options]:
    """Return what is said of rules, by code.

    Args:
        layers: the tables of rules by name, found right; later ones go before, key by key.
    """
    found: dict[str, Options] = {}
    for rule in RULES:
        said = {key: value for layer in layers for key, value in layer.get(rule.name, {}).items()}
        if said:
            found[rule.code] = msgspec.convert(said, rule.options)
    return found


def _matching(texts: Iterable[str]) -> set[str]:
    return {rule.code for text in texts for rule in match(text)}


class Choice(NamedTuple):
    """The rules that a command line asks for: codes, beginnings of some, or names."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def over(
        self, select: Iterable[str], ignore: Iterable[str], *more: tuple[Iterable[str], Iterable[str]]
    ) -> tuple[Rule, ...]:
        """Return the rules to check where a configuration selects and ignores these, and ``more`` for a model.

        What is selected here stands in the place of the configuration's choice, and so may name what it ignores;
        what is ignored here is left out in any case.

        Raises:
            KeyError: a text stands for no rule.
        """
        if self.select:
            return selected(self.select, self.ignore)
        return selected(select, ignore, *more, ((), self.ignore))


def _no_rule(text: str) -> str:
    if text.lower() == "all":
        return f'no rule "{text}"; "RF" stands for all'
    hint = nearest(text, [*(rule.code for rule in RULES), *(rule.name for rule in RULES)])
    return f'no rule "{text[:60]}"{hint or "; pytest-rf rule lists all"}'
