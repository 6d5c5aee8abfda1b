"""Writes docs/rules.md and a page per rule below docs/rules/, from the docstrings that ``pytest-rf rule`` shows.

Usage: python docs/generate_rules.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_rf.checks import FAMILIES, RULES, Rule

DOCS = Path(__file__).parent

INTRODUCTION = """\
# Rules

<!-- Written by docs/generate_rules.py from the rules' docstrings; do not edit. -->

`pytest-rf rule CODE` explains a rule on the terminal. `select` and `ignore` take codes, the beginnings of codes, and
names; what is marked *always* cannot be left out, because leaving it out would turn what is wrong into a pass.
"""


def pages() -> dict[Path, str]:
    """Return the text of every page by its path."""
    found = {DOCS / "rules.md": _index()}
    found.update({DOCS / "rules" / f"{rule.code}.md": _page(rule) for rule in RULES})
    return found


def _index() -> str:
    parts = [INTRODUCTION]
    for family, about in FAMILIES.items():
        members = [rule for rule in RULES if rule.code.startswith(family)]
        if members:
            rows = "".join(
                f"| [{rule.code}](rules/{rule.code}.md) | {rule.name} | {rule.summary} | {_when(rule)} |\n"
                for rule in members
            )
            parts.append(
                f"## {family}: {about}\n\n| code | name | fires at | checked |\n| --- | --- | --- | --- |\n{rows}"
            )
    return "\n".join(parts)


def _page(rule: Rule) -> str:
    parts = [
        f"# {rule.name} ({rule.code})\n",
        "<!-- Written by docs/generate_rules.py from the rule's docstring; do not edit. -->\n",
        f"{rule.summary} Checked: {_when(rule)}. [All rules](../rules.md)\n",
    ]
    for heading, text in rule.explanation.items():
        body = f"```text\n{text}\n```" if heading == "Example" else text
        parts.append(f"## {heading}\n\n{body}\n")
    return "\n".join(parts)


def _when(rule: Rule) -> str:
    return "always" if rule.always else "by default" if rule.default else "when selected"


def main() -> int:
    """Write the pages, or say which are out of date."""
    wanted = pages()
    stray = [path for path in (DOCS / "rules").glob("*.md") if path not in wanted]
    if "--check" in sys.argv:
        stale = [
            path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text
        ]
        for path in [*stale, *stray]:
            print(f"{path.relative_to(DOCS)} is out of date: run python docs/generate_rules.py")
        return int(bool(stale or stray))
    for path in stray:
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
