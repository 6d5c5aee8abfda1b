"""Dumps all figures of many models, and lists what differs between two dumps: what a change has changed.

Usage: python benchmarks/figures.py [--only GLOB] [--models FILE.py] > NEW.jsonl
       python benchmarks/figures.py --compare OLD.jsonl NEW.jsonl [--without FIGURE]

Another revision is dumped by this script from a work tree of that revision, as it uses the public surface alone:

    git worktree add ../old REVISION
    PYTHONPATH=../old python benchmarks/figures.py > OLD.jsonl

The models: the light models of the onnx wheel, the examples, and the nets of the tests (those beside this script);
or those of Python files with a function ``models`` like the one here. One JSON object a line for every model,
tensor, input and axis; and the bounds of the first, a middle and the last unit along every axis of every input,
with the sums over all units.

A figure that no line of its kind had before is new: it is counted, and is no difference. Places of tensors in the
source are relative to the current directory, so both dumps are made in the same one.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

import pytest_rf

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

KEYS = ("model", "tensor", "input", "axis")

Models = Iterator[tuple[str, Callable[[], Any]]]


def models() -> Models:
    """Yield the name of each model and what analyses it."""
    from oracle import light

    for name in light.NAMES:
        yield f"light/{name}", lambda name=name: pytest_rf.analyze(light.path(name))
    for path in sorted((ROOT / "examples").glob("**/*.onnx")):
        yield f"examples/{path.stem}", lambda path=path: pytest_rf.analyze(path)
    try:
        import torch
    except ImportError:
        return
    from pytorch.exported_nets import NETS
    from pytorch.hard_nets import LOOSE, TIGHT, ZEROED
    from pytorch.published_nets import NETWORKS, Network

    def made(make: Callable[[], Any], *example: Any, **more: Any) -> Any:
        torch.manual_seed(0)
        return pytest_rf.analyze(make(), *example, **more)

    for name, (make, given) in {**TIGHT, **LOOSE, **ZEROED}.items():
        example = given if isinstance(given, tuple) else (given,)
        yield f"hard/{name}", lambda make=make, example=example: made(make, *example)
        if name in ZEROED:
            aware = lambda make=make, example=example: made(make, *example, weights=True)  # noqa: E731
            yield f"hard/{name}/weights", aware
    for name, net in NETS.items():
        for shape in (net.shape, net.other):
            form = "x".join(map(str, shape))
            yield f"exported/{name}/{form}", lambda net=net, shape=shape: made(net.make, torch.rand(shape))
    for name, layers in NETWORKS.items():
        shapes = {"x": (1, 3, 299, 299)}
        yield (
            f"published/{name}",
            lambda layers=layers, shapes=shapes: made(lambda: Network(layers).eval(), inputs=shapes),
        )


def lines(name: str, analysis: Any) -> Iterator[dict[str, Any]]:
    """Yield all that is said about a model."""
    report = analysis.to_dict()
    about = {key: report[key] for key in ("inputs", "outputs", "final", "capture", "notes")}
    yield {"model": name, "tensor": "", "input": "", "axis": "", **about}
    for tensor, told in zip(analysis, report["tensors"], strict=True):
        fields = told.pop("fields")
        at = {"model": name, "tensor": told.pop("name")}
        yield {**at, "input": "", "axis": "", **told}
        for source, axes in fields.items():
            for axis, figures in axes.items():
                yield {**at, "input": source, "axis": axis, **figures}
        if told["status"] == "unknown":
            continue
        for source in report["inputs"]:
            for axis in range(len(source["shape"])):
                low, high = tensor.bounds(axis, input=source["name"])
                last = max(low.size - 1, 0)
                units = (
                    []
                    if not low.size
                    else [(int(low.flat[i]), int(high.flat[i])) for i in (0, last // 2, last)]
                )
                wide = tensor.bounds(axis, input=source["name"], context=True)
                yield {
                    **at,
                    "input": source["name"],
                    "axis": f"dim {axis}",
                    "bounds": units,
                    "sums": [total(low), total(high)],
                    "sums_with_context": [total(side) for side in wide],
                }


def total(side: Any) -> int:
    """Return the sum of bounds; of axes along which they are repeated, one position is read."""
    read = side[tuple(slice(None) if step else slice(1) for step in side.strides)]
    return int(np.asarray(read, np.int64).sum()) * (side.size // max(read.size, 1))


def dump(sources: Sequence[Models], only: str) -> None:
    """Print the figures of the models; of one that fails, how."""
    for name, analysed in chain.from_iterable(sources):
        if not fnmatchcase(name, only):
            continue
        try:
            for line in lines(name, analysed()):
                print(json.dumps(line, default=str))
        except Exception as error:  # whatever a revision does: it is compared, too
            said = f"{type(error).__name__}: {error}"
            print(json.dumps({"model": name, "tensor": "", "input": "", "axis": "", "error": said}))
        sys.stdout.flush()


def read(path: str) -> dict[str, list[str]]:
    """Return the lines of a dump by model."""
    found: dict[str, list[str]] = defaultdict(list)
    with Path(path).open(encoding="utf-8") as dumped:
        for text in dumped:
            found[json.loads(text)["model"]].append(text)
    return found


def figures(texts: Sequence[str], without: Sequence[str]) -> dict[tuple[str, ...], Any]:
    """Return the figures of a model by tensor, input, axis and name."""
    found: dict[tuple[str, ...], Any] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        line = json.loads(text)
        _, tensor, source, axis = (line.pop(key) for key in KEYS)
        seen[tensor, source, axis] += 1  # tensors of one name are told apart by their order
        order = seen[tensor, source, axis]
        place = (f"{tensor}#{order}" if order > 1 else tensor, source, axis)
        found.update({(*place, name): value for name, value in line.items() if name not in without})
    return found


def kind(key: tuple[str, ...]) -> tuple[str, str]:
    """Return what a figure is said of, and its name."""
    tensor, _, axis, name = key
    of = "bounds" if axis.startswith("dim ") else "axis" if axis else "tensor" if tensor else "model"
    return of, name


def compare(old_path: str, new_path: str, without: Sequence[str]) -> int:
    """List what differs, figure by figure; return how much does."""
    old, new = read(old_path), read(new_path)
    differing: dict[tuple[str, str], list[str]] = defaultdict(list)
    known, count = {("model", "error")}, 0  # that a model fails now is never news alone
    for model in dict.fromkeys([*old, *new]):
        before, after = (figures(side.get(model, ()), without) for side in (old, new))
        known.update(map(kind, before))
        for key in dict.fromkeys([*before, *after]):
            count += 1
            was, now = before.get(key, "missing"), after.get(key, "missing")
            if was != now:
                where = " ".join(part for part in (model, *key[:-1]) if part)
                differing[kind(key)].append(f"  {where}: {json.dumps(was)} -> {json.dumps(now)}")
    added = {key: listed for key, listed in differing.items() if key not in known}
    for key, listed in sorted(differing.items(), key=lambda item: -len(item[1])):
        if key not in added:
            print(f"{key[1]}: {len(listed):,} differ")
            print("\n".join(listed))
    for (_, name), listed in added.items():
        print(f"new figure {name}: {len(listed):,} values")
    fresh = sum(map(len, added.values()))
    wrong = sum(map(len, differing.values())) - fresh
    print(f"{len(new):,} models, {count - fresh:,} figures, {wrong:,} differ")
    return wrong


def main() -> int:
    """Dump, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="*", metavar="GLOB", help="only models of such a name: 'hard/*'")
    parser.add_argument(
        "--models",
        action="append",
        metavar="FILE",
        help="a Python file instead of the models here; its function models() yields names and what analyses them",
    )
    parser.add_argument(
        "--compare", nargs=2, metavar=("OLD", "NEW"), help="list what differs between two dumps"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="FIGURE", help="leave out, when comparing"
    )
    given = parser.parse_args()
    if given.compare:
        return 1 if compare(*given.compare, given.without) else 0
    files = [runpy.run_path(path)["models"]() for path in given.models or ()]
    dump(files or [models()], given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
