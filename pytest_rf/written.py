"""Where requirements are written in Python: the very text in a marker, or in a call.

Source is read when a finding is told, not before. What the syntax does not tell, such as a requirement that comes
from a variable, is said to stand where the marker or the call does.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from pytest_rf.results import ModelResult


class Spot(NamedTuple):
    """A line and a column, counted from 1; 0 where it is not known."""

    line: int = 0
    column: int = 0


def placed(result: ModelResult, file: str, spots: Sequence[Spot]) -> ModelResult:
    """Return what was found out about a model, with the place of each requirement in its file."""

    def at(number: int) -> dict[str, str | int]:
        return {"file": file, "line": spots[number].line, "column": spots[number].column}

    return replace(
        result,
        findings=tuple(
            one if one.number is None else replace(one, **at(one.number)) for one in result.findings
        ),
        requirements=tuple(replace(one, **at(number)) for number, one in enumerate(result.requirements)),
    )


def in_call(file: str, line: int, texts: Sequence[str]) -> list[Spot]:
    """Return where requirements stand in the call that runs at a line of a file."""
    calls = [call for call in _calls(_tree(file)) if call.lineno <= line <= (call.end_lineno or call.lineno)]
    # The innermost that names the requirements; else the line is all that is known.
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        if spots := _spots(file, call, texts, exact=False):
            return spots
    return [Spot(line)] * len(texts)


def in_marker(
    file: str, names: Sequence[str], texts: Sequence[str], parts: Sequence[str]
) -> list[Spot] | None:
    """Return where the requirements of a marker ``rf`` stand; None where no marker is seen.

    Args:
        file: the file of Python.
        names: the classes and the function that are marked, from the outermost; none for the whole module.
        texts: the requirements.
        parts: what to look at: ``decorators``, ``pytestmark``.
    """
    tree = _tree(file)
    scope = _scope(tree, names)
    if scope is None:
        return None
    calls = [call for node in _marking(scope, parts) for call in _calls(node) if _is_marker(call)]
    for exact in (True, False):
        for call in calls:
            if spots := _spots(file, call, texts, exact):
                return spots
    if len(calls) == 1:
        return [_spot(file, calls[0])] * len(texts)
    return None


def _is_marker(call: ast.Call) -> bool:
    """Return whether a call makes a marker: ``pytest.mark.rf(...)``, or another name for ``pytest.mark.rf``."""
    return isinstance(call.func, ast.Name) or (
        isinstance(call.func, ast.Attribute) and call.func.attr == "rf"
    )


def _marking(scope: ast.AST, parts: Sequence[str]) -> Iterator[ast.AST]:
    """Yield the syntax that marks a function, a class or a module."""
    if "decorators" in parts:
        yield from getattr(scope, "decorator_list", ())
    if "pytestmark" in parts:
        for node in getattr(scope, "body", ()):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
                yield node


def _scope(tree: ast.AST, names: Iterable[str]) -> ast.AST | None:
    """Return the class or function of a dotted name; of several of that name, the last, which counts."""
    scope: ast.AST | None = tree
    for name in names:
        if scope is None:
            return None
        scope = next(
            (
                node
                for node in reversed(list(ast.walk(scope)))
                if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                and node.name == name
            ),
            None,
        )
    return scope


def _spots(file: str, call: ast.Call, texts: Sequence[str], exact: bool) -> list[Spot]:
    """Return where texts stand among the arguments of a call; nothing where one of them does not.

    ``exact``: the call has no other arguments by position.
    """
    written = [one for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    found: list[Spot] = []
    for text in texts:
        same = next((one for one in written if one.value == text), None)
        if same is None:
            return []
        written.remove(same)
        found.append(_spot(file, same))
    return [] if exact and len(call.args) != len(texts) else found


def _spot(file: str, node: ast.expr) -> Spot:
    """Return where an expression begins; syntax counts the bytes of a line."""
    before = linecache.getline(file, node.lineno).encode("utf-8")[: node.col_offset]
    return Spot(node.lineno, len(before.decode("utf-8", "replace")) + 1)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _tree(file: str) -> ast.Module:
    """Return the syntax of a file as it is now; an empty module where it cannot be read."""
    linecache.checkcache(file)
    return _parsed("".join(linecache.getlines(file)))


@lru_cache(maxsize=4)
def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
