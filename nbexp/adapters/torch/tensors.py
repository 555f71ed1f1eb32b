"""Tensors: elements, gradient, hooks and fields; storages that are shared stay shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from nbexp.adapters import modes
from nbexp.adapters.base import Node, Storing
from nbexp.adapters.torch.anatomy import COMPRESSED, DETACHED, bare, fields_of, flags_of, form_of, parts_of
from nbexp.adapters.torch.hooks import check_hooks, described, hooks_of, patch_hooks, set_hooks
from nbexp.adapters.torch.layout import dense, raw, span, strides_of
from nbexp.adapters.torch.spent import is_spent, spent
from nbexp.adapters.torch.stored import CLONE, fill, in_class, stored
from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable
from nbexp.graphs.memory import MemoryAdapter

_DETACH = "Compute it under `torch.no_grad()`, or keep `x.detach()` (`x.item()` for a number)."
_GRAPH = "it carries the graph it was computed with"

_KNOWN = (torch.Tensor, torch.nn.Parameter)


class TensorAdapter(MemoryAdapter):
    """Tensors, parameters, and plain subclasses of them."""

    def describe(self, value: Any) -> Node:
        _refuse(value, Unfingerprintable)
        plain = bare(value)
        hooks, functions = described(hooks_of(value))
        fields = fields_of(value)
        own_class = () if type(value) in _KNOWN else (type(value),)
        children = [_gradient(value), *functions, *fields.values(), *own_class]
        labels = [
            ".grad",
            *(f".<hook {i}>" for i in range(len(functions))),
            *(f".{name}" for name in fields),
            ".__class__",
        ]
        parts = parts_of(plain)
        meta = (
            type(value).__qualname__,
            *map(form_of, parts),
            flags_of(value),
            tuple(plain.shape),
            hooks,
            tuple(fields),
            *_graph_of(value),
        )
        only = len(parts) == 1
        return Node(
            "torch.tensor",
            meta,
            buffers=_Buffers(parts),
            children=children,
            labels=labels,
            spans=[stretch for part in parts for stretch in span(part)],
            layout=strides_of(plain) if only else None,
        )

    def spans(self, value: Any) -> Sequence[tuple[int, int]]:
        if value.layout is not torch.strided or DETACHED in value.__dict__:
            return ()
        return span(bare(value))

    def dense(self, value: Any) -> bool:
        return dense(bare(value))

    def reduce(self, value: Any, storing: Storing) -> Any:
        _refuse(value, Unstorable)
        if value.grad_fn is not None:
            made: tuple[Any, ...] = (spent, (value.detach(), *_graph_of(value)))
        else:
            made = stored(value, storing)
        state = (_gradient(value), hooks_of(value), fields_of(value))
        return (*made, state, None, None, fill) if any(_is_something(part) for part in state) else made

    def detach(self, value: Any) -> Any:
        if value.grad_fn is not None:
            raise Unpatchable("", type(value).__qualname__, _GRAPH, _DETACH)
        new = in_class(type(value), value.detach(), value.requires_grad)
        new.grad = value.grad
        new.__dict__.update({**value.__dict__, DETACHED: True})
        set_hooks(new, hooks_of(value))
        return new

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.graphs.patch.check_patch`."""
        if (form_of(live), flags_of(live)[1:]) != (form_of(new), flags_of(new)[1:]):
            raise Unpatchable("", type(live).__qualname__, "its shape, type or device was changed in place", CLONE)
        check_hooks(live, hooks_of(live), hooks_of(new))

    def patch(self, live: Any, new: Any) -> None:
        self.check_patch(live, new)
        with torch.inference_mode() if live.is_inference() else torch.no_grad():
            live.copy_(new)
        live.requires_grad_(new.requires_grad)
        live.grad = new.grad
        live.__dict__.clear()
        live.__dict__.update(fields_of(new))
        set_hooks(live, patch_hooks(hooks_of(live), hooks_of(new)))

    def preview(self, value: Any) -> str:
        return f"{str(value.dtype).removeprefix('torch.')} tensor, {' x '.join(map(str, value.shape)) or 'one value'}"[
            :80
        ]


def _gradient(value: Any) -> Any:
    return value.grad if value.is_leaf else None


def _graph_of(value: Any) -> tuple[str, ...]:
    """What is seen of a spent graph: the name of its last node."""
    return (type(value.grad_fn).__name__,) if value.grad_fn is not None else ()


def _is_something(part: Any) -> bool:
    return part is not None and (isinstance(part, torch.Tensor) or bool(part))


def _refuse(value: Any, kind: Any) -> None:
    name = type(value).__qualname__
    if modes.function_modes() or modes.dispatch_modes():  # first: they would see whatever is asked of the tensor
        raise kind("", name, modes.WHY, modes.ADVICE)
    if value.grad_fn is not None and not is_spent(value):
        raise kind("", name, _GRAPH, _DETACH)
    if value.layout not in (torch.strided, torch.sparse_coo, *COMPRESSED) or value.is_quantized or value.is_nested:
        raise kind("", name, "its layout is not a plain one", "Keep a dense copy (`.to_dense()`, `.dequantize()`).")
    if torch._C._functorch.is_functorch_wrapped_tensor(value) or "__torch_dispatch__" in _dispatched(type(value)):
        raise kind("", name, "its content lies outside its memory", "Keep a plain tensor.")
    if any(name is not None for name in getattr(value, "names", ())):
        raise kind("", name, "it has named axes", "Drop the names (`.rename(None)`).")
    if torch.nn.parameter.is_lazy(value):
        raise kind("", name, "it is not initialized yet", "Run the module once, so that its shapes are known.")


def _dispatched(cls: Any) -> set[str]:
    return {name for base in cls.__mro__ if base not in torch.nn.Parameter.__mro__ for name in vars(base)}


class _Buffers(Sequence[Any]):
    """The bytes of tensors, made when they are asked for."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = [part for part in parts if part.device.type != "meta"]

    def __iter__(self) -> Iterator[Any]:
        return map(raw, self._parts)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __len__(self) -> int:
        return len(self._parts)
