"""Runs a copy of a PyTorch module in double precision."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from pytest_rf.analysis import Analysis
from pytest_rf.analyzing import analyze
from pytest_rf.errors import ModelError
from pytest_rf.frontends.torch.arguments import Arguments, given, input_names, output_name
from pytest_rf.frontends.torch.copying import copied
from pytest_rf.frontends.torch.exported import program_call
from pytest_rf.frontends.torch.failures import told
from pytest_rf.frontends.torch.preserve import preserved
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors
from pytest_rf.probing.search import Attempt, Call, Part, Search


class Prober(Search):
    """A copy of a module in double precision, and the inputs that it is run on.

    Args:
        module: the module; a copy of it is run.
        call: its arguments.
        seed: of the changes, and of all random numbers that the module draws.
        watched: paths of modules whose results are kept beside the outputs; ``block@2`` for the second call.
        generic: whether the copy gets random weights, none of them 0.

    Raises:
        ModelError: the module cannot be copied, or does not run in double precision.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        call: Arguments,
        seed: int = 0,
        watched: Sequence[str] = (),
        generic: bool = False,
    ) -> None:
        self._kind = type(module).__name__
        if not generic and any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
            raise ModelError(f"{self._kind} is on the meta device: without values there is nothing to run")
        try:
            self._module = copied(module)[0].double()
            if generic:
                self._module = with_generic_weights(self._module, seed)
        except Exception as error:  # whatever the module raises
            raise ModelError(f"{self._kind} cannot be copied in double precision: {told(error)}") from error
        with torch.no_grad():
            kept = (*self._module.parameters(), *self._module.buffers())
            self._state = [(tensor.data, tensor.detach().clone()) for tensor in kept]
        self._call = call
        self._seen: dict[str, torch.Tensor] = {}
        self._seed = seed
        self._generator = torch.Generator().manual_seed(seed)
        for path in watched:
            self._watch(path)
        named = dict(zip(input_names(module, call), call.args, strict=True)) | dict(call.kwargs)
        found = {name: tensor for key, value in named.items() for name, tensor in named_tensors(value, key)}
        self.inputs: dict[str, torch.Tensor] = {
            name: t for name, t in found.items() if t.is_floating_point() or t.is_complex()
        }
        # Two backgrounds: an activation that is saturated on one need not be on the other.
        self.bases = [
            {name: self._wide(tensor) for name, tensor in self.inputs.items()},
            {name: self._noise(self._wide(tensor)) for name, tensor in self.inputs.items()},
        ]
        self.plain = [self.run(base) for base in self.bases]

    def _wide(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a tensor in double precision; one without values gets some."""
        wide = tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64)
        return self._noise(wide) if wide.is_meta else wide

    def _noise(self, like: torch.Tensor) -> torch.Tensor:
        return torch.randn(like.shape, generator=self._generator, dtype=like.dtype)

    def run(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Call the module with these inputs; the same random numbers are drawn every time."""

        def substitute(name: str, tensor: torch.Tensor) -> torch.Tensor:
            return tensors[name].clone() if name in tensors else tensor.clone()

        names = input_names(self._module, self._call)
        args = [
            map_tensors(value, substitute, name) for name, value in zip(names, self._call.args, strict=True)
        ]
        kwargs = {name: map_tensors(value, substitute, name) for name, value in self._call.kwargs.items()}
        try:
            with preserved(self._module.modules()), torch.no_grad(), _double():
                self._draw_alike()
                result = self._call.function(self._module)(*args, **kwargs, **self._call.constants)
        except (Exception, SystemExit) as error:  # whatever the module raises
            raise ModelError(f"{self._kind} does not run in double precision: {told(error)}") from error
        for tensor, before in self._state:  # statistics, and weights that the code masks or scales
            if tensor.shape == before.shape:
                tensor.copy_(before)
        outputs = {output_name(name, i): tensor for i, (name, tensor) in enumerate(named_tensors(result))}
        seen, self._seen = self._seen, {}
        return {**seen, **outputs}

    def _draw_alike(self) -> None:
        torch.manual_seed(self._seed)
        random.seed(self._seed)
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed(self._seed % 2**32)

    def _watch(self, path: str) -> None:
        """Keep what one call of a module returns beside the outputs."""
        name, _, turn = path.partition("@")
        try:
            watched = self._module.get_submodule(name)
        except AttributeError:
            raise ModelError(
                f"{path!r} is no module of {self._kind}: what lies within the code of a module is not measured; "
                "give the name of an output or the path of a module"
            ) from None
        # Before every run the count starts anew, as nothing has been seen.
        before: list[torch.nn.Module] = []

        def keep(module: torch.nn.Module, args: Any, result: Any) -> None:
            before.append(module)
            found = next(iter(named_tensors(result)), None)
            if found is not None and len(before) == int(turn or 1):
                self._seen[path] = found[1].clone()

        def anew(module: torch.nn.Module, args: Any) -> None:
            before.clear()

        watched.register_forward_hook(keep)
        self._module.register_forward_pre_hook(anew)

    def changed(
        self, base: Mapping[str, torch.Tensor], source: str, part: Part, magnitude: float
    ) -> dict[str, torch.Tensor]:
        """Return the outputs after a random change of a part of an input."""
        tensor = base[source].clone()
        tensor[part] += magnitude * self._noise(tensor[part])
        return self.run({**base, source: tensor})

    def drawn(self, source: str, shape: Sequence[int]) -> torch.Tensor:
        """Return random numbers as an input of another shape."""
        return self._noise(torch.empty(shape, dtype=self._wide(self.inputs[source]).dtype, device="meta"))

    def array(self, value: torch.Tensor) -> Any:
        """Return a result as an array of numpy."""
        return value.detach().resolve_conj().resolve_neg().cpu().numpy()

    def same(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        """Whether two results are the same, element by element; what is no number equals itself."""
        if one.shape != other.shape:
            return False
        return bool(((one == other) | ((one != one) & (other != other))).all())


def with_generic_weights(module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Return a module with random weights of a size that keeps values near 1, and biases that are above 0.

    What is read is a question of what some weights let through: a gain that is initialised with 0 lets nothing. Buffers
    (running statistics, tables) stay as they are, unless they have no values.
    """
    generator = torch.Generator().manual_seed(seed)
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        module = module.to_empty(device="cpu")
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5, generator=generator)
            else:
                buffer.zero_()
    with torch.no_grad():
        for weight in module.parameters():
            if not weight.is_floating_point() or not weight.numel():
                continue
            if weight.ndim < 2:
                weight.uniform_(0.5, 1.5, generator=generator)
            else:
                weight.normal_(0.0, (weight[0].numel()) ** -0.5, generator=generator)
    return module


@contextmanager
def _double() -> Iterator[None]:
    """What the module's code makes without naming a type is double too."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def attempts(
    model: Any, example: Any, inputs: Any, kwargs: Any, values: Any, weights: bool
) -> Callable[[Sequence[str]], list[Attempt]]:
    """Return what gives the ways to run a module that watch some of its modules; arguments are those of ``verify``.

    Args:
        model: the module or program.
        example: see there, as the next three.
        inputs: see there.
        kwargs: see there.
        values: see there.
        weights: whether the weights that it has are the ones that are meant.
    """

    def made(watched: Sequence[str], generic: bool) -> Search:
        if isinstance(model, torch.export.ExportedProgram):
            module, arguments = program_call(model, example, inputs, kwargs, values)
        else:
            module = getattr(model, "_orig_mod", model)
            arguments = given(module, example, inputs, kwargs, values)
        known = dict(module.named_modules(remove_duplicate=False))
        return Prober(
            module, arguments, 0, [path for path in watched if path.partition("@")[0] in known], generic
        )

    def ways(watched: Sequence[str]) -> list[Attempt]:
        kinds = (False,) if weights else (False, True)
        return [Attempt(partial(made, watched, generic)) for generic in kinds]

    return ways


def call(
    model: Any,
    example: Any,
    inputs: Any,
    kwargs: Mapping[str, Any] | None,
    values: Mapping[str, Any] | None,
    seed: int,
) -> Call:
    """Return the call of a module or an exported program; the arguments are those of ``verify``."""
    if example is not None and inputs is None and next(named_tensors(example), None) is None:
        example, inputs = None, example  # an example without tensors is of shapes
    examples = () if example is None else (example,)

    def search(analysis: Analysis, watched: Sequence[str]) -> Search:
        if isinstance(model, torch.export.ExportedProgram):
            module, arguments = program_call(model, example, inputs, kwargs, values)
        else:
            module = getattr(model, "_orig_mod", model)
            arguments = given(module, example, inputs, kwargs, values)
        return Prober(module, arguments, seed, watched)

    return Call(
        analyse=lambda: analyze(model, *examples, inputs=inputs, kwargs=kwargs, values=values),
        search=search,
        named=lambda tensor, asked: asked,
    )


def runner(
    model: Any,
    example: Any,
    inputs: Any,
    kwargs: Mapping[str, Any] | None,
    values: Mapping[str, Any] | None,
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what calls a copy of a module in double precision on arrays by name and gives its outputs by name.

    The arguments are those of :func:`pytest_rf.frontends.torch.load`; tensors that are not given stay as they were.

    Raises:
        ModelError: it does not run.
    """
    if isinstance(model, torch.export.ExportedProgram):
        module, arguments = program_call(model, example, inputs, kwargs, values)
    else:
        module = getattr(model, "_orig_mod", model)
        arguments = given(module, example, inputs, kwargs, values)
    prober = Prober(module, arguments)
    named = dict(zip(input_names(module, arguments), arguments.args, strict=True)) | dict(arguments.kwargs)
    types = {name: t.dtype for key, value in named.items() for name, t in named_tensors(value, key)}

    def run(feeds: Mapping[str, Any]) -> dict[str, Any]:
        tensors = {name: _typed(array, types[name]) for name, array in feeds.items() if name in types}
        return {name: prober.array(tensor) for name, tensor in prober.run(tensors).items()}

    return run


def _typed(array: Any, dtype: torch.dtype) -> torch.Tensor:
    """Return an array as a tensor in double precision; of a type of whole numbers it has 0 and 1."""
    tensor = torch.as_tensor(array)
    if dtype.is_complex:
        return tensor.to(torch.complex128)
    if dtype.is_floating_point or not tensor.is_floating_point():
        return tensor.double() if dtype.is_floating_point else tensor.to(dtype)
    return (tensor > 0).to(dtype)
