"""Where in the model an operator is called: module paths, call numbers, source lines."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
from msgspec import Struct

from pytest_rf.frontends.torch.recording import Place
from pytest_rf.paths import display, root

_SKIPPED = (
    # With the separator: torchvision is another package.
    str(Path(torch.__file__).parent) + os.sep,
    str(Path(__file__).parents[2]) + os.sep,
)
_TYPED_IN = ("<stdin", "<string", "<ipython", "<python-input", "<command", "<cell", "<doctest")
"""Names of code that users type or ``exec``; other names in angle brackets are of generated code."""

_PACKAGES = ("site-packages/", "dist-packages/")
_STANDARD = os.path.normcase(
    sysconfig.get_path("stdlib") + os.sep
)  # Windows: C:\\Python\\Lib, and lib in frames

Alone = Callable[[torch.nn.Module], object]
Run = Callable[[Callable[..., Any], torch.nn.Module, tuple[Any, ...], dict[str, Any]], Any]


class _Level(Struct, eq=False):
    """A call of a module that runs.

    Attributes:
        module, kind, turn: as in :class:`Place`.
        beyond: what is found from there outwards, the same for all that runs within; None until it is looked for.
        place: where the last operator of the module's own was called.
    """

    module: str
    kind: str
    turn: int
    beyond: str | None = None
    place: Place | None = None


class Locator:
    """Knows which module runs while the model is called.

    Args:
        root: the module that is called.
        paths: path -> module, itself included.
        caller: the file whose frames call the model: what lies beyond them is not the model's code.

    Attributes:
        failed: path and class of the innermost module that an exception left, if one did.
        elsewhere: path of a module of the model that was called in another thread, where operators are not seen.
    """

    def __init__(self, root: torch.nn.Module, paths: Mapping[str, torch.nn.Module], caller: str = "") -> None:
        self._paths = {id(module): path for path, module in paths.items()}
        self._stack = [_Level("", type(root).__name__, 0)]
        self._turns: dict[str, int] = {}
        self._files: dict[str, str | None] = {}
        self._caller = caller
        self._calling: CodeType | None = None
        self.failed: tuple[str, str] | None = None
        self.elsewhere = ""

    def place(self, depth: int = 1) -> Place:
        """Return where the running operator was called; the innermost ``depth`` frames are ours."""
        level, source = self._stack[-1], self._source(sys._getframe(depth), -1)
        place = level.place
        if place is None or place.source != source:
            place = level.place = Place(level.module, level.kind, level.turn, source)
        return place

    def source(self) -> str:
        """Return "file.py:line" of the innermost frame of the model's code that is neither torch's nor ours."""
        return self._source(sys._getframe(1), -1)

    def _source(self, frame: FrameType | None, level: int) -> str:
        """Return what is found from a frame outwards, which runs within the call of a module at this level."""
        files, calling = self._files, self._calling
        while frame is not None:
            code = frame.f_code
            if code is calling:
                around = self._stack[level]
                if around.beyond is None:
                    around.beyond = self._source(frame.f_back, level - 1)
                return around.beyond
            filename = code.co_filename
            try:
                file = files[filename]
            except KeyError:
                file = files[filename] = shown(filename)
            if file is not None:
                return f"{file}:{frame.f_lineno}"
            if filename == self._caller:
                break
            frame = frame.f_back
        return ""

    @contextmanager
    def watch(self, alone: Alone, run: Run, returned: Callable[[str, Any], None]) -> Iterator[None]:
        """Follow the calls of modules for as long as the context lasts.

        Args:
            alone: whether ``run`` is to call a module.
            run: calls such a module, given what ``Module.__call__`` does, the module, its arguments and keyword
                arguments.
            returned: gets the path of a module ("path@2" at its second call) and what it returned.
        """
        # Python looks for a new ``__call__`` in every class of modules, which takes as long as dozens of operators.
        # Only what has been compiled goes around the other method, and nothing is before the compiler is imported.
        method = "__call__" if "torch._dynamo" in sys.modules else "_call_impl"
        original = getattr(torch.nn.Module, method)
        stack, turns, paths = self._stack, self._turns, self._paths
        here = threading.get_ident()

        def call(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != here:
                # Of no concern, unless that thread runs parts of this model.
                self.elsewhere = self.elsewhere or paths.get(id(module), "")
                return original(module, *args, **kwargs)
            path = paths.get(id(module))
            if path is None:  # made during the call, or hidden from named_modules()
                path = f"{stack[-1].module}.{type(module).__name__}".lstrip(".")
            turn = turns.get(path, 0)
            turns[path] = turn + 1
            stack.append(_Level(path, type(module).__name__, turn))
            try:
                result = (
                    run(original, module, args, kwargs)
                    if alone(module)
                    else original(module, *args, **kwargs)
                )
                returned(path if turn == 0 else f"{path}@{turn + 1}", result)
                return result
            except (Exception, SystemExit):
                if self.failed is None:
                    self.failed = (path, type(module).__name__)
                raise
            finally:
                stack.pop()

        if getattr(original, "__code__", None) is not call.__code__:  # else it stands twice for each level
            self._calling = call.__code__
        setattr(torch.nn.Module, method, call)
        try:
            yield
        finally:
            setattr(torch.nn.Module, method, original)
            self._calling = None


def shown(filename: str) -> str | None:
    """Return a file as reports show it, None where its frames are not the user's but a library's."""
    if filename.startswith("<"):
        return filename if filename.startswith(_TYPED_IN) else None
    if filename.startswith(_SKIPPED):
        return None
    if installed := _installed(filename):
        return _checked_out(installed)
    return None if os.path.normcase(filename).startswith(_STANDARD) else display(filename)


def somewhere(filename: str) -> str | None:
    """Return a file as :func:`shown` does, and one of a library by its name there; None where it is torch's or ours."""
    return shown(filename) or (None if filename.startswith(_SKIPPED) else _installed(filename) or None)


def _installed(filename: str) -> str:
    """Return the name of an installed file, ``timm/models/resnet.py``; empty where it is none."""
    for part in _PACKAGES:
        _, found, rest = filename.replace(os.sep, "/").rpartition(part)
        if found:
            return rest
    return ""


def _checked_out(installed: str) -> str | None:
    """Return where the user has the source of an installed file, as a project that tests its own package does."""
    top = root() or Path.cwd()
    return next(
        (display(path / installed) for path in (top, top / "src") if (path / installed).is_file()), None
    )
