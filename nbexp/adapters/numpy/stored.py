"""Arrays on their way into a stored graph and back: memory without a copy, and views that stay views."""

from __future__ import annotations

from collections.abc import Callable
from pickle import PickleBuffer
from typing import Any

import numpy as np

from nbexp.adapters.base import Storing
from nbexp.adapters.numpy.dtypes import Array, Dtype, holds_objects
from nbexp.adapters.numpy.layout import address, in_order, order_of, raw, span
from nbexp.errors import Unstorable
from nbexp.graphs.memory import alias

_COPY = "Make it a copy of its own (`.copy()`)."


def stored(array: Array, value: object, storing: Storing | None) -> tuple[Any, ...]:
    """What pickle shall do with an array.

    Args:
        array: The array, as a plain ndarray. value: The object itself, whose memory it is.
        storing: Tells which memory others see, too; None if it shall be the array's own in any case.
    """
    _refuse_file(array)
    found = storing.region(*span(array)[0]) if storing is not None and array.nbytes else None
    if holds_objects(array.dtype):
        return _stored_objects(array, value, found)
    if found is not None:
        region, offset = found
        start = offset + address(array) - span(array)[0][0]
        return view_of, (region, start, array.dtype, array.shape, array.strides, bool(array.flags.writeable))
    if any(stride == 0 and count > 1 for count, stride in zip(array.shape, array.strides, strict=True)):
        return _stored_broadcast(array)
    own: Any = raw(array)
    if own.nbytes and not own.flags.writeable:  # the flag is the array's, not the memory's: both are stored
        own = alias(address(own), own.nbytes, own)
    return from_buffer, (PickleBuffer(own), array.dtype, array.shape, order_of(array), bool(array.flags.writeable))


def _refuse_file(array: Array) -> None:
    base: Any = array
    while isinstance(base := getattr(base, "base", None), np.ndarray):
        if isinstance(base, np.memmap) and base.mode in ("r+", "w+"):
            advice = "Copy it (`np.array(x)`), or map the file in the stage that writes it."
            raise Unstorable("", "numpy.ndarray", "writing to it writes to a file", advice)


def _stored_broadcast(array: Array) -> tuple[Any, ...]:
    """An array that repeats its elements, by one copy of them."""
    repeated = [stride == 0 and count > 1 for count, stride in zip(array.shape, array.strides, strict=True)]
    once = np.ascontiguousarray(array[tuple(slice(0, 1) if again else slice(None) for again in repeated)])
    return broadcast, (once, array.shape, tuple(repeated), bool(array.flags.writeable))


def _stored_objects(array: Array, value: object, found: tuple[Any, int] | None) -> tuple[Any, ...]:
    if found is not None and (part := _part_of_owner(array, value, found)) is not None:
        return part
    state = (in_order(array).tolist(), bool(array.flags.writeable))
    if array.dtype.names is not None:
        state = ([array[name].copy() for name in array.dtype.names], state[1])
    return empty, (array.shape, array.dtype, order_of(array)), state, None, None, fill


def _part_of_owner(array: Array, value: object, found: tuple[Any, int]) -> tuple[Any, ...] | None:
    """The array as a part of the one that owns its elements; None if it is that one itself."""
    region, offset = found
    owner: Any = region.owner
    if owner is None:
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if owner is value:
            return None
        offset = span(array)[0][0] - span(owner)[0][0]
    if not isinstance(owner, np.ndarray) or owner.dtype != array.dtype or array.dtype.char == "T":
        raise Unstorable("", "numpy.ndarray", "it is a view of objects in another array", _COPY)
    start = offset + address(array) - span(array)[0][0]
    return part_of, (owner, start, array.shape, array.strides, bool(array.flags.writeable))


# -- loading -----------------------------------------------------------------------------------------------------------


def from_buffer(buffer: Any, dtype: Dtype, shape: tuple[int, ...], order: Any, writeable: bool) -> Array:
    """An array over `buffer`, or with memory of its own where the buffer is small or cannot be written to."""
    if not memoryview(buffer).nbytes:
        array: Array = np.empty(shape, dtype, order)
    else:
        array = np.ndarray(shape, dtype, buffer, order=order)
        if isinstance(buffer, bytearray) or (writeable and not array.flags.writeable):
            array = array.copy(order="K")
    if not writeable:
        array.flags.writeable = False
    return array


def view_of(
    region: Any, start: int, dtype: Dtype, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool
) -> Array:
    """An array that sees a part of memory which others see too."""
    array: Array = np.ndarray(shape, dtype, region, start, strides)
    array.flags.writeable = writeable
    return array


def part_of(owner: Array, start: int, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool) -> Array:
    """An array that sees a part of the elements of `owner`, `start` bytes behind its first byte."""
    return np.lib.stride_tricks.as_strided(
        in_order(owner)[start // owner.itemsize :], shape, strides, writeable=writeable
    )


def broadcast(once: Array, shape: tuple[int, ...], repeated: tuple[bool, ...], writeable: bool) -> Array:
    """An array that repeats the elements of `once` along some axes."""
    strides = [0 if again else stride for again, stride in zip(repeated, once.strides, strict=True)]
    return np.lib.stride_tricks.as_strided(once, shape, strides, writeable=writeable)


def empty(shape: tuple[int, ...], dtype: Dtype, order: Any) -> Array:
    """An array whose elements are still to come."""
    return np.empty(shape, dtype, order)


def fill(array: Array, state: tuple[list[Any], bool]) -> None:
    """Put objects, in the array's order, or whole fields into a loaded array."""
    items, writeable = state
    if array.dtype.names is not None:
        for name, field in zip(array.dtype.names, items, strict=True):
            array[name] = field
    else:
        flat: Any = np.empty(len(items), array.dtype)
        for index, item in enumerate(items):
            flat[index] = item
        array[...] = flat.reshape(array.shape, order=order_of(array))
    array.flags.writeable = writeable


def in_class(cls: Any, made: Callable[..., Array], args: tuple[Any, ...]) -> Any:
    """A loaded array as an instance of `cls`."""
    array = made(*args).view(cls)
    array.flags.writeable = args[-1] if made is not empty else True
    return array


def set_fields(value: Any, fields: dict[str, Any]) -> None:
    """Give a loaded array of a subclass its fields, past what the class does when they are set."""
    value.__dict__.update(fields)
