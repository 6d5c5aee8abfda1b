"""Counts what every rule finds in many models, and shows the findings, so that wrong ones are seen.

Usage: python benchmarks/rules_corpus.py [--models FILE.py] [--only GLOB] [--rule CODE] [--show N]

The models are those of benchmarks/figures.py, or of Python files with a function ``models`` like the one there. For
every rule the number of findings and of models that have some are printed, then up to N findings of each rule.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from collections import defaultdict
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

from pytest_rf import checks
from pytest_rf.checks.subject import Subject
from pytest_rf.errors import RFError
from pytest_rf.requirements import Settings, parse

#: What makes the rules about declarations speak.
DECLARED = (parse("final is causal"), parse("final halo <= 64"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", action="append", default=[])
    parser.add_argument("--only", default="*")
    parser.add_argument("--rule", default="RF")
    parser.add_argument("--show", type=int, default=30)
    options = parser.parse_args()
    rules = [rule for rule in checks.match(options.rule) if rule.check is not None]
    found: dict[str, list[str]] = defaultdict(list)
    models: dict[str, set[str]] = defaultdict(set)
    count = 0
    files = options.models or [str(Path(__file__).parent / "figures.py")]
    sources = [runpy.run_path(file)["models"]() for file in files]
    for name, analyse in chain.from_iterable(sources):
        if not fnmatchcase(name, options.only):
            continue
        try:
            analysis = analyse()
        except RFError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        count += 1
        for rule in rules:
            for one in rule.findings(Subject(analysis, Settings(), DECLARED)):
                mark = f"[{one.severity}{', undecidable' if one.undecidable else ''}]"
                found[rule.code].append(f"{name}: {mark} {','.join(one.axes)}: {one.message}")
                models[rule.code].add(name)
    for rule in rules:
        print(
            f"{rule.code} {rule.name}: {len(found[rule.code])} findings in {len(models[rule.code])} of {count} models"
        )
        for text in found[rule.code][: options.show]:
            print(f"    {text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
