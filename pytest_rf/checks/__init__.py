"""The built-in rules, in one table: a rule is there because it is listed here.

Every rule has a file of its own with its explanation and what it does, which is imported when that is asked for;
``pytest-rf rule`` and the documentation are made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.checks.options import (
    FieldExceedsInput,
    Gridding,
    MisalignedMerge,
    OffGrid,
    Options,
    UnevenPhases,
    UnreadInput,
)
from pytest_rf.checks.rule import FAMILIES, HEADINGS, Rule

__all__ = ["FAMILIES", "HEADINGS", "RULES", "Choice", "Rule", "find", "match", "options", "selected"]

WAIVER_EXPIRED = Rule("RF003", "waiver-expired", default=True, always=True)
WAIVER_UNUSED = Rule("RF004", "waiver-unused")
FIGURES_CHANGED = Rule("RF006", "figures-changed", default=True, always=True)
TILING_SEAMS = Rule("RF007", "tiling-seams", default=True, always=True)
DESCRIPTION_DIFFERS = Rule("RF008", "description-differs", default=True, always=True)

RULES: tuple[Rule, ...] = (
    Rule("RF001", "requirement-violated", default=True, always=True),
    Rule("RF002", "requirement-undecidable", default=True, always=True),
    WAIVER_EXPIRED,
    WAIVER_UNUSED,
    Rule("RF005", "unknown-operator", default=True, always=True, streams=True),
    FIGURES_CHANGED,
    TILING_SEAMS,
    DESCRIPTION_DIFFERS,
    Rule("RF101", "field-exceeds-input", actual=True, options=FieldExceedsInput),
    Rule("RF102", "unproductive-layer", actual=True),
    Rule("RF103", "unread-input", actual=True, options=UnreadInput),
    Rule("RF104", "padding-only-tap", actual=True),
    Rule("RF201", "ragged-input", actual=True),
    Rule("RF202", "stride-skips-input", actual=True),
    Rule("RF203", "misaligned-merge", options=MisalignedMerge),
    Rule("RF204", "off-grid", options=OffGrid),
    Rule("RF205", "uneven-padding", actual=True),
    Rule("RF206", "unfiltered-downsampling"),
    Rule("RF301", "uneven-phases", streams=True, options=UnevenPhases),
    Rule("RF302", "gridding", options=Gridding),
    Rule("RF303", "checkerboard"),
    Rule("RF304", "extent-dependent-grid"),
    Rule("RF401", "context-ahead", streams=True),
    Rule("RF402", "hidden-context", streams=True),
    Rule("RF403", "border-reads-ahead"),
    Rule("RF404", "batch-leak", default=True, streams=True),
    Rule("RF405", "training-mode", default=True, streams=True),
    Rule("RF501", "dead-operator"),
    Rule("RF502", "identity-resampling"),
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
    return tuple(replace(rule, asked=rule.code in asked) for rule in found)


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


class Choice(Struct, frozen=True):
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
    from pytest_rf.requirements.vocabulary import nearest  # a name is wrong

    hint = nearest(text, [*(rule.code for rule in RULES), *(rule.name for rule in RULES)])
    return f'no rule "{text[:60]}"{hint or "; pytest-rf rule lists all"}'
