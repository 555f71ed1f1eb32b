"""Arrays: their elements as content, their memory stored without a copy, and views that stay views."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pickle import PickleBuffer
from typing import Any

import numpy as np

from nbexp.adapters.base import Node, Storing
from nbexp.adapters.memory import MemoryAdapter, alias
from nbexp.adapters.numpy.dtypes import Array, Dtype, content, holds_objects, pieces
from nbexp.errors import Unpatchable, Unstorable

_COPY = "Make it a copy of its own (`.copy()`)."


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


class _Buffers(Sequence[Any]):
    """The buffers of an array, made when they are asked for: walks that only look for objects never do."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __iter__(self) -> Iterator[Any]:
        return (raw(piece) for piece in pieces(self._array) if not holds_objects(piece.dtype))

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __len__(self) -> int:
        return sum(not holds_objects(piece.dtype) for piece in pieces(self._array))


def describe(array: Array, tag: str, *, meta: Any = None, children: Sequence[object] = ()) -> Node:
    """The node of an array of any class.

    Args:
        array: The array, as a plain ndarray. tag: As `Node.tag`.
        meta, children: What its class adds; such children come first, and are labelled ``.<n>``.
    """
    items = [item for piece in pieces(array) if holds_objects(piece.dtype) for item in _items(piece)]
    mine = (content(array.dtype), array.shape, order_of(array), bool(array.flags.writeable))
    extra = len(children)
    return Node(
        tag,
        (mine, meta, len(items)),
        buffers=_Buffers(array),
        children=[*children, *items],
        labels=lambda index: f".<{index}>" if index < extra else f"[{index - extra}]",
        spans=span(array),
        layout=strides_of(array),
    )


def _items(array: Array) -> list[Any]:
    return in_order(array).tolist()  # type: ignore[no-any-return]


class ArrayAdapter(MemoryAdapter):
    """Exact ``numpy.ndarray``."""

    tag = "numpy.ndarray"

    def describe(self, value: Any) -> Node:
        return describe(value, self.tag)

    def spans(self, value: Any) -> Sequence[tuple[int, int]]:
        return span(value)

    def dense(self, value: Any) -> bool:
        return bool(value.flags.c_contiguous or value.flags.f_contiguous)

    def exporter(self, value: Any) -> object:
        base = value
        while isinstance(base, np.ndarray):
            base = base.base
        return base.obj if isinstance(base, memoryview) else base

    def reduce(self, value: Any, storing: Storing) -> Any:
        return stored(value, value, storing)

    def detach(self, value: Any) -> Any:
        return value.view(Detached)

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.adapters.patch.check_patch`."""
        check_form(live, new)

    def patch(self, live: Any, new: Any) -> None:
        patch_elements(live, new)
        if type(live) is not np.ndarray:
            live.__dict__.update(_fields(new))

    def preview(self, value: Any) -> str:
        return f"{value.dtype} array, {' x '.join(map(str, value.shape)) or 'one value'}"[:80]


class Detached(np.ndarray[Any, Any]):
    """The content of a live array, on its way into a patch: stored with memory of its own, as a plain array."""


class DetachedAdapter(ArrayAdapter):
    """See `Detached`."""

    def spans(self, value: Any) -> Sequence[tuple[int, int]]:
        return ()

    def describe(self, value: Any) -> Node:
        return describe(value.view(np.ndarray), self.tag)

    def reduce(self, value: Any, storing: Storing) -> Any:
        return stored(value.view(np.ndarray), value, None)


class SubclassAdapter(ArrayAdapter):
    """A subclass of arrays: the class, the array, and the fields of the instance."""

    tag = "numpy.subclass"

    def describe(self, value: Any) -> Node:
        fields = _fields(value)
        return describe(value.view(np.ndarray), self.tag, meta=tuple(fields), children=(type(value), *fields.values()))

    def reduce(self, value: Any, storing: Storing) -> Any:
        if _pickles_itself(type(value)):
            return NotImplemented
        made, args = stored(value.view(np.ndarray), value, storing)[:2]
        return in_class, (type(value), made, args), _fields(value) or None, None, None, set_fields

    def detach(self, value: Any) -> Any:
        return value.copy(order="K")


def _fields(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "__dict__", {}))


def _pickles_itself(tp: type) -> bool:
    """Whether a subclass says itself how it is pickled."""
    return any(
        name in vars(base) for base in tp.__mro__ if base not in np.ndarray.__mro__ for name in _HOOKS
    ) and not tp.__module__.startswith("numpy")


_HOOKS = ("__reduce__", "__reduce_ex__", "__setstate__")


class MemmapAdapter(ArrayAdapter):
    """An array that is a file."""

    tag = "numpy.memmap"

    def describe(self, value: Any) -> Node:
        meta = (str(value.filename), value.mode, value.offset) if value.filename is not None else None
        return describe(value.view(np.ndarray), self.tag, meta=meta, children=(type(value),))

    def reduce(self, value: Any, storing: Storing) -> Any:
        advice = "Copy it (`np.array(x)`), or map the file in the stage that reads it."
        raise Unstorable("", "numpy.memmap", "it is a view of a file", advice)


# -- storing -----------------------------------------------------------------------------------------------------------


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


# -- patching ----------------------------------------------------------------------------------------------------------


def check_form(live: Array, new: Array) -> None:
    """Whether the elements of `new` can be written into `live`.

    Raises:
        Unpatchable: The form differs, or the memory belongs to something that must not be written to.
    """
    same = (live.shape, order_of(live)) == (new.shape, order_of(new))
    if not same or content(live.dtype) != content(new.dtype):
        raise Unpatchable("", "numpy.ndarray", "its shape, order or dtype was changed in place", _COPY)
    if not live.flags.writeable:
        try:
            live.flags.writeable = True
        except ValueError:
            raise Unpatchable("", "numpy.ndarray", "its memory cannot be written to", _COPY) from None
        live.flags.writeable = False


def patch_elements(live: Array, new: Array) -> None:
    """Write the elements of `new` into `live`, which must have the same form."""
    check_form(live, new)
    live.flags.writeable = True
    np.ndarray.__setitem__(live, ..., new.view(np.ndarray))
    live.flags.writeable = new.flags.writeable
