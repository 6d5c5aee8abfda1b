"""Runs every node test of the onnx package through the analysis and prints what came of it.

Usage: python benchmarks/backend_suite.py [part of a name]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from oracle.suite import cases, judge
from oracle.verdicts import WRONG


def main() -> int:
    """Judge all cases whose name contains the argument."""
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    start = time.perf_counter()
    counts: Counter[str] = Counter()
    for case in cases():
        if part in case.name:
            verdict = judge(case)
            counts[verdict.status] += 1
            if verdict.status not in ("exact", "sound", "unprobed") or part:
                print(f"{verdict.status:9} {case.name}: {verdict.detail}", flush=True)
    print(f"{sum(counts.values())} cases in {time.perf_counter() - start:.0f} s: {dict(counts)}")
    probed = sum(counts[name] for name in ("exact", "inexact", "upper", "unsound"))
    if probed:
        print(f"exact: {100 * counts['exact'] / probed:.1f} % of {probed} with truth")
    return 1 if any(counts[status] for status in WRONG) else 0


if __name__ == "__main__":
    raise SystemExit(main())
