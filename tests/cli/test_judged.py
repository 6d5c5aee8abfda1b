"""What nothing judged has not passed: not on the command line, not in a hook."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

ENTRY = '[[model]]\nname = "net"\nsource = "unet.onnx"\n'
HOLDS = 'require = ["final rf >= 36"]\n'


def configure(folder: Path, text: str) -> None:
    (folder / "rf.toml").write_text(text)


def only_error(result) -> str:
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert line.startswith("error: ")
    return line


def test_a_model_without_any_configuration_is_told_what_to_write(rf, folder: Path) -> None:
    (folder / "rf.toml").unlink()
    result = rf("check", "unet.onnx")
    line = only_error(result)
    for word in (
        "nothing was judged",
        "[[model]]",
        'source = "unet.onnx"',
        "require",
        "rf.toml",
        "--require",
    ):
        assert word in line
    assert result.out.endswith("Checked 1 model: nothing was judged.\n")
    assert "all hold" not in result.out
    assert rf("check", "unet.onnx", "--require", "final rf >= 36").status == 0


@pytest.mark.parametrize(
    "text",
    [
        ENTRY,
        ENTRY + "require = []\n",
        "select = []\n" + ENTRY + "require = []\n",
        "select = ['RF0']\n" + ENTRY,
        "select = ['RF004', 'RF005']\n" + ENTRY,
        "select = ['RF101']\nignore = ['RF1']\n" + ENTRY,
        # The U-Net resizes, so a rule on transposed convolutions has nothing to judge.
        "select = ['RF303']\n" + ENTRY,
        # A pack on streams requires nothing of a model without time.
        "extend = ['pytest-rf:streaming']\nignore = ['RF4']\n" + ENTRY,
    ],
    ids=[
        "none",
        "empty",
        "both empty",
        "always on",
        "two of them",
        "ignored",
        "no subject",
        "not applicable",
    ],
)
def test_an_entry_that_nothing_judges_is_an_error_at_its_line(rf, folder: Path, text: str) -> None:
    configure(folder, text)
    line = only_error(rf("check"))
    number = text[: text.index("[[model]]")].count("\n") + 1
    assert line.startswith(f"error: rf.toml:{number}: net: nothing was judged: ")
    assert 'require = ["final rf >= 224"]' in line
    assert 'extend = ["pytest-rf:classification"]' in line


@pytest.mark.parametrize(
    "text",
    [
        ENTRY + HOLDS,
        HOLDS + ENTRY,
        "select = ['RF101']\n" + ENTRY,
        "select = ['RF2']\n" + ENTRY,
        "select = ['RF401']\n[[model]]\nsource = 'tcn.onnx'\n",
        "extend = ['pytest-rf:segmentation']\nignore = ['RF2', 'RF3']\n[[model]]\nsource = 'tcn.onnx'\n",
    ],
)
def test_a_requirement_a_rule_and_a_pack_judge(rf, folder: Path, text: str) -> None:
    configure(folder, text)
    result = rf("check")
    assert result.status in (0, 1)
    assert "nothing was judged" not in result.out + result.err


def test_a_rule_says_nothing_wrong_only_where_it_has_a_subject(rf, folder: Path) -> None:
    import onnx
    from models import model

    text = "net (float[1,2,16,16] x) => (float[1,2,?,?] y) <float[2,2,4,4] w> {{ y = {}(x, w) }}"
    onnx.save(model(text.format("ConvTranspose<strides=[2,2]>")), "up.onnx")
    onnx.save(model(text.format("Conv<strides=[2,2]>")), "down.onnx")
    configure(folder, "select = ['RF303']\n[[model]]\nsource = 'up.onnx'\n")
    assert rf("check").out.endswith("Checked 1 model: nothing wrong.\n")
    line = only_error(rf("check", "down.onnx"))
    assert "RF303" in line


def test_a_model_whose_operators_are_unknown_is_not_judged_by_rules(rf, folder: Path) -> None:
    import onnx
    from models import model

    onnx.save(model("net (float[1,2,16,16] x) => (float[1,2,16,16] y) { y = Warp(x) }"), "warp.onnx")
    configure(folder, "select = ['RF1', 'RF2', 'RF3', 'RF4']\n[[model]]\nsource = 'warp.onnx'\n")
    result = rf("check")
    assert result.status == 2
    assert "RF005" in result.out
    assert "nothing was judged" in result.err


def test_a_file_that_no_entry_covers_is_reported_with_the_setting(rf) -> None:
    result = rf("check", "unet.onnx", "tcn.onnx")
    line = only_error(result)
    assert line.startswith("error: tcn.onnx: nothing was judged: no model of rf.toml has this source")
    for word in ("uncovered", '"warn"', '"ignore"', "of rf.toml", 'source = "tcn.onnx"'):
        assert word in line
    assert "✓ net (unet.onnx): 1 requirement holds" in result.out
    assert "✗ tcn (tcn.onnx): nothing was judged" in result.out
    assert result.out.endswith("Checked 2 models, 1 requirement: 1 model not judged.\n")


@pytest.mark.parametrize("setting", ["warn", "ignore"])
@pytest.mark.parametrize("format", ["full", "concise", "json"])
def test_the_setting_softens_and_never_says_that_all_hold(
    rf, folder: Path, setting: str, format: str
) -> None:
    configure(folder, f'uncovered = "{setting}"\n{ENTRY}{HOLDS}')
    for paths in (("tcn.onnx",), ("unet.onnx", "tcn.onnx")):
        result = rf("check", *paths, "--format", format)
        assert result.status == 0
        if setting == "ignore":
            assert result.err == ""
        else:
            (line,) = result.err.splitlines()
            assert line.startswith("warning: tcn.onnx: nothing was judged: ")
        if format == "json":
            continue
        last = result.out.splitlines()[-1]
        counted = " RF404 said nothing of 2 models (-v tells why)." if format == "full" else ""
        assert last == (
            "Checked 1 model: nothing was judged."
            if len(paths) == 1
            else f"Checked 2 models, 1 requirement: all hold, 1 model not judged.{counted}"
        )


def test_the_default_of_the_setting_can_be_written(rf, folder: Path) -> None:
    configure(folder, f'uncovered = "error"\n{ENTRY}{HOLDS}')
    assert rf("check", "tcn.onnx").status == 2


@pytest.mark.parametrize("text", ['uncovered = "warning"', "uncovered = true"])
def test_a_wrong_setting_is_refused(rf, folder: Path, text: str) -> None:
    configure(folder, f"{text}\n{ENTRY}{HOLDS}")
    line = only_error(rf("check"))
    assert line.startswith("error: rf.toml:1: uncovered: ")
    if "warning" in text:
        assert line.endswith("there are error, warn, ignore")


def test_only_the_configuration_itself_softens_not_what_it_extends(rf, folder: Path) -> None:
    (folder / "team.toml").write_text('uncovered = "ignore"\n')
    configure(folder, 'extend = ["team.toml"]\n' + ENTRY + HOLDS)
    assert 'team.toml:1: unknown key "uncovered"' in only_error(rf("check"))


def test_requirements_of_all_models_judge_files_without_an_entry(rf, folder: Path) -> None:
    configure(folder, 'require = ["final rf >= 3"]\n')
    assert rf("check", "tcn.onnx").status == 0
    configure(folder, 'select = ["RF101"]\n')
    assert rf("check", "tcn.onnx").status == 0


def test_what_is_in_trouble_itself_is_its_own_error(rf, folder: Path) -> None:
    (folder / "bad.onnx").write_bytes(b"")
    for path in ("bad.onnx", "nix.onnx"):
        line = only_error(rf("check", path))
        assert path in line
        assert "judged" not in line


def test_a_violation_and_a_model_that_nothing_judged_are_both_told(rf, folder: Path) -> None:
    configure(folder, ENTRY + 'require = ["final rf >= 41"]\n')
    result = rf("check", "unet.onnx", "tcn.onnx")
    assert "RF001" in result.out
    assert only_error(result)
    assert result.out.endswith("1 violation, 1 model not judged.\n")


def test_a_pack_that_fits_one_model_only_does_not_apply_to_the_other(rf, folder: Path) -> None:
    models = '[[model]]\nsource = "tcn.onnx"\n' + ENTRY
    configure(folder, 'extend = ["pytest-rf:streaming"]\n' + models + HOLDS)
    result = rf("check")
    assert (result.status, result.err) == (0, "")
    assert "net (unet.onnx): 1 requirement holds, 1 not applicable" in result.out
    assert result.out.endswith("Checked 2 models, 2 requirements: all hold, 1 not applicable.\n")
    data = json.loads(rf("check", "--format", "json").out)
    assert [one["status"] for one in data["models"][1]["requirements"]] == ["not applicable", "holds"]
    # A model's own requirement, or one that the configuration itself states, means what it says.
    configure(folder, ENTRY + 'require = ["final is causal.t"]\n')
    assert 'no input has an axis "t"' in rf("check").err


def test_what_applies_of_a_shared_requirement_is_held(rf, folder: Path) -> None:
    (folder / "team.toml").write_text('require = ["final is causal.t and final rf >= 41"]\n')
    configure(folder, 'extend = ["team.toml"]\n' + ENTRY)
    result = rf("check")
    assert result.status == 1
    assert "required >= 41" in result.out


def test_json_tells_what_was_judged_and_fits_its_schema(rf, folder: Path) -> None:
    configure(folder, "select = ['RF101', 'RF303']\n" + ENTRY + HOLDS)
    schema = json.loads(rf("schema", "report").out)
    data = json.loads(rf("check", "--format", "json").out)
    jsonschema.validate(data, schema)
    assert (data["models"][0]["judged"], data["models"][0]["rules"]) == (True, ["RF101"])
    configure(folder, ENTRY)
    data = json.loads(rf("check", "--format", "json").out)
    jsonschema.validate(data, schema)
    assert data["exit_code"] == 2
    (model,) = data["models"]
    assert (model["judged"], model["rules"], model["warnings"]) == (False, [], [])
    assert [one["unjudged"] for one in model["problems"]] == [True]
    configure(folder, 'uncovered = "warn"\n' + ENTRY)
    data = json.loads(rf("check", "--format", "json").out)
    jsonschema.validate(data, schema)
    assert data["exit_code"] == 0
    (model,) = data["models"]
    assert (model["judged"], model["problems"], len(model["warnings"])) == (False, [], 1)
    config = json.loads(rf("schema", "config").out)
    jsonschema.validate({"uncovered": "ignore"}, config)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"uncovered": "off"}, config)


def test_a_configuration_on_the_command_line_brings_its_own_rules_and_settings(rf, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "tcn.onnx").rename(folder / "sub" / "tcn.onnx")
    other = folder / "sub" / "rf.toml"
    other.write_text('select = ["RF101"]\n[[model]]\nsource = "tcn.onnx"\n')
    for extra in ((), ("sub/tcn.onnx",)):
        result = rf("check", "sub/rf.toml", *extra)
        assert (result.status, result.err) == (0, "")
        assert "✓ tcn (sub/tcn.onnx): nothing wrong" in result.out
    other.write_text('uncovered = "ignore"\n[[model]]\nsource = "tcn.onnx"\n')
    assert rf("check", "sub/rf.toml").status == 0
    other.write_text('select = ["RF101"]\n')
    assert "sub/rf.toml: has no [[model]]" in only_error(rf("check", "sub/rf.toml"))


def test_what_to_write_is_for_the_file_that_there_is(rf, folder: Path) -> None:
    (folder / "rf.toml").unlink()
    (folder / "pyproject.toml").write_text("[tool.pytest-rf]\nselect = []\n")
    line = only_error(rf("check", "tcn.onnx"))
    assert "[[tool.pytest-rf.model]]" in line
    assert "under [tool.pytest-rf] of pyproject.toml" in line


# ------------------------------------------------------------------ accepted context


def norm(name: str, op: str = "InstanceNormalization(x, s, s)") -> None:
    import onnx
    from models import model

    onnx.save(model(f"net (float[1,2,16] x) => (float[1,2,16] y) <float[2] s> {{ y = {op} }}"), name)


def test_accepted_context_that_is_not_there_is_an_error_at_its_line(rf, folder: Path) -> None:
    norm("norm.onnx")
    entry = '[[model]]\nsource = "norm.onnx"\nrequire = ["output is bounded"]\n'
    configure(folder, entry + 'accept_context = [\n  "op:InstanceNormalization",\n  "op:InstanceNorm",\n]\n')
    line = only_error(rf("check"))
    assert line.startswith('error: rf.toml:6:3: accept_context "op:InstanceNorm" matches nothing in norm')
    assert 'did you mean "op:InstanceNormalization"?' in line
    assert "context comes in at y (InstanceNormalization)" in line
    assert "rf.toml:6" in only_error(rf("show", "norm.onnx"))
    configure(folder, entry + 'accept_context = ["op:InstanceNormalization"]\naxes = { x = { t = 2 } }\n')
    assert rf("check").status == 0


def test_accepted_context_of_a_glob_is_there_in_one_model_at_least(rf, folder: Path) -> None:
    norm("a.onnx")
    norm("b.onnx", "Relu(x)")
    entry = (
        '[[model]]\nsource = "[ab].onnx"\naxes = { x = { t = 2 } }\nrequire = ["output is bounded"]\n'
        "accept_context = ["
    )
    configure(folder, entry + '"op:InstanceNormalization"]\n')
    assert rf("check").status == 0
    configure(folder, entry + '"op:InstanceNormalization", "op:GroupNorm*"]\n')
    line = only_error(rf("check"))
    assert line.startswith(
        'error: rf.toml:5:47: accept_context "op:GroupNorm*" matches nothing in any of the 2'
    )
    # Who checks one of them cannot tell.
    assert rf("check", "b.onnx").status == 0


# ------------------------------------------------------------------ rules that are on by default


POOL = "MaxPool<kernel_shape=[3],pads=[1,1]>(x)"
LEAK = f"p = {POOL} y = Softmax<axis=0>(p)"


def batched(name: str, batch: int, text: str = f"y = {POOL}", extents: str = ",2,16") -> None:
    import onnx
    from models import model

    shape = f"float[{batch}{extents}]"
    onnx.save(model(f"net ({shape} x) => ({shape} y) {{ {text} }}"), name)


@pytest.mark.parametrize("entry", [True, False])
def test_rules_that_nobody_selected_pass_no_model(rf, folder: Path, entry: bool) -> None:
    batched("two.onnx", 2)
    configure(folder, '[[model]]\nsource = "two.onnx"\n' if entry else ENTRY + HOLDS)
    line = only_error(rf("check", "two.onnx"))
    assert "nothing was judged" in line
    assert "final rf >= 224" in line
    selected = rf("check", "two.onnx", "--select", "RF404")
    assert (selected.status, selected.err) == (0, "")
    assert "✓ two (two.onnx): nothing wrong" in selected.out


def test_what_they_find_is_told(rf, folder: Path) -> None:
    batched("two.onnx", 2, LEAK)
    result = rf("check", "two.onnx")
    assert (result.status, result.err) == (1, "")
    assert result.out.startswith('RF404 "y" mixes samples of input x')
    assert result.out.endswith("✗ two (two.onnx): 1 violation\n\nChecked 1 model: 1 violation.\n")


def test_samples_of_a_batch_of_one_are_not_passed_over_without_a_word(rf, folder: Path) -> None:
    batched("one.onnx", 1, LEAK)
    batched("other.onnx", 1)
    holds = ("--require", "final rf >= 1")
    said = "RF404 (batch-leak) said nothing of one: batch 1; give --input x=2,2,16, or export with an open batch\n"
    counted = "Checked 1 model, 1 requirement: all hold. RF404 said nothing of 1 model (-v tells why).\n"
    assert rf("check", "one.onnx", *holds).out.endswith(f"\n\n{counted}")
    told = f"\n\n{said}Checked 1 model, 1 requirement: all hold.\n"
    assert rf("check", "one.onnx", *holds, "-v").out.endswith(told)
    assert rf("check", "one.onnx", *holds, "--select", "RF404").out.endswith(told)  # who asks is told
    assert rf("check", "one.onnx", "--input", "x=2,2,16").out.startswith('RF404 "y" mixes samples')
    both = rf("check", "one.onnx", "other.onnx", *holds).out
    assert both.count("RF404") == 1
    assert both.endswith(": all hold. RF404 said nothing of 2 models (-v tells why).\n")
    every = rf("check", "one.onnx", "other.onnx", *holds, "-v").out
    assert "RF404 (batch-leak) said nothing of 2 of 2 models: batch 1; of one: give --input x=2,2,16" in every
    # Nobody asks for it, and a run that fails proves nothing.
    assert "RF404" not in rf("check", "one.onnx", *holds, "--ignore", "RF404").out
    assert "RF404" not in rf("check", "one.onnx", "--require", "final rf >= 5").out
    assert said in rf("check", "one.onnx", "--require", "final rf >= 5", "-v").out
    assert "RF404" not in rf("check", "one.onnx", *holds, "-q").out
    (model,) = json.loads(rf("check", "one.onnx", *holds, "--format", "json").out)["models"]
    assert model["passed_over"][0]["reason"] == "batch 1"


def test_the_error_names_the_batch_and_what_such_a_model_can_be_asked(rf, folder: Path) -> None:
    batched("flat.onnx", 1, "y = Relu(x)", ",8")
    line = only_error(rf("check", "flat.onnx", "--select", "RF404,RF405"))
    assert (
        "it has nothing that RF405 is about and RF404 can say nothing of it (batch 1; give --input x=2,8"
        in line
    )
    assert " rf " not in line
    assert "final is independent" in line
    assert rf("check", "flat.onnx", "--input", "x=2,8", "--require", "final is independent").status == 0


def test_a_leak_that_a_requirement_tells_is_not_told_again(rf, folder: Path) -> None:
    batched("two.onnx", 2, LEAK)
    for text in ("output is independent", "final is independent from x"):
        told = rf("check", "two.onnx", "--require", text)
        assert told.status == 1
        assert "RF001" in told.out
        assert "RF404" not in told.out
    assert "RF404" in rf("check", "two.onnx", "--require", "final rf >= 1").out
    assert "RF404" in rf("check", "two.onnx", "--require", '"y" is independent').out
