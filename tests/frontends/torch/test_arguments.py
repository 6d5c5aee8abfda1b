"""What a module can be called with, and what users are told when it cannot."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict, deque
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

IMAGE = torch.zeros(1, 3, 16, 16)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, x, other=None, *, scale=1):
        y = self.conv(x)
        return y if other is None else y + self.conv(other)


class Taking(nn.Module):
    """Takes the image out of a batch in the way that a function says."""

    def __init__(self, take) -> None:
        super().__init__()
        self.take = take
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, batch):
        return self.conv(self.take(batch))


@dataclass(frozen=True, slots=True)
class Frozen:
    image: torch.Tensor


class Slotted:
    __slots__ = ("image",)

    def __init__(self, image) -> None:
        self.image = image


@pytest.mark.parametrize(
    ("batch", "take"),
    [
        (OrderedDict(image=IMAGE), lambda batch: batch["image"]),
        (defaultdict(list, image=IMAGE), lambda batch: batch["image"]),
        (deque([IMAGE]), lambda batch: batch[0]),
        (Frozen(IMAGE), lambda batch: batch.image),
        (Slotted(IMAGE), lambda batch: batch.image),
    ],
    ids=lambda value: type(value).__name__,
)
def test_structures_keep_their_type(batch, take) -> None:
    def take_of_one_type(given):
        assert type(given) is type(batch)
        return take(given)

    analysis = pytest_rf.analyze(Taking(take_of_one_type), batch)
    assert analysis.outputs[0][2].rf == 3


def test_a_structure_that_cannot_be_copied_is_named() -> None:
    class Single:
        def __init__(self) -> None:
            self.image = IMAGE

        def __copy__(self):
            raise TypeError("there is only one")

    with pytest.raises(pytest_rf.ModelError, match=r"input 'batch': a Single cannot be copied .*in a dict"):
        pytest_rf.analyze(Taking(lambda batch: batch.image), Single())


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        ({"x": torch.Size([1, 3, 8, 8])}, ["x"]),
        ({"x": [np.int64(1), np.int64(3), 8, 8]}, ["x"]),
        ([(1, 3, 8, 8)], ["x"]),
        ([(1, 3, 8, 8), (1, 3, 8, 8)], ["x", "other"]),
        (((1, 3, 8, 8), ((1, 3, 8, 8), "float32")), ["x", "other"]),
        ({"x": ((1, 3, 8, 8), "torch.float32")}, ["x"]),
        ({"x": ((1, 3, 8, 8), torch.float32)}, ["x"]),
        ({"other": IMAGE, "x": (1, 3, 16, 16), "scale": 2}, ["x", "other"]),
    ],
)
def test_shapes_in_every_form(inputs, names) -> None:
    assert list(pytest_rf.analyze(Net(), inputs=inputs).inputs) == names


def test_the_user_names_the_argument_of_torchs_own_containers() -> None:
    net = nn.Sequential(nn.Conv2d(3, 2, 3))
    analysis = pytest_rf.analyze(net, inputs={"x": (1, 3, 8, 8)})
    assert list(analysis.inputs) == ["x"]
    assert list(pytest_rf.analyze(net, inputs={"input": (1, 3, 8, 8)}).inputs) == ["input"]
    assert pytest_rf.verify(net, inputs={"x": (1, 3, 8, 8)}).equal


def test_arguments_that_are_declared_as_integers() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(9, 4)

        def forward(self, ids: torch.LongTensor | None = None, mask: torch.BoolTensor | None = None):
            return self.table(ids)

    assert pytest_rf.analyze(Tokens(), inputs={"ids": (1, 5)}).outputs[0].shape == (1, 5, 4)


def test_keyword_arguments_alone() -> None:
    assert list(pytest_rf.analyze(Net(), UserDict(x=IMAGE, other=IMAGE)).inputs) == ["x", "other"]
    analysis = pytest_rf.analyze(Net(), kwargs={"x": IMAGE, "other": IMAGE})
    assert list(analysis.inputs) == ["x", "other"]
    assert list(pytest_rf.analyze(Net(), inputs={"x": (1, 3, 8, 8)}, kwargs={"scale": 2}).inputs) == ["x"]


def test_values_are_looked_at_where_an_example_has_none() -> None:
    class Looking(Net):
        def forward(self, x):
            return self.conv(x) if x.sum() > -1 else x

    assert pytest_rf.analyze(Looking(), IMAGE.to("meta")).capture == "dispatch/real"
    with pytest.raises(pytest_rf.ModelError, match=r"looks at values .*test_arguments.py.*meta.*on the CPU"):
        pytest_rf.analyze(Looking().to("meta"), IMAGE)


class Failing(nn.Module):
    def __init__(self, error) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.ReLU(), Raising(error))

    def forward(self, x):
        return self.inner(x)


class Raising(nn.Module):
    def __init__(self, error) -> None:
        super().__init__()
        self.error = error

    def forward(self, x):
        raise self.error


WRONG = {
    "nothing": (lambda: pytest_rf.analyze(Net()), "needs example inputs or shapes"),
    "both": (lambda: pytest_rf.analyze(Net(), IMAGE, inputs={"x": (1, 3, 8, 8)}), "not both"),
    "too many": (lambda: pytest_rf.analyze(Net(), 1, IMAGE, 1, 1), "too many.*takes x, other=None, scale=1"),
    "too few": (lambda: pytest_rf.analyze(Net(), kwargs={"other": IMAGE}), "missing.*'x'"),
    "array": (lambda: pytest_rf.analyze(Net(), np.zeros((1, 3, 8, 8))), "no tensor.*ndarray.*give tensors"),
    "misspelt": (lambda: pytest_rf.analyze(Net(), inputs={"othre": (1, 3, 8, 8)}), "did you mean 'other'"),
    "values": (
        lambda: pytest_rf.analyze(Net(), IMAGE, values={"size": [1]}),
        "values: no argument named 'size'; forward takes x",
    ),
    "float": (lambda: pytest_rf.analyze(Net(), inputs={"x": (1, 3, 8.5, 8)}), "'x'.*is not a shape"),
    "empty": (lambda: pytest_rf.analyze(Net(), inputs={"x": (1, 3, 0, 8)}), "'x'.*at least 1"),
    "type": (
        lambda: pytest_rf.analyze(Net(), inputs={"x": ((1, 3, 8, 8), "int46")}),
        "'int46' is not a type",
    ),
    "guessed type": (
        lambda: pytest_rf.analyze(nn.Embedding(9, 2), inputs={"input": (1, 4)}),
        r"'input' got floating numbers.*'int64'",
    ),
    "option": (lambda: pytest_rf.analyze(Net(), IMAGE, scale=2), r"takes no 'scale'.*kwargs=\{'scale'"),
    "class": (lambda: pytest_rf.analyze(Net, IMAGE), r"Net is a class: give an instance"),
    "function": (lambda: pytest_rf.analyze(lambda x: x, IMAGE), "is a function: call it"),
    "weights": (lambda: pytest_rf.analyze(Net().state_dict(), IMAGE), "state_dict"),
    "message": (
        lambda: pytest_rf.analyze(Failing(ValueError("first\nsecond")), IMAGE),
        r"Failing failed in 'inner.1' \(Raising\): ValueError: first second \(at \S*test_arguments.py:\d+\)$",
    ),
    "no message": (lambda: pytest_rf.analyze(Failing(AssertionError()), IMAGE), r"AssertionError \(at \S*"),
    "exit": (lambda: pytest_rf.analyze(Failing(SystemExit(0)), IMAGE), r"'inner.1'.*SystemExit: 0"),
    "result": (lambda: pytest_rf.analyze(Taking(lambda x: x).conv.to, IMAGE), "is a method"),
    "lazy": (lambda: pytest_rf.analyze(nn.LazyConv2d(2, 3), torch.zeros(3)), "LazyConv2d failed"),
}


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name", WRONG)
def test_errors_name_place_and_remedy(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(pytest_rf.ModelError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_onnx_models_take_no_examples() -> None:
    with pytest.raises(pytest_rf.ModelError, match="not run on examples"):
        pytest_rf.analyze("model.onnx", IMAGE)
