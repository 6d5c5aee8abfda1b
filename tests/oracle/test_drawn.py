"""Every operator that has a rule is drawn by a family of random graphs, or stands here with a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pytest_rf.operators.onnx import table

GRAPHS = Path(__file__).parent / "graphs"

MAPS = "works on maps, which are no tensors: nothing is said of what it gives"
ALIAS = "onnxruntime has it in one domain only; the rule is that of the other one, which is drawn"
UNDRAWN = {
    "ImageDecoder": "its input is a compressed file, and nothing is said of what it gives",
    "SkipSimplifiedLayerNormalization": ALIAS,
    "ai.onnx.ml::CastMap": MAPS,
    "ai.onnx.ml::DictVectorizer": MAPS,
    "ai.onnx.ml::ZipMap": MAPS,
    "ai.onnx.preview.training::Gradient": "no engine has it, and nothing is said of what it gives",
    "com.microsoft::SimplifiedLayerNormalization": ALIAS,
}


def words(source: str) -> Iterator[str]:
    """Yield the words in the strings of some code, but for those that document it."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from re.findall(r"\w+", node.value)


def test_every_operator_is_drawn_or_there_is_a_reason() -> None:
    drawn = {word for path in GRAPHS.glob("*.py") for word in words(path.read_text(encoding="utf-8"))}
    missing = {name for name in table() if name.rpartition("::")[2] not in drawn}
    assert missing <= UNDRAWN.keys(), f"no family draws {sorted(missing - UNDRAWN.keys())}"
    stale = UNDRAWN.keys() - missing - {name for name, why in UNDRAWN.items() if why is ALIAS}
    assert not stale, f"{sorted(stale)} are drawn, or have no rule"
