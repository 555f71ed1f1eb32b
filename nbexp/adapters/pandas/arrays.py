"""What the array inside a frame, a series or an index is made of, whatever its kind.

Inside a frame an array has no identity: copy-on-write hides whether two frames share it. So all kinds come down to
plain memory and to the objects held in it. Values under a mask are no content: no operation shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from nbexp.adapters.content import Content, as_bytes, tagged

#: Names of axes and of series that are content without an identity; others are children.
_PLAIN_NAMES = frozenset({type(None), str, int, float, bool, bytes})


def array_content(array: Any) -> Content:
    """What a numpy or extension array of a frame is made of; an array of a foreign kind is a child of its own.

    Args:
        array: One-dimensional.
    """
    if isinstance(array, np.ndarray):
        return memory_content(array)
    describe = _kind_of(type(array))
    if describe is None:
        return Content("foreign", (), (array,))
    return tagged(type(array).__qualname__, dtype_content(array.dtype), describe(array))


def memory_content(array: np.ndarray[Any, Any]) -> Content:
    """What a numpy array is made of: its bytes in C order, or the objects that it holds."""
    if array.dtype.hasobject:
        return Content(("objects", array.shape), (), (tuple(array.reshape(-1).tolist()),))
    return Content(("memory", array.dtype.str, array.shape), (as_bytes(array),))


def name_content(name: object) -> Content:
    """The name of an axis, a level or a series."""
    return Content(("name", name)) if type(name) in _PLAIN_NAMES else Content("name", (), (name,))


def _kind_of(kind: type[Any]) -> Callable[[Any], Content] | None:
    """How arrays of type `kind` are described; None for kinds that pandas does not ship."""
    if kind.__module__.partition(".")[0] != "pandas":
        return None
    return next((describe for base, describe in _KINDS if issubclass(kind, base)), None)


def is_shipped(kind: type[Any]) -> bool:
    """Whether pandas itself ships the extension array type `kind`, so that its memory is known."""
    return _kind_of(kind) is not None


def _backed(array: Any) -> Content:
    return memory_content(array._ndarray)


def _timed(array: Any) -> Content:
    return tagged("timed", memory_content(array._ndarray), freq_content(getattr(array, "freq", None)))


def _masked(array: Any) -> Content:
    data, mask = array._data, array._mask
    if mask.any():
        data = data.copy()
        data[mask] = 0
    return tagged("masked", memory_content(data), memory_content(mask))


def _arrow(array: Any) -> Content:
    from nbexp.adapters.pyarrow import arrow_content

    return arrow_content(array._pa_array)


def _sparse(array: Any) -> Content:
    return tagged("sparse", memory_content(array.sp_values), sparse_index_content(array.sp_index))


def sparse_index_content(index: Any) -> Content:
    """Where the values of a sparse array stand: as positions or as blocks."""
    if hasattr(index, "blocs"):
        return tagged("blocks", Content(index.length), memory_content(index.blocs), memory_content(index.blengths))
    return tagged("positions", Content(index.length), memory_content(index.indices))


def _interval(array: Any) -> Content:
    return tagged("interval", array_content(array._left), array_content(array._right))


#: Kinds of extension arrays that pandas ships, the special ones first.
_KINDS: tuple[tuple[type[Any], Callable[[Any], Content]], ...] = (
    (pd.arrays.DatetimeArray, _timed),
    (pd.arrays.TimedeltaArray, _timed),
    (pd.arrays.PeriodArray, _backed),
    (pd.Categorical, _backed),
    (pd.arrays.NumpyExtensionArray, _backed),
    (pd.arrays.ArrowExtensionArray, _arrow),
    (pd.arrays.IntervalArray, _interval),
    (pd.arrays.SparseArray, _sparse),
    (pd.arrays.BooleanArray, _masked),
    (pd.arrays.IntegerArray, _masked),
    (pd.arrays.FloatingArray, _masked),
)


def freq_content(freq: object) -> Content:
    """The regular step of a time index, or None."""
    return Content(None) if freq is None else Content("freq", (), (freq,))


# -- dtypes ------------------------------------------------------------------------------------------------------------


def dtype_content(dtype: Any) -> Content:
    """What a dtype is made of; a dtype of a foreign kind is a child of its own."""
    if isinstance(dtype, np.dtype):
        return Content(("numpy", dtype.str))
    if type(dtype).__module__.partition(".")[0] != "pandas":
        return Content("foreign", (), (dtype,))
    describe = _DTYPES.get(type(dtype), _attributes)
    return tagged(type(dtype).__qualname__, describe(dtype))


def _attributes(dtype: Any) -> Content:
    return Content(tuple(dtype._metadata), (), tuple(getattr(dtype, name) for name in dtype._metadata))


def _categories(dtype: Any) -> Content:
    if dtype.categories is None:
        return Content(dtype.ordered)
    return tagged("categories", Content(bool(dtype.ordered)), index_content(dtype.categories))


def _string(dtype: Any) -> Content:
    return Content((dtype.storage, "NA" if dtype.na_value is pd.NA else "nan"))


def _sparse_dtype(dtype: Any) -> Content:
    return tagged("sparse", dtype_content(dtype.subtype), Content("fill", (), (dtype.fill_value,)))


def _interval_dtype(dtype: Any) -> Content:
    subtype = Content(None) if dtype.subtype is None else dtype_content(dtype.subtype)
    return tagged("interval", subtype, Content(dtype.closed))


def _arrow_dtype(dtype: Any) -> Content:
    from nbexp.adapters.pyarrow import type_content

    return Content(type_content(dtype.pyarrow_dtype))


def _zoned(dtype: Any) -> Content:
    return Content(dtype.unit, (), (dtype.tz,))


def _period(dtype: Any) -> Content:
    return Content("period", (), (dtype.freq,))


_DTYPES: dict[type[Any], Callable[[Any], Content]] = {
    pd.CategoricalDtype: _categories,
    pd.StringDtype: _string,
    pd.SparseDtype: _sparse_dtype,
    pd.IntervalDtype: _interval_dtype,
    pd.ArrowDtype: _arrow_dtype,
    pd.DatetimeTZDtype: _zoned,
    pd.PeriodDtype: _period,
}


# -- indexes -----------------------------------------------------------------------------------------------------------


def index_content(index: Any) -> Content:
    """What an index is made of, its names included and its caches not."""
    names = tagged("names", *(name_content(name) for name in index.names))
    return tagged(type(index).__qualname__, names, _labels(index))


def _labels(index: Any) -> Content:
    if isinstance(index, pd.RangeIndex):
        return Content((index.start, index.stop, index.step))
    if isinstance(index, pd.MultiIndex):
        levels = (tagged(type(level).__qualname__, _labels(level)) for level in index._levels)
        return tagged("multi", Content(index.sortorder), *levels, *(memory_content(codes) for codes in index._codes))
    if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)):
        return tagged("timed", array_content(index._data), freq_content(index.freq))
    return array_content(index._data)
