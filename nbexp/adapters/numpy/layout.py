"""Where the elements of an array lie, and their bytes."""

from __future__ import annotations

import numpy as np

from nbexp.adapters.numpy.dtypes import Array


def address(array: Array) -> int:
    """Where the first element lies."""
    return int(array.__array_interface__["data"][0])


def span(array: Array) -> tuple[tuple[int, int], ...]:
    """The one stretch of memory from the lowest to the highest byte of any element; none without elements."""
    if not array.nbytes:
        return ()
    start = stop = address(array)
    for count, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            start += (count - 1) * stride
        else:
            stop += (count - 1) * stride
    return ((start, stop + array.itemsize),)


def order_of(array: Array) -> str:
    """``F`` if the elements lie in column order and not in row order at once, else ``C``."""
    return "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"


def strides_of(array: Array) -> tuple[int, ...]:
    """The strides along axes of two elements or more; others have no meaning and are 0."""
    return tuple(stride if count > 1 else 0 for count, stride in zip(array.shape, array.strides, strict=True))


def in_order(array: Array) -> Array:
    """The elements in `order_of`, as a flat array: without a copy if they lie so in memory."""
    return (array.T if order_of(array) == "F" else array).reshape(-1)


def raw(array: Array) -> Array:
    """The bytes of the elements in `order_of`, as a flat array: without a copy if they lie so in memory."""
    return np.ascontiguousarray(in_order(array)).view(np.uint8) if array.nbytes else np.empty(0, np.uint8)
