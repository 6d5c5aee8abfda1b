"""``pytest-rf report``: the page that people look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from pytest_rf.commands import completion, options

if TYPE_CHECKING:
    from pytest_rf.config.declared import Config
    from pytest_rf.isolation import Isolate
    from pytest_rf.reporters.pages.sections import ModelPage

DEFAULT = "report.html"


@click.command(short_help="Write an HTML page about a model, to look at.")
@click.argument("model", required=False, shell_complete=completion.models)
@click.argument("new", required=False, shell_complete=completion.models)
@click.option(
    "requires",
    "--require",
    metavar="TEXT",
    multiple=True,
    help='Also judge this, as "final rf >= 224"; repeatable.',
)
@click.option(
    "--image",
    metavar="FILE",
    help="A PNG or JPEG picture to show the input with; it is put into the page.",
)
@options.working
@options.call
@options.config
@options.allow_code
@options.debug
@click.option("-o", "--output", metavar="FILE", default=DEFAULT, show_default=True, help="Where to write it.")
def report(
    model: str | None,
    new: str | None,
    requires: tuple[str, ...],
    image: str | None,
    jobs: int | None,
    isolate: Isolate | None,
    cache: Path | None,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str,
    debug: bool,
) -> int:
    """Write a page about MODEL that shows what it sees, where that grows, and what is wrong.

    MODEL is an .onnx file, the name of a model in the configuration, or package.module:factory; a folder or a
    pattern of files stands for several. Without MODEL, every model of the configuration. The page is one file that
    needs nothing else, and no network.

    With NEW the page is about what changed from MODEL to it. Each is an .onnx file, a model of the configuration, a
    lock, or one of these files at a git revision, as diff takes them.

    Exit status: 0 where it is written, whatever it says; 2 where the run itself is wrong.
    """
    from pytest_rf.check import run
    from pytest_rf.commands import failures
    from pytest_rf.commands.progress import examining
    from pytest_rf.config.declared import Config
    from pytest_rf.reporters import destinations, html, pictures
    from pytest_rf.reporters.files import report_place, save
    from pytest_rf.reporters.pages import extra
    from pytest_rf.reporters.pages.drawing import Drawing

    settings = options.configuration(config)
    if settings is None and model is None:
        raise click.UsageError("nothing to report: give the path of a model, or write an rf.toml")
    paths = () if model is None else (model,)
    kept = (*paths, *([str(settings.path)] if settings is not None and settings.path else ()))
    report_place(output, kept=kept)
    extra.require()
    if model is not None and new is not None:
        if requires or image is not None or any(call.values()):
            raise click.UsageError(
                "two states are compared as they are: leave out --require, --image and how to call"
            )
        _compare(model, new, settings, allow_code, output, kept)
        return 0
    drawing = Drawing(pictures.as_uri(image) if image is not None else "")
    # Whoever looks need not judge: a model without requirements is no mistake here.
    asked = replace(settings or Config(), uncovered="ignore")
    with examining(asked, jobs, isolate, None, untrusted=False) as examiner:
        found = run(
            asked,
            paths,
            requires,
            call=call,
            allow_code=allow_code,
            fail_on=None,
            examiner=drawing.by(examiner),
        )
    if drawing.drawn:
        save(html.check(found, drawing.drawn), output, kept=(*kept, *destinations.touched(found)))
        failures.tell(f"{output}: {len(found.models):,} model{'s' if len(found.models) > 1 else ''}")
    failures.problems(found, debug)
    return found.exit_code


def _compare(
    old: str, new: str, settings: Config | None, allow_code: bool, output: str, kept: tuple[str, ...]
) -> None:
    """Write a page about what changed between two states."""
    from pytest_rf import comparing
    from pytest_rf.checkable import Analysis
    from pytest_rf.commands import failures
    from pytest_rf.commands.progress import progress
    from pytest_rf.reporters.files import save
    from pytest_rf.reporters.pages import compared, document, sides

    with progress() as load:
        before, now = (comparing.side(word, settings, allow_code, load) for word in (old, new))
    found = comparing.compare(before, now)
    drawn: tuple[ModelPage, ...] = ()
    if isinstance(before.analysis, Analysis) and isinstance(now.analysis, Analysis):  # no locks
        drawn = sides.of(before.analysis, now.analysis, (old, new), found.models[0])
    page = document.html([document.plain(one) for one in drawn], compared=document.plain(compared.of(found)))
    save(page, output, kept=(*kept, new))
    failures.tell(f"{output}: what changed from {old} to {new}")
