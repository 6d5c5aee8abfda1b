"""The configuration: what the authors of models declare about them.

``reading``  finds, reads and checks a configuration file with all that it extends
``tables``   the shape of the file as types; its JSON Schema
``declared`` what it says, once it has been found right
``tomlfile`` TOML that may be hostile, and its lines
``packs``    the files that a configuration extends
``targets``  what a model's source stands for
``lookup``   what a word on the command line or in a marker means
``waivers``  findings that are accepted until a date
"""

from pytest_rf.config.reading import discover, load, schema

__all__ = ["discover", "load", "schema"]
