"""What notebooks show of analyses, tensors, fields, plans and comparisons: small pieces of HTML without scripts.

``html``    text from models made inert, tables
``chart``   how a field grew, as a small SVG
``pages``   what is shown of each thing

Colours are those of the page around, be it light or dark.
"""

from pytest_rf.notebook.pages import MOST, analysis, axis, comparison, field, plan, tensor

__all__ = ["MOST", "analysis", "axis", "comparison", "field", "plan", "tensor"]
