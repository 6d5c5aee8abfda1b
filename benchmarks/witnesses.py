"""Holds the witnesses of many findings against runs of the models, and counts what they say.

Usage: python benchmarks/witnesses.py [PATH ...] [--only GLOB] [--every N] [--two] [--seconds S] [--show N]

A PATH is an .onnx file, a folder of some, or a Python file with ``MODELS``: name -> callable that returns (module,
example inputs); by default the examples and the light models of the onnx wheel. Of every model all rules are checked,
and requirements that its own figures break. For every metric and rule the script prints how many findings agree with a
run, could not be shown, disagree, and have no witness; then why what could not be shown was not, and every
disagreement, which is a bug.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest_rf
from pytest_rf import checks
from pytest_rf.checks.subject import Subject
from pytest_rf.errors import RFError
from pytest_rf.findings import Finding
from pytest_rf.probing import witnessing
from pytest_rf.requirements import Settings, parse

ROOT = Path(__file__).parent.parent

#: Broken by most models.
CLAIMS = (
    "final is causal",
    "final is bounded",
    "final is independent",
    "final is symmetric",
    "final context == no",
    "final lookahead <= 0",
    "final lookback <= 0",
    "final halo <= 0",
    "final unused == 0",
    "final density >= 100%",
    "output is bounded",
    "output lookahead <= 0",
)

#: What makes the rules about declarations speak.
DECLARED = (parse("final is causal"), parse("final halo <= 0"))
DECLARING = ("hidden-context", "border-reads-ahead")


class Case(NamedTuple):
    """A model: its analysis, and the ways to run it."""

    analysis: Any
    ways: Callable[[Sequence[str]], Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--only", default="*")
    parser.add_argument("--every", type=int, default=1, help="take every Nth model")
    parser.add_argument("--two", action="store_true", help="run modules on two samples")
    parser.add_argument("--seconds", type=float, default=witnessing.SECONDS, help="of runs per model")
    parser.add_argument("--show", type=int, default=10)
    options = parser.parse_args()
    witnessing.SECONDS = options.seconds
    counts: Counter[tuple[str, str]] = Counter()
    whys: Counter[str] = Counter()
    wrong: list[str] = []
    named = (one for one in _models(options.paths, options.two) if fnmatchcase(one[0], options.only))
    for name, make in islice(named, 0, None, options.every):
        start = time.monotonic()
        try:
            case = make()
            found = _findings(case.analysis)
            told = witnessing.judged(case.analysis, found, case.ways)
        except KeyboardInterrupt:  # enough: what has been counted is told
            break
        except Exception as error:  # models of others: whatever they raise
            print(f"{name}: {type(error).__name__}: {' '.join(str(error).split())[:150]}", file=sys.stderr)
            continue
        own = Counter(_verdict(one) for one in told)
        for one in told:
            counts[_kind(one), _verdict(one)] += 1
            if one.witness is not None and one.witness.why:
                whys[one.witness.why[:120]] += 1
            if _verdict(one) == witnessing.DISAGREES:
                wrong.append(f"{name}: {one.message}: {witnessing.contradicted(one)}")
        print(f"{name}: {dict(own)} in {time.monotonic() - start:.1f} s", flush=True)
    _print(counts, whys, wrong, options.show)
    return int(bool(wrong))


def _models(paths: Sequence[Path], two: bool) -> Iterator[tuple[str, Callable[[], Case]]]:
    for path in paths or [ROOT / "examples", *_light()]:
        if path.suffix == ".py":
            from torch_corpus import corpus

            for name, build in corpus(path).items():
                yield name, lambda build=build: _module(build, two)
            continue
        for file in sorted(path.rglob("*.onnx")) if path.is_dir() else [path]:
            yield file.stem, lambda file=file: _file(file)


def _light() -> list[Path]:
    sys.path.insert(0, str(ROOT / "tests"))
    from oracle import light

    return [Path(light.path(name)) for name in light.NAMES]


def _file(path: Path) -> Case:
    import onnx

    model = onnx.load(path, load_external_data=False)
    analysis = pytest_rf.analyze(path)
    return Case(analysis, witnessing.of_file(model, path.name, analysis, {}))


def _module(build: Callable[[], Any], two: bool) -> Case:
    import torch

    from pytest_rf.frontends.torch.trees import map_tensors

    module, example = build()
    arguments: dict[str, Any] = {}
    if isinstance(example, dict):
        example, arguments = (), example
    if two:
        example, arguments = map_tensors(
            (example, arguments), lambda _, x: torch.cat([x, x]) if x.ndim and x.shape[0] == 1 else x
        )
    analysis = pytest_rf.analyze(module, *example, kwargs=arguments or None)
    return Case(analysis, witnessing.of_module(analysis, example, None, arguments or None, None))


def _findings(analysis: pytest_rf.Analysis) -> list[Finding]:
    found: list[Finding] = []
    for text in (*CLAIMS, *_figures(analysis)):
        with suppress(RFError):
            found += analysis.check(text)
    for rule in checks.match("RF"):
        if rule.check is not None:
            declared = DECLARED if rule.name in DECLARING else ()
            found += rule.findings(Subject(analysis, Settings(), declared))
    return [one for one in found if not one.undecidable]


def _figures(analysis: pytest_rf.Analysis) -> Iterator[str]:
    """Yield requirements that the figures of the first output break by one position."""
    final = analysis.final[0]
    for source in analysis.inputs.values():
        for axis, number in source.axes.items():
            with suppress(RFError, KeyError):
                field = final.field(source.name)[number]
                low, high = field.rf_range
                if high == math.inf:
                    yield f"final rf.{axis} from {source.name} <= {source.shape[number] - 1}"
                elif high > 1:
                    yield f"final rf.{axis} from {source.name} <= {high - 1}"
                    yield f"final rf.{axis} from {source.name} >= {low + 1}"
                ahead, back = field.lookahead, field.lookback
                if ahead is not None and ahead < math.inf:
                    yield f"final lookahead.{axis} from {source.name} >= {float(ahead) + 1}"
                if back is not None and back < math.inf:
                    yield f"final lookback.{axis} from {source.name} >= {float(back) + 1}"


def _kind(found: Finding) -> str:
    return found.metric if found.requirement else f"{found.code} {found.rule}"


def _verdict(found: Finding) -> str:
    return "none" if found.witness is None else found.witness.verified


def _print(counts: Counter[tuple[str, str]], whys: Counter[str], wrong: Sequence[str], show: int) -> None:
    columns = (witnessing.AGREES, witnessing.NOT_SHOWN, witnessing.DISAGREES, "none")
    print(f"\n{'':32}" + "".join(f"{column:>12}" for column in columns))
    for kind in sorted({kind for kind, _ in counts}):
        print(f"{kind:32}" + "".join(f"{counts[kind, column]:>12}" for column in columns))
    totals = [sum(n for (_, verdict), n in counts.items() if verdict == column) for column in columns]
    print(f"{'all':32}" + "".join(f"{total:>12}" for total in totals))
    for why, number in whys.most_common(show):
        print(f"  {number}  {why}")
    for text in wrong:
        print(f"DISAGREES  {text}")


if __name__ == "__main__":
    raise SystemExit(main())
