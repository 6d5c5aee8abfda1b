"""What a baseline knows of findings: whether they are new, worse, or as before; and the baseline as a file."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf import ConfigError
from pytest_rf.baseline import file, renewing
from pytest_rf.baseline.entries import Entry, Place
from pytest_rf.baseline.sorting import sort
from pytest_rf.config.records import ModelKey
from pytest_rf.figures import value
from pytest_rf.findings import Elsewhere, Finding, Measurement, Required, Step


def finding(
    low: object,
    high: object = None,
    comparator: str = ">=",
    wanted: object = 224,
    metric: str = "rf",
    axes: tuple[str, ...] = ("h",),
    side: str = "",
    **more: object,
) -> Finding:
    measured = Measurement(low=value(low), high=value(low if high is None else high), side=side)
    settled: dict[str, object] = {
        "code": "RF001",
        "rule": "requirement-violated",
        "model": "m",
        "message": "said",
        "requirement": "r",
        "tensor": "y",
        "input": "x",
        "axes": axes,
        "metric": metric,
        "measured": (measured,),
        "required": Required(
            text="x", comparator=comparator, value=None if wanted is None else value(wanted)
        ),
    }
    return Finding(**{**settled, **more})  # type: ignore[arg-type]


def message(before: Finding, now: Finding) -> str | None:
    """Return what is said of a finding, given what is known of one before; None where it is known."""
    found = sort([now], renewing.taken([before]))
    assert not found.unused
    assert len(found.kept) + len(found.known) == 1
    return found.kept[0].message if found.kept else None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (finding(120), finding(120)),
        (finding(120), finding(121)),
        (finding(120, 130), finding(120, 125)),  # only the smallest counts
        (finding(60, comparator="<=", wanted=32), finding(60, comparator="<=", wanted=32)),
        (finding(60, comparator="<=", wanted=32), finding(33, comparator="<=", wanted=32)),
        (finding(40, comparator="==", wanted=32), finding(24, comparator="==", wanted=32)),  # as far off
        (finding(Fraction(1, 2)), finding(Fraction(1, 2))),
        (finding(math.inf, comparator="<="), finding(math.inf, comparator="<=")),
        (finding(0.1234567891234, comparator=">="), finding(0.1234567891, comparator=">=")),
        (finding(False, metric="causal", comparator=""), finding(False, metric="causal", comparator="")),
        (
            finding(3, comparator="", wanted=None, metric="taps"),
            finding(3, comparator="", wanted=None, metric="taps"),
        ),
    ],
)
def test_what_did_not_get_worse_is_known(before: Finding, now: Finding) -> None:
    assert message(before, now) is None


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (finding(120), finding(96), "was 120, now 96"),
        (finding(120, 130), finding(96, 130), "was 120 to 130, now 96 to 130"),
        (finding(60, comparator="<=", wanted=32), finding(61, comparator="<=", wanted=32), "was 60, now 61"),
        (finding(60, comparator="<="), finding(math.inf, comparator="<="), "was 60, now inf"),
        (finding(40, comparator="==", wanted=32), finding(23, comparator="==", wanted=32), "was 40, now 23"),
        (finding(Fraction(1, 2)), finding(Fraction(1, 3)), "was 0.5, now 1/3"),
        (
            finding(3, comparator="", wanted=None, metric="taps"),
            finding(2, comparator="", wanted=None, metric="taps"),
            "was 3, now 2",
        ),
    ],
)
def test_what_got_worse_says_what_it_was(before: Finding, now: Finding, said: str) -> None:
    assert message(before, now) == f"said; worse than in the baseline: {said}"


def unknown(reason: str, **more: object) -> Finding:
    return finding(0, measured=(), undecidable=True, reason=reason, code="RF002", **more)


def test_the_undecidable_is_known_by_its_reason() -> None:
    assert message(unknown("no rule"), unknown("no rule")) is None
    assert "for another reason" in str(message(unknown("no rule"), unknown("data chooses")))
    assert str(message(unknown("no rule"), finding(120))).endswith("could not be decided, now 120")
    assert str(message(finding(120), unknown("no rule"))).endswith("was 120, now it cannot be decided")


def test_what_is_uncertain_counts_by_what_is_certain() -> None:
    def between(certain: int, upper: int) -> Finding:
        one = Measurement(low=upper, high=upper, certain=(certain, certain))
        return finding(0, measured=(one,))

    assert message(between(31, 300), between(31, 400)) is None
    assert "was 31 to 300, now 30 to 300" in str(message(between(31, 300), between(30, 300)))


def test_both_sides_of_a_halo_are_known() -> None:
    def halo(before: int, after: int) -> Finding:
        sides = (
            Measurement(low=before, high=before, side="before"),
            Measurement(low=after, high=after, side="after"),
        )
        return finding(0, comparator="<=", wanted=8, metric="halo", measured=sides)

    assert message(halo(9, 10), halo(9, 10)) is None
    assert "was 10, now 12" in str(message(halo(9, 10), halo(9, 12)))
    assert "was 9, now 10" in str(message(halo(9, 9), halo(10, 10)))
    assert "halo before 9, halo after 10, now halo before 10, halo after 12" in str(
        message(halo(9, 10), halo(10, 12))
    )


def test_what_is_left_is_told_of_the_worst_tensor_that_is_new() -> None:
    """What was measured, how it came about and what would help is not that of a tensor that is known."""
    others = tuple(
        Elsewhere(tensor=name, op="Relu", axes=("h",), input="x", measured=(Measurement(low=rf, high=rf),))
        for name, rf in (("new", 20), ("newer", 30), ("b", 40))
    )
    found = finding(
        10, tensor="a", others=others, where="final", path=(Step("a", 9, 10),), help="grow a", note="a"
    )
    known = renewing.taken([finding(10, tensor="a"), finding(40, tensor="b")])
    (left,) = sort([found], known).kept
    assert (left.tensor, left.op, [one.tensor for one in left.others]) == ("new", "Relu", ["newer"])
    assert left.measured == (Measurement(low=20, high=20),)
    assert (left.path, left.help, left.note) == ((), "", "")
    assert left.message == (
        'final rf >= x (224): 2 tensors fail, worst "new" (Relu) on axis h: measured 20; '
        'not in the baseline: tensor "new"'
    )


def test_every_axis_and_tensor_of_a_finding_counts() -> None:
    def of(*tensors: tuple[str, int], axes: tuple[str, ...] = ("h", "w")) -> Finding:
        (own, rf), *rest = tensors
        others = tuple(
            Elsewhere(tensor=name, axes=axes, input="x", measured=(Measurement(low=rf, high=rf),))
            for name, rf in rest
        )
        return finding(rf, tensor=own, axes=axes, others=others)

    known = renewing.taken([of(("a", 10), ("b", 20))])
    assert len(known) == 4
    assert sort([of(("a", 10), ("b", 20))], known).known
    # In another order, and as findings of their own, it is the same.
    assert len(sort([of(("b", 20)), of(("a", 10))], known).known) == 2
    (left,) = sort([of(("a", 10), ("b", 19))], known).kept
    assert left.message.endswith('; worse than in the baseline: was 20, now 19 at tensor "b"')
    assert (left.tensor, left.others) == ("b", ())
    (left,) = sort([of(("a", 10), ("b", 20), ("c", 30))], known).kept
    assert left.message.endswith('; not in the baseline: tensor "c"')
    assert (left.tensor, left.others) == ("c", ())
    found = sort([of(("a", 10), axes=("h",))], known)
    assert found.known
    assert {(entry.place.tensor, entry.place.axis) for entry in found.unused} == {
        ("a", "w"),
        ("b", "h"),
        ("b", "w"),
    }


def test_what_is_not_in_the_baseline_is_left_as_it_is() -> None:
    new = finding(120, requirement="another")
    assert sort([new], renewing.taken([finding(120)])).kept == [new]


def test_parts_of_a_requirement_at_one_place_are_known_together() -> None:
    both = [finding(120), finding(64, comparator="<=", wanted=32, metric="stride")]
    known = renewing.taken(both)
    assert len(known) == 1
    assert len(sort(both, known).known) == 2
    mixed = [finding(120), unknown("no rule", metric="stride")]
    assert len(sort(mixed, renewing.taken(mixed)).known) == 2


def test_pruning_only_tightens() -> None:
    known = renewing.taken(
        [finding(120, tensor="gone"), finding(120, tensor="better"), finding(120, tensor="worse")]
    )
    now = [finding(150, tensor="better"), finding(96, tensor="worse"), finding(5, tensor="new")]
    left = {entry.place.tensor: entry.figures for entry in renewing.tightened(known, now)}
    assert left == {"better": {"rf": (150, 150)}, "worse": {"rf": (120, 120)}}


# ------------------------------------------------------------------ the file

TEXTS = st.text(max_size=8) | st.sampled_from(
    ['"', "\\", "a\nb", "\x00", "\x7f", "\x1b[2J", "\u202e", "']]", "a.b"]
)
NUMBERS = (
    st.integers(-(2**40), 2**40)
    | st.fractions(max_denominator=64).map(lambda one: one if one.denominator > 1 else int(one))
    | st.sampled_from([math.inf, -math.inf])
    | st.booleans()
)
ENTRIES = st.builds(
    Entry,
    place=st.builds(Place, of=TEXTS.filter(bool), tensor=TEXTS, input=TEXTS, axis=TEXTS),
    figures=st.dictionaries(st.sampled_from(["rf", "halo_before"]), st.tuples(NUMBERS, NUMBERS)),
    undecidable=st.none() | TEXTS,
)


@given(
    st.dictionaries(
        st.builds(ModelKey, name=TEXTS, source=TEXTS),
        st.lists(ENTRIES, min_size=1, max_size=4, unique_by=lambda entry: entry.place),
        max_size=3,
    )
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, known: file.Baseline
) -> None:
    path = tmp_path_factory.getbasetemp() / "rf-baseline.toml"
    text = file.text(known)
    path.write_bytes(text.encode())
    again = file.read(path)
    assert again == {key: sorted(entries, key=lambda one: one.place) for key, entries in known.items()}
    assert file.text(again) == text
    assert all(char.isprintable() or char == "\n" for char in text)


GOOD = """
format = 1
[[model]]
name = "m"
source = "m.onnx"
[[model.known]]
requirement = "r"
at = [{ tensor = "y", input = "x", axis = "h", rf = 3 }]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", ""),
        ("format = 1", "format = 2"),
        ('name = "m"', ""),
        ('requirement = "r"', ""),
        ('requirement = "r"', 'requirements = "r"'),
        ("rf = 3", "rf = nan"),
        ("rf = 3", "rf = [1, 2, 3]"),
        ("rf = 3", "rf = [[1], 2]"),
        ("rf = 3", 'rf = "1/0"'),
        ("rf = 3", 'rf = "much"'),
        ("rf = 3", 'rf = "1e9999999"'),
        ("rf = 3", '"a b" = 3'),
        ('axis = "h"', "axis = 3"),
        ("at = [", "<<<<<<< HEAD\nat = ["),
    ],
)
def test_what_is_not_a_baseline_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "rf-baseline.toml"
    path.write_text(GOOD)
    assert file.read(path)
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=r"rf-baseline\.toml") as error:
        file.read(path)
    assert "\n" not in str(error.value)
