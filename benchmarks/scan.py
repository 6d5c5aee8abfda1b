"""What a scan of many small models takes on one process and on two: here, and on a dask cluster.

    python benchmarks/scan.py [--models 2000] [--backend dask local] [--rounds 1]

Prints seconds on the clock, of one worker and of two in turn, and how many times as fast two are. Ratios mean
something on a machine that does nothing else; the load before each scan is printed with it, and how many times as fast
as one after the other two scans are that run side by side and have nothing to do with each other.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import onnx
from running import model

COMMAND = [sys.executable, "-m", "pytest_rf", "scan", "models"]


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Yield the address of a cluster on this machine, of processes with a thread each."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as one:
        yield one.scheduler_address


def taken(folder: Path, *options: str, beside: int = 1) -> float:
    """Return the seconds of so many scans of all models side by side."""
    outputs = [folder / f"results{number}.jsonl" for number in range(beside)]
    for output in outputs:
        output.unlink(missing_ok=True)
    start = time.perf_counter()
    scans = [
        subprocess.Popen([*COMMAND, "-o", str(output), *options], cwd=folder, stdout=subprocess.DEVNULL)
        for output in outputs
    ]
    statuses = [scan.wait() for scan in scans]
    if any(statuses):
        raise SystemExit(f"{' '.join(COMMAND)} fails")
    return time.perf_counter() - start


def on(backend: str, workers: int, folder: Path) -> float:
    """Return the seconds of a scan with so many workers."""
    if backend == "local":
        return taken(folder, "-j", str(workers))
    with cluster(workers) as address:
        return taken(folder, "--backend", "dask", "--scheduler", address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--backend", nargs="+", choices=("dask", "local"), default=["dask", "local"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").mkdir()
        for number in range(options.models):
            onnx.save(model(number), folder / "models" / f"m{number:04}.onnx")
        for backend in options.backend:
            for _ in range(options.rounds):
                seconds = []
                for workers in (1, 2):
                    load = os.getloadavg()[0]
                    seconds.append(on(backend, workers, folder))
                    print(
                        f"{backend}: {workers} worker{'s' * (workers > 1)} {seconds[-1]:.1f} s (load {load:.1f})"
                    )
                print(f"{backend}: two are {seconds[0] / seconds[1]:.2f} times as fast", flush=True)
        pairs = [
            (taken(folder, "-j", "1"), taken(folder, "-j", "1", beside=2)) for _ in range(options.rounds)
        ]
        gives = statistics.median(2 * alone / both for alone, both in pairs)
        print(f"what the machine gives: two scans side by side are {gives:.2f} times as fast")


if __name__ == "__main__":
    main()
