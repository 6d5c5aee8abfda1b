"""``pytest-rf schema``: the JSON Schema of the configuration and of the JSON reports."""

from __future__ import annotations

import click

from pytest_rf.commands import options


@click.command(short_help="Print a JSON Schema of the configuration or reports.")
@click.argument("what", type=click.Choice(["config", "report"]))
@options.output
def schema(what: str, output: str | None, color: bool | None, debug: bool) -> int:
    """Print a JSON Schema: of the configuration, or of the JSON reports.

    Editors complete and check rf.toml with the first; "report" covers check and show.
    """
    import json

    from pytest_rf.commands.output import emit

    if what == "config":
        from pytest_rf.config.shapes import json_schema

        found = json_schema()
    else:
        from pytest_rf import report

        found = report.schema()
    emit(json.dumps(found, indent=2) + "\n", output, color)
    return 0
