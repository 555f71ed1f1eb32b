"""Tensors: elements, gradient, hooks and fields; storages that are shared stay shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pickle import PickleBuffer
from typing import Any

import torch

from nbexp.adapters.base import Node, Storing
from nbexp.adapters.memory import MemoryAdapter, writable
from nbexp.adapters.torch.hooks import after_known_hooks
from nbexp.adapters.torch.layout import order_of, raw, span, strided, strides_of
from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable

_CLONE = "Make it a copy of its own (`.clone()`)."
_DETACH = "Keep `x.detach()`, or `x.item()` for a number."
_GRAPH = "it carries the graph it was computed with"

#: Set on what `detach` gives: it is stored with memory of its own, not as a view of the live tensor.
_DETACHED = "_nbexp_detached"

_KNOWN = (torch.Tensor, torch.nn.Parameter)

_COMPRESSED = {
    torch.sparse_csr: ("crow_indices", "col_indices"),
    torch.sparse_csc: ("ccol_indices", "row_indices"),
    torch.sparse_bsr: ("crow_indices", "col_indices"),
    torch.sparse_bsc: ("ccol_indices", "row_indices"),
}


class TensorAdapter(MemoryAdapter):
    """Tensors, parameters, and plain subclasses of them."""

    def describe(self, value: Any) -> Node:
        _refuse(value, Unfingerprintable)
        plain = _plain(value)
        hooks = value._backward_hooks or {}
        fields = _fields(value)
        own_class = () if type(value) in _KNOWN else (type(value),)
        children = [value.grad, *hooks.values(), *fields.values(), *own_class]
        labels = [".grad", *(f".<hook {i}>" for i in range(len(hooks))), *(f".{name}" for name in fields), ".__class__"]
        parts = _parts(plain)
        meta = (
            type(value).__qualname__,
            *map(_form, parts),
            _flags(value),
            tuple(plain.shape),
            len(hooks),
            tuple(fields),
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
        if value.layout is not torch.strided or _DETACHED in value.__dict__:
            return ()
        return span(_plain(value))

    def dense(self, value: Any) -> bool:
        plain = _plain(value)
        return bool(plain.is_contiguous()) or order_of(plain) is not None

    def reduce(self, value: Any, storing: Storing) -> Any:
        _refuse(value, Unstorable)
        made = _stored(value, storing)
        state = (value.grad, value._backward_hooks, _fields(value))
        return (*made, state, None, None, fill) if any(_is_something(part) for part in state) else made

    def detach(self, value: Any) -> Any:
        new = _in_class(type(value), value.detach(), value.requires_grad)
        new.grad = value.grad
        new.__dict__.update({**value.__dict__, _DETACHED: True})
        new._backward_hooks = value._backward_hooks
        return new

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.adapters.patch.check_patch`."""
        if (_form(live), _flags(live)[1:]) != (_form(new), _flags(new)[1:]):
            raise Unpatchable("", type(live).__qualname__, "its shape, type or device was changed in place", _CLONE)

    def patch(self, live: Any, new: Any) -> None:
        self.check_patch(live, new)
        with torch.inference_mode() if live.is_inference() else torch.no_grad():
            live.copy_(new)
        live.requires_grad_(new.requires_grad)
        live.grad = new.grad
        live.__dict__.clear()
        live.__dict__.update(_fields(new))
        live._backward_hooks = new._backward_hooks

    def preview(self, value: Any) -> str:
        return f"{str(value.dtype).removeprefix('torch.')} tensor, {' x '.join(map(str, value.shape)) or 'one value'}"[
            :80
        ]


def _is_something(part: Any) -> bool:
    return part is not None and (isinstance(part, torch.Tensor) or bool(part))


def _plain(value: Any) -> Any:
    """The tensor without its class's and autograd's say in what is done with it."""
    with torch._C.DisableTorchFunctionSubclass():
        plain = value.detach().as_subclass(torch.Tensor) if type(value) is not torch.Tensor else value.detach()
    if plain.is_conj():
        plain = plain.conj()
    return torch._neg_view(plain) if plain.is_neg() else plain


