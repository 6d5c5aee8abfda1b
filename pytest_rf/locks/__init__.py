"""Locks: all figures of models in a file that is read in diffs, and what has changed between two states of a model.

``figures``   the figures of a model as a lock holds them
``lockfile``  a lock as text
``compare``   what differs between two states of a model
``holding``   a model held to its lock: the finding of rule RF006
"""
