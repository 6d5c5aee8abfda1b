"""Dumps all figures of many models, and lists what differs between two dumps: what a change has changed.

Usage: python benchmarks/figures.py [--only GLOB] > NEW.jsonl
       python benchmarks/figures.py --compare OLD.jsonl NEW.jsonl

Another revision is dumped by this script from a work tree of that revision, as it uses the public surface alone:

    git worktree add ../old REVISION
    PYTHONPATH=../old python benchmarks/figures.py > OLD.jsonl

The models: the light models of the onnx wheel, the examples, and the nets of the tests (those beside this script).
One JSON object a line for every model, tensor, input and axis; and the bounds of the first, a middle and the last unit
along every axis of every input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

import pytest_rf

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "pytorch")]

KEYS = ("model", "tensor", "input", "axis")


def models() -> Iterator[tuple[str, Callable[[], Any]]]:
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
    from exported_nets import NETS
    from hard_nets import LOOSE, TIGHT, ZEROED
    from published_nets import NETWORKS, Network

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
                digest = [int(np.asarray(side, np.int64).sum()) for side in (low, high)]
                yield {**at, "input": source["name"], "axis": f"dim {axis}", "bounds": units, "sums": digest}


def dump(only: str) -> None:
    """Print the figures of the models; of one that fails, how."""
    for name, analysed in models():
        if not fnmatchcase(name, only):
            continue
        try:
            for line in lines(name, analysed()):
                print(json.dumps(line, default=str))
        except Exception as error:  # whatever a revision does: it is compared, too
            said = f"{type(error).__name__}: {error}"
            print(json.dumps({"model": name, "tensor": "", "input": "", "axis": "", "error": said}))
        sys.stdout.flush()


def read(path: str) -> dict[tuple[str, ...], Any]:
    """Return the figures of a dump by model, tensor, input, axis and name."""
    found: dict[tuple[str, ...], Any] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        place = tuple(line.pop(key) for key in KEYS)
        seen[place] += 1  # tensors of one name are told apart by their order
        number = f"#{seen[place]}" if seen[place] > 1 else ""
        found.update({(place[0], place[1] + number, *place[2:], figure): line[figure] for figure in line})
    return found


def compare(old_path: str, new_path: str) -> int:
    """List what differs, figure by figure; return how much does."""
    old, new = read(old_path), read(new_path)
    differing: dict[str, list[str]] = defaultdict(list)
    for key in dict.fromkeys([*old, *new]):
        before, after = (side.get(key, "missing") for side in (old, new))
        if before != after:
            *place, figure = key
            where = " ".join(part for part in place if part)
            differing[figure].append(f"  {where}: {json.dumps(before)} -> {json.dumps(after)}")
    for figure, listed in sorted(differing.items(), key=lambda item: -len(item[1])):
        print(f"{figure}: {len(listed):,} differ")
        print("\n".join(listed))
    count = sum(map(len, differing.values()))
    print(f"{len(old.keys() | new.keys()):,} figures, {count:,} differ")
    return count


def main() -> int:
    """Dump, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="*", metavar="GLOB", help="only models of such a name: 'hard/*'")
    parser.add_argument(
        "--compare", nargs=2, metavar=("OLD", "NEW"), help="list what differs between two dumps"
    )
    given = parser.parse_args()
    if given.compare:
        return 1 if compare(*given.compare) else 0
    dump(given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
