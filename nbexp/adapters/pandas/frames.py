"""Frames and series: their columns, axes, names, attributes and flags.

How columns are put together in blocks is no content: pandas changes it on its own when a frame is only read (a variance
along the rows may differ in the last bit for it). Whether a block of floats lies row by row in memory is, as the
order of an array is: sums over it differ in the last bits. Memory shared by two frames is none, because copy-on-write
never lets one see a write to the other. The objects that are the axes and the ``attrs`` have an identity: they can be
renamed and written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.content import Content, as_bytes, joined, packed
from nbexp.adapters.pandas.arrays import array_content, memory_content, name_content
from nbexp.adapters.pandas.stored import Private
from nbexp.errors import Unfingerprintable, Unpatchable
from nbexp.hashing import Pieces

#: What a frame or series holds beside what a user set on it as an attribute.
_OWN = frozenset({"_mgr", "_attrs", "_flags", "_name", "_cache", "_item_cache", "_is_copy", "_metadata"})

#: Columns of fewer bytes than this are hashed as one: being called would cost more than hashing.
_SMALL_COLUMN = 2048

#: So are columns that lie apart and have no more bytes than this together: they are copied into one buffer, which
#: several threads hash.
_TOGETHER = 64 << 20


class FrameAdapter(Adapter):
    """A `pandas.DataFrame`, a `pandas.Series`, or a subclass of one."""

    def describe(self, value: Any) -> Node:
        """Axes, attributes and flags, then the columns in order or the values."""
        _check_copy_on_write(value)
        content, label = _columns(value) if value.ndim == 2 else _values(value)
        extras = _extras(value)
        kind = () if type(value) in (pd.DataFrame, pd.Series) else (type(value),)
        first = (*reversed(value._mgr.axes), value.attrs, *kind, *extras.values())
        axes = (".columns",) if value.ndim == 2 else ()
        labels = (".index", *axes, ".attrs", *(".__class__" for _ in kind), *(f".{name}" for name in extras))
        return Node(
            "pandas.frame" if value.ndim == 2 else "pandas.series",
            (len(kind), _allows_duplicates(value), tuple(extras), content.meta),
            content.buffers,
            (*first, *content.children),
            lambda index: labels[index] if index < len(labels) else label(index - len(labels)),
        )

    def reduce(self, value: Any, storing: Storing) -> Any:
        blocks = [(Private(block.values), block.mgr_locs.indexer) for block in value._mgr.blocks]
        state = (list(value._mgr.axes), blocks, _frame_state(value))
        return _empty, (type(value),), state, None, None, _restore

    def detach(self, value: Any) -> Any:
        return _assembled(type(value), _shared_manager(value), _frame_state(value))

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"its type became {type(new).__qualname__}")
        for name in _extras(live):
            object.__delattr__(live, name)
        _fill(live, _shared_manager(new), _frame_state(new))

    def preview(self, value: Any) -> str:
        name = type(value).__name__[:30]
        if value.ndim == 2:
            return f"{name} {value.shape[0]:,} rows x {value.shape[1]:,} columns"
        return f"{name} {str(value.dtype)[:25]}, {len(value):,} values"


def _check_copy_on_write(value: Any) -> None:
    if int(pd.__version__.partition(".")[0]) < 3 and pd.options.mode.copy_on_write is not True:
        raise Unfingerprintable(
            "",
            type(value).__qualname__,
            "without copy-on-write it cannot be told which frames write into each other's memory",
            "Use pandas 3, or put `pd.options.mode.copy_on_write = True` into the first cell.",
        )


def _allows_duplicates(value: Any) -> bool:
    return bool(value.flags.allows_duplicate_labels)


def _extras(value: Any) -> dict[str, Any]:
    """What a subclass or a user set on the object itself, without the accessors that pandas keeps there."""
    state = vars(value)
    if state.keys() <= _OWN:
        return {}
    skipped = _OWN | type(value)._accessors
    return {name: held for name, held in state.items() if name not in skipped}


# -- content -----------------------------------------------------------------------------------------------------------


def _values(series: Any) -> tuple[Content, Callable[[int], str]]:
    content = joined([name_content(series._name), _column(series._mgr.blocks[0].values)])
    named = series._name is not None and len(content.children) > 0 and content.children[0] is series._name
    return content, lambda index: ".name" if named and index == 0 else ".values"


def _columns(frame: Any) -> tuple[Content, Callable[[int], str]]:
    """All columns, and the path piece of each object that they hold.

    Columns of plain memory are put together by dtype, wherever pandas keeps them; the others stand alone.
    """
    plain: dict[tuple[str, bool], list[tuple[Any, Any]]] = {}
    rowwise: list[Content] = []
    alone: list[tuple[int, Content]] = []
    for block in frame._mgr.blocks:
        values, places = block.values, block.mgr_locs.as_array
        if values.ndim == 1:
            alone.append((int(places[0]), _column(values)))
        elif not isinstance(values, np.ndarray) or values.dtype.hasobject:
            alone.extend(zip(places.tolist(), map(_column, values), strict=True))
        elif _is_rowwise(values):
            rowwise.append(_rowwise(values, places))
        else:
            plain.setdefault((values.dtype.str, values.flags.writeable), []).append((places, values))
    alone.sort(key=lambda column: column[0])
    rowwise.sort(key=lambda part: str(part.meta))
    together = [_together(key, plain[key]) for key in sorted(plain)]
    single = [Content((place, part.meta), part.buffers, part.children) for place, part in alone]
    content = packed(joined([Content(frame.shape), joined(together), joined(rowwise), joined(single)]))
    return content, lambda index: _path(frame, alone, index)


def _together(key: tuple[str, bool], blocks: list[tuple[Any, Any]]) -> Content:
    """Columns of one dtype, in the order of the frame."""
    places = np.concatenate([places for places, _ in blocks])
    rows = [as_bytes(values).reshape(len(values), -1) for _, values in blocks]
    size = rows[0].shape[1]
    order = np.argsort(places)
    buffer: Any
    if len(rows) == 1 and bool((order[1:] > order[:-1]).all()):
        buffer = rows[0].reshape(-1)
    elif size < _SMALL_COLUMN or size * len(places) <= _TOGETHER:
        buffer = np.concatenate(rows)[order].reshape(-1)
    else:
        columns = [column for held in rows for column in held]
        buffer = Pieces(tuple(columns[place] for place in order.tolist()))
    return Content((*key, size, places[order].astype("<i8").tobytes()), (buffer,))


def _rowwise(values: Any, places: Any) -> Content:
    meta = (values.dtype.str, values.flags.writeable, places.astype("<i8").tobytes())
    return Content(meta, (as_bytes(values.T),))


def _path(frame: Any, alone: list[tuple[int, Content]], index: int) -> str:
    for position, column in alone:
        index -= len(column.children)
        if index < 0:
            return f"[{str(frame.columns[position])[:40]!r}]"
    return ""


def _column(array: Any) -> Content:
    writable = array.flags.writeable if isinstance(array, np.ndarray) else not getattr(array, "_readonly", False)
    content = array_content(array) if array.ndim == 1 else memory_content(array)
    return Content((content.meta, writable), content.buffers, content.children)


def _is_rowwise(values: Any) -> bool:
    """Whether sums over the rows or columns of a block add in another order than they do column by column."""
    if values.dtype.kind not in "fc" or 1 in values.shape:
        return False
    return bool(abs(values.strides[0]) < abs(values.strides[1]))


# -- storing -----------------------------------------------------------------------------------------------------------


def _frame_state(value: Any) -> dict[str, Any]:
    """All but the manager, by the names under which pandas keeps it; the attrs are the object itself."""
    state = {"_attrs": value.attrs, "duplicates": _allows_duplicates(value), **_extras(value)}
    return state | {"_name": value._name} if value.ndim == 1 else state


def _empty(kind: Any) -> Any:
    return kind.__new__(kind)


def _restore(value: Any, state: tuple[list[Any], list[tuple[Any, Any]], dict[str, Any]]) -> None:
    """Fill an empty frame or series; the form of the blocks is the one of pandas' own pickles."""
    axes, blocks, attributes = state
    managers = pd.core.internals.managers
    kind = managers.BlockManager if len(axes) == 2 else managers.SingleBlockManager
    manager = kind.__new__(kind)
    held = [{"values": values, "mgr_locs": places} for values, places in blocks]
    manager.__setstate__(([], [], [], {"0.14.1": {"axes": axes, "blocks": held}}))
    _fill(value, manager, attributes)


def _assembled(kind: type[Any], manager: Any, state: dict[str, Any]) -> Any:
    value = _empty(kind)
    _fill(value, manager, state)
    return value


def _fill(value: Any, manager: Any, state: dict[str, Any]) -> None:
    duplicates = {"allows_duplicate_labels": state["duplicates"]}
    object.__setattr__(value, "_mgr", manager)
    object.__setattr__(value, "_flags", pd.Flags(value, **duplicates))
    for name, held in state.items():
        if name != "duplicates":
            object.__setattr__(value, name, held)
    vars(value).pop("_cache", None)


def _shared_manager(value: Any) -> Any:
    """The blocks of `value` under copy-on-write, with its very axes."""
    manager = value._mgr.copy(deep=False)
    manager.axes = list(value._mgr.axes)
    return manager
