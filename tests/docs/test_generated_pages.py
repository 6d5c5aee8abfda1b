"""The pages that are written from the code say what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

import jsonschema
import pytest
from blocks import only

DOCS = Path(__file__).parents[2] / "docs"


def test_there_is_a_page_for_every_rule() -> None:
    pages = runpy.run_path(str(DOCS / "generate_rules.py"))["pages"]()
    assert set((DOCS / "rules").glob("*.md")) == pages.keys() - {DOCS / "rules.md"}
    for path, text in pages.items():
        assert path.read_text(encoding="utf-8") == text, path


def test_the_page_of_packs_says_what_packs_say() -> None:
    from pytest_rf.config import packs

    text = runpy.run_path(str(DOCS / "generate_packs.py"))["page"]()
    assert (DOCS / "packs.md").read_text(encoding="utf-8") == text
    for name in packs.names():
        assert f"\n## {name}\n" in text
        assert packs.about(name)


def test_a_pack_that_is_not_written_as_packs_are_is_no_page() -> None:
    items = runpy.run_path(str(DOCS / "generate_packs.py"))["_items"]
    (item,) = items(
        '\nrequire = [\n  # Why,\n  # in two lines.\n  "rf >= 1",\n]', {"require": ["rf >= 1"]}, "require"
    )
    assert tuple(item) == ("rf >= 1", "Why, in two lines.")
    with pytest.raises(AssertionError, match="require is not written as packs are"):
        items('\nrequire = [\n  "rf >= 1"\n]', {"require": ["rf >= 1"]}, "require")


def test_every_key_of_the_configuration_is_on_its_page() -> None:
    text = runpy.run_path(str(DOCS / "generate_configuration.py"))["page"]()
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == text
    from pytest_rf.config.tables import field_names

    for keys in field_names().values():
        for key in keys:
            assert f"| `{key}` |" in text


@pytest.mark.parametrize(
    "row",
    [line for line in (DOCS / "configuration.md").read_text("utf-8").splitlines() if line.startswith("| `")],
)
def test_every_key_is_explained(row: str) -> None:
    assert row.rstrip("| ").count("|") >= 3
    assert row.split("|")[-2].strip()


def test_every_key_has_an_example_that_is_of_its_form() -> None:
    from pytest_rf.config.tables import json_schema

    for name, table in json_schema()["$defs"].items():
        for key, kind in table["properties"].items():
            if "$ref" not in kind and "$ref" not in kind.get("items", {}):
                (example,) = kind["examples"]
                jsonschema.validate(example, {**kind, "$defs": json_schema()["$defs"]})
                assert f"{key} = " in (DOCS / "configuration.md").read_text("utf-8"), (name, key)


def test_the_schema_has_a_name() -> None:
    from pytest_rf.config.tables import json_schema

    assert json_schema()["$id"] == "urn:pytest-rf:schema:config"


def test_the_grammar_of_front_ends_is_the_parsers() -> None:
    text = (DOCS / "latency.md").read_text(encoding="utf-8")
    script = runpy.run_path(str(DOCS / "generate_latency.py"))
    assert script["page"](text) == text
    assert only("docs/latency.md", "text") in script["written"]()


def test_the_pictures_are_what_their_script_draws() -> None:
    drawn = runpy.run_path(str(DOCS / "generate_pictures.py"))["PICTURES"]
    for name, draw in drawn.items():
        assert (DOCS / "pictures" / f"{name}.svg").read_text(encoding="utf-8") == str(draw()), name


@pytest.mark.parametrize(
    ("script", "name"), [("generate_commands.py", "command-line"), ("generate_python.py", "python")]
)
def test_references_say_what_the_code_says(script: str, name: str) -> None:
    text = runpy.run_path(str(DOCS / script))["page"]()
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == text, f"run python docs/{script}"


def test_every_command_and_option_is_on_its_page() -> None:
    from pytest_rf.cli import cli

    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        assert f"\n## pytest-rf {name}\n" in text
        for option in command.params:
            if option.opts[-1].startswith("-") and not getattr(option, "hidden", False):
                assert f"{option.opts[-1]}" in text


def test_every_public_name_is_on_its_page() -> None:
    import pytest_rf

    text = (DOCS / "python.md").read_text(encoding="utf-8")
    for name in pytest_rf.__all__:
        assert name == "__version__" or f"\n### {name}\n" in text or f"`pytest_rf.{name}`" in text, name


def test_every_picture_is_shown_on_a_page() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert not [
        path.name for path in (DOCS / "pictures").glob("*.svg") if f"pictures/{path.name})" not in pages
    ]
