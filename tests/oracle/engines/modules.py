"""PyTorch modules as engines: a copy in double precision, or just as they are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from oracle.engines import Arrays
from pytest_rf.frontends.torch.arguments import Arguments, input_names, output_name
from pytest_rf.frontends.torch.trees import map_tensors, named_tensors
from pytest_rf.probing.modules import Prober

torch.set_num_threads(1)


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """Return the elements of a tensor of any kind; equal ones stay equal, and others differ."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.resolve_conj().resolve_neg()
    try:
        return tensor.numpy()
    except TypeError:  # a short float that numpy does not have
        return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64).numpy()


def _arrays(tensors: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: as_array(tensor) for name, tensor in tensors.items()}


class InDouble:
    """A module as :func:`pytest_rf.verify` runs it: a copy in double precision, of which real inputs are changed.

    Attributes:
        points: the inputs on which changes are made.
        plain: what the module makes of each of them.
    """

    name = "double precision"

    def __init__(self, prober: Prober) -> None:
        self._prober = prober
        self.points = [_arrays(base) for base in prober.bases]
        self.plain = [_arrays(found) for found in prober.plain]

    def run(self, inputs: Arrays) -> dict[str, np.ndarray]:
        """Call the module with these inputs."""
        return _arrays(self._prober.run({name: torch.from_numpy(array) for name, array in inputs.items()}))


class AsCalled:
    """A module in its own precision, called with inputs of every kind and the same random numbers each time.

    Attributes:
        inputs: name -> tensor.
        bases: the inputs themselves, and two others of their kind.
        complete: whether every element is changed.
    """

    name = "as called"

    def __init__(self, module: torch.nn.Module, call: Arguments, most: int) -> None:
        self._module, self._call, self._most = module, call, most
        self._state = {name: t.clone() for name, t in module.named_buffers()}
        names = input_names(module, call)
        named = dict(zip(names, call.args, strict=True)) | call.kwargs
        self._names = names
        self.inputs = {name: t for key, value in named.items() for name, t in named_tensors(value, key)}
        generator = torch.Generator().manual_seed(7)
        self.bases = [
            {name: _base(t, number, generator) for name, t in self.inputs.items()} for number in range(3)
        ]
        self._plain: dict[int, dict[str, np.ndarray]] = {}
        self.complete = sum(t.numel() for t in self.inputs.values()) <= most

    def plain(self, base: int) -> dict[str, np.ndarray]:
        """Return the outputs at a base point."""
        if base not in self._plain:
            self._plain[base] = self.run(self.bases[base])
        return self._plain[base]

    def places(self, source: str) -> npt.NDArray[np.int64]:
        """Return the flat places of the elements that are changed."""
        count = self.inputs[source].numel()
        share = self._most // max(len(self.inputs), 1)
        if self.complete or count <= share:
            return np.arange(count)
        return np.unique(np.linspace(0, count - 1, share).astype(np.int64))

    def run(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
        """Call the module with these inputs."""

        def substitute(name: str, _: torch.Tensor) -> torch.Tensor:
            return inputs[name].clone()

        args = [map_tensors(a, substitute, n) for n, a in zip(self._names, self._call.args, strict=True)]
        kwargs = {name: map_tensors(value, substitute, name) for name, value in self._call.kwargs.items()}
        torch.default_generator.manual_seed(0)
        with torch.no_grad():
            result = self._module(*args, **kwargs)
        for name, tensor in self._module.named_buffers():
            if name in self._state and tensor.shape == self._state[name].shape:
                tensor.copy_(self._state[name])
        return {output_name(name, i): as_array(t) for i, (name, t) in enumerate(named_tensors(result))}


def _base(tensor: torch.Tensor, number: int, generator: torch.Generator) -> torch.Tensor:
    tensor = tensor.detach().clone()
    if number == 0 or tensor.numel() == 0 or tensor.layout is not torch.strided:
        return tensor
    if tensor.is_floating_point() or tensor.is_complex():
        real = torch.promote_types(torch.float32, tensor.dtype)
        if number == 1:
            return torch.randn(tensor.shape, generator=generator, dtype=real).to(tensor.dtype)
        uniform = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
        return (uniform * 0.8 + 0.1).to(tensor.dtype)
    order = torch.randperm(tensor.numel(), generator=generator)
    return tensor.reshape(-1)[order].reshape(tensor.shape)
