"""Arrays and their subclasses: the elements are the content, and the memory may be shared."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nbexp.adapters.base import Node, Storing
from nbexp.adapters.numpy.dtypes import Array, content, holds_objects, pieces
from nbexp.adapters.numpy.layout import in_order, order_of, raw, span, strides_of
from nbexp.adapters.numpy.stored import in_class, set_fields, stored
from nbexp.errors import Unpatchable, Unstorable
from nbexp.graphs.memory import MemoryAdapter

_COPY = "Make it a copy of its own (`.copy()`)."


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
        """See `nbexp.graphs.patch.check_patch`."""
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


# -- patching ----------------------------------------------------------------------------------------------------------


def check_form(live: Array, new: Array) -> None:
    """Whether the elements of `new` can be written into `live`.

    Raises:
        Unpatchable: The form differs, or the memory belongs to something that must not be written to.
    """
    same = (live.shape, order_of(live)) == (new.shape, order_of(new))
    if not same or content(live.dtype) != content(new.dtype):
        raise Unpatchable("", "numpy.ndarray", "its shape, order or dtype was changed in place", _COPY)
    try:
        with _writable(live):
            pass
    except ValueError:
        raise Unpatchable("", "numpy.ndarray", "its memory cannot be written to", _COPY) from None


def patch_elements(live: Array, new: Array) -> None:
    """Write the elements of `new` into `live`, which must have the same form."""
    check_form(live, new)
    with _writable(live, stays=new.flags.writeable):
        np.ndarray.__setitem__(live, ..., new.view(np.ndarray))


@contextlib.contextmanager
def _writable(live: Array, stays: bool | None = None) -> Iterator[None]:
    """For a time, `live` can be written to, and with it the arrays that it is a view of: else it could not.

    Args:
        stays: Whether it can be written to afterwards; as before if None.

    Raises:
        ValueError: It cannot be made so.
    """
    before, closed = live.flags.writeable, list[Array]()
    views = [live]
    while not before and isinstance(views[-1].base, np.ndarray):
        views.append(views[-1].base)
    try:
        for array in reversed(views):
            if not array.flags.writeable:
                array.flags.writeable = True
                closed.append(array)
        yield
    finally:
        for array in closed:
            if array is not live or not stays:
                array.flags.writeable = False
        if before and stays is False:
            live.flags.writeable = False
