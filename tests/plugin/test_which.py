"""How a marker names the one of several modules that is meant, or asks for none."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from called_nets import run  # noqa: E402

import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

NAMED = """
@rf(7, which="Student")
def test_class(): Teacher(3)(X); Student(7)(X)

@rf(7, which="Net")
def test_class_above(): Student(7)(X)

@rf(7, which="student")
def test_variable():
    teacher, student = Net(3), Net(7)
    call(teacher); call(student)

@pytest.fixture
def net(): return Net(7)

@rf(7, which="net")
def test_fixture(net): call(Net(3)); call(net)

@rf(7, which="net")
@pytest.mark.usefixtures("net")
def test_fixture_that_is_not_an_argument(request): call(Net(3)); call(request.getfixturevalue("net"))

@pytest.mark.parametrize("one", [Net(7), nn.Conv2d(1, 1, 7)])
@rf(7, which="one")
def test_parameter(one): Teacher(3)(X); one(X)

class Pair:
    def __init__(self): self.student, self.teacher = Net(7), Net(3)

@rf(7, which="student")
def test_attribute():
    pair = Pair()
    call(pair.teacher); call(pair.student)

class TestOfAClass:
    def setup_method(self): self.student, self.teacher = Net(7), Net(3)

    @rf(7, which="student")
    def test_it(self): call(self.teacher); call(self.student)

NETS = {"wide": Net(7), "narrow": Net(3)}

@rf(7, which="wide")
def test_key():
    for one in NETS.values(): one(X)

@rf(7, which="net")
def test_within_a_step():
    class Lit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.head = Net(7), nn.Conv2d(1, 1, 1)
        def training_step(self, x): return self.head(self.net(x)).mean()
    Lit().training_step(X)

@rf(7, which="body")
def test_within_a_method():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.body = Net(3), Net(7)
        def encode(self, x): return self.body(self.stem(x))
    Two().encode(X)

@rf(7, which="first")
def test_first(): Student(7)(X); Student(3)(X)

@rf(7, which="last")
def test_last(): Student(3)(X); Student(7)(X); nn.MSELoss()(X, X)

@rf(7, which="last")
def test_last_call():
    one = Student(7)
    one(X); Student(3)(X); one(X)

@rf(7, which="all")
def test_all(): Student(7)(X); Teacher(7)(X); Blur()(X)

@rf(3, which="Teacher")
@rf(7, which="Student")
def test_two_markers(): Teacher(3)(X); Student(7)(X)

@rf(7, which="Student")
def test_compiled(): Teacher(3)(X); torch.compile(Student(7), backend="eager")(X)

@rf(7, which="Student")
def test_parallel(): Teacher(3)(X); nn.DataParallel(Student(7))(X)

@rf(7, which="Net")
def test_script():
    Blur()(X)
    torch.jit.trace(Net(7), X)(X)

class TestOld(unittest.TestCase):
    def setUp(self):
        self.student, self.teacher = Net(7), Net(3)
        self.teacher(X)

    @rf(7)
    def test_set_up_does_not_count(self): self.student(X)

    @rf(7, which="student")
    def test_it(self): self.teacher(X); self.student(X)
"""


def test_which_settles_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    run(pytester, monkeypatch, NAMED, apart=True).assert_outcomes(passed=22)


def test_which_that_matches_nothing_or_too_much(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@rf(7, which="Studnet")
def test_nothing(): Student(7)(Blur()(X))

@rf(7, which="Net")
def test_too_much(): Teacher(7)(X); Student(7)(X); nn.Conv2d(1, 1, 7)(X)

@rf(7, which="Student")
def test_without_calls(): pass
""",
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            'which="Studnet" is none of the modules that the test calls, did you mean "Student"?',
            '  Blur, called at *: which="Blur"',
            '  Student, called at *: which="Student"',
            'which="Net" fits 2 different modules*',
            '  Teacher, called at *: which="Teacher"',
            '  Student, called at *: which="Student"',
            "the test has called no PyTorch module*",
        ]
    )


def test_not_required(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
pytestmark = rf(7, required=False)

def test_nothing(): assert 1 + 1 == 2
def test_loss(): assert nn.MSELoss()(X, X) == 0
def test_holds(): Net(7)(X)
def test_fails(): Net(3)(X)
def test_fails_without_parameters(): Blur()(X)
def test_several(): Net(7)(X); Net(5)(X)
def test_breaks():
    Net(3)(X)
    assert False, "by itself"
""",
    )
    result.assert_outcomes(passed=3, failed=4)
    result.stdout.fnmatch_lines(
        ["RF001 final rf is 3 *", "RF001 final rf is 5 *", "the test calls 2 different *", "*by itself*"]
    )


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('whcih="Net"', '*does not take whcih, did you mean "which"?*'),
        ("requierd=False", '*does not take requierd, did you mean "required"?*'),
        ('which="Net", model="net.onnx"', "*which= is about the modules that the test calls*"),
        ('required=False, model="net.onnx"', "*required=False is about the modules that the test calls*"),
        ("which=3", '*which= is a name, "first", "last" or "all", not 3*'),
        ('which=""', '*which= is a name, "first", "last" or "all", not *'),
        ('required="no"', "*required= is True or False, not 'no'*"),
    ],
)
def test_wrong_keywords(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, marker: str, message: str
) -> None:
    result = run(pytester, monkeypatch, f"@rf(7, {marker})\ndef test_it(): Net(7)(X)\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
