"""Modules and optimizers: instances whose fields are their content, with hooks by what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.torch.hooks import after_known_hooks, check_hooks, described, hooks_in, patch_hooks


class _WithHooks(Adapter):
    """An instance of a class of torch's, or of a subclass: class, fields, hooks."""

    tag: str
    fill: Callable[[Any, dict[str, Any]], None]

    def describe(self, value: Any) -> Node:
        hooks = hooks_in(value.__dict__)
        meta, functions = described(hooks)
        fields = {name: field for name, field in value.__dict__.items() if name not in hooks}
        labels = [".__class__", *(f".{name}" for name in fields), *(f".<hook {i}>" for i in range(len(functions)))]
        children = [type(value), *fields.values(), *functions]
        return Node(self.tag, (tuple(fields), meta), children=children, labels=labels)

    def reduce(self, value: Any, storing: Storing) -> Any:
        if _pickles_itself(type(value)):
            return NotImplemented
        return new_instance, (type(value),), value.__dict__, None, None, self.fill

    def detach(self, value: Any) -> Any:
        new = object.__new__(type(value))
        new.__dict__.update(value.__dict__)
        return new

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.graphs.patch.check_patch`."""
        check_hooks(live, hooks_in(live.__dict__), hooks_in(new.__dict__))

    def patch(self, live: Any, new: Any) -> None:
        self.check_patch(live, new)
        kept = patch_hooks(hooks_in(live.__dict__), hooks_in(new.__dict__))
        fields = {name: kept.get(name, field) for name, field in new.__dict__.items()}
        live.__dict__.clear()
        live.__dict__.update(fields)

    def preview(self, value: Any) -> str:
        return type(value).__qualname__[:80]


def _pickles_itself(tp: type) -> bool:
    """Whether a class says itself how it is pickled. What torch's own classes say is for files of older versions."""
    others = [base for base in tp.__mro__ if base is not object and base.__module__.partition(".")[0] != "torch"]
    return any(hook in vars(base) for base in others for hook in _HOOKS)


_HOOKS = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")


class ModuleAdapter(_WithHooks):
    """``torch.nn.Module`` and its subclasses: parameters, buffers, submodules, training mode and all else."""

    tag = "torch.module"

    def __init__(self) -> None:
        self.fill = fill_module

    def preview(self, value: Any) -> str:
        count = sum(p.numel() for p in value.parameters() if not torch.nn.parameter.is_lazy(p))
        return f"{type(value).__qualname__}, {count:,} parameters"[:80]


class OptimizerAdapter(_WithHooks):
    """Optimizers, linked to the parameters they move; the wrapper that a scheduler puts around ``step`` included."""

    tag = "torch.optimizer"

    def __init__(self) -> None:
        self.fill = fill_optimizer


def new_instance(cls: Any) -> Any:
    """An instance without fields."""
    return cls.__new__(cls)


def fill_module(module: Any, fields: dict[str, Any]) -> None:
    """Give a loaded module its fields."""
    module.__dict__.update(fields)
    after_known_hooks(number for hooks in hooks_in(fields).values() for number in hooks)


def fill_optimizer(optimizer: Any, fields: dict[str, Any]) -> None:
    """Give a loaded optimizer its fields, in their order."""
    optimizer.__dict__.update(fields)
    optimizer._patch_step_function()
    after_known_hooks(number for hooks in hooks_in(fields).values() for number in hooks)
