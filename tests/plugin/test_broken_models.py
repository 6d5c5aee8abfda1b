"""A model that cannot be analysed is one failure; what it keeps from being checked is skipped, and never passes."""

from __future__ import annotations

import pytest

Pytester = pytest.Pytester

BROKEN = "E*unet.onnx: is empty; export the model again*"


@pytest.fixture
def broken(project: Pytester) -> Pytester:
    (project.path / "unet.onnx").write_bytes(b"")
    return project


def test_the_first_item_tells_and_the_others_say_what_they_wait_for(broken: Pytester) -> None:
    result = broken.runpytest("--rf", "-v", "-rs")
    result.assert_outcomes(passed=3, failed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "rf.toml::unet::final rf >= 36 FAILED*",
            "rf.toml::unet::final rf >= 41 SKIPPED*",
            "rf.toml::unet::rules SKIPPED*",
            "rf.toml:2: unet.onnx: is empty; export the model again",
            "SKIPPED ?1? rf.toml:5: not checked: rf.toml:2: unet.onnx: is empty; export the model again",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (["-k", "41"], {"failed": 1, "deselected": 5}),
        (["-k", "rules"], {"failed": 1, "passed": 1, "deselected": 4}),
        (["rf.toml::unet::final rf >= 41"], {"failed": 1}),
        (["rf.toml::unet::rules"], {"failed": 1}),
        (["rf.toml::unet"], {"failed": 1, "skipped": 2}),
        (
            ["--deselect", "rf.toml::unet::final rf >= 36"],
            {"failed": 1, "skipped": 1, "passed": 3, "deselected": 1},
        ),
    ],
)
def test_whichever_items_are_chosen_one_of_them_fails(
    broken: Pytester, arguments: list[str], outcomes: dict[str, int]
) -> None:
    broken.runpytest("--rf", *arguments).assert_outcomes(**outcomes)


def test_the_last_failed_fail_again(broken: Pytester) -> None:
    arguments = ("--rf", "-p", "cacheprovider")
    broken.runpytest(*arguments).assert_outcomes(passed=3, failed=1, skipped=2)
    broken.runpytest(*arguments, "--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize("mode", ["load", "loadscope", "loadfile", "loadgroup", "worksteal"])
def test_workers_agree_on_who_fails(broken: Pytester, mode: str) -> None:
    pytest.importorskip("xdist")
    result = broken.runpytest_subprocess("--rf", "-pxdist", "-n2", "--dist", mode)
    result.assert_outcomes(passed=3, failed=1, skipped=2)


def test_a_requirement_in_trouble_is_its_own_failure_alone(project: Pytester) -> None:
    (project.path / "rf.toml").write_text(
        '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 36", \'"nix*" rf >= 3\']\n'
    )
    result = project.runpytest("--rf", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(['rf.toml::unet::"nix[*]" rf >= 3 FAILED*', "*nix*"])


def test_a_model_in_trouble_without_requirements_fails(broken: Pytester) -> None:
    (broken.path / "rf.toml").write_text('uncovered = "ignore"\n[[model]]\nsource = "unet.onnx"\n')
    broken.runpytest("--rf").assert_outcomes(failed=1)


def test_a_pointer_of_git_lfs_that_is_left_out_is_skipped(project: Pytester) -> None:
    (project.path / "unet.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    text = (project.path / "rf.toml").read_text()
    project.runpytest("--rf").assert_outcomes(passed=3, failed=1, skipped=2)
    (project.path / "rf.toml").write_text(f'lfs = "skip"\n{text}')
    result = project.runpytest("--rf", "-rs")
    result.assert_outcomes(passed=3, skipped=3)
    result.stdout.fnmatch_lines(
        ["SKIPPED * left out: a Git LFS pointer, which lfs = ?skip? in rf.toml leaves out"]
    )


def test_the_item_of_the_lock_fails_where_it_is_the_only_one(broken: Pytester) -> None:
    text = (broken.path / "rf.toml").read_text()
    (broken.path / "rf.toml").write_text(f'lock = "rf.lock"\n{text}')
    (broken.path / "rf.lock").write_text("pytest-rf lock 1\n")
    broken.runpytest("--rf", "rf.toml::unet::lock").assert_outcomes(failed=1)
    broken.runpytest("--rf", "rf.toml::unet").assert_outcomes(failed=1, skipped=3)
