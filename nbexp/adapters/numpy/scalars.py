"""Scalars, records and ufuncs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbexp.adapters.base import Adapter, Name, Node, Storing
from nbexp.adapters.leaf import Leaf
from nbexp.adapters.numpy.arrays import describe
from nbexp.adapters.numpy.dtypes import content, pieces
from nbexp.adapters.numpy.layout import span
from nbexp.code.reference import defining_module, reference_node
from nbexp.errors import Unfingerprintable, Unstorable
from nbexp.graphs.memory import MemoryAdapter


class ScalarAdapter(Leaf):
    """A number, truth value, date or text of numpy's own types."""

    tag = "numpy.scalar"

    def content(self, value: Any) -> Any:
        """The dtype and the bytes that are content."""
        known = type(value)
        (piece,) = pieces(np.asarray(value))
        return (known.__module__, known.__qualname__, content(value.dtype), piece.tobytes())


class RecordAdapter(MemoryAdapter):
    """``numpy.void``: an element of a structured array, which it may still be a part of."""

    def describe(self, value: Any) -> Node:
        array = self._array(value)
        return describe(array, "numpy.void", children=(type(value),))

    def _array(self, value: Any) -> Any:
        """The record as an array over the same memory, where it can be seen."""
        if value.dtype.hasobject or not value.nbytes:
            return np.asarray(value)
        return np.frombuffer(value, np.uint8).view(value.dtype).reshape(())

    def spans(self, value: Any) -> Sequence[tuple[int, int]]:
        return span(self._array(value))

    def dense(self, value: Any) -> bool:
        return True

    def reduce(self, value: Any, storing: Storing) -> Any:
        advice = "Copy it: `.copy()`."
        if value.base is not None and value.dtype.hasobject:
            raise Unstorable("", "numpy.void", "it is a part of an array of objects", advice)
        for start, stop in self.spans(value) if value.base is not None else ():
            found = storing.region(start, stop)
            if found is not None:
                if type(value) is not value.dtype.type:
                    raise Unstorable("", "numpy.void", "it is a part of an array that is stored as well", advice)
                return record_in, (*found, value.dtype)
        return NotImplemented


def record_in(region: Any, start: int, dtype: Any) -> Any:
    """A record that sees a part of memory which others see too."""
    return np.ndarray((), dtype, region, start)[()]


class UfuncAdapter(Adapter):
    """A universal function, by its name and the package whose compiled code it is."""

    def describe(self, value: Any) -> Node:
        name: str = value.__name__
        module = defining_module(value, name)
        if module is None:
            advice = "Use the Python function itself, or `np.vectorize`."
            raise Unfingerprintable("", "numpy.ufunc", "it is made from another function", advice)
        return reference_node(Name(module, (name,)))

    def detach(self, value: Any) -> Any:
        return value

    def preview(self, value: Any) -> str:
        return repr(value)[:80]
