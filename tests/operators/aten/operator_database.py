"""Cases from torch's own databases of operators and modules, with the samples that torch tests itself on."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from hypothesis import settings
from oracle.calls import Case

from pytest_rf.frontends.torch.recording import leaves, replaced, tensors_in

chosen = settings.default
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.common_modules import module_db  # noqa: E402

settings.register_profile(
    "chosen", chosen
)  # torch's module has just loaded a profile of its own for all tests
settings.load_profile("chosen")

SAMPLES = 8
"""Samples of each operator, drawn evenly."""
LARGEST = 6000
"""Samples with more elements are left out."""
FORMS = ("plain", "all", "values", "inplace", "view", "out", "strided")


class Sampled(torch.nn.Module):
    """An operator with its arguments, of which some tensors are those that it is called with."""

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], form: str) -> None:
        super().__init__()
        self.function, self.form = function, form
        self.args, self.kwargs = args, kwargs
        self.given = varying(args, kwargs, form)

    def forward(self, *tensors: torch.Tensor) -> Any:
        by_id = {id(own): given for own, given in zip(self.given, tensors, strict=True)}
        args, kwargs = replaced((self.args, self.kwargs), lambda t: by_id.get(id(t), t))
        if self.form == "inplace":
            x = args[0].clone()
            result = self.function(x, *args[1:], **kwargs)
            return x, result
        if self.form == "view":  # of every second row of a tensor that holds something else in between
            both = torch.stack([args[0], args[0]], dim=-1)
            self.function(both.select(-1, 1), *args[1:], **kwargs)
            return both
        if self.form == "strided":
            x = args[0].transpose(0, -1).contiguous().transpose(0, -1)
            return self.function(x, *args[1:], **kwargs)
        if self.form == "out":
            plain = self.function(*args, **kwargs)
            several = isinstance(plain, tuple)
            out = [torch.ones_like(one) for one in plain] if several else torch.ones_like(plain)
            self.function(*args, **kwargs, out=tuple(out) if several else out)
            return out
        return self.function(*args, **kwargs)


def varying(args: tuple[Any, ...], kwargs: dict[str, Any], form: str) -> list[torch.Tensor]:
    """Return the tensors that are inputs: the first number, all numbers, or indices and masks too."""
    tensors = tensors_in((args, kwargs))
    unique = list({id(tensor): tensor for tensor in tensors}.values())
    numbers = [t for t in unique if t.is_floating_point() or t.is_complex()]
    if form == "values" or not numbers:
        return unique
    return numbers if form == "all" else numbers[:1]


def operator_cases(
    names: Sequence[str] = (), forms: Sequence[str] = FORMS, samples: int = SAMPLES
) -> Iterator[Case]:
    """Yield the cases of the operators with these names, all if there are none."""
    for op in op_db:
        if not names or op.name in names or _full(op) in names:
            with warnings.catch_warnings(), contextlib.suppress(Exception):  # samples need libraries, devices
                warnings.simplefilter("ignore")
                yield from _of_operator(op, forms, samples)


def _full(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else str(op.name)


def _types(op: Any) -> list[torch.dtype]:
    known = op.supported_dtypes("cpu")
    real = [t for t in (torch.float64, torch.float32, torch.int64, torch.bool, torch.half) if t in known]
    return real[:1] + [t for t in (torch.complex128,) if t in known]


def _of_operator(op: Any, forms: Sequence[str], samples: int) -> Iterator[Case]:
    for dtype in _types(op):
        torch.manual_seed(3)
        drawn = _drawn(op.sample_inputs("cpu", dtype, requires_grad=False), samples)
        for number, sample in drawn if dtype is not torch.complex128 else drawn[:2]:
            args, kwargs = (sample.input, *sample.args), dict(sample.kwargs)
            name = f"{_full(op)} {str(dtype)[6:]} {number}"
            for form in forms:
                function = _function(op, form)
                if function is None or not _differs(args, kwargs, form) or (form in FORMS[3:] and number > 3):
                    continue
                module = Sampled(function, args, kwargs, form)
                if module.given:
                    inputs = tuple(tensor.detach().clone() for tensor in module.given)
                    yield Case(f"{name} {form}", _full(op), module, inputs)


def _function(op: Any, form: str) -> Any:
    if form in ("inplace", "view"):
        return op.inplace_variant
    if form == "out" and not op.supports_out:
        return None
    return op.op


def _differs(args: tuple[Any, ...], kwargs: dict[str, Any], form: str) -> bool:
    """Whether a form of a sample is another one than the plain form."""
    if form in ("inplace", "view", "strided", "out"):
        lone = isinstance(args[0], torch.Tensor) and args[0].layout is torch.strided
        return lone and (form != "strided" or args[0].dim() > 1)
    number = {f: len(varying(args, kwargs, f)) for f in ("plain", "all", "values")}
    return form == "plain" or number[form] > number["all" if form == "values" else "plain"]


def _drawn(found: Any, samples: int) -> list[tuple[int, Any]]:
    kept = []
    for number, sample in enumerate(found):
        tensors = leaves((sample.input, sample.args, sample.kwargs))
        if sum(t.numel() for t in tensors if isinstance(t, torch.Tensor)) <= LARGEST:
            kept.append((number, sample))
        if number > 200:
            break
    step = max(len(kept) / samples, 1)
    return [kept[int(i * step)] for i in range(min(samples, len(kept)))]


def module_cases(names: Sequence[str] = (), samples: int = 2 * SAMPLES) -> Iterator[Case]:
    """Yield the cases of the modules with these names, in evaluation and in training mode."""
    for info in module_db:
        if names and info.name not in names:
            continue
        for training in (False, True):
            with warnings.catch_warnings(), contextlib.suppress(Exception):
                warnings.simplefilter("ignore")
                yield from _of_module(info, training, samples)


def _of_module(info: Any, training: bool, samples: int) -> Iterator[Case]:
    torch.manual_seed(3)
    found = info.module_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=False, training=training
    )
    for number, given in enumerate(list(found)[:samples]):
        if given.forward_input is None:
            continue
        made = given.constructor_input
        module = info.module_cls(*made.args, **made.kwargs).double().train(training)
        mode = "train" if training else "eval"
        args, kwargs = given.forward_input.args, given.forward_input.kwargs
        yield Case(f"{info.name} {mode} {number}", info.name, module, tuple(args), dict(kwargs))
