"""Random streaming nets: a step model with caches is the same stream, and with one fault it is not.

    python benchmarks/streams.py [COUNT]

What is the first unit that differs is held against gradients of real runs of both forms.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import torch

import pytest_rf

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.streams.drawn_nets import FAULTS, WIDTH, Case, Fault, case, reads


def judged(one: Case) -> pytest_rf.Comparison:
    """Compare both forms of a net."""
    caches = one.step.caches()
    names = [f"arg{number + 1}" for number in range(len(caches))]
    step = pytest_rf.analyze(
        one.step,
        torch.zeros(1, WIDTH, one.chunk),
        *caches,
        state={name: str(n + 1) for n, name in enumerate(names)},
    )
    offline = pytest_rf.analyze(one.offline, inputs={"x": (1, WIDTH, 24 * one.strides)})
    return pytest_rf.same(offline, step)


def truth(one: Case, found: pytest_rf.Comparison) -> int | None:
    """Return the first unit behind the start-up that reads other positions in real runs; None where none does."""
    calls = (found.startup + 40) * one.strides // one.chunk + 3
    mine, yours = reads(one, calls * one.chunk)
    last = calls * one.chunk // one.strides - 16  # the offline net's right border
    for unit in range(found.startup, last):
        if mine[unit - found.delay] != yours[unit]:
            return unit
    return None


def verdict(seed: int, fault: Fault) -> str:
    """Return what came of one net: right, or what is wrong."""
    one = case(seed, fault)
    found = judged(one)
    real = truth(one, found)
    if found.unit != real:
        return f"seed {seed} {fault or 'no fault'}: unit {found.unit}, in real runs {real}: {found}"
    if not fault and (not found or found.delay != one.delay):
        return f"seed {seed}: delay {found.delay}, should be {one.delay}: {found}"
    return "differs" if not found else f"delay {'0' if not found.delay else '> 0'}"


def main() -> None:
    """Draw nets, and count what comes of them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    torch.set_num_threads(1)
    start, wrong = time.monotonic(), []
    for fault in ("", *FAULTS):
        told = [verdict(seed, fault) for seed in range(count)]
        wrong += [one for one in told if one.startswith("seed")]
        print(f"{fault or 'no fault':9} {dict(Counter(one for one in told if not one.startswith('seed')))}")
    print(*wrong, sep="\n")
    print(
        f"{4 * count} comparisons, {len(wrong)} wrong, {time.monotonic() - start:.0f} s, torch {torch.__version__}"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
