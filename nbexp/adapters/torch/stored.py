"""Tensors on their way into a stored graph and back: memory without a copy, and storages that stay shared."""

from __future__ import annotations

from pickle import PickleBuffer
from typing import Any

import torch

from nbexp.adapters.base import Storing
from nbexp.adapters.torch.anatomy import DETACHED, bare, flags_of, parts_of
from nbexp.adapters.torch.hooks import set_hooks
from nbexp.adapters.torch.layout import dense, order_of, raw, span, strided
from nbexp.errors import Unstorable
from nbexp.graphs.memory import writable

CLONE = "Make it a copy of its own (`.clone()`)."


def stored(value: Any, storing: Storing) -> tuple[Any, ...]:
    """What pickle shall do with a tensor; gradient, hooks and fields come after (`fill`)."""
    plain, flags = bare(value), flags_of(value)
    if plain.layout is not torch.strided:
        return sparse, (type(value), flags, plain.layout, tuple(plain.shape), *parts_of(plain))
    form = (type(value), flags, plain.dtype, tuple(plain.shape))
    if plain.device.type == "meta":
        return without_data, (*form, order_of(plain))
    shared = storing.region(*span(plain)[0]) if plain.numel() and DETACHED not in value.__dict__ else None
    if shared is None:
        return own_memory, (*form, order_of(plain), plain.device, PickleBuffer(raw(plain)))
    region, offset = shared
    if offset % plain.element_size():
        raise Unstorable("", type(value).__qualname__, "it shares memory with tensors of another element size", CLONE)
    on_device = plain.device.type != "cpu" and not isinstance(region.owner, torch.Tensor)
    if on_device:
        raise Unstorable("", type(value).__qualname__, "it shares a device's memory with another tensor", CLONE)
    memory = region.forms.setdefault("torch", _Memory(region))
    return shared_memory, (*form, plain.stride(), memory, offset)


class _Memory:
    """A region as a storage, so that the tensors on it share that, too."""

    def __init__(self, region: Any) -> None:
        self._region = region

    def __reduce__(self) -> Any:
        owner = self._region.owner
        if isinstance(owner, torch.Tensor):
            if not dense(owner):
                raise Unstorable("", "torch.Tensor", "it is a view of an input that is itself a view", CLONE)
            return memory_of, (owner,)
        return memory, (self._region,)


# -- loading -----------------------------------------------------------------------------------------------------------


def memory(buffer: Any) -> Any:
    """Loaded memory as a tensor of bytes."""
    return torch.frombuffer(buffer, dtype=torch.uint8)


def memory_of(owner: Any) -> Any:
    """The memory of a live tensor as a tensor of bytes."""
    size = owner.numel() * owner.element_size()
    start = owner.storage_offset() * owner.element_size()
    return torch.empty(0, dtype=torch.uint8, device=owner.device).set_(owner.untyped_storage(), start, (size,), (1,))


def _finished(cls: Any, flags: tuple[Any, ...], tensor: Any) -> Any:
    needs_gradient, conjugate, negative, inference = flags[:4]
    if inference:
        with torch.inference_mode():
            tensor = tensor.clone()
    if conjugate:
        tensor = tensor.conj()
    if negative:
        tensor = torch._neg_view(tensor)
    return in_class(cls, tensor, needs_gradient)


def in_class(cls: Any, tensor: Any, needs_gradient: bool) -> Any:
    """The tensor as a parameter, or as another subclass."""
    if cls is torch.nn.Parameter:
        return torch.nn.Parameter(tensor, needs_gradient)
    if cls is not torch.Tensor:
        tensor = tensor.as_subclass(cls)
    return tensor.requires_grad_(needs_gradient) if needs_gradient else tensor


def own_memory(
    cls: Any, flags: tuple[Any, ...], dtype: Any, shape: tuple[int, ...], order: Any, device: Any, buffer: Any
) -> Any:
    """A tensor with memory of its own: that of `buffer`, if it is the host's."""
    tensor = strided(dtype, shape, order, writable(buffer))
    return _finished(cls, flags, tensor if device.type == "cpu" else tensor.to(device))


def shared_memory(
    cls: Any, flags: tuple[Any, ...], dtype: Any, shape: tuple[int, ...], stride: Any, base: Any, offset: int
) -> Any:
    """A tensor that sees a part of memory which others see too."""
    tensor = torch.empty(0, dtype=dtype, device=base.device)
    start = (base.storage_offset() + offset) // tensor.element_size()
    return _finished(cls, flags, tensor.set_(base.untyped_storage(), start, shape, stride))


def without_data(cls: Any, flags: tuple[Any, ...], dtype: Any, shape: tuple[int, ...], order: Any) -> Any:
    """A tensor on the ``meta`` device: a shape only."""
    if order is None:
        return _finished(cls, flags, torch.empty(shape, dtype=dtype, device="meta"))
    back = sorted(range(len(order)), key=order.__getitem__)
    tensor = torch.empty([shape[axis] for axis in order], dtype=dtype, device="meta").permute(back)
    return _finished(cls, flags, tensor)


def sparse(cls: Any, flags: tuple[Any, ...], layout: Any, shape: tuple[int, ...], *parts: Any) -> Any:
    """A sparse tensor from its indices and values."""
    if layout is torch.sparse_coo:
        made = torch.sparse_coo_tensor(*parts, shape, check_invariants=False, is_coalesced=flags[4])
    else:
        made = torch.sparse_compressed_tensor(*parts, shape, layout=layout, check_invariants=False)
    return _finished(cls, flags, made)


def fill(tensor: Any, state: tuple[Any, Any, dict[str, Any]]) -> None:
    """Give a loaded tensor its gradient, hooks and fields."""
    gradient, hooks, fields = state
    if gradient is not None:
        tensor.grad = gradient
    set_hooks(tensor, hooks)
    tensor.__dict__.update(fields)
