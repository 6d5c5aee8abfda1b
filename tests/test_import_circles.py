"""Modules import each other in one direction: no circle, not even one of types or of imports within functions."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pytest_rf"


def modules() -> dict[str, Path]:
    """Return the files of the package by the names that they are imported under."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(name: str, file: Path, known: set[str]) -> set[str]:
    """Return the modules of the package that a module imports, wherever in its code.

    What is taken from a package counts as an import of the submodule of that name where there is one, else of the
    package's own file. That Python also runs the files of the packages around a module is left out.
    """
    found: set[str] = set()
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            inner = {alias.name: f"{source}.{alias.name}" for alias in node.names}
            found.update(path if path in known else source for path in inner.values())
    return found & known - {name}


@cache
def imports() -> dict[str, set[str]]:
    """Return what each module of the package imports of it."""
    files = modules()
    return {name: imported(name, file, set(files)) for name, file in files.items()}


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Return the largest sets of modules in which each one reaches every other."""
    reached = {name: reachable(graph, name) for name in graph}
    return {
        frozenset(other for other in ahead if name in reached[other])
        for name, ahead in reached.items()
        if name in ahead
    }


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return the modules that one imports, those that these import, and so on."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def test_modules_import_each_other_in_one_direction() -> None:
    graph = imports()
    assert not circles(graph), "\n".join(
        f"{name} -> {', '.join(sorted(graph[name] & circle))}"
        for circle in sorted(circles(graph), key=sorted)
        for name in sorted(circle)
    )


def test_the_package_is_read_as_python_reads_it() -> None:
    graph = imports()
    assert "pytest_rf.registry" in graph["pytest_rf"]
    assert "pytest_rf.frontends.torch.traits" in graph["pytest_rf.frontends.torch.lower"]
    assert sum(map(len, graph.values())) > len(graph)


def test_circles_of_any_length_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"a", "g"}, "g": {"f"}}
    assert circles(graph) == {frozenset("abc"), frozenset("fg")}
