from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from pytest_rf.commands import output

EXAMPLES = Path(__file__).parents[2] / "examples"


# ------------------------------------------------------------------ check


def test_what_holds_is_status_0(rf) -> None:
    result = rf("check")
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith(
        "Checked 1 model, 1 requirement: all hold. RF404 said nothing of 1 model (-v tells why).\n"
    )


def test_violations_are_status_1(rf) -> None:
    result = rf("check", "--require", "final rf >= 41", "--format", "concise")
    assert (result.status, result.err) == (1, "")
    assert "RF001 net: final rf is 36 to 40" in result.out


def test_paths_without_a_configuration(rf, folder: Path) -> None:
    (folder / "rf.toml").unlink()
    assert rf("check", "unet.onnx", "tcn.onnx", "--require", "final rf >= 36").status == 0
    assert rf("check", "tcn.onnx", "--require", "final rf >= 64").status == 1


def test_a_path_of_the_configuration_keeps_its_requirements(rf) -> None:
    assert "net (unet.onnx): 1 requirement holds" in rf("check", "unet.onnx").out
    assert "tcn (tcn.onnx): nothing was judged" in rf("check", "tcn.onnx").out


def test_the_configuration_is_found_upwards_and_can_be_named(rf, folder: Path, monkeypatch) -> None:
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    assert rf("check").status == 0
    assert rf("check", "--config", "../rf.toml").status == 0
    assert rf("check", "--config", "nix.toml").status == 2


def test_files_are_named_from_the_folder_of_the_configuration(rf, folder: Path, monkeypatch) -> None:
    (folder / "rf.toml").write_text('[[model]]\nsource = "unet.onnx"\nrequire = [\n  "final rf >= 41"]\n')
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    for arguments in ((), ("--config", "../rf.toml")):
        result = rf("check", *arguments)
        assert "\n  --> rf.toml:4:3 in model unet\n" in result.out
        assert "✗ unet (unet.onnx): 1 violation\n" in result.out
    (folder / "rf.toml").write_text("selct = []")
    assert rf("check").err.startswith('error: rf.toml:1: unknown key "selct"')
    # Where the run is not started in it, the working directory is what a reader knows.
    (folder / "rf.toml").rename(folder / "deep" / "rf.toml")
    monkeypatch.chdir(folder)
    assert rf("check", "--config", "deep/rf.toml").err.startswith(
        'error: deep/rf.toml:1: unknown key "selct"'
    )


def test_a_problem_of_many_models_is_one_line(rf, folder: Path) -> None:
    for number in range(30):
        (folder / f"m{number}.onnx").write_bytes(b"")
    (folder / "rf.toml").write_text('[[model]]\nsource = "m*.onnx"\nrequire = ["final rf >= 41"]\n')
    result = rf("check")
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert line.startswith("error: rf.toml:1: m0.onnx: is empty")
    assert line.endswith("; the same in 29 more models: m1, m10, m11, … and 26 more")


def test_nothing_to_check_is_status_2(rf, folder: Path) -> None:
    (folder / "rf.toml").unlink()
    result = rf("check")
    assert result.status == 2
    assert (
        "nothing to check: give the path of a model, or write an rf.toml, which pytest-rf init does"
        in result.err
    )


def test_one_bad_model_hides_no_other(rf, folder: Path) -> None:
    (folder / "bad.onnx").write_bytes(b"")
    result = rf("check", "bad.onnx", "tcn.onnx", "nix.onnx", "--require", "final rf >= 64")
    assert result.status == 2
    assert "RF001 final rf is 63" in result.out
    assert result.out.endswith("Checked 3 models, 3 requirements: 1 violation, 2 errors.\n")
    first, second = result.err.splitlines()
    assert first.startswith("error: bad.onnx: is empty")
    assert second.startswith("error: nix.onnx: no such file")


