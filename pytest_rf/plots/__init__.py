"""Pictures of figures, drawn with matplotlib: the extra ``plot``. The data are made by ``analysis``, and drawn here.

``style``    the figure that is returned, its colours, and text from models
``growth``   how a field grew on the way to a tensor
``region``   what one unit reads of an input
``along``    one axis of such a picture
``canvas``   the picture of two axes of an input, of which a region has one or three
``images``   the images of users, as pictures of an input's axes
``files``    figures as files that are the same every time

Nothing here touches pyplot or any other state that is not the figure's own.
"""

from pytest_rf.plots.files import KINDS, encoded
from pytest_rf.plots.growth import field, fields, growth
from pytest_rf.plots.region import unit
from pytest_rf.plots.style import Drawing

__all__ = ["KINDS", "Drawing", "encoded", "field", "fields", "growth", "unit"]