def _refuse(value: Any, kind: Any) -> None:
    name = type(value).__qualname__
    if value.grad_fn is not None:
        raise kind("", name, _GRAPH, _DETACH)
    if value.layout not in (torch.strided, torch.sparse_coo, *_COMPRESSED) or value.is_quantized or value.is_nested:
        raise kind("", name, "its layout is not a plain one", "Keep a dense copy (`.to_dense()`, `.dequantize()`).")
    if torch._C._functorch.is_functorch_wrapped_tensor(value) or "__torch_dispatch__" in _dispatched(type(value)):
        raise kind("", name, "its content lies outside its memory", "Keep a plain tensor.")
    if any(name is not None for name in getattr(value, "names", ())):
        raise kind("", name, "it has named axes", "Drop the names (`.rename(None)`).")
    if torch.nn.parameter.is_lazy(value):
        raise kind("", name, "it is not initialized yet", "Run the module once, so that its shapes are known.")


def _dispatched(cls: Any) -> set[str]:
    return {name for base in cls.__mro__ if base not in torch.nn.Parameter.__mro__ for name in vars(base)}


def _fields(value: Any) -> dict[str, Any]:
    return {name: field for name, field in value.__dict__.items() if name != _DETACHED}


def _flags(value: Any) -> tuple[Any, ...]:
    """What else an operation on the tensor depends on; its need of gradients comes first."""
    coalesced = value.layout is torch.sparse_coo and value.is_coalesced()
    flags = (value.requires_grad, value.is_conj(), value.is_neg(), value.is_inference(), coalesced)
    return (*map(bool, flags), str(value.layout))


def _form(part: Any) -> tuple[Any, ...]:
    order = order_of(part) if part.layout is torch.strided else None
    return (str(part.dtype), tuple(part.shape), order, str(part.device))


def _parts(plain: Any) -> list[Any]:
    """The strided tensors that a tensor consists of: itself, or indices and values."""
    if plain.layout is torch.strided:
        return [plain]
    if plain.layout is torch.sparse_coo:
        return [plain._indices(), plain._values()]
    return [*(getattr(plain, name)() for name in _COMPRESSED[plain.layout]), plain.values()]


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


# -- storing -----------------------------------------------------------------------------------------------------------


def _stored(value: Any, storing: Storing) -> tuple[Any, ...]:
    plain, flags = _plain(value), _flags(value)
    if plain.layout is not torch.strided:
        return sparse, (type(value), flags, plain.layout, tuple(plain.shape), *_parts(plain))
    form = (type(value), flags, plain.dtype, tuple(plain.shape))
    if plain.device.type == "meta":
        return without_data, (*form, order_of(plain))
    shared = storing.region(*span(plain)[0]) if plain.numel() and _DETACHED not in value.__dict__ else None
    if shared is None:
        return own_memory, (*form, order_of(plain), plain.device, PickleBuffer(raw(plain)))
    region, offset = shared
    if offset % plain.element_size():
        raise Unstorable("", type(value).__qualname__, "it shares memory with tensors of another element size", _CLONE)
    on_device = plain.device.type != "cpu" and not isinstance(region.owner, torch.Tensor)
    if on_device:
        raise Unstorable("", type(value).__qualname__, "it shares a device's memory with another tensor", _CLONE)
    memory = region.forms.setdefault("torch", _Memory(region))
    return shared_memory, (*form, plain.stride(), memory, offset)


class _Memory:
    """A region as a storage, so that the tensors on it share that, too."""

    def __init__(self, region: Any) -> None:
        self._region = region

    def __reduce__(self) -> Any:
        owner = self._region.owner
        if isinstance(owner, torch.Tensor):
            if not TensorAdapter().dense(owner):
                raise Unstorable("", "torch.Tensor", "it is a view of an input that is itself a view", _CLONE)
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
    return _in_class(cls, tensor, needs_gradient)


def _in_class(cls: Any, tensor: Any, needs_gradient: bool) -> Any:
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
    if hooks:
        after_known_hooks(hooks)
        tensor._backward_hooks = hooks
    tensor.__dict__.update(fields)
