"""What a shell completes: models of the configuration, files, rules. Nothing here runs code or says a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from pytest_rf.errors import RFError
from pytest_rf.reporters.lines import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of models of the configuration, and leave files to the shell."""
    from click.shell_completion import CompletionItem

    from pytest_rf import config

    try:
        file = context.params.get("config")
        found = config.load(file) if file else None
        if found is None and (path := config.discover()) is not None:
            found = config.load(path)
    except (RFError, OSError):
        found = None
    names = dict.fromkeys(model.name for model in found.models if model.name) if found is not None else ()
    return [*_items(names, incomplete), CompletionItem(incomplete, type="file")]


def rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the codes of rules with their names; of several codes with commas the last is completed."""
    from click.shell_completion import CompletionItem

    from pytest_rf.checks import FAMILIES, RULES

    before, comma, last = incomplete.rpartition(",")
    about = {**FAMILIES, **{rule.code: rule.name for rule in RULES}}
    return [
        CompletionItem(f"{before}{comma}{code}", help=text)
        for code, text in about.items()
        if code.startswith(last.upper())
    ]


def rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the codes and the names of rules."""
    from pytest_rf.checks import RULES

    codes = _items((one.code for one in RULES), incomplete.upper())
    return [*codes, *_items((one.name for one in RULES), incomplete)]


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Return the words that go on so; a shell reads them line by line, so none may steer it."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete) and word == visible(word)]
