"""Probes a model: what changes a unit, found by changing the input, against the analysis.

A probe finds a *lower* bound of what is read (a saturated activation can hide an influence), so one that
finds less than the analysis is no contradiction, one that finds more is.

``verification``  the question that users ask, and its answer
``search``        finding the first and the last position that change a unit
``modules``       running a copy of a PyTorch module in double precision
``files``         running an ONNX model with the reference implementation of its operators
``runtime``       running one with onnxruntime, or with random weights in the place of absent ones
``streaming``     ``same``: two nets as streams, by what they read and, if asked, by values of real runs
``witnessing``    what runs say of the witnesses of findings
``seams``         whether a tile's unit is another one in the whole
"""

from pytest_rf.probing.search import MAGNITUDES
from pytest_rf.probing.streaming import same, with_values
from pytest_rf.probing.verification import Probe, Verification, verify

__all__ = ["MAGNITUDES", "Probe", "Verification", "same", "verify", "with_values"]
