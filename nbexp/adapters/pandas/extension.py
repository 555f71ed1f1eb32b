"""Extension arrays held by themselves: unlike in a frame they have an identity, and others may write their memory."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.content import Content, tagged
from nbexp.adapters.numpy.layout import span, strides_of
from nbexp.adapters.pandas.arrays import array_content, dtype_content, is_shipped, sparse_index_content
from nbexp.errors import Unpatchable

#: The memory of each kind of array, by the attributes that hold it; other kinds are immutable inside.
_MEMORY: Mapping[str, tuple[str, ...]] = {
    "_ndarray": ("_ndarray",),
    "_sparse_values": ("_sparse_values",),
    "_left": ("_left", "_right"),
}


class ArrayAdapter(Adapter):
    """A `pandas.Categorical` or another array that pandas ships; other kinds take the general route."""

    def describe(self, value: Any) -> Node:
        """The numpy arrays it stands on, as children: they tell what is shared; Arrow memory cannot be written."""
        if not is_shipped(type(value)):
            node: Node = _general(type(value)).describe(value)
            return node
        if isinstance(value, pd.core.arrays.masked.BaseMaskedArray):
            return _masked(value)
        names = _memory_names(value)
        content = tagged("array", dtype_content(value.dtype), _beside(value)) if names else array_content(value)
        children = tuple(getattr(value, name) for name in names)
        labels = tuple(f".{name}" for name in names)
        return Node(
            "pandas.array",
            (type(value).__qualname__, len(children), bool(getattr(value, "_readonly", False)), content.meta),
            content.buffers,
            (*children, *content.children),
            lambda index: labels[index] if index < len(labels) else ".values",
        )

    def reduce(self, value: Any, storing: Storing) -> Any:
        return NotImplemented if is_shipped(type(value)) else _general(type(value)).reduce(value, storing)

    def detach(self, value: Any) -> Any:
        return value[:] if is_shipped(type(value)) else _general(type(value)).detach(value)

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"its type became {type(new).__qualname__}")
        if not is_shipped(type(live)):
            _general(type(live)).patch(live, new)
        elif hasattr(live, "_ndarray"):
            memory = _written(live._ndarray, new._ndarray)
            pd.core.arrays._mixins.NDArrayBacked.__init__(live, memory, new.dtype)
        else:
            _take_state(live, dict(vars(new)))

    def preview(self, value: Any) -> str:
        return f"{type(value).__name__[:30]} {str(value.dtype)[:25]}, {len(value):,} values"


def _masked(value: Any) -> Node:
    """Not by the two arrays it stands on, because what lies under the mask is there by chance."""
    content = array_content(value)
    memory = (value._data, value._mask)
    return Node(
        "pandas.masked",
        (bool(getattr(value, "_readonly", False)), content.meta),
        content.buffers,
        spans=tuple(place for array in memory for place in span(array)),
        layout=tuple(strides_of(array) for array in memory),
    )


def _general(kind: type[Any]) -> Any:
    return import_module("nbexp.adapters.general").fallback(kind)


def _memory_names(array: Any) -> tuple[str, ...]:
    return next((names for marker, names in _MEMORY.items() if hasattr(array, marker)), ())


def _beside(array: Any) -> Content:
    """What is content beside dtype and memory."""
    if isinstance(array, pd.arrays.SparseArray):
        return sparse_index_content(array.sp_index)
    return Content("freq", (), (getattr(array, "freq", None),))


def _written(live: Any, new: Any) -> Any:
    """`live` with the content of `new` where it fits, so that views of it see the change; else `new`."""
    same = isinstance(live, np.ndarray) and isinstance(new, np.ndarray)
    if live is new or not same or live.dtype != new.dtype or live.shape != new.shape or not live.flags.writeable:
        return new
    live[...] = new
    return live


def _take_state(live: Any, state: dict[str, Any]) -> None:
    held = vars(live)
    taken = {name: _written(held.get(name), part) for name, part in state.items() if name != "_cache"}
    held.clear()
    held.update(taken)
    if isinstance(live, pd.arrays.ArrowExtensionArray):
        held["_cache"] = {}
