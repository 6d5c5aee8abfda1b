"""Writes docs/operators.md: what is known of every operator of ONNX, from the tables that the analysis uses.

Usage: python docs/generate_operators.py
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import onnx

from pytest_rf.operators.onnx import table
from pytest_rf.operators.onnx.coverage import LIMITS

PAGE = Path(__file__).parent / "operators.md"
TITLES = {
    "": "ai.onnx",
    "ai.onnx.ml": "ai.onnx.ml",
    "ai.onnx.preview": "ai.onnx.preview",
    "ai.onnx.preview.training": "ai.onnx.preview.training",
    "com.microsoft": "com.microsoft (what onnxruntime's optimisers and quantiser write)",
}

INTRODUCTION = """\
# ONNX operators

<!-- Written by docs/generate_operators.py from the operator tables; do not edit. -->

*exact*: the bounds of every element are those of the standard. *upper bound*: data chooses what is read, so
the figure is the most that it can be, and says so. *unknown*: there is no figure, and requirements on the
tensor and on all that it feeds fail as undecidable. Where an operator is exact in some forms only, the worst
form gives the status and the remark says which. The opsets are those in which the operator changed; all of
them, from 1 to {newest}, are followed.

An operator that the standard defines by a function, and that has no rule of its own here, is followed
through that function ("by its body"). Operators of other domains are unknown unless the model brings
functions for them.
"""


def rows(domain: str) -> Iterator[str]:
    """Yield a table row per operator of a domain."""
    rules = table()
    versions: dict[str, set[int]] = defaultdict(set)
    bodies: set[str] = set()
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == domain:
            versions[schema.name].add(schema.since_version)
            if schema.has_function or schema.has_context_dependent_function:
                bodies.add(schema.name)
    prefix = f"{domain}::" if domain else ""
    names = versions or {key.removeprefix(prefix): set() for key in rules if key.startswith(prefix)}
    for name in sorted(names):
        key = prefix + name
        limit = LIMITS.get(key)
        status, remark = (limit.status, limit.reason) if limit else ("exact", "")
        if key not in rules:
            status, remark = ("exact", "by its body") if name in bodies else ("unknown", "has no rule")
        opsets = ", ".join(map(str, sorted(versions[name]))) or "any"
        yield f"| {name} | {opsets} | {status} | {remark} |"


def page() -> str:
    """Return the page as text."""
    parts = [INTRODUCTION.format(newest=onnx.defs.onnx_opset_version())]
    for domain, title in TITLES.items():
        parts.append(f"## {title}\n\n| operator | opsets | status | remark |\n| --- | --- | --- | --- |")
        parts[-1] += "\n" + "\n".join(rows(domain)) + "\n"
    parts.append(suite())
    parts.append(f"<!-- onnx {onnx.__version__} -->\n")
    return "\n".join(parts)


def suite() -> str:
    """Return the part on the test-suite of the standard."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from oracle.known import CASES, FIGURES, REASONS

    lines = [
        "## The standard's own test-suite",
        "",
        FIGURES,
        "",
        "| cases | why the bounds are wider |",
        "| --- | --- |",
    ]
    for reason, text in REASONS.items():
        names = [name for name, why in CASES.items() if why == reason]
        lines.append(f"| {', '.join(names)} | {text} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
