"""Captures and analyses a corpus of PyTorch models, and says what stays unknown.

    python benchmarks/torch_corpus.py path/to/torch_models.py [--only GLOB] [--two] [--probe SECONDS]

The file defines ``MODELS``: name -> callable that returns (module, example inputs). Each model is one
line of JSON in the results; the table at the end sums them up. With ``--probe SECONDS`` each model is also
probed numerically for about so long (see ``torch_probes.py``), with ``--two`` on two samples, so that it
shows whether these mix. Models that are in the results already are not run again.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch_probes import probe

import pytest_rf
from pytest_rf.frontends.torch.trees import map_tensors


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
                answer = bool(answer) or bool((lo < hi).any())
    return answer


def record(build: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Build a model, analyse and probe it; whatever goes wrong is part of the record."""
    try:
        module, example = build()
        if options.two:
            example = doubled(example)
    except Exception as error:
        return {"not_built": f"{type(error).__name__}: {str(error)[:100]}"}
    try:
        found, analysis = analyse(module, example)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    if options.probe:
        start = time.perf_counter()
        try:
            found["probes"] = asdict(probe(module, example, analysis, options.probe))
        except Exception as error:
            found["not_probed"] = f"{type(error).__name__}: {str(error)[:200]}"
        found["probe_seconds"] = round(time.perf_counter() - start, 1)
    return found


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    path = Path(options.results)
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {one["name"] for one in records}
    with path.open("a") as results:
        for name, build in corpus(Path(options.corpus)).items():
            wanted = any(fnmatchcase(name, pattern) for pattern in options.only or ["*"])
            if wanted and name not in done:
                records.append({"name": name, **record(build, options)})
                print(json.dumps(records[-1]), file=results, flush=True)
    return records


def table(records: list[dict[str, Any]]) -> str:
    built = [r for r in records if "not_built" not in r]
    done = [r for r in built if "error" not in r]
    tensors, unknown = sum(r["tensors"] for r in done), sum(r["unknown"] for r in done)
    whole = sum(not r["unknown_outputs"] for r in done)
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
        *probed([r["probes"] for r in done if "probes" in r]),
    ]
    reasons = Counter(reason for r in done for reason in r["reasons"])
    lines += ["", *(f"- {n} models: {reason}" for reason, n in reasons.most_common())]
    lines += [f"- {r['name']}: {r['error']}" for r in built if "error" in r]
    lines += [f"- {r['name']}: samples mix" for r in done if r["mixes_batch"]]
    lines += [f"- {r['name']}: not probed: {r['not_probed']}" for r in done if "not_probed" in r]
    for word in ("outside", "within"):
        lines += [
            f"- {r['name']}: {len(r['probes'][word])} {word}, as {r['probes'][word][0]}"
            for r in done
            if r.get("probes", {}).get(word)
        ]
    return "\n".join(lines)


def probed(probes: list[dict[str, Any]]) -> list[str]:
    """Return the rows of the table that sum the probes up."""
    if not probes:
        return []
    judged, equal = sum(p["judged"] for p in probes), sum(p["equal"] for p in probes)
    return [
        f"| models probed | {len(probes)} |",
        f"| (unit, change outside of its bounds) compared | {sum(p['compared'] for p in probes)} |",
        f"| influences from outside | {sum(len(p['outside']) for p in probes)} |",
        f"| (tensor, axis, unit) with both ends changed | {judged} |",
        f"| both seen | {equal} ({equal / max(judged, 1):.2%}) |",
        f"| within upper bounds only | {sum(len(p['loose']) for p in probes)} |",
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--only", action="append", help="glob over model names; repeatable")
    parser.add_argument("--two", action="store_true", help="analyse with two samples: do they mix?")
    parser.add_argument("--probe", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--results", default="torch_corpus.jsonl")
    torch.set_num_threads(1)
    random.seed(0)
    print(table(run(parser.parse_args())))
