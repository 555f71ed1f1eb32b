"""Objects to bytes at C speed: pickle in ``fast`` mode, where identity leaves no trace unless it is asked for.

In fast mode the C pickler keeps no memo, so equal strings and tuples give equal bytes whether they are one object or
two. A memo made beforehand is still obeyed: an object in it is written as its number. That is how shared objects, sets
and objects of other types are cut out of the stream, without a Python call for each.

``Pickler.fast`` is documented as deprecated; a test pins what is used of it. Whatever would take its place gives other
bytes and needs another `FINGERPRINT_VERSION`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any, Protocol

from blake3 import blake3

#: Numbers below this one are taken by the functions that stand for types which pickle knows by name only.
FIRST_NUMBER = 2

#: Where a stream that repeats long strings is given up, to be written again with those strings hashed once.
LONG_STREAM_BYTES = 1 << 28


class LongStream(Exception):
    """The stream is longer than was allowed."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: Any, /) -> Any:
        """Take the next bytes."""


class HashSink:
    """Hashes what is written to it and keeps nothing.

    Args:
        header: Hashed first.
        limit: Raise `LongStream` beyond this many bytes; None for no limit.
    """

    def __init__(self, header: bytes, limit: int | None = None) -> None:
        self._hasher = blake3(header)
        self._left = limit
        self.write: Callable[[Any], Any] = self._hasher.update if limit is None else self._counted

    def _counted(self, data: Any) -> None:
        self._left -= len(data)  # type: ignore[operator]
        if self._left < 0:
            raise LongStream
        self._hasher.update(data)

    def digest(self) -> bytes:
        """The digest of all that was written."""
        return self._hasher.digest()


def _complex() -> None:
    """Stands for `complex` in a stream."""


def _ellipsis() -> None:
    """Stands for ``...`` in a stream."""


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if type(value) is complex:
            return _complex, (value.real, value.imag)
        if value is ...:
            return _ellipsis, ()
        raise TypeError(f"{type(value)!r} in a stream: no number was given to it")


def write(value: object, sink: Sink, numbered: Iterable[tuple[int, object]] = ()) -> None:
    """Write `value`, made of exact built-in types, to `sink`; objects in `numbered` are written as their number.

    Sets must be among these (their order is not a matter of value), and so must all objects of other types.
    """
    pickler = _Pickler(sink, 5)
    pickler.fast = True
    # the setter takes any keys, and copies
    memo = dict(enumerate(((0, _complex), (1, _ellipsis), *numbered)))
    pickler.memo = memo
    pickler.dump(value)


def to_bytes(value: object) -> bytes:
    """The stream of atoms, lists, dicts and tuples, nothing in it numbered."""
    sink = BytesIO()
    write(value, sink)
    return sink.getvalue()


def hashed(
    header: bytes, value: object, numbered: Sequence[tuple[int, object]] = (), limit: int | None = None
) -> bytes:
    """The digest of `header` and the stream of `value`."""
    sink = HashSink(header, limit)
    write(value, sink, numbered)
    return sink.digest()
