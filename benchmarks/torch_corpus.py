"""Captures and analyses a corpus of PyTorch models, and says what stays unknown.

    python benchmarks/torch_corpus.py path/to/torch_models.py [--only GLOB] [--probe N] [--results FILE]

The file defines ``MODELS``: name -> callable that returns (module, example inputs). Each model is one
line of JSON in the results; the table at the end sums them up. With ``--probe N`` one unit of N modules
of each model is probed numerically along one axis (see ``pytest_rf.verify``).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
import time
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch

import pytest_rf
from pytest_rf.frontends.torch.structure import arguments, map_tensors
from pytest_rf.probing import Prober

SLOW = 2.0
"""Models whose forward pass takes longer than this many seconds are not probed."""


def corpus(path: Path) -> dict[str, Any]:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.MODELS)


def analyse(module: torch.nn.Module, example: Any) -> tuple[dict[str, Any], pytest_rf.Analysis]:
    start = time.process_time()
    analysis = pytest_rf.analyze(module, example)
    tensors = list(analysis)
    unknown = [t for t in tensors if t.status == "unknown"]
    record = {
        "way": analysis.capture,
        "seconds": round(time.process_time() - start, 3),
        "tensors": len(tensors),
        "unknown": len(unknown),
        "reasons": sorted({t.reason or "" for t in unknown}),
        "outputs": len(analysis.outputs),
        "unknown_outputs": sum(t.status == "unknown" for t in analysis.outputs),
        "mixes_batch": mixes_batch(analysis),
    }
    return record, analysis


def doubled(example: Any) -> Any:
    """Return the example with two samples: of one alone nobody could see whether samples mix."""

    def double(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return torch.cat([tensor, tensor]) if tensor.dim() > 1 and tensor.shape[0] == 1 else tensor

    return map_tensors(example, double)


def mixes_batch(analysis: pytest_rf.Analysis) -> bool | None:
    """Whether a unit of one sample reads another; None where there is one sample."""
    answer = None
    for source in analysis.inputs.values():
        if source.batch is None or source.shape[source.batch] < 2:
            continue
        for output in analysis.outputs:
            if output.status != "unknown" and source.name in output.inputs:
                lo, hi = output.bounds(source.batch, source.name, context=True)
                answer = bool(answer) or bool((lo != hi).any())
    return answer


def probe(module: torch.nn.Module, example: Any, analysis: pytest_rf.Analysis, count: int) -> list[str]:
    """Probe one unit of a few modules and of the first output; return a verdict for each."""
    known = analysis.graph.modules
    paths = [
        path for path, value in known.items() if value.varies and "@" not in path and f"{path}@2" not in known
    ]
    picked = random.sample(paths, min(count, len(paths)))
    call = arguments(module, example)
    start = time.perf_counter()
    prober = Prober(module, call, 1, picked, linear=True)
    if time.perf_counter() - start > 2 * SLOW:
        return []
    prober.bases, prober.plain = prober.bases[1:], prober.plain[1:]
    targets = [(path, analysis[path]) for path in picked]
    targets += [(name, t) for name, t in zip(analysis.graph.outputs, analysis.outputs, strict=True)][:1]
    verdicts = []
    for name, tensor in targets:
        if tensor.status == "unknown" or not tensor.shape or name not in prober.plain[0]:
            continue
        unit = tuple(random.choice([0, n // 2, n - 1, random.randrange(n)]) for n in tensor.shape)
        for source in analysis.inputs.values():
            if source.name in prober.inputs and source.axes:
                axis = random.choice(list(source.axes.values()))
                lo, hi = (int(end[unit]) for end in tensor.bounds(axis, source.name, context=True))
                verdicts.append(verdict(prober, name, unit, source.name, axis, lo, hi))
    return verdicts


def verdict(
    prober: Prober, name: str, unit: tuple[int, ...], source: str, axis: int, lo: int, hi: int
) -> str:
    extent = prober.inputs[source].shape[axis]
    outside = [(0, extent)] if lo > hi else [(0, max(lo, 0)), (hi + 1, extent)]
    if any(prober.changes(name, unit, source, axis, *span) for span in outside):
        return f"OUTSIDE {name}{list(unit)} <- {source} axis {axis} [{lo}, {hi}]"
    ends = set() if lo > hi else {lo, hi}
    equal = all(prober.changes(name, unit, source, axis, end, end + 1) for end in ends)
    return "equal" if equal else f"within {name}{list(unit)} <- {source} axis {axis} [{lo}, {hi}]"


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    records = []
    with Path(options.results).open("a") as results:
        for name, build in corpus(Path(options.corpus)).items():
            if not any(fnmatchcase(name, pattern) for pattern in options.only or ["*"]):
                continue
            record: dict[str, Any] = {"name": name}
            try:
                module, example = build()
                if options.two:
                    example = doubled(example)
            except Exception as error:
                record["not_built"] = f"{type(error).__name__}: {str(error)[:100]}"
            else:
                try:
                    found, analysis = analyse(module, example)
                    record.update(found)
                    if options.probe:
                        record["probes"] = probe(module, example, analysis, options.probe)
                except Exception as error:
                    record["error"] = f"{type(error).__name__}: {str(error)[:200]}"
            print(json.dumps(record), file=results, flush=True)
            records.append(record)
    return records


def table(records: list[dict[str, Any]]) -> str:
    built = [r for r in records if "not_built" not in r]
    done = [r for r in built if "error" not in r]
    tensors, unknown = sum(r["tensors"] for r in done), sum(r["unknown"] for r in done)
    whole = sum(not r["unknown_outputs"] for r in done)
    verdicts = Counter(one.split()[0] for r in done for one in r.get("probes", []))
    seconds = sorted(r["seconds"] for r in done) or [0.0]
    lines = [
        "| | |",
        "| --- | --- |",
        f"| models built | {len(built)} of {len(records)} |",
        f"| analysed | {len(done)} |",
        *(f"| captured by {way} | {n} |" for way, n in Counter(r["way"] for r in done).most_common()),
        f"| unknown tensors | {unknown} of {tensors} ({unknown / max(tensors, 1):.2%}) |",
        f"| models without an unknown output | {whole} |",
        f"| CPU seconds, median and largest | {seconds[len(seconds) // 2]} and {seconds[-1]} |",
        f"| models whose samples mix | {sum(bool(r['mixes_batch']) for r in done)} |",
        *(f"| probes: {word} | {n} |" for word, n in verdicts.most_common()),
    ]
    reasons = Counter(reason for r in done for reason in r["reasons"])
    lines += ["", *(f"- {n} models: {reason}" for reason, n in reasons.most_common())]
    lines += [f"- {r['name']}: {r['error']}" for r in built if "error" in r]
    lines += [f"- {r['name']}: samples mix" for r in done if r["mixes_batch"]]
    lines += [f"- {r['name']}: {one}" for r in done for one in r.get("probes", []) if one.startswith("OUT")]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--only", action="append", help="glob over model names; repeatable")
    parser.add_argument("--two", action="store_true", help="analyse with two samples: do they mix?")
    parser.add_argument("--probe", type=int, default=0)
    parser.add_argument("--results", default="torch_corpus.jsonl")
    torch.set_num_threads(1)
    random.seed(0)
    print(table(run(parser.parse_args())))
