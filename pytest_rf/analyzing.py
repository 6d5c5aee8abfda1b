"""``analyze``: from whatever users hold, and what they say of it, to an analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from pytest_rf.calling import analysed, said
from pytest_rf.calls import KEYS, SAID, Call, stated
from pytest_rf.checkable import Analysis
from pytest_rf.config import discover, load
from pytest_rf.config.declared import Config
from pytest_rf.config.selection import declared
from pytest_rf.errors import ModelError, RFError
from pytest_rf.factories import is_factory, is_there
from pytest_rf.registry import NONE, Operators
from pytest_rf.targets import analyse

Settings = Callable[[], "Config | None"]
"""Gives the configuration that names of models are looked up in, if there is one."""


def analyze(
    model: Any,
    *example: Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    args: Sequence[Any] | Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool | None = None,
    mask_below: float | None = None,
    axes: Mapping[str, Mapping[str, int]] | None = None,
    spacing: Mapping[str, str] | None = None,
    origin: Literal["end", "start", "center"] | None = None,
    stands_for: Mapping[str, str] | None = None,
    frontend: Mapping[str, str] | None = None,
    accept_context: Sequence[str] | None = None,
    state: Mapping[str, str] | str | None = None,
    chunk: int | Mapping[str, int] | None = None,
    name: str | None = None,
    **unknown: Any,
) -> Analysis:
    """Analyse a model.

    Args:
        model: the path of an .onnx file, an ``onnx.ModelProto``, a PyTorch module or program, a class or function
            that makes one, ``"package.module:factory"``, or the name of a model in the nearest configuration, which
            brings what that declares.
        example: for PyTorch, the inputs of one call.
        inputs: input name -> shape, ``((1, 16), "int64")``, ``{"shape": (1, 16), "dtype": "int64"}`` or example; or
            the shapes of the first inputs without their names. For ONNX, for what the file leaves open.
        kwargs: for PyTorch, keyword arguments of the call.
        args: arguments of the class, function or factory that makes the model, by position or by name.
        values: input name -> number, list, array or path of a .npy file, for inputs that steer the geometry.
        weights: whether taps that are exactly 0 and attention scores that a constant masks do not read.
        mask_below: a constant of this or less that is added before a softmax is a mask then; -100 by default, and
            ``-math.inf`` for none but -inf.
        axes: input name -> axis name -> axis number, where the roles of axes are not to be guessed;
            ``batch`` and ``channel`` name these, other names are those of spatial axes.
        spacing: axis name -> distance of neighbours, as in ``{"t": "1/16000 s"}``.
        origin: which of its input steps an output step stands for, in look-ahead and look-back: ``end``, ``start``
            or ``center``.
        stands_for: axis name -> the last input position that step ``i`` stands for, as in ``{"t": "4i"}``, where
            steps of different rates lie on the axis.
        frontend: axis name -> what makes its positions of samples, outside of the model, as in
            ``{"t": "frames(400, 160, rate = 16000)"}`` (:mod:`pytest_rf.framing.grammar`).
        accept_context: nodes whose context is accepted by the guarantees (``op:InstanceNormalization``); a
            pattern that matches nothing is an error.
        state: of a step model, which is called again and again on chunks of an endless input: state input -> the
            output that is its value in the next call, as in ``{"cache": "new_cache"}``; or ``"auto"``, by names and
            shapes. Figures are those of the stream then.
        chunk: how many positions along the axis of a stream a call advances by, which ``latency`` counts; by input
            where they differ. A step model's calls advance by all that they are given unless it says less.
        name: what messages call the model; the file's name by default.
        unknown: anything else is refused, with a word on where it may belong.

    Raises:
        ModelError: the model cannot be read, made or analysed, or is not called like this.
        RequirementError: what a step stands for is not understood.
        ConfigError: the configuration that a name is looked up in is wrong.
    """
    given = {
        "inputs": inputs,
        "kwargs": kwargs,
        "args": args,
        "values": values,
        "weights": weights,
        "mask_below": mask_below,
        "axes": axes,
        "spacing": spacing,
        "origin": origin,
        "stands_for": stands_for,
        "frontend": frontend,
        "accept_context": accept_context,
        "state": state,
        "chunk": chunk,
        **unknown,
    }
    return analyzed(model, example, given, nearest, Path.cwd(), name=name)


def nearest() -> Config | None:
    """Return the configuration that is found from the working directory upwards."""
    found = discover()
    return None if found is None else load(found)


def analyzed(
    model: Any,
    example: Sequence[Any],
    given: Mapping[str, Any],
    settings: Settings,
    root: Path,
    *,
    name: str | None = None,
    stating: bool = False,
    others: str = "",
) -> Analysis:
    """Return the analysis of a model, of whatever kind, as a door describes its call.

    Args:
        model: the model, as for :func:`analyze`; or an analysis, of which something more can be said.
        example: for PyTorch, the inputs of one call.
        given: key -> what was given.
        settings: gives the configuration that names are looked up in.
        root: the folder that factories are imported from.
        name: what messages call the model.
        stating: whether what the configuration states of operators holds for models that it does not name.
        others: what else a word could mean at this door, for the error of one that means nothing.

    Raises:
        ModelError: the model cannot be read, made or analysed, or is not called like this.
        RequirementError: what a step stands for is not understood.
    """
    unknown = [key for key in given if key not in KEYS]
    if unknown:
        raise ModelError(
            f"analyze takes no {', '.join(map(repr, unknown))}; arguments of the module itself go into "
            f"kwargs={{{unknown[0]!r}: ...}}"
        )
    if isinstance(model, Analysis):
        if example or not {key for key, value in given.items() if value is not None} <= {*SAID}:
            raise ModelError(f"an analysis is made: of it can only be said {', '.join(SAID)}")
        return said(model, stated(Call(), given))
    if isinstance(model, str) and not _is_source(model):
        config = settings()
        target = declared(model, config)
        if target is None:
            raise ModelError(_no_such(model, config, others))
        own = stated(target.model, given)
        return analyse(replace(target, model=own), example)
    operators = _operators(settings) if stating else NONE
    call = stated(Call(), given, empty=True)
    return analysed(model, call, example, name=name, root=root, operators=operators)


def _operators(settings: Settings) -> Operators:
    """Return what the configuration states of operators; nothing where it is wrong, so that these stay unknown."""
    try:
        config = settings()
    except RFError:
        return NONE
    return config.operators if config is not None else NONE


def _is_source(word: str) -> bool:
    """Whether a text says itself where the model is: a file, or code."""
    return is_factory(word) or "/" in word or "\\" in word or bool(Path(word).suffix) or is_there(word)


def _no_such(word: str, config: Config | None, others: str) -> str:
    where = config.file if config is not None else "a configuration (there is none)"
    return f"no model {word!r}: it is neither an .onnx path, nor package.module:factory,{others} nor a model of {where}"
