"""What a plain cell left in a variable, as far as that can be told in a moment: order is kept of all cells, not of
stages alone, and a cell that only prints must not wait until gigabytes are hashed."""

from __future__ import annotations

import contextlib
import gc
import sys
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from nbexp.adapters.code import is_code
from nbexp.code.origin import NOTEBOOK
from nbexp.errors import NbexpError
from nbexp.fingerprints.fingerprint import Fingerprint, atom
from nbexp.hashing import digest
from nbexp.stage.capture import mark_of

#: A value of more objects, or more bytes, is large: it is looked at when somebody needs to know.
MOST_OBJECTS = 2000
MOST_BYTES = 1 << 24

#: Libraries whose objects say how many bytes they fill.
_WITH_BYTES = frozenset({"numpy", "torch", "pyarrow"})

#: Leaves that weigh nothing; a text or bytes may.
_LIGHT = frozenset({int, float, bool, complex, type(None), type(...)})

_SIZED = (list, tuple, dict, set, frozenset)

_NOT_ENTERED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, CodeType)


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a value.

    Attributes:
        digest: Hexadecimal; ``""`` if it was not told: the value is large, or its content cannot be told.
        nodes: Ids of the mutable objects in it, for as long as it stays as it is. spans: Memory that it uses.
        reads: Names of the notebook that code in it looks up.
        fixed: Whether nothing can change it in place. large: Whether it was too large to be looked at.
    """

    digest: str = ""
    nodes: frozenset[int] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()
    reads: frozenset[str] = frozenset()
    fixed: bool = False
    large: bool = False

    def shares(self, other: Look) -> bool:
        """Whether a change of one may be a change of the other."""
        return not self.nodes.isdisjoint(other.nodes) or any(
            start < stop_other and start_other < stop
            for start, stop in self.spans
            for start_other, stop_other in other.spans
        )


def look(name: str, value: Any) -> Look:
    """Look at the value of a variable, unless it is large."""
    if isinstance(value, ModuleType):
        return Look(digest("module", value.__name__).hex(), fixed=True)
    if not (is_code(value) or is_small(value)):
        return Look(large=True)
    return look_closely(name, value)


def look_closely(name: str, value: Any) -> Look:
    """Look at a value however large it is."""
    try:
        return of_mark(mark_of(name, value), value)
    except NbexpError:  # a generator, a lock, an open file: nobody can tell
        return Look()


def of_mark(mark: Fingerprint, value: Any) -> Look:
    """What a fingerprint that was made anyway says."""
    return Look(
        mark.digest.hex(),
        frozenset(map(id, mark.nodes)),
        tuple((start, stop) for start, stop, _ in mark.spans),
        frozenset(name.path[0] for name in mark.reads if name.module == NOTEBOOK),
        fixed=is_code(value) or not (mark.nodes or mark.spans),
    )


def is_small(value: Any) -> bool:
    """Whether a value can be looked at in a moment: it is made of few objects and fills few bytes."""
    if atom(value):
        return not isinstance(value, str | bytes) or len(value) <= MOST_BYTES
    pending, seen, room = [value], set[int](), MOST_BYTES
    while pending:
        each = pending.pop()
        if id(each) in seen or isinstance(each, _NOT_ENTERED):
            continue
        seen.add(id(each))
        room -= _bytes(each)
        if len(seen) > MOST_OBJECTS or room < 0 or (isinstance(each, _SIZED) and len(each) > MOST_OBJECTS):
            return False
        pending.extend(inner for inner in gc.get_referents(each) if type(inner) not in _LIGHT)
    return True


def _bytes(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray):
        return len(value)
    library = type(value).__module__.partition(".")[0]
    if library in _WITH_BYTES:
        with _unseen(library):
            size = getattr(value, "nbytes", 0)
            many = getattr(getattr(value, "dtype", None), "hasobject", False)  # its items are not seen from outside
        return (size if isinstance(size, int) else 0) * (MOST_BYTES // MOST_OBJECTS // 8 if many else 1)
    return sys.getsizeof(value) if isinstance(value, memoryview) else 0


def _unseen(library: str) -> contextlib.AbstractContextManager[object]:
    """Inside, modes of the notebook do not see what a tensor is asked."""
    if library != "torch":
        return contextlib.nullcontext()
    return cast("contextlib.AbstractContextManager[object]", sys.modules["torch"]._C.DisableTorchFunction())
