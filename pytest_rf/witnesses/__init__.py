"""Witnesses of findings: the unit, the chain of operators and the input position that show what is wrong.

A witness is built for findings alone, from runs of the interpreter that the finding has needed already, or one more
along one axis. What it claims of the unit is exact: either a path of reads leads from it to the position, element by
element, or no path does. A finding has none where no single position of the actual input shows what is wrong.

``table``    which metrics and rules have a witness, and what looks for it
``seeing``   what the units of a tensor read along one axis, with and without context
``looking``  the unit and the position that attain a figure
``walking``  the chain of reads from a unit to a position
``seams``    the kept unit of a tile that is another one in the whole
"""

from pytest_rf.witnesses.seams import of_seam
from pytest_rf.witnesses.table import of_requirement, of_rule

__all__ = ["of_requirement", "of_rule", "of_seam"]
