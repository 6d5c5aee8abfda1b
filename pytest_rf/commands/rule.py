"""``pytest-rf rule``: explain one rule, or list all."""

from __future__ import annotations

import click

from pytest_rf.commands import completion, options


@click.command(short_help="Explain a rule, or list all.")
@click.argument("code", required=False, shell_complete=completion.rule)
@options.output
def rule(code: str | None, output: str | None, color: bool | None, debug: bool) -> int:
    """Explain the rule CODE (its code or its name), or list all rules."""
    from pytest_rf import checks
    from pytest_rf.commands.output import emit
    from pytest_rf.reporters import rules
    from pytest_rf.reporters.wrapping import terminal_width

    width = 0 if output else terminal_width()
    if code is None:
        emit(rules.listing(checks.RULES, width), output, color)
        return 0
    try:
        found = checks.find(code)
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from None
    emit(rules.explanation(found, width), output, color)
    return 0
