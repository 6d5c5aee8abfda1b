"""A long run by hand: broken models by the thousand, in processes with a clock and a limit of memory.

    python tests/fuzz/long.py 100000 --from 0 --keep found/

Batch number K is always the same models, whatever ran before: an interrupted run is taken up with ``--from K``, and
what went wrong is looked at again with ``--from K 512``. The models that went wrong are kept with what came of them.

A process attempts some dozens of models, one after the other, under small limits. Where one of them goes wrong, or the
process dies or hangs, each of them gets a process of its own, which tells whose fault it is. Some models are attempted
under the limits that a user has, too, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import onnx
from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec.structs import replace

from fuzz.bases import bases
from fuzz.breaking import mutants
from fuzz.trial import Came, attempt, attempt_in_process
from pytest_rf.running import Outcome, Terms, outcomes

SIZE, EXAMPLES = 8, 64
BATCH = SIZE * EXAMPLES
TOGETHER = 64
"""So many models have one process, one after the other."""
EVERY = 50
"""Each so-manieth model is attempted under the limits that a user has, too."""
GOOD = ("figures", "unknown", "error")


class Trial(NamedTuple):
    """A model, and what came of it.

    Attributes:
        name: where it is from.
        data: the file.
        limits: under which limits it was attempted, ``small`` or ``default``.
        came: what came of it.
    """

    name: str
    data: bytes
    limits: str
    came: Came


def batch(number: int) -> list[bytes]:
    """Return the models of a batch."""
    found: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(base=bases())
    def collect(base: onnx.ModelProto) -> None:
        found.extend(mutants(base, Random(number * BATCH + len(found)), SIZE))

    collect()
    return found


def work(task: tuple[str, ...]) -> bytes:
    """Attempt files, one after the other, under small limits."""
    return json.dumps([attempt_in_process(Path(path)) for path in task]).encode()


def work_as_a_user(task: tuple[str, ...]) -> bytes:
    """Attempt files under the default limits."""
    return json.dumps([attempt(Path(path)) for path in task]).encode()


def came(outcome: Outcome, models: int) -> list[Came]:
    """Return what came of the models of a process: also that it did not come back."""
    if outcome.result is None:
        return [Came("ended", outcome.failure or "no reason is told")] * models
    return [Came(*one) for one in json.loads(outcome.result)]


def attempted(paths: Sequence[str], terms: Terms, jobs: int) -> dict[str, Came]:
    """Return what came of files under small limits."""
    together = [tuple(paths[place : place + TOGETHER]) for place in range(0, len(paths), TOGETHER)]
    found: dict[str, Came] = {}
    for place, outcome in outcomes(work, together, [terms] * len(together), jobs):
        found.update(zip(together[place], came(outcome, len(together[place])), strict=True))
    wrong = [task for task in together if any(found[path].kind not in GOOD for path in task)]
    alone = [(path,) for task in wrong for path in task]
    singly: dict[str, Came] = {}
    for place, outcome in outcomes(work, alone, [replace(terms, alone=True)] * len(alone), jobs):
        (singly[alone[place][0]],) = came(outcome, 1)
    for task in wrong:
        if all(singly[path].kind in GOOD for path in task):
            (first, *_) = [path for path in task if found[path].kind not in GOOD]
            singly[first] = Came("crash", f"only after others:\n{found[first].detail}")
        found.update((path, singly[path]) for path in task)
    return found


def trials(numbers: Iterator[int], most: int, terms: Terms, jobs: int) -> Iterator[Trial]:
    """Yield models with what came of them."""
    left = most
    while left > 0:
        number = next(numbers)
        with TemporaryDirectory() as folder:
            files = batch(number)[:left]
            paths = [str(Path(folder) / f"{number}_{place}.onnx") for place in range(len(files))]
            for path, data in zip(paths, files, strict=True):
                Path(path).write_bytes(data)
            found = attempted(paths, terms, jobs)
            for path, data in zip(paths, files, strict=True):
                yield Trial(Path(path).stem, data, "small", found[path])
            some = range(-number * BATCH % EVERY, len(files), EVERY)
            tasks = [(paths[place],) for place in some]
            each = [replace(terms, alone=True)] * len(tasks)
            for place, outcome in outcomes(work_as_a_user, tasks, each, jobs):
                (one,) = came(outcome, 1)
                yield Trial(Path(tasks[place][0]).stem, files[some[place]], "default", one)
        left -= len(files)


def key(one: Came) -> str:
    """Return what an outcome has in common with others of its kind."""
    if one.kind == "crash":
        lines = [line.strip() for line in one.detail.splitlines() if line.strip()]
        places = [line for line in lines if line.startswith("File ")]
        error = next(
            (line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception|Hang)\b", line)), lines[-1]
        )
        return f"{error[:90]} @ {places[-1][-80:] if places else ''}"
    if one.kind == "error":
        limit = re.search(r"limits\.\w+", one.detail)
        return limit[0] if limit else ""
    return one.detail[:60] if one.kind == "ended" else ""


def main() -> int:
    """Run, and print a table of what came of the models."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=int)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="BATCH")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--memory", type=int, default=2 << 30)
    parser.add_argument("--keep", type=Path, default=Path("found"))
    asked = parser.parse_args()
    table: Counter[tuple[str, str, str]] = Counter()
    different: set[bytes] = set()
    begun, number, models = time.monotonic(), asked.first, 0

    def numbers() -> Iterator[int]:
        nonlocal number
        for number in count(asked.first):
            seconds = time.monotonic() - begun
            print(f"batch {number}: {models} models, {seconds:.0f} s", file=sys.stderr, flush=True)
            yield number

    try:
        for one in trials(numbers(), asked.models, Terms(asked.seconds, asked.memory), asked.jobs):
            models += one.limits == "small"
            different.add(sha256(one.data).digest())
            kind = (one.limits, one.came.kind, key(one.came))
            table[kind] += 1
            if one.came.kind not in GOOD:
                print(f"{one.name}: {': '.join(kind)}", file=sys.stderr, flush=True)
                if table[kind] <= 3:
                    asked.keep.mkdir(exist_ok=True)
                    (asked.keep / f"{one.name}.onnx").write_bytes(one.data)
                    (asked.keep / f"{one.name}.txt").write_text(f"{one.came.kind}\n{one.came.detail}\n")
    except KeyboardInterrupt:
        print(f"interrupted; go on with --from {number}", file=sys.stderr)
    for (limits, kind, detail), times in sorted(table.items(), key=lambda item: (item[0][:2], -item[1])):
        print(f"{times:8}  {limits:8} {kind:8}  {detail}")
    seconds = time.monotonic() - begun
    print(f"{models:8}  models, {len(different)} of them different, {seconds:.0f} s")
    return int(any(kind not in GOOD for _, kind, _ in table))


if __name__ == "__main__":
    sys.exit(main())
