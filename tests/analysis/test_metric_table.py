"""The table of metrics: everything that is said of a figure follows from its row."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from models import conv

import pytest_rf
from pytest_rf.analysis.metrics import METRICS, PREDICATES, TABLE, AxisField, Metric
from pytest_rf.analysis.report import to_dict
from pytest_rf.requirements.parser import parse
from pytest_rf.requirements.vocabulary import nearest

ROOT = Path(__file__).parents[2]

#: Two rows as an author would write them, and all that follows: no other file is touched.
ROWS = """
    Metric(
        "span", "length", "how far `rf` goes, said differently", sizes.rf, form="largest", always=True,
        monotone=True, certain=sizes.rf_certain, grows="the span", cause="layers",
        formats=("json", "csv", "table"), aliases=("wingspan",),
    ),
    Metric("wide", "truth", "reads something", lambda field: sizes.rf(field)[1] > 1, form="truth", dear=True),
"""

#: What is looked at, in a process of its own.
QUESTIONS = """
import json, runpy, sys
import pytest_rf
from pytest_rf import report, reporters, view
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.reporters.lines import plain

path, docs = sys.argv[1:]
analysis = pytest_rf.analyze(path)
field = analysis.final[0]["h"]
tensor = analysis.to_dict()["tensors"][0]["fields"]["image"]["h"]

def refusal(text):
    try:
        analysis.check(text)
    except pytest_rf.RequirementError as error:
        return str(error)

def shown(format, *figures):
    document = reporters.show(view.view(analysis, asked=figures), format)
    return document if isinstance(document, str) else "\\n".join(plain(document))

