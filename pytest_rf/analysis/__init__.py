"""An analysed model, and every figure about it. Each module stands on those above it.

``inputs``     the graph inputs that fields are about
``roles``      which of their axes are spatial, which counts samples, which features
``steps``      what a step of a tensor stands for
``described``  a graph with what is said of the model
``reopened``   the same model at other extents
``field``      what the elements of a tensor read, as hulls
``multiples``  what extents have to be multiples of
``runs``       the runs of the interpreter that the figures need, made when they do
``profile``    a field along one axis, place after place, from which reach and halo are read
``samples``    whether the samples of a batch stay apart, and which operator mixes them
``along``      what one tensor reads along one axis of one input
``sizes``, ``guarantees``, ``elements``, ``smallest``, ``alignment``, ``units``  the figures, as functions of that
``metric``     what is said of one of them
``table``      the table of them
``metrics``    the field that has them as attributes
``branches``   a merge seen through one of its operands alone
``paths``      the path along which a figure grew
``layer``      a tensor by its names
``explaining`` why a figure is what it is: that path, the branches that lost, context
``chains``     the units through which one unit reads the ends of its field
``unit_explaining``  why a unit reads what it reads
``node_output``  what a node computes, by its names: status, inputs, where a unit stands
``tensors``    one tensor: bounds, regions, fields
``regions``    what one unit reads, as pictures need it
``growth``     how a field grew on the way, as charts need it
``doors``      the doors to plots and to what notebooks show, which stand above all this
``finals``     where the figures of an output are taken
``cells``      figures as short text, for tables
``report``     the JSON report
``analysis``   what users hold: inputs, outputs, tensors by name
``accepting``  what to say of accepted context that matches nothing
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis
    from pytest_rf.analysis.inputs import Input
    from pytest_rf.analysis.tensors import Tensor

__all__ = ["Analysis", "Input", "Tensor"]

_HOMES = {"Analysis": "analysis", "Input": "inputs", "Tensor": "tensors"}


def __getattr__(name: str) -> Any:
    """Import what is analysed with where that is done; words and tables are read without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
