"""The configuration: what the authors of models declare about them.

``discovery`` which file is the configuration, and which part of it is ours
``reading``   reads and checks a configuration file with all that it extends
``tables``    the shape of the file as types; its JSON Schema
``declared``  what it says, once it has been found right
``tilings``   the tilings of a model
``tomlfile``  TOML that may be hostile
``positions`` where its keys and items stand
``packs``     the files that a configuration extends
``records``   the files that pytest-rf writes beside it: baseline and lock
``asked``     what a run is asked to check
``sources``   what a model's source stands for
``selection`` what a word on the command line or in a marker means
``remedies``  what to write so that a model is judged
"""

from pytest_rf.config.discovery import discover, unread
from pytest_rf.config.reading import load, schema

__all__ = ["discover", "load", "schema", "unread"]
