"""The errors that users can meet. Each one's text is a single line that names file, place and remedy."""

from __future__ import annotations

NO_TORCH = "torch is not installed; install it with pip install 'pytest-rf[torch]'"
"""What to say where a model needs torch and there is none."""


class RFError(Exception):
    """Base of every error that is not a bug of pytest-rf itself (exit status 2 on the command line)."""

    def __str__(self) -> str:
        """Return the message as one line, whatever was put into it."""
        return " ".join(super().__str__().split())


class ModelError(RFError):
    """A model cannot be read or analysed: wrong file, impossible attribute, open dimension, a limit."""


class ConfigError(RFError):
    """The configuration is wrong: not TOML, an unknown key, a glob that matches nothing."""


class RequirementError(RFError):
    """A requirement cannot be understood or applied: syntax, unknown metric, nothing that it selects."""


class UnknownError(ModelError, ValueError):
    """A figure of a tensor that is unknown: it rests on an operator without a rule, or on what is not followed."""


class TilingError(RFError, ValueError):
    """A tiling cannot be understood, or an image does not fit it."""