(finding,) = analysis.check("final span >= 9")
print(json.dumps({
    "attributes": [field.span, field.span_range, field.span_certain, field.wide],
    "doc": AxisField.span.__doc__,
    "requirement": [len(analysis.check("final span == 3 and is wide")), finding.figure, finding.help],
    "path": [step.total for step in analysis.final[0].path("h", metric="span")],
    "refusal": [refusal("final spann >= 1"), refusal("final wingspan >= 1"), refusal("final is span")],
    "json": [tensor["span"], tensor["span_smallest"], "wide" in tensor],
    "asked": json.loads(shown("json", "wide"))["tensors"][0]["fields"]["image"]["h"]["wide"],
    "schema": sorted({"span", "span_smallest", "wide"} & set(report.schema()["$defs"]["AxisReport"]["properties"])),
    "csv": shown("csv", "wide").splitlines()[:2],
    "table": shown("table").splitlines()[-2:],
    "markdown": shown("markdown").splitlines()[0],
    "docs": runpy.run_path(docs)["table"](),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the package says whose table has two more rows."""
    home = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "pytest_rf", home / "pytest_rf", ignore=shutil.ignore_patterns("__pycache__"))
    table = home / "pytest_rf" / "analysis" / "table.py"
    text = table.read_text(encoding="utf-8")
    first = "TABLE: tuple[Metric, ...] = ("
    assert text.count(first) == 1
    table.write_text(text.replace(first, first + ROWS), encoding="utf-8")
    (home / "model.onnx").write_bytes(conv(3, pads="[1, 1, 1, 1]").SerializeToString())
    answer = subprocess.run(
        [sys.executable, "-c", QUESTIONS, home / "model.onnx", ROOT / "docs" / "generate_figures.py"],
        env={**os.environ, "PYTHONPATH": str(home), "PYTHONUTF8": "1"},
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def test_a_row_is_an_attribute_of_fields(found: dict[str, Any]) -> None:
    assert found["attributes"] == [3, [3, 3], [3, 3], True]
    assert found["doc"] == "how far `rf` goes, said differently"


def test_a_row_is_a_word_of_requirements(found: dict[str, Any]) -> None:
    holds, figure, help_ = found["requirement"]
    assert (holds, figure) == (0, "span")
    assert help_ == "6 input positions are missing"
    assert found["path"] == [3]
    misspelt, elsewhere, claimed = found["refusal"]
    assert 'did you mean "span"' in misspelt
    assert 'did you mean "span"' in elsewhere
    assert "span is compared, as in final span >= 16" in claimed


def test_a_row_is_in_every_format(found: dict[str, Any]) -> None:
    assert found["json"] == [3, 3, False]
    assert found["asked"] is True
    assert found["schema"] == ["span", "span_smallest", "wide"]
    header, row = (line.split(",") for line in found["csv"])
    assert (
        dict(zip(header, row, strict=True)).items()
        >= {"span": "3", "span_smallest": "3", "wide": "yes"}.items()
    )
    header, row = (line.split() for line in found["table"])
    assert header[-4:] == ["span", "rf", "stride", "start"]
    assert row[-4:] == ["3", "3", "1", "-1"]
    assert "| span |" in found["markdown"]


def test_a_row_is_in_the_docs(found: dict[str, Any]) -> None:
    assert (
        '| <a id="span"></a>`span` | input positions | how far `rf` goes, said differently |\n'
        in found["docs"]
    )
    assert '| <a id="wide"></a>`wide` | yes or no | reads something |\n' in found["docs"]


def test_the_page_of_figures_is_up_to_date() -> None:
    text = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert text == runpy.run_path(str(ROOT / "docs" / "generate_figures.py"))["page"](text)


def test_rows_have_one_name_each() -> None:
    names = [row.name for row in TABLE]
    assert len(names) == len(set(names)) == len(METRICS) + len(PREDICATES)
    words = [word for row in TABLE for word in (row.name, *row.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_a_row_says_fits_together(row: Metric) -> None:
    assert (row.form in ("truth", "sources")) == (row.kind == "truth")
    assert not row.share_of or row.share_of in METRICS
    assert not row.within or row.within in METRICS
    assert "\n" not in row.meaning
    assert not (row.dear and row.always and row.formats == ())
    field = pytest_rf.analyze(conv(3)).final[0]["h"]
    for name, read in row.attributes():
        if not callable(getattr(field, name)):
            assert getattr(field, name) == read(field)
    if row.ranged:
        smallest, largest = getattr(field, f"{row.name}_range")
        assert getattr(field, row.name) == (largest if row.form == "largest" else smallest)
    assert len(row.columns()) == len(row.cells(row.read(field))) == len(row.cells(None))


def test_every_word_is_read() -> None:
    for name in METRICS:
        (comparison,) = parse(f"final {name} == {'no' if METRICS[name].kind == 'truth' else 3}").parts
        assert comparison.figure.metric == name
    for name in PREDICATES:
        (claim,) = parse(f"final is {name}").parts
        assert claim.predicate == name


def test_words_from_elsewhere_lead_to_ours() -> None:
    for row in METRICS.values():
        for alias in row.aliases:
            assert nearest(alias, METRICS) == f', did you mean "{row.name}"?'
    assert nearest("offset", ["start", "stride"]) == ""  # a figure of its own


def test_type_checkers_know_every_attribute() -> None:
    """Users' type checkers see what the table gives only where the class says so."""
    source = (ROOT / "pytest_rf" / "analysis" / "metrics.py").read_text(encoding="utf-8")
    typed = source[source.index("class AxisField") :]
    own = vars(AxisField)
    assert all(f"        {name}: " in typed for row in TABLE for name, _ in row.attributes() if name in own)


def test_dear_figures_are_left_out_until_they_are_asked_for() -> None:
    analysis = pytest_rf.analyze(conv(3))
    (tensor,) = analysis.to_dict()["tensors"]
    dear = [row for row in TABLE if row.dear]
    keys = {key for row in dear for key in (row.columns() if row.ranged else (row.name,))}
    assert keys
    assert not keys & tensor["fields"]["image"]["h"].keys()
    asked = to_dict(analysis.report(asked=tuple(row.name for row in dear)))["tensors"][0]
    assert asked["fields"]["image"]["h"].keys() - tensor["fields"]["image"]["h"].keys() == keys
