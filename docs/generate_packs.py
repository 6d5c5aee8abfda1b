"""Writes docs/packs.md from the packs in rules/ and the comments that they give their reasons in.

Usage: python docs/generate_packs.py
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytest_rf.checks import RULES
from pytest_rf.config import packs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = Path(__file__).parent / "packs.md"

INTRODUCTION = """\
# Packs

<!-- Written by docs/generate_packs.py from rules/*.toml; do not edit. -->

A pack holds what models of a kind have to fulfil, whoever made them: requirements, and the rules that belong with them.
A configuration takes packs for all its models, an entry for its own:

```toml
extend = ["pytest-rf:segmentation"]

[[model]]
source = "models/unet.onnx"
extend = ["pytest-rf:tiled-inference"]
```

A pack's requirement about what a model does not have (an axis `t`, say) is *not applicable* to it: counted, and told
with `-v`. A finding points at the line that takes the pack in, and names the pack. What a pack asks and you do not mean
is waived with its reason (`[[model.waiver]]`), or the pack's lines are copied into a file of your own, which
`extend = ["rules/ours.toml"]` takes in as well.
"""

_ITEM = re.compile(r'\s*"(?P<text>[^"]*)",\s*(?:# (?P<why>.*))?')


class Item(NamedTuple):
    """A requirement or a rule of a pack, and why it is there."""

    text: str
    why: str


def page() -> str:
    """Return the text of the page."""
    rows = "".join(f"| [{name}](#{name}) | {packs.about(name)} |\n" for name in packs.names())
    sections = [section for name in packs.names() for section in _pack(name)]
    return "\n".join([INTRODUCTION, f"| pack | for |\n| --- | --- |\n{rows}", *sections])


def _pack(name: str) -> Iterator[str]:
    text = (packs.folder() / f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    _, *prose = _head(text)
    yield f"## {name}\n"
    yield f"{packs.about(name)}: `pytest-rf:{name}`.\n"
    yield from (f"{_code(paragraph)}\n" for paragraph in prose)
    if extends := data.get("extend"):
        names = [one.partition(":")[2] for one in extends]
        yield f"Beside what {' and '.join(f'[{one}](#{one})' for one in names)} holds:\n"
    if requires := _items(text, data, "require"):
        rows = "".join(f"| `{one.text}` | {_code(one.why)} |\n" for one in requires)
        yield f"| requires | |\n| --- | --- |\n{rows}"
    if selects := _items(text, data, "select"):
        names_of = {rule.code: rule.name for rule in RULES}
        rows = "".join(
            f"| [{one.text}](rules/{one.text}.md) {names_of[one.text]} | {_code(one.why)} |\n"
            for one in selects
        )
        yield f"| selects | |\n| --- | --- |\n{rows}"


def _head(text: str) -> list[str]:
    """Return the paragraphs of the comment that a pack begins with."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return [" ".join(one.split("\n")) for one in "\n".join(lines).split("\n\n")]


def _items(text: str, data: dict[str, Any], key: str) -> Sequence[Item]:
    """Return what stands in an array of a pack, each with its comment: behind it, or in the lines before."""
    _, found, rest = text.partition(f"\n{key} = [\n")
    items: list[Item] = []
    before: list[str] = []
    for line in rest.partition("\n]")[0].splitlines() if found else ():
        match = _ITEM.fullmatch(line)
        if match is None:
            before.append(line.strip().removeprefix("# "))
            continue
        items.append(Item(match["text"], match["why"] or " ".join(before)))
        before = []
    assert [one.text for one in items] == data.get(key, []), f"{key} is not written as packs are"
    return items


def _code(text: str) -> str:
    """Return a comment as Markdown: what is quoted or written as TOML is code."""
    of_calls = (
        r"axes = \{.*\} \}|(?:frontend|spacing|stands_for) = \{[^}]*\}|chunk = [0-9]+|origin = \"start\""
    )
    text = re.sub(rf"\b({of_calls})", r"`\1`", text)
    text = re.sub(r'(?<!`)"([a-z]+ [a-z.]+ [<>=]+ [^"]+)"', r"`\1`", text)
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
