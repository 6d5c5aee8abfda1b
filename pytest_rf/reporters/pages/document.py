"""Puts the data of models' pages into one file that needs nothing else: no network, no other file.

Names come from models and configurations, which are hostile. Every text of the data passes through
:func:`~pytest_rf.reporters.lines.visible` here, once, for the templates and for the scripts; templates escape all that
they are given; and the block of data holds no sign that could end it. A policy in the page's head lets no script run
but the page's own, and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.pages import extra
from pytest_rf.reporters.pages.sections import SECTIONS
from pytest_rf.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 2000
"""Longer texts are cut."""

_BASE = ("base", "index", "compare")
_IN_SCRIPTS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def html(models: Sequence[Any], overview: Any = None, compared: Any = None) -> str:
    """Return the page of models.

    Args:
        models: the data of each model's page as :func:`plain` gives it.
        overview: the models at a glance, likewise, to be shown where they are several.
        compared: what differs between two states of models, likewise; None where nothing is compared.

    Raises:
        OutputError: Jinja2 is not installed.
    """
    extra.require()
    scripts = [
        _static(f"{name}.js") for name in (*_BASE, *(each for one in SECTIONS for each in one.scripts))
    ]
    return (
        _environment()
        .get_template("page.html")
        .render(
            models=models,
            overview=overview,
            compared=compared,
            sections=SECTIONS,
            version=__version__,
            data=_block({"models": models}),
            styles=[_static(f"{name}.css") for name in (*_BASE, *(one.name for one in SECTIONS))],
            scripts=scripts,
            policy=_policy(scripts),
        )
    )


def plain(data: msgspec.Struct) -> Any:
    """Return data as plain dicts, lists, numbers and texts that are fit to be shown."""
    return _shown(msgspec.to_builtins(data))


def _shown(data: Any) -> Any:
    if isinstance(data, str):
        return visible(data, LONGEST) if not data.startswith("data:image/") else data
    if isinstance(data, dict):
        return {_shown(key): _shown(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        # Most lists are of numbers, which need no look at each.
        return [one if type(one) is int else _shown(one) for one in data]
    return data


def _block(data: Any) -> str:
    """Return data as JSON that can stand in a script element; all but ASCII is escaped."""
    text = json.dumps(data, separators=(",", ":"))
    for sign, escape in _IN_SCRIPTS.items():
        text = text.replace(sign, escape)
    return text


@cache
def _environment() -> Environment:
    """Return what makes pages of templates; it compiles each once a process, which takes as long as a small net."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(partial(_text, "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["own"] = Markup  # for texts of the package itself, and for the block of data
    return environment


def _static(name: str) -> str:
    text = _text("static", name)
    if "</script" in text.lower() or "</style" in text.lower():
        raise ValueError(f"{name} ends its own element")
    return text


def _text(folder: str, name: str) -> str:
    return (files("pytest_rf.reporters.pages") / folder / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    """Return what the page may do: its own scripts by their hashes, its own styles, pictures that it holds."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    own = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {own}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
