"""How the arrays inside a frame are stored: each with memory of its own.

Two frames may share memory under copy-on-write, and pandas knows it. What comes back from a pickle shares by accident
only: a write to one frame would be seen in the other. So the arrays of a frame are never told apart by identity.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from nbexp.adapters.content import as_bytes


class Private:
    """Stands for an array when it is pickled; what is loaded is the array itself, shared with nothing.

    Args:
        array: A numpy or extension array; memory goes out of band, extension arrays by their own pickle state.
    """

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        if not isinstance(self.array, np.ndarray):
            make, *rest = self.array.__reduce_ex__(5)
            # pickle insists that __newobj__ makes the object that is being pickled, which here is the stand-in
            return tuple(map(_private, (_new if make is _NEWOBJ else make, *rest)))
        if self.array.dtype.hasobject:
            return _objects, (self.array.reshape(-1).tolist(), self.array.shape, self.array.flags.writeable)
        order = "C" if self.array.flags.c_contiguous or not _is_fortran(self.array) else "F"
        memory = as_bytes(self.array if order == "C" else self.array.T)
        shape, dtype, writable = self.array.shape, self.array.dtype, self.array.flags.writeable
        return _memory, (pickle.PickleBuffer(memory.data), dtype, shape, order, writable)


#: What `object.__reduce_ex__` gives as the way to make a new object.
_NEWOBJ = object().__reduce_ex__(2)[0]


def _is_fortran(array: np.ndarray[Any, Any]) -> bool:
    return array.ndim == 2 and abs(array.strides[0]) < abs(array.strides[1])


def _private(part: Any) -> Any:
    """`part` of a pickle state with every array in it made private."""
    if type(part) is tuple:
        return tuple(_private(piece) for piece in part)
    if type(part) is dict:
        return {name: _private(piece) for name, piece in part.items() if name != "_cache"}
    return Private(part) if isinstance(part, np.ndarray) or _is_array(part) else part


def _is_array(part: Any) -> bool:
    from pandas.api.extensions import ExtensionArray

    return isinstance(part, ExtensionArray)


def _new(kind: type[Any], *args: Any) -> Any:
    return kind.__new__(kind, *args)


def _objects(held: list[Any], shape: tuple[int, ...], writable: bool) -> np.ndarray[Any, Any]:
    array = np.fromiter(held, object, len(held)).reshape(shape)
    array.flags.writeable = writable
    return array


def _memory(buffer: Any, dtype: Any, shape: tuple[int, ...], order: Any, writable: bool) -> Any:
    array: Any = np.frombuffer(buffer, np.uint8) if memoryview(buffer).nbytes else np.empty(0, np.uint8)
    if writable and not array.flags.writeable:
        array = array.copy()
    array = array.view(dtype).reshape(shape, order=order)
    if not writable:
        array.flags.writeable = False
    return array
