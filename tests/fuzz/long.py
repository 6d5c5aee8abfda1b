"""A long run by hand: broken models by the thousand, each in a process with a clock and a limit of memory.

    python tests/fuzz/long.py 100000 --from 0 --keep found/

Batch number K is always the same models, whatever ran before: an interrupted run is taken up with ``--from K``, and
what went wrong is looked at again with ``--from K 512``. The models that went wrong are kept with what came of them.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.bases import batches
from fuzz.trial import Came, attempt
from pytest_rf.running import Outcome, Terms, outcomes

SIZE, EXAMPLES = 8, 64
BATCH = SIZE * EXAMPLES
GOOD = ("figures", "unknown", "error")


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
    @given(files=batches(SIZE))
    def collect(files: list[bytes]) -> None:
        found.extend(files)

    collect()
    return found


def work(path: str) -> bytes:
    """Attempt a file, in a process of its own."""
    kind, detail = attempt(Path(path))
    return f"{kind}\n{detail}".encode(errors="backslashreplace")


def came(outcome: Outcome) -> Came:
    """Return what came of a model: also that its process did not come back."""
    if outcome.result is None:
        return Came("ended", outcome.failure or "no reason is told")
    kind, _, detail = outcome.result.decode().partition("\n")
    return Came(kind, detail)


def trials(numbers: Iterator[int], most: int, terms: Terms, jobs: int) -> Iterator[tuple[str, bytes, Came]]:
    """Yield models with what came of them, and a name that tells where they come from."""
    left = most
    while left > 0:
        number = next(numbers)
        with TemporaryDirectory() as folder:
            files = batch(number)[:left]
            paths = [str(Path(folder) / f"{number}_{place}.onnx") for place in range(len(files))]
            for path, data in zip(paths, files, strict=True):
                Path(path).write_bytes(data)
            for place, outcome in outcomes(work, paths, [terms] * len(paths), jobs):
                yield Path(paths[place]).stem, files[place], came(outcome)
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
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--memory", type=int, default=2 << 30)
    parser.add_argument("--keep", type=Path, default=Path("found"))
    asked = parser.parse_args()
    table: Counter[tuple[str, str]] = Counter()
    begun, number = time.monotonic(), asked.first

    def numbers() -> Iterator[int]:
        nonlocal number
        number = asked.first
        while True:
            print(
                f"batch {number}: {table.total()} models, {time.monotonic() - begun:.0f} s",
                file=sys.stderr,
                flush=True,
            )
            yield number
            number += 1

    try:
        terms = Terms(asked.seconds, asked.memory)
        for name, data, one in trials(numbers(), asked.models, terms, asked.jobs):
            table[one.kind, key(one)] += 1
            if one.kind not in GOOD and table[one.kind, key(one)] <= 3:
                asked.keep.mkdir(exist_ok=True)
                (asked.keep / f"{name}.onnx").write_bytes(data)
                (asked.keep / f"{name}.txt").write_text(f"{one.kind}\n{one.detail}\n")
                print(f"{name}: {one.kind}: {key(one)}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"interrupted; go on with --from {number}", file=sys.stderr)
    for (kind, detail), count in sorted(table.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{count:8}  {kind:8}  {detail}")
    print(f"{table.total():8}  models, {time.monotonic() - begun:.0f} s")
    return int(any(kind not in GOOD for kind, _ in table))


if __name__ == "__main__":
    sys.exit(main())
