"""PyTorch: one recorded call of a module becomes a graph.

The call:
``arguments``   what a module is called with, from examples or from shapes
``trees``       tensors within structures of any kind, and their names
``snapshot``    a call that a test made, kept for later
``extents``     the same call with inputs of other extents

Its recording:
``capture``     the first way of recording that works
``record``      one call at the dispatcher
``recorder``    the dispatch mode: constants are run for real, the rest by shape
``tape``        writes down what has run, as functions of what it depends on
``running``     one operator, on values or by shape; ``shapes``, ``windowed``, ``elementwise`` and ``layouts`` know the
                common ones
``traits``      what an operator's schema says about recording it
``tracking``    which tensors depend on an input; ``memory``: views and writes as functions
``higher_order``, ``opaque``, ``factories``  what the dispatcher sees otherwise, or not at all
``exits``       what leaves torch, or the thread; ``outside``: what may have come of it
``locate``      module paths and source lines; ``programs``: those within generated code
``exported``    programs of ``torch.export``; ``muted``: what torch writes while it makes one
``preserve``    the module and the process are left as found; ``copying``: copies of modules
``identity``    which class and device a module has; ``callers``, ``signatures``: who calls it, and with what
``failures``    what is said when it does not work
``recording``   the result: plain data

The graph:
``lower``       call by call, by the rules of :mod:`pytest_rf.operators.aten`
``fallback``    operators without a rule, by what torch composes them of
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rf.frontends.torch.capture import capture
from pytest_rf.frontends.torch.extents import reopened
from pytest_rf.frontends.torch.lower import lower
from pytest_rf.graph import MASK_BELOW, Graph
from pytest_rf.registry import NONE, Operators

__all__ = ["capture", "load", "lower", "reopened"]


def load(
    model: Any,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    operators: Operators = NONE,
    mask_below: float = MASK_BELOW,
) -> tuple[Graph, str]:
    """Return the graph of one call of a module, and the way in which it was captured.

    Args:
        model: an ``nn.Module`` or ``ExportedProgram``.
        example: the arguments of the call: a tuple of positional ones, a dict of named ones, or one.
        inputs: or only their shapes, by name.
        kwargs: keyword arguments beside ``example``.
        values: arguments that are constants: they steer the geometry and are not inputs.
        weights: whether exact zeros in weights and masked scores cut dependence (SEMANTICS 7).
        operators: what a configuration states of operators, ``namespace::name`` -> statement.
        mask_below: a constant of this or less that is added before a softmax is a mask then.
    """
    recording = capture(model, example, inputs, kwargs, values)
    graph = lower(recording, weights, operators, mask_below)
    graph.notes.extend(recording.notes)
    return graph, recording.way
