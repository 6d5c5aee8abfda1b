"""An analysed model, and every figure about it.

``analysis``  what users hold: inputs, outputs, tensors by name
``tensors``   one tensor: bounds, regions, fields
``roles``     which axes of the inputs are spatial, which counts samples, which features
``metrics``   the figures of a field along one axis
``lines``     a field as one line of intervals, from which reach and halo are read
``runs``      the runs of the interpreter that the figures need, made when they do
``paths``     the path along which a field grew
``samples``   whether the samples of a batch stay apart, and which operator mixes them
``alignment`` whether branches that meet look at the same place
"""

from pytest_rf.analysis.analysis import Analysis
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.tensors import Tensor

__all__ = ["Analysis", "Input", "Tensor"]
