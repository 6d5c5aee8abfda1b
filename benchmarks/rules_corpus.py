"""Counts what every rule finds in many models, by library, and shows the findings, so that wrong ones are seen.

Usage: python benchmarks/rules_corpus.py run --results FILE.jsonl [--models FILE.py] [--only GLOB] [--rule CODE]
       python benchmarks/rules_corpus.py show --results FILE.jsonl [--only GLOB] [--rule CODE] [--show N]

The models are those of benchmarks/figures.py, or of Python files with a function ``models`` like the one there, or
with ``MODELS``: name -> callable that returns (module, example inputs). These are analysed with two samples where that
goes, so that samples can be seen to mix.

``run`` adds one line of JSON a model: what the rules found, by code. Each model has a process of its own and a clock.
A model is run again where a rule that is asked for is not in its lines yet; ``--again`` asks for those in any case. Of
several lines the last one that has a rule counts, so that a mended rule needs its own models alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import runpy
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest_rf
from pytest_rf import checks
from pytest_rf.checks import extents
from pytest_rf.checks.subject import Subject
from pytest_rf.requirements import Settings, parse

#: What makes the rules about declarations speak.
DECLARED = (parse("final is causal"), parse("final halo <= 64"))
DECLARING = ("hidden-context", "border-reads-ahead")

Record = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=("run", "show"))
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--models", action="append", default=[])
    parser.add_argument("--import", action="append", default=[], dest="imports", help="once for all models")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--show", type=int, default=30)
    options = parser.parse_args()
    rules = [r for text in options.rule or ["RF"] for r in checks.match(text) if r.check is not None]
    return run(options, rules) if options.command == "run" else show(options, rules)


def run(options: argparse.Namespace, rules: Sequence[checks.Rule]) -> int:
    """Run the rules over the models that have not been judged by them."""
    done = read(options.results)
    extents.MOST = 1  # the nearest extents that fit are advice, and cost up to 64 analyses each
    waiting, known_models = [], list(models(options.models))
    for name in options.imports:
        __import__(name)
    for name, make in known_models:
        wanted = not options.only or any(fnmatchcase(name, glob) for glob in options.only)
        known = done.get(name, {}).get("found", {})
        left = rules if options.again else [rule for rule in rules if rule.code not in known]
        if wanted and left and "error" not in done.get(name, {}):
            waiting.append((name, make, [rule.code for rule in left]))
    running: dict[str, tuple[Any, Any, float]] = {}
    context = multiprocessing.get_context("fork")
    with options.results.open("a") as results:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                name, make, codes = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                worker = context.Process(target=judge, args=(make, codes, theirs))
                worker.start()
                theirs.close()
                running[name] = worker, ours, time.monotonic()
            for name, (worker, pipe, start) in list(running.items()):
                record = _finished(worker, pipe, time.monotonic() - start > options.seconds)
                if record is not None:
                    del running[name]
                    record = {"name": name, "wall": round(time.monotonic() - start, 1), **record}
                    print(json.dumps(record), file=results, flush=True)
            time.sleep(0.05)
    return 0


def _finished(worker: Any, pipe: Any, late: bool) -> Record | None:
    """Return what a worker sent, or why it sent nothing; None while it is at work."""
    record: Record | None = None
    if pipe.poll():
        try:
            record = pipe.recv()
        except EOFError:
            worker.join()
            record = {"error": f"the process ended with {worker.exitcode}"}
    elif late:
        worker.kill()
        record = {"error": "too late"}
    if record is not None:
        worker.join()
        pipe.close()
    return record


def models(files: Sequence[str]) -> Iterator[tuple[str, Callable[[], pytest_rf.Analysis]]]:
    """Yield the models of files: their names and what analyses them."""
    for file in files or [str(Path(__file__).parent / "figures.py")]:
        sys.path.insert(0, str(Path(file).parent))
        found = runpy.run_path(file)
        if "MODELS" in found:
            yield from ((name, _analysing(build)) for name, build in found["MODELS"].items())
        else:
            yield from found["models"]()


def _analysing(build: Callable[[], tuple[Any, Any]]) -> Callable[[], pytest_rf.Analysis]:
    def analyse() -> pytest_rf.Analysis:
        from torch_corpus import doubled

        module, example = build()
        try:
            return pytest_rf.analyze(module, doubled(example))
        except Exception:  # not every model takes two samples
            return pytest_rf.analyze(*build())

    return analyse


def judge(make: Callable[[], pytest_rf.Analysis], codes: Sequence[str], pipe: Any) -> None:
    """Send what rules find in a model; whatever goes wrong is told."""
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  (libraries talk)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    start = time.perf_counter()
    try:
        analysis = make()
    except Exception as error:
        pipe.send({"error": f"{type(error).__name__}: {str(error)[:200]}"})
        return
    record: Record = {"analysis": round(time.perf_counter() - start, 1), "found": {}, "seconds": {}}
    record["batch"] = [source.shape[0] for source in analysis.inputs.values() if source.batch is not None]
    for code in codes:
        start = time.perf_counter()
        try:
            rule = checks.find(code)
            declared = DECLARED if rule.name in DECLARING else ()
            found = rule.findings(Subject(analysis, Settings(), declared))
            record["found"][code] = [told(one) for one in found]
        except Exception as error:
            record["found"][code] = [
                {"severity": "crash", "message": f"{type(error).__name__}: {error}"[:300]}
            ]
        record["seconds"][code] = round(time.perf_counter() - start, 2)
    pipe.send(record)


def told(one: Any) -> Record:
    """Return what is shown of a finding."""
    kept = (
        "severity",
        "undecidable",
        "axes",
        "tensor",
        "op",
        "module",
        "source",
        "message",
        "note",
        "help",
        "reason",
    )
    return {name: getattr(one, name) for name in kept if getattr(one, name)}


def read(path: Path) -> dict[str, Record]:
    """Return the results by model, of each rule the last."""
    records: dict[str, Record] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        new = json.loads(line)
        old = records.get(new["name"], {})
        found = {**old.get("found", {}), **new.get("found", {})}
        records[new["name"]] = {**{k: v for k, v in old.items() if k != "error"}, **new, "found": found}
    return records


def show(options: argparse.Namespace, rules: Sequence[checks.Rule]) -> int:
    """Print the number of findings by rule and library, then up to N findings of each rule, over all models evenly."""
    records = {
        name: record
        for name, record in read(options.results).items()
        if not options.only or any(fnmatchcase(name, glob) for glob in options.only)
    }
    libraries = sorted({name.partition("/")[0] for name in records})
    judged = [record for record in records.values() if "error" not in record]
    print(f"{len(judged)} of {len(records)} models judged")
    print(f"| rule | findings (models) | {' | '.join(libraries)} |")
    print(f"| --- | --- |{' --- |' * len(libraries)}")
    for rule in rules:
        print(_row(rule.code, rule.name, records, libraries))
    for name, record in records.items():
        if "error" in record:
            print(f"not judged: {name}: {record['error']}")
    for rule in rules:
        found = [(name, one) for name, r in records.items() for one in r["found"].get(rule.code, ())]
        every = max(-(-len(found) // options.show), 1) if options.show else 0
        for name, one in found[::every] if every else ():
            print(f"{rule.code} {name}: {_line(one)}")
    return 0


def _row(code: str, name: str, records: Mapping[str, Record], libraries: Sequence[str]) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    firing = set()
    for model, record in records.items():
        for one in record["found"].get(code, ()):
            kind = "undecidable" if one.get("undecidable") else one["severity"]
            counts[model.partition("/")[0]][kind] += 1
            firing.add(model)
    total = sum(counts.values(), Counter())

    def cell(counted: Counter[str]) -> str:
        return ", ".join(f"{n} {kind}" for kind, n in sorted(counted.items()))

    cells = " | ".join(cell(counts[library]) for library in libraries)
    return f"| {code} {name} | {cell(total) or '0'} ({len(firing)}) | {cells} |"


def _line(one: Record) -> str:
    kind = one["severity"] + (", undecidable" if one.get("undecidable") else "")
    places = f"{one.get('module') or one.get('tensor', '')} {one.get('source', '')}".strip()
    return f"[{kind}] {','.join(one.get('axes', ()))}: {one['message']} ({places})"


if __name__ == "__main__":
    raise SystemExit(main())
