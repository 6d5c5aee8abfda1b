"""Files scanned on the machines of a dask cluster, through joblib."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_rf.errors import RFError
from pytest_rf.running import Outcome
from pytest_rf.scanning.extras import imported
from pytest_rf.scanning.sources import Task
from pytest_rf.scanning.supervisor import Answer, packed, read, supervised

MOST = 16
"""Files of a batch: each has its price, and an interrupted scan loses the batches at work."""

ROUNDS = 4
"""Batches that each worker gets at least, where there are as many files, so that all end at much the same time."""

PATIENCE = 30
"""Seconds in which a scheduler has to answer, and to have a worker."""


class ClusterError(RFError):
    """A cluster cannot be reached, or does not do what it should."""


def on_dask(tasks: Sequence[Task], scheduler: str) -> Iterator[tuple[int, Outcome]]:
    """Scan files on a cluster; see :data:`pytest_rf.scanning.work.Runner`.

    Each thread of a worker scans one batch at a time, file by file in a process that is held to the file's terms, so
    that nothing that a file does ends the worker. The machines need pytest-rf, and the files under the same paths.

    Args:
        tasks: the files.
        scheduler: the address of the cluster's scheduler, as ``tcp://127.0.0.1:8786``.

    Raises:
        ExtraError: a library is not installed.
        ClusterError: the scheduler does not answer, has no workers, or workers fail.
    """
    joblib = imported("joblib", "dask", "--backend dask")
    distributed = imported("distributed", "dask", "--backend dask")
    if not tasks:
        return
    try:
        with distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=PATIENCE)
            yield from _batches(tasks, client, joblib)
    except (RFError, GeneratorExit):
        raise
    except Exception as error:  # of joblib, distributed, or the network
        reason = " ".join(str(error).split())[:300]
        raise ClusterError(
            f"{scheduler}: the cluster failed: {type(error).__name__}: {reason}; what was found is kept, and the same "
            "command goes on"
        ) from None


def _batches(tasks: Sequence[Task], client: Any, joblib: Any) -> Iterator[tuple[int, Outcome]]:
    threads = sum(client.ncores().values())
    length = max(1, min(MOST, -(-len(tasks) // (ROUNDS * threads))))
    batches = [range(start, min(start + length, len(tasks))) for start in range(0, len(tasks), length)]
    with joblib.parallel_config(backend="dask", client=client):
        # Their results are told apart by their places, as they come in any order.
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=2 * threads)
        work = joblib.delayed(_scanned)
        for places, found in parallel(
            work(places, packed([tasks[place] for place in places])) for places in batches
        ):
            yield from zip(places, read(found), strict=True)


def _scanned(places: range, batch: bytes) -> tuple[range, Answer]:
    return places, supervised(batch, len(places))
