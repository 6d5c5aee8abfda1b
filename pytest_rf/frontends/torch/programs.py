"""Places within generated code: the nodes of a graph module remember the module and the line they came from."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import torch

from pytest_rf.frontends.torch.locate import Locator, shown
from pytest_rf.frontends.torch.recording import Place, Recording

_GENERATED = "<eval_with_key>"
_LINE = re.compile(r'File "(.+?)", line (\d+)')


class ProgramLocator(Locator):
    """Knows the places of a program of ``torch.export`` or ``torch.fx``, whose modules are no longer called."""

    def __init__(self, root: torch.nn.Module, paths: Mapping[str, torch.nn.Module], caller: str = "") -> None:
        super().__init__(root, paths, caller)
        self._places: dict[Any, Place] = {}
        self._stacks: dict[int, list[tuple[str, str]]] = {}  # by the identity of the place
        self._nodes: dict[int, list[Any]] = {}

    def place(self, depth: int = 1) -> Place:
        """Return where the node that runs came from."""
        node = self._running()
        if node is None or node.op == "call_module" or not node.meta.get("nn_module_stack"):
            return super().place(depth)
        if node not in self._places:
            levels = [
                (path, _class_name(kind), _turn(key))
                for key, (path, kind) in node.meta["nn_module_stack"].items()
            ]
            path, kind, turn = levels[-1]
            place = self._places[node] = Place(path, kind, turn, _source(node.meta.get("stack_trace") or ""))
            self._stacks[id(place)] = [(f"{p}@{t + 1}" if t else p, k) for p, k, t in levels if p]
        return self._places[node]

    def name_modules(self, recording: Recording) -> None:
        """Add what the modules of the original computed: the last tensor of each."""
        for call in recording.calls:
            made = next((ref for ref in call.outputs if ref is not None), None)
            for path, kind in self._stacks.get(id(call.place), ()):
                recording.kinds[path.partition("@")[0]] = kind
                if made is not None:
                    recording.modules[path] = made

    def _running(self) -> Any:
        """Return the node whose line of generated code runs, None where none does or it is unclear."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(_GENERATED):
                module = frame.f_locals.get("self")
                lines = getattr(module, "_lineno_map", None)
                if not isinstance(module, torch.fx.GraphModule) or lines is None:
                    return None
                number = lines.get(frame.f_lineno - frame.f_code.co_firstlineno)
                if id(module) not in self._nodes:
                    self._nodes[id(module)] = list(module.graph.nodes)
                nodes = self._nodes[id(module)]
                return nodes[number] if number is not None and number < len(nodes) else None
            frame = frame.f_back  # type: ignore[assignment]
        return None


def _class_name(kind: Any) -> str:
    return kind.rpartition(".")[2] if isinstance(kind, str) else kind.__name__


def _turn(key: Any) -> int:
    """Return which call of a module it is; ``torch.export`` counts in the key."""
    number = str(key).rpartition("@")[2]
    return int(number) if "@" in str(key) and number.isdigit() else 0


def _source(trace: str) -> str:
    """Return the innermost line of a stack trace that is neither torch's nor ours."""
    for file, line in reversed(_LINE.findall(trace)):
        name = shown(file)
        if name is not None:
            return f"{name}:{line}"
    return ""
