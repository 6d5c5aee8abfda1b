"""Front-ends outside of a model, which make its positions of samples: what they read, and how they are written down.

``stages``   what position ``i`` of an axis was computed from, and figures of positions in samples
``samples``  what is read of them
``grammar``  the text ``frames(400, 160, rate = 16000)``
"""

from pytest_rf.framing.grammar import FrontendTextError, parse
from pytest_rf.framing.stages import Framing, Stage

__all__ = ["Framing", "FrontendTextError", "Stage", "parse"]
