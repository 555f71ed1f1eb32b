"""One object graph as bytes: everything a stage leaves behind, with all sharing, and links to what was there before.

A graph is one pickle (protocol 5) whose large buffers stand outside it, uncopied. Objects that exist before the stage
runs are not in it: their memo entries are filled before the pickle is written, and again, with the objects of the
running kernel, before it is read. So a reference to a live object costs what any repeated reference costs, and objects
that are not live cost nothing at all (a `persistent_id` would be asked for every one).

What a graph holds may run code when it is loaded: give `load` only bytes whose digest and signature were checked.
"""

from __future__ import annotations

import builtins
import io
import marshal
import pickle
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, repeat
from types import CodeType
from typing import Any, Protocol

from nbexp.errors import Unstorable
from nbexp.graphs.culprit import Refused, find_unstorable
from nbexp.graphs.memory import Memory
from nbexp.graphs.preamble import Missing, preamble, stream
from nbexp.graphs.reducing import Reducing

#: Smaller buffers are written into the pickle: a place of their own would cost more than copying them.
INLINE_BYTES = 4096

#: Values nested deeper than the C pickler can go are written by the Python one, down to this depth of calls.
_DEEPEST = 100_000

#: More than one call of the Python pickler takes of the native stack.
_FRAME_BYTES = 5120

_HEAD = struct.Struct("<4sI")
_MAGIC = b"NBG1"


#: The number of an input that is a function or class: of what it holds, it is none.
ITSELF = -1


@dataclass(frozen=True, slots=True)
class Live:
    """An object that exists before the stage runs.

    Attributes:
        root: The input it belongs to. number: Its place in ``mutables(input)``; `ITSELF` for the input.
    """

    root: str
    number: int


class CodeSource(Protocol):
    """Where functions made by a stage find their code again, so that lines and files are those of the current cell."""

    def find(self, code: CodeType) -> tuple[Any, ...] | None:
        """An address of `code` that holds for every text of the cell that means the same; None if it is unknown."""

    def get(self, address: tuple[Any, ...]) -> CodeType | None:
        """The code at `address` now; None if there is none."""


@dataclass(frozen=True, slots=True)
class Dumped:
    """A stored graph.

    Attributes:
        graph: The pickle. buffers: The memory it refers to, in order, not copied: use it before anything changes it.
    """

    graph: bytes
    buffers: tuple[memoryview, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.graph) + sum(buffer.nbytes for buffer in self.buffers)


def always(value: object) -> bool:
    """The default `by_reference`: what can be found by name is stored by name."""
    return True


def held(roots: Mapping[str, Iterable[object]]) -> list[tuple[object, Live]]:
    """What `dump` wants to know about live objects, from each input's ``mutables(input)``.

    An object that several inputs reach is linked to the first of them.
    """
    found: dict[int, tuple[object, Live]] = {}
    for root, objects in roots.items():
        for number, value in enumerate(objects):
            found.setdefault(id(value), (value, Live(root, number)))
    return list(found.values())


def dump(
    value: object,
    *,
    held: Sequence[tuple[object, Live]] = (),
    by_reference: Callable[[Any], bool] = always,
    code: CodeSource | None = None,
    label: str = "value",
    roots: Mapping[str, object] | None = None,
) -> Dumped:
    """Store `value` and everything it reaches.

    Args:
        value: Any object.
        held: Objects that exist before the stage, each once; see `held`. They, and views of their memory, are
            linked.
        by_reference: Asked for functions and classes that can be found by name (for a nested one: about the
            outermost): will the name lead to the same thing when the graph is loaded? Not if the stage made it.
            Never asked for what Python itself brings.
        code: Where the code of functions is found again. Without it, code is stored.
        label: What `value` is called in errors.
        roots: Parts of `value` with names of their own, by which errors call them: the stage's variables.

    Raises:
        Unstorable: Something cannot be brought back; its path, why, and what to do are named.

    Example:
        >>> a = [1, 2]
        >>> load(dump({"a": a, "b": a}).graph)
        {'a': [1, 2], 'b': [1, 2]}
    """

    def attempt(part: object) -> Exception | None:
        try:
            _dump(part, held, by_reference, code)
        except Exception as error:  # noqa: BLE001 - any class may raise anything while it is pickled
            return error
        return None

    try:
        return _dump(value, held, by_reference, code)
    except Exception as error:  # as above
        raise find_unstorable(value, error, attempt, label, roots or {}) from error


