"""Tiles: running a model on parts of its input, and whether the parts make the whole (SEMANTICS 9).

Each module stands on those above it.

``trial``      the model at the extents of a tile, and of an image of several
``obstacle``   the first operator that no tiling survives, and what would
``constants``  constants that are others in a tile than in the whole
``borders``    what a tile gets wrong of one output at its own borders
``axis``       where tiles lie along one axis, and which units are kept of each
``fitting``    extents of tiles that lie on the grid
``measuring``  what tiles get wrong of all outputs, and the overlap that makes up for it
``judging``    whether every kept unit reads in its tile what it reads in the whole
``image``      the same on an image of several tiles, and what fetches from the other end of it
``plan``       what users hold
``planning``   from what users say to a plan
"""

from pytest_rf.tiles.plan import Plan, Window
from pytest_rf.tiles.planning import plan

__all__ = ["Plan", "Window", "plan"]
