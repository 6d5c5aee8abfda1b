from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from pytest_rf.findings import Problem, Step
from pytest_rf.reporters import check, job_summary
from pytest_rf.reporters.lines import visible
from pytest_rf.results import Run
from reporters.findings import finding, run


class Page(HTMLParser):
    """The elements and the text of what Markdown becomes."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.text: list[str] = []
        self.attributes: list[str] = []
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(found: Run) -> Page:
    text = check(found, "markdown")
    assert isinstance(text, str)
    return Page(text)


def test_a_table_of_models_and_a_finding_to_open() -> None:
    text = str(check(run(finding(), waived=(finding(waived="until v3"),)), "markdown"))
    assert "\nChecked 1 model, 1 requirement: 1 violation, 1 waived.\n" in text
    assert "\n| ❌ | <code>net</code> | 1 | 1 | 1 |\n" in text
    shown = page(run(finding(), waived=(finding(waived="until v3"),)))
    assert shown.tags["details"] == 2
    assert "      +4 → 11  layer1 3×3\n" in "".join(shown.text)
    assert "until v3" in "".join(shown.text)


def test_every_state_of_a_model_has_its_sign() -> None:
    (bad,) = run(finding()).models
    models = [
        replace(bad, findings=()),
        bad,
        replace(bad, findings=(), problems=(Problem(message="is empty"),)),
        replace(bad, findings=(), judged=False, requirements=()),
    ]
    rows = [line for line in str(check(Run.of(models), "markdown")).splitlines() if "<code>net" in line]
    assert [row[2] for row in rows[:4]] == ["✅", "❌", "💥", "➖"]


def test_problems_come_with_their_caret() -> None:
    shown = page(run(problems=(Problem(message="no metric rff", detail="final rff >= 3\n      ^"),)))
    assert "final rff >= 3\n      ^\n" in "".join(shown.text)


HARMLESS = page(run(finding(), problems=(Problem(message="x"),), waived=(finding(),)))


MARKUP = [
    "<img onerror=x>", "</pre>", "</code>", "|", "`", "**", "_", "~~", "[a](b)", "![a](b)", "\n\n", "#1", "@me",
    "www.x.example", "https://x.example", "&lt;", "\\", "<!--", "-->", "x",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.text() | st.lists(st.sampled_from(MARKUP)).map(" ".join))
def test_a_name_is_shown_as_it_is_and_does_nothing(name: str) -> None:
    found = finding(
        message=name, model=name, tensor=name, file=name, requirement=name, path=(Step(name, 1, 2),), help=name or "x"
    )  # fmt: skip
    hostile = run(found, problems=(Problem(message=name),), waived=(replace(found, waived=name),))
    whole = Run.of([replace(hostile.models[0], model=name)])
    shown = page(whole)
    assert shown.tags == HARMLESS.tags
    assert shown.attributes == HARMLESS.attributes
    assert " ".join(visible(name, 2000).split()) in " ".join("".join(shown.text).split())


def test_nobody_is_mentioned() -> None:
    shown = page(run(finding(message="@someone #12")))
    assert not any("@someone" in piece or "#12" in piece for piece in shown.text)
    assert "@someone #12" in "".join(shown.text)


def test_a_summary_fits_what_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = str(check(run(*[finding(message="<" * 2000)] * 1000), "markdown"))
    assert len(text.encode()) < 1_000_000
    assert "more findings.\n" in text
    monkeypatch.setattr(job_summary, "MOST_MODELS", 2)
    (one,) = run().models
    assert "… and 3 more models" in str(check(Run.of([one] * 5), "markdown"))
