"""Dtypes as plain content, and the dtypes that pickle gives back as another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nbexp.adapters.base import Storing
from nbexp.adapters.leaf import Leaf
from nbexp.errors import Unfingerprintable

Array = np.ndarray[Any, Any]
Dtype = np.dtype[Any]

#: Dtypes of other libraries (bfloat16) are numbered from here on, or not at all.
_OTHERS = 256

#: Long doubles fill 16 bytes, of which x86 uses 10: the rest is whatever was there before.
_LONG_BYTES = 10 if np.finfo(np.longdouble).nmant == 63 else np.dtype(np.longdouble).itemsize


def content(dtype: Dtype) -> Any:
    """What tells `dtype` from others: also ``long`` from ``long long``, which are one dtype to ``==``.

    Raises:
        Unfingerprintable: It carries metadata, which may be any object.
    """
    if dtype.metadata:
        raise Unfingerprintable("", "numpy.dtype", "it carries metadata", "Drop it: `array.astype(dtype.str)`.")
    if dtype.names is not None:
        return _structured(dtype)
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return ("array", content(base), shape)
    if dtype.char == "T":
        return ("string", *_string_options(dtype))
    known = (
        ""
        if 0 <= dtype.num < _OTHERS and dtype.type is not np.record
        else f"{dtype.type.__module__}.{dtype.type.__qualname__}"
    )
    return (dtype.str, dtype.char, known)


def _structured(dtype: Dtype) -> Any:
    fields = tuple((name, content(kind), offset, _title(title)) for name, kind, offset, title in _fields(dtype))
    return ("fields", fields, dtype.itemsize, dtype.isalignedstruct, dtype.type is np.record)


def _fields(dtype: Dtype) -> Iterator[tuple[str, Dtype, int, Any]]:
    assert dtype.names is not None and dtype.fields is not None
    for name in dtype.names:
        kind, offset, *title = dtype.fields[name]
        yield name, kind, offset, title[0] if title else None


def _title(title: Any) -> str | None:
    if title is not None and type(title) is not str:
        raise Unfingerprintable("", "numpy.dtype", "a field has a title that is not text")
    return title


def _string_options(dtype: Any) -> tuple[Any, ...]:
    missing = getattr(dtype, "na_object", _UNSET)
    if missing is _UNSET or missing is None or isinstance(missing, str | float):
        return (dtype.coerce, "unset" if missing is _UNSET else repr(missing))
    if type(missing).__module__.partition(".")[0] == "pandas":
        return (dtype.coerce, "pandas.NA")
    raise Unfingerprintable("", "numpy.dtypes.StringDType", "its missing value is an unknown object")


_UNSET = object()


def holds_objects(dtype: Dtype) -> bool:
    """Whether elements are references to Python objects, or to text that numpy keeps elsewhere."""
    return dtype.hasobject


def pieces(array: Array) -> Iterator[Array]:
    """The parts of `array` whose bytes, or whose objects, are all content: what lies between fields is not.

    An array of simple elements is one piece itself.
    """
    dtype = array.dtype
    if dtype.names is not None and not _is_packed(dtype):
        for name in dtype.names:
            yield from pieces(array[name])
    elif _LONG_BYTES < 16 and dtype.char in "gG":
        yield _without_padding(array)
    else:
        yield array


def _is_packed(dtype: Dtype) -> bool:
    """Whether every byte of an element is content, and none a reference."""
    if dtype.subdtype is not None:
        return _is_packed(dtype.subdtype[0])
    if dtype.names is None:
        return not dtype.hasobject and not (_LONG_BYTES < 16 and dtype.char in "gG")
    at = 0
    for _, kind, offset, _ in sorted(_fields(dtype), key=lambda field: field[2]):
        if offset != at or not _is_packed(kind):
            return False
        at += kind.itemsize
    return at == dtype.itemsize


def _without_padding(array: Array) -> Array:
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return np.ascontiguousarray(raw.reshape(-1, np.dtype(np.longdouble).itemsize)[:, :_LONG_BYTES])


class DtypeAdapter(Leaf):
    """A dtype."""

    tag = "numpy.dtype"

    def content(self, value: Any) -> Any:
        """See `content`."""
        return content(value)

    def reduce(self, value: Any, storing: Storing) -> Any:
        """Pickle's way, but for the integers that it would give back under another name."""
        if value.metadata:
            return NotImplemented
        if value.names is not None:
            return structured, (tuple(_fields(value)), value.itemsize, value.isalignedstruct, value.type is np.record)
        if value.subdtype is not None:
            return np.dtype, (value.subdtype,)
        if value.kind in "iu" and np.dtype(value.str).char != value.char:
            return integer, (value.char, value.str[0])
        return NotImplemented


def structured(fields: Sequence[tuple[str, Dtype, int, Any]], size: int, aligned: bool, record: bool) -> Dtype:
    """The dtype with these fields: (name, dtype, offset, title)."""
    names, kinds, offsets, titles = ([field[i] for field in fields] for i in range(4))
    description = {"names": names, "formats": kinds, "offsets": offsets, "itemsize": size}
    if any(title is not None for title in titles):
        description["titles"] = titles
    made: Any = np.dtype(description, align=aligned)  # type: ignore[call-overload]
    return np.dtype((np.record, made)) if record else made


def integer(char: str, order: str) -> Dtype:
    """The integer dtype with the C type `char`, in the byte order `order`."""
    made: Dtype = np.dtype(char)
    return made if made.str[0] == order else made.newbyteorder()