def test_a_wrong_requirement_has_a_caret(rf) -> None:
    result = rf("check", "--require", "final rff >= 3")
    assert result.status == 2
    assert result.err.splitlines()[0].endswith('unknown metric "rff", did you mean "rf"?')
    assert result.err.splitlines()[1:] == ["  final rff >= 3", "        ^"]


def test_code_needs_leave(rf, folder: Path) -> None:
    (folder / "mine.py").write_text("import pathlib\npathlib.Path('ran').touch()\ndef net(): return 3\n")
    for command in ("check", "show"):
        result = rf(command, "mine:net")
        assert result.status == 2
        assert "--allow-code" in result.err
    assert not (folder / "ran").exists()
    assert rf("check", "mine:net", "--allow-code").status == 2
    assert (folder / "ran").exists()


def test_json_fits_the_schema_that_is_printed(rf) -> None:
    schema = json.loads(rf("schema", "report").out)
    for arguments in (
        ("check", "--format", "json"),
        ("show", "unet.onnx", "--format", "json", "--node", "head"),
        ("show", "unet.onnx", "--format", "json", "--unit", "0,0"),
    ):
        jsonschema.validate(json.loads(rf(*arguments).out), schema)


def test_the_same_run_gives_the_same_bytes(rf) -> None:
    for format in ("full", "concise", "json"):
        arguments = ("check", "--format", format, "--require", "final rf >= 41")
        assert rf(*arguments).out == rf(*arguments).out


