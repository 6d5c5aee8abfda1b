"""Work in processes of its own: bounded in time and memory from outside, heard but not believed.

``terms``    what a task may take, and how a process is held to its memory
``worker``   the side of the process that works
``process``  the side that started it: the clock, the captured output, the private pipe
``launching`` how that is done, and the pipes between them
``pool``     several of them at many tasks
``cache``    results that are kept between runs
``keys``     what a kept result rests on
"""

from pytest_rf.running.pool import Outcome, outcomes
from pytest_rf.running.terms import Terms

__all__ = ["Outcome", "Terms", "outcomes"]