def _dump(
    value: object,
    held: Sequence[tuple[object, Live]],
    by_reference: Callable[[Any], bool],
    code: CodeSource | None,
) -> Dumped:
    memory = Memory([o for o, _ in held])
    seeds = [*_well_known(code), *(o for o, _ in held)]
    memo = dict(zip(map(id, seeds), enumerate(seeds), strict=True))
    table = marshal.dumps(_runs(live for _, live in held)) if held else b""
    start = _HEAD.pack(_MAGIC, len(table)) + table
    pickler, dumped = _passes(value, start, memo, Reducing(memory, by_reference, code))
    if memory.settle(pickler.memo.copy() if memory.needs_stored else None):
        again, dumped = _passes(value, start, memo, Reducing(memory, by_reference, code))
        del again  # `pickler` lives till here: what it made on the first pass must not lend its address on the second
    return dumped


class _DeepPickler(pickle._Pickler):
    """The Python pickler, in which one level of a value takes calls from Python to Python only: from 3.12 on, calls
    that pass through C are limited to some thousand, whatever is asked for; calling a bound method with ``*`` does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        save_reduce: Any = pickle._Pickler.__dict__["save_reduce"]
        self.save_reduce = lambda *parts, **more: save_reduce(self, *parts, **more)


#: Pickle's memo: id -> (number, object). What a pass gives: the pickler, which keeps all it met alive; its output.
_Memo = dict[int, tuple[int, object]]
_Passed = tuple[Any, Dumped]


class _Pickler(pickle.Pickler):
    """The C pickler, with a ``__dict__`` for `reducer_override`."""


def _passes(value: object, start: bytes, memo: _Memo, reducing: Reducing) -> _Passed:
    """One pass with the C pickler; with the Python one for what is nested too deep for it."""
    try:
        return _pass(_Pickler, value, start, memo, reducing)
    except RecursionError:
        try:
            return _with_deep_stack(lambda: _pass(_DeepPickler, value, start, memo, reducing.again()))
        except RecursionError:
            raise Refused(value) from Unstorable("", type(value).__qualname__, "it is nested too deep")


def _pass(kind: Any, value: object, start: bytes, memo: _Memo, reducing: Reducing) -> _Passed:
    file = io.BytesIO()
    file.write(start)
    buffers: list[memoryview] = []

    def take(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < INLINE_BYTES:
            return True
        buffers.append(raw)
        return False

    pickler = kind(file, 5, buffer_callback=take)
    pickler.memo = memo.copy()
    pickler.reducer_override = reducing.reduce
    try:
        pickler.dump(value)
    finally:
        vars(pickler).pop("save_reduce", None)  # it leads back to the pickler, which keeps all it met alive
    return pickler, Dumped(file.getvalue(), tuple(buffers))


def _with_deep_stack(call: Callable[[], _Passed]) -> _Passed:
    """What `call` gives when it may go `_DEEPEST` calls deep: in a thread, since only threads choose their stack."""
    limit, size = sys.getrecursionlimit(), threading.stack_size(_DEEPEST * _FRAME_BYTES)
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(call).result()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)


def _well_known(code: CodeSource | None) -> list[object]:
    """What every graph may refer to: the namespaces of builtins and of the notebook, and the source of code."""
    return [builtins.__dict__, sys.modules["__main__"].__dict__, _NO_CODE if code is None else code]


_NO_CODE = object()


def _runs(lives: Iterable[Live]) -> list[tuple[str, int, int]]:
    """`lives` in order as (root, first number, how many)."""
    runs: list[tuple[str, int, int]] = []
    for live in lives:
        if runs and runs[-1][0] == live.root and sum(runs[-1][1:]) == live.number:
            runs[-1] = (live.root, runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((live.root, live.number, 1))
    return runs


def _none(live: Live) -> object:
    raise KeyError(live)


def load(
    graph: bytes | memoryview,
    buffers: Sequence[Any] = (),
    *,
    live: Callable[[Live], object] = _none,
    code: CodeSource | None = None,
) -> Any:
    """The value that `dump` stored, as new objects.

    Args:
        graph: `Dumped.graph`, from a source that was checked: loading runs what it says.
        buffers: `Dumped.buffers`, as objects with the buffer protocol. Those that can be written to become the
            memory of the values: give each load its own (a copy-on-write map). The others are copied where need be.
        live: Gives the object of the running kernel for each `Live` that `dump` was given.
        code: The source of code as it is now, if `dump` had one.

    Raises:
        Exception: Whatever the classes of the values raise; nothing was changed by then but what they changed.
    """
    view = memoryview(graph)
    magic, size = _HEAD.unpack_from(view)
    if magic != _MAGIC:
        raise ValueError("not a stored graph")
    table = marshal.loads(view[_HEAD.size : _HEAD.size + size]) if size else []
    links = [live(Live(root, number)) for root, first, count in table for number in range(first, first + count)]
    seeds = [*_well_known(code), *links]
    unpickler = pickle.Unpickler(
        stream(preamble(len(seeds)), view[_HEAD.size + size :]), buffers=chain(seeds, buffers, repeat(Missing()))
    )
    unpickler.load()
    return unpickler.load()
