"""PyTorch: one recorded call of a module becomes a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rf.frontends.torch.capture import capture
from pytest_rf.frontends.torch.lower import lower
from pytest_rf.graph import Graph

__all__ = ["capture", "load", "lower"]


def load(
    model: Any,
    example: Any = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
) -> tuple[Graph, str]:
    """Return the graph of one call of a module, and the way in which it was captured.

    Args:
        model: an ``nn.Module`` or ``ExportedProgram``.
        example: the arguments of the call: a tuple of positional ones, a dict of named ones, or one.
        inputs: or only their shapes, by name.
        kwargs: keyword arguments beside ``example``.
        values: arguments that are constants: they steer the geometry and are no inputs.
        weights: whether exact zeros in weights and masked scores cut dependence (SEMANTICS 7).
    """
    recording = capture(model, example, inputs, kwargs, values)
    graph = lower(recording, weights)
    graph.notes.extend(recording.notes)
    return graph, recording.way
