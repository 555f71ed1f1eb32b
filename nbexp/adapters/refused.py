"""Things with a state that no description could give: what they would do next is not to be seen from outside."""

from __future__ import annotations

import contextvars
import itertools
import threading
import types
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unfingerprintable


@dataclass(frozen=True, slots=True)
class Refused(Adapter):
    """Adapter of values that have no fingerprint.

    Attributes:
        why: As in `Unfingerprintable`. advice: What to do instead.
    """

    why: str
    advice: str

    def describe(self, value: Any) -> Node:
        """Refuse `value`."""
        raise Unfingerprintable("", type(value).__qualname__, self.why, self.advice)


_GENERATOR = Refused(
    "what a generator gives next cannot be told from outside", "Make a list of it, or make it where it is used."
)
ITERATOR = Refused(
    "what an iterator gives next cannot be told from outside", "Make a list of it, or make it where it is used."
)
_RUNNING = Refused("it is part of a running program", "Make it inside the stage that uses it.")
_CONNECTION = Refused("it is a connection", "Make it inside the stage that uses it.")
_LAZY = Refused("it reads its data only when it is used", "Collect it, or make it inside the stage that uses it.")

_ITERATORS = [tp for tp in vars(itertools).values() if isinstance(tp, type)]
_ITERATORS += [map, filter, zip, enumerate, reversed]

#: Adapters by exact type or name.
REFUSED: dict[type | str, Adapter] = {
    **dict.fromkeys(_ITERATORS, ITERATOR),
    types.GeneratorType: _GENERATOR,
    types.CoroutineType: _GENERATOR,
    types.AsyncGeneratorType: _GENERATOR,
    types.FrameType: _RUNNING,
    types.TracebackType: _RUNNING,
    contextvars.Context: _RUNNING,
    contextvars.Token: _RUNNING,
    threading.local: _RUNNING,
    "socket.socket": _CONNECTION,
    "ssl.SSLSocket": _CONNECTION,
    "sqlite3.Connection": _CONNECTION,
    "sqlite3.Cursor": _CONNECTION,
    "subprocess.Popen": _RUNNING,
    "_asyncio.Task": _RUNNING,
    "_asyncio.Future": _RUNNING,
    "polars.lazyframe.frame.LazyFrame": _LAZY,
    "polars.lazyframe.group_by.LazyGroupBy": _LAZY,
    "pyarrow._dataset.FileSystemDataset": _LAZY,
    "pyarrow._dataset.UnionDataset": _LAZY,
    "pyarrow._dataset.FileFragment": _LAZY,
    "pyarrow._dataset_parquet.ParquetFileFragment": _LAZY,
    "concurrent.futures.thread.ThreadPoolExecutor": _RUNNING,
    "concurrent.futures.process.ProcessPoolExecutor": _RUNNING,
}

#: Adapters for subclasses too.
REFUSED_BASES: tuple[tuple[type, Adapter], ...] = ((threading.Thread, _RUNNING),)
