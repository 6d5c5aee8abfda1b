"""What a module is: inside torch's own wrappers, by its class, with weights or without, and on which device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from pytest_rf.frontends.torch.trees import named_tensors

_WRAPPERS = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """Return the module that ``torch.compile`` and the data-parallel wrappers call."""
    while isinstance(module, _WRAPPERS) or "_orig_mod" in module._modules:
        module = module._modules["_orig_mod" if "_orig_mod" in module._modules else "module"]
    return module


def class_name(module: torch.nn.Module) -> str:
    """Return the name of the module's class; for scripts, of the class that they were made of."""
    module = unwrapped(module)
    original = getattr(module, "original_name", None) if isinstance(module, torch.jit.ScriptModule) else None
    return original if isinstance(original, str) else type(module).__name__


def class_names(module: torch.nn.Module) -> list[str]:
    """Return the names of the classes that a module is an instance of, its own first; torch's base left out."""
    kinds = type(unwrapped(module)).__mro__
    bases = [kind.__name__ for kind in kinds if issubclass(kind, torch.nn.Module)]
    return list(dict.fromkeys([class_name(module), *bases[:-1]]))


def is_training(module: torch.nn.Module) -> bool:
    """Return the mode that a module is in; a frozen script no longer has one and counts as evaluating."""
    return bool(getattr(module, "training", False))


def has_weights(module: torch.nn.Module) -> bool:
    """Whether a module has parameters, or weights in another form: those of quantised and frozen modules.

    Buffers alone do not count: they hold the constants of losses and transforms.
    """
    if next(module.parameters(), None) is not None or any(map(_frozen, module.modules())):
        return True
    buffers = {name for name, _ in module.named_buffers(remove_duplicate=False)}
    try:
        saved = set(module.state_dict())
    except Exception:  # whatever the user's class does: to report a model too many is better than to miss one
        return True
    return any(name not in buffers and not name.endswith("_extra_state") for name in saved)


def _frozen(module: torch.nn.Module) -> bool:
    """Whether a script's weights have become constants (``torch.jit.freeze``), its mode with them."""
    script = getattr(module, "_c", None) if isinstance(module, torch.jit.ScriptModule) else None
    return script is not None and not hasattr(module, "training")


def is_loss(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> bool:
    """Whether a call is that of a loss or a metric: it makes nothing but scalars, or takes no tensor."""
    return next(named_tensors((args, kwargs)), None) is None or all(
        tensor.ndim == 0 for _, tensor in named_tensors(result)
    )


def tensors_of(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Yield all parameters and buffers of a module; those that it shares more than once."""
    return held(module.modules())


def held(modules: Iterable[torch.nn.Module]) -> Iterator[torch.Tensor]:
    """Yield the parameters and buffers that modules hold themselves."""
    for child in modules:
        for tensors in (child._parameters, child._buffers):
            for tensor in tensors.values():
                if tensor is not None:
                    yield tensor


def home(module: torch.nn.Module) -> torch.device:
    """Return the device that the module's tensors are on."""
    for tensor in tensors_of(module):
        return tensor.device
    return torch.device("cpu")


def is_script(module: torch.nn.Module) -> bool:
    """Return whether a module was scripted or traced."""
    return isinstance(module, torch.jit.ScriptModule)


def weights(module: torch.nn.Module) -> list[tuple[str, torch.Size]]:
    """Return the names and shapes of a module's parameters."""
    return [(name, parameter.shape) for name, parameter in module.named_parameters()]
