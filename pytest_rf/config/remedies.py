"""What to write into a configuration so that a model is judged: the words for a model that nothing judged."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from pytest_rf.config.declared import Config
from pytest_rf.config.sources import Target

_SPATIAL = '"final rf >= 224"'
_SAMPLES = '"final is independent"'
_PACK = 'extend = ["pytest-rf:classification"]'


def for_unjudged(
    target: Target,
    config: Config,
    inapplicable: Sequence[str],
    rules: Mapping[str, str],
    spatial: bool = True,
) -> str:
    """Return one line on why a model was not judged, and on what would have it judged.

    Args:
        target: the model.
        config: the configuration, if there is one.
        inapplicable: why the requirements, if there are any, do not apply to the model.
        rules: codes of the selected rules, each with why it can say nothing of the model; empty where that has
            nothing that the rule is about.
        spatial: whether the model has a spatial axis, so that it can be asked for sizes of fields.
    """
    why = _why(config, target, inapplicable, rules)
    file = config.file or "rf.toml"
    pyproject = config.path is not None and config.path.name == "pyproject.toml"
    entry, top = (
        ("[[tool.pytest-rf.model]]", "under [tool.pytest-rf]") if pyproject else ("[[model]]", "at the top")
    )
    requirement = _SPATIAL if spatial else _SAMPLES
    require = f"require = [{requirement}]"
    if target.model.file:
        what = f"write {require}{f' or {_PACK}' if spatial else ''} into its {entry}"
    else:
        what = (
            f"write {entry} with source = {json.dumps(_source(target, config), ensure_ascii=False)} and {require} "
            f"into {file}, or give --require {requirement}"
        )
    softer = f'uncovered = "warn" or "ignore" {top} of {file} lets such models be'
    return f"{_place(target)}nothing was judged: {why}; {what}; {softer}"


def _place(target: Target) -> str:
    model = target.model
    if not model.file:
        return f"{target.source}: "
    return f"{model.file}{f':{model.line}' if model.line else ''}: {target.name}: "


def _why(config: Config, target: Target, inapplicable: Sequence[str], rules: Mapping[str, str]) -> str:
    reasons = []
    if inapplicable:
        reasons.append(f"what is required of it is about what it does not have ({inapplicable[0]})")
    elif target.model.file:
        reasons.append("it has no requirement")
    elif config.file:
        reasons.append(f"no model of {config.file} has this source")
    else:
        reasons.append("there is no configuration and no requirement")
    absent = [code for code, why in rules.items() if not why]
    if absent:
        reasons.append(f"it has nothing that {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} about")
    reasons += [f"{code} can say nothing of it ({why})" for code, why in rules.items() if why]
    if not rules and config.file:
        reasons.append("no rule is selected")
    return " and ".join(reasons)


def _source(target: Target, config: Config) -> str:
    """Return the source as the configuration would have it: a path from its folder."""
    if target.path is None:
        return target.source
    try:
        return os.path.relpath(target.path, config.root).replace(os.sep, "/")
    except ValueError:  # another drive
        return target.source
