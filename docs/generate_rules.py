"""Writes docs/rules.md and a page per rule below docs/rules/, from the docstrings that ``pytest-rf rule`` shows.

Usage: python docs/generate_rules.py
"""

from __future__ import annotations

from pathlib import Path

from pytest_rf.checks import FAMILIES, RULES, Rule

DOCS = Path(__file__).parent

INTRODUCTION = """\
# Rules

<!-- Written by docs/generate_rules.py from the rules' docstrings; do not edit. -->

`pytest-rf rule CODE` explains a rule on the terminal. `select` and `ignore` take codes, the beginnings of codes, and
names; what is marked *always* cannot be left out, because leaving it out would turn what is wrong into a pass.

How grave the findings of a rule are, and the thresholds that are a matter of taste, stand in `[rule.NAME]`, in
`[model.rule.NAME]` for one model, in a pack for all that extend it; a model's word goes before the file's, key by key.
Every page ends with its rule's table and the defaults. Findings that rest on upper bounds alone (indices computed from
data, the rounding of resized positions) may be none: they are *undecidable* and have a severity of their own. What a
new version may change of all this is written down in [Versions](versioning.md), what the rules find in public models in
[its table](rules-in-public-models.md).
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
    if rule.settings:
        parts.append(f"## Settings\n\n```toml\n{rule.settings}\n```\n")
    return "\n".join(parts)


def _when(rule: Rule) -> str:
    return "always" if rule.always else "by default" if rule.default else "when selected"


def main() -> None:
    """Write the pages, and delete those of rules that are gone."""
    wanted = pages()
    for path in (DOCS / "rules").glob("*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
