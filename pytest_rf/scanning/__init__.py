"""Many model files at once, their figures in one table that is taken up again where it was left.

``sources``     which files are meant, and what tells that one has changed
``rows``        the columns of the table, and the rows of a model
``work``        a file scanned in a process of its own, on this machine
``cluster``     the same on the machines of a cluster
``supervisor``  the process there that holds models to their terms
``journal``     what has been found so far, safe from any end of the scan
``tables``      the table as Parquet or JSON Lines
``scan``        the use case
"""

from pytest_rf.scanning.scan import Scan, scan

__all__ = ["Scan", "scan"]
