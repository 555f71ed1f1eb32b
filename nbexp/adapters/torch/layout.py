"""Where the elements of a strided tensor lie, and their bytes."""

from __future__ import annotations

from typing import Any

import torch

from nbexp.graphs.memory import alias


def span(tensor: Any) -> tuple[tuple[int, int], ...]:
    """The stretch of memory from the first to the last byte of any element; none without elements.

    Addresses of a device's memory do not overlap the host's.
    """
    if tensor.numel() == 0 or tensor.device.type == "meta":
        return ()
    last = sum((count - 1) * stride for count, stride in zip(tensor.shape, tensor.stride(), strict=True))
    start = tensor.data_ptr()
    return ((start, start + (last + 1) * tensor.element_size()),)


def order_of(tensor: Any) -> tuple[int, ...] | None:
    """The axes from the slowest to the fastest, if the elements lie without gaps in another order than C (channels
    last); None in C order, and for strides that leave gaps or repeat elements, which count as C."""
    if tensor.is_contiguous():
        return None
    axes = sorted(range(tensor.dim()), key=lambda axis: (tensor.shape[axis] == 1, -tensor.stride(axis), axis))
    return tuple(axes) if tensor.permute(axes).is_contiguous() else None


def dense(tensor: Any) -> bool:
    """Whether the elements fill their `span`, in an order that is part of the value."""
    return bool(tensor.is_contiguous()) or order_of(tensor) is not None


def strides_of(tensor: Any) -> tuple[int, ...]:
    """The strides along axes of two elements or more; others have no meaning and are 0."""
    return tuple(stride if count > 1 else 0 for count, stride in zip(tensor.shape, tensor.stride(), strict=True))


def raw(tensor: Any) -> memoryview:
    """The bytes of the elements in `order_of`, on the host: without a copy if they lie so in its memory."""
    order = order_of(tensor)
    flat = tensor.detach() if order is None else tensor.detach().permute(order)
    flat = flat.contiguous().cpu()
    size = flat.numel() * flat.element_size()
    return alias(flat.data_ptr(), size, flat) if size else memoryview(b"")


def strided(dtype: Any, shape: tuple[int, ...], order: tuple[int, ...] | None, buffer: Any) -> Any:
    """The tensor whose bytes are `buffer`, in the order that `order_of` told; small ones get memory of their own."""
    if not memoryview(buffer).nbytes:
        return torch.empty(shape, dtype=dtype)
    flat = torch.frombuffer(buffer, dtype=dtype)
    if isinstance(buffer, bytearray):
        flat = flat.clone()
    if order is None:
        return flat.reshape(shape)
    back = sorted(range(len(order)), key=order.__getitem__)
    return flat.reshape([shape[axis] for axis in order]).permute(back)