def test_a_bug_of_ours_is_status_3(rf, monkeypatch) -> None:
    from pytest_rf import check

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken\x1b[2J\nin two lines")

    monkeypatch.setattr(check, "run", broken)
    result = rf("check")
    assert result.status == 3
    (line,) = result.err.splitlines()
    assert line.startswith("error: internal error: RuntimeError: broken\\x1b[2J in two lines. This is a bug")
    assert "please report it" in line
    assert "Traceback" in rf("check", "--debug").err


def test_a_bug_at_one_model_is_status_3_and_hides_no_other(rf, monkeypatch) -> None:
    from pytest_rf import targets

    analyse = targets.analyse

    def broken(target: object) -> object:
        if target.name == "tcn":  # type: ignore[attr-defined]
            raise RuntimeError("broken")
        return analyse(target)  # type: ignore[arg-type]

    monkeypatch.setattr(targets, "analyse", broken)
    result = rf("check", "unet.onnx", "tcn.onnx")
    assert result.status == 3
    assert "✓ net" in result.out
    assert len(result.err.splitlines()) == 1
    assert "This is a bug" in result.err


# ------------------------------------------------------------------ show, rule, schema


def test_show_knows_what_the_configuration_declares(rf, folder: Path) -> None:
    import onnx

    model = onnx.load("unet.onnx")
    for number in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[number].ClearField("dim_value")
        model.graph.output[0].type.tensor_type.shape.dim[number].ClearField("dim_value")
    onnx.save(model, "open.onnx")
    result = rf("show", "open.onnx")
    assert "1×1×256×256" in result.out
    assert "leaves axes 2, 3 of input 'image' open, so 256 was chosen" in result.out
    assert "1×1×48×64" in rf("show", "open.onnx", "--input", "image=1,1,48,64").out
    (folder / "rf.toml").write_text(
        '[[model]]\nname = "net"\nsource = "open.onnx"\ninputs = { image = [1, 1, 48, 32] }\n'
    )
    assert "1×1×48×32" in rf("show", "open.onnx").out
    assert "1×1×48×32" in rf("show", "net").out
    assert "1×1×48×64" in rf("show", "net", "--input", "image=1,1,48,64").out


@pytest.mark.parametrize("format", ["table", "json", "csv", "markdown"])
def test_show_formats(rf, format: str) -> None:
    result = rf("show", "tcn.onnx", "--format", format)
    assert (result.status, result.err) == (0, "")
    assert "blocks.4" in result.out


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_rules_fit_the_terminal(rf, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    everything = rf("rule").out
    assert " ".join(everything.split()).count("(when selected)") == everything.count("(when selected)") > 10
    prose, example, after = re.split(r"\nExample\n|\nUse instead\n", rf("rule", "RF005").out)
    assert 'name = "com.acme::Warp"\n      kernel = 3                      # or' in after
    assert example == "  y = com.acme::Warp(x)           # a custom operator\n"
    # Summaries begin behind the longest name, and have some room on any terminal.
    assert max(map(len, everything.split("\n"))) <= max(columns, 33 + 24)
    assert max(map(len, prose.split("\n"))) <= columns


def test_rules_are_listed_and_explained(rf) -> None:
    assert "RF001 requirement-violated" in rf("rule").out
    for name in ("RF001", "rf001", "requirement-violated"):
        assert "Why is this bad" in rf("rule", name).out
    assert '"RF" stands for all' in rf("check", "--select", "ALL").err
    result = rf("rule", "RF0001")
    assert result.status == 2
    assert "did you mean" in result.err


def test_the_schema_of_the_configuration_accepts_the_examples(rf) -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    schema = json.loads(rf("schema", "config").out)
    config = tomllib.loads((EXAMPLES / "rf.toml").read_text(encoding="utf-8"))
    jsonschema.validate(config, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"modle": []}, schema)


# ------------------------------------------------------------------ usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["nix"],
        ["check", "--nix"],
        ["check", "--format", "nix"],
        ["show"],
        ["show", "unet.onnx", "--unit", "a,b"],
        ["show", "unet.onnx", "--unit", "-1,0"],
        ["show", "unet.onnx", "--unit", "0,99"],
        ["show", "unet.onnx", "--unit", "0"],
        ["show", "unet.onnx", "--node", "nix"],
        ["show", "unet.onnx", "--input", "image"],
        ["show", "unet.onnx", "--input", "image=1,0,3,3"],
        ["show", "unet.onnx", "--input", "image=1,1,1e3,3"],
        ["show", "unet.onnx", "--input", "image=1,1,8,8", "--input", "image=1,1,8,8"],
        ["show", "unet.onnx", "--input", "nix=1,1,8,8"],
        ["show", "."],
        ["show", "net.pt"],
        ["show", "net.py"],
        ["show", "\x1b[2J.onnx"],
        ["schema"],
        ["schema", "nix"],
        ["rule", "nix"],
        ["rule", ""],
    ],
)
def test_wrong_usage_is_one_line_and_status_2(rf, arguments: list[str]) -> None:
    result = rf(*arguments)
    assert result.status == 2
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("error: ")
    assert "\x1b" not in line


def test_help_and_version(rf) -> None:
    assert rf("--version").out.startswith("pytest-rf ")
    for arguments in ((), ("check",), ("show",), ("rule",), ("schema",)):
        result = rf(*arguments, "--help")
        assert result.status == 0
        assert "Usage: pytest-rf" in result.out
    assert rf().status == 2


def test_it_is_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_rf", "check", "nix.onnx"], capture_output=True, check=False
    )
    assert done.returncode == 2


def test_the_commands_module_imports_nothing_heavy() -> None:
    assert output.emit
    code = "import sys, pytest_rf.cli; print(*sys.modules)"
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {name.split(".")[0] for name in names} & {
        "numpy",
        "onnx",
        "msgspec",
        "rich",
        "torch",
        "pytest",
    }


def test_no_message_is_a_command_for_a_ci_runner(rf, folder: Path) -> None:
    (folder / "rf.toml").write_text(
        '[[model]]\nsource = "unet.onnx"\nrequire = ["::error::x ##[error]y >= 1"]\n'
    )
    for arguments in (("check",), ("check", "::error::x", "--require", "::error::x"), ("show", "::error::x")):
        lines = (result := rf(*arguments)).err.splitlines() + result.out.splitlines()
        assert result.status == 2
        assert lines
        assert not any(line.strip().startswith("::") or "##[" in line for line in lines)
