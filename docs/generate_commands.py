"""Writes docs/command-line.md: every command with its arguments and options, from click's own tables.

Usage: python docs/generate_commands.py
"""

from __future__ import annotations

import inspect
from pathlib import Path

import click

from pytest_rf.cli import cli

PAGE = Path(__file__).parent / "command-line.md"

INTRODUCTION = """\
# The command line

<!-- Written by docs/generate_commands.py from the commands themselves; do not edit. -->

`pytest-rf COMMAND --help` says the same on the terminal. A model is an `.onnx` file, the name of a model in the
configuration, or, with `--allow-code`, `package.module:factory`; [how it is called](calls.md) is said by the same
options everywhere.

| command | does |
| --- | --- |
"""


def page() -> str:
    """Return the page as text."""
    context = click.Context(cli, info_name="pytest-rf")
    commands = [(name, cli.get_command(context, name)) for name in cli.list_commands(context)]
    found = [(name, command) for name, command in commands if command is not None]
    rows = "".join(
        f"| [`{name}`](#pytest-rf-{name}) | {_words(command).splitlines()[0]} |\n" for name, command in found
    )
    about = _words(cli).partition("\n\n")[2]
    return f"{INTRODUCTION}{rows}\n{about}\n" + "".join(_section(name, command) for name, command in found)


def _section(name: str, command: click.Command) -> str:
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    options = [item for item in command.params if isinstance(item, click.Option) and not item.hidden]
    rows = "".join(f"| {_names(item)} | {_meaning(item)} |\n" for item in options)
    table = f"\n| option | meaning |\n| --- | --- |\n{rows}" if rows else ""
    return f"\n## pytest-rf {name}\n\n`pytest-rf {name} {usage}`\n\n{_words(command)}\n{table}"


def _words(command: click.Command) -> str:
    """Return a command's help, without the marks that keep lines apart on a terminal."""
    return inspect.cleandoc(command.help or "").replace("\b\n", "").replace("\f", "").strip()


def _names(option: click.Option) -> str:
    if option.is_flag or option.count:
        return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    kind = option.type
    value = option.metavar or (
        "|".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else kind.name.upper()
    )
    return ", ".join(f"`{name} {value}`" for name in option.opts).replace("|", "\\|")


def _meaning(option: click.Option) -> str:
    text = " ".join((option.help or "How it is written.").split()).replace("|", "\\|")
    return f"{text} Default: `{option.default}`." if option.show_default else text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
