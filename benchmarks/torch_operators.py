"""Holds torch's own operator and module samples against what changes their outputs, element by element.

Usage: python benchmarks/torch_operators.py [name ...] [--forms plain,all] [--samples 8] [--verbose]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from operators.aten.operator_database import FORMS, SAMPLES, module_cases, operator_cases
from oracle.calls import judge
from oracle.verdicts import WRONG, Status

QUIET: tuple[Status, ...] = ("exact", "unprobed", "sampled", "upper")
WORST: tuple[Status, ...] = ("unsound", "crash", "error", "unknown", "inexact", *QUIET[::-1])


def main() -> int:
    """Judge the cases and print a table of operators by their worst verdict."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="operators, such as nn.functional.conv2d; all by default")
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--modules", action="store_true", help="modules instead of operators")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    forms = options.forms.split(",")
    cases = (
        module_cases(options.names)
        if options.modules
        else operator_cases(options.names, forms, options.samples)
    )
    start = time.perf_counter()
    counts: Counter[str] = Counter()
    shown: set[tuple[str, str]] = set()
    operators: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        verdict = judge(case)
        counts[verdict.status] += 1
        operators[case.operator][verdict.status] += 1
        kind = (verdict.status, case.operator)
        if (verdict.status not in QUIET and kind not in shown) or options.verbose:
            shown.add(kind)
            print(f"{verdict.status:8} {verdict.case}: {verdict.detail}", flush=True)
    worst = Counter(next(s for s in WORST if found[s]) for found in operators.values())
    print(f"{sum(counts.values())} cases in {time.perf_counter() - start:.0f} s: {dict(counts)}")
    print(f"{len(operators)} operators by their worst case: {dict(worst)}")
    return 1 if any(counts[status] for status in WRONG) else 0


if __name__ == "__main__":
    raise SystemExit(main())
