"""Things with a state that no description could give: what they would do next is not to be seen from outside."""

from __future__ import annotations

import contextvars
import itertools
import threading
import types
from dataclasses import dataclass
from typing import Any

from nbexp.adapters import modes
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
_MODE = Refused(modes.WHY, modes.ADVICE)
RUNNING = Refused("it is part of a running program", "Make it inside the stage that uses it.")
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
    types.FrameType: RUNNING,
    types.TracebackType: RUNNING,
    contextvars.Context: RUNNING,
    contextvars.Token: RUNNING,
    threading.local: RUNNING,
    "nbexp.snapshot.torch_modes.ActiveMode": _MODE,
    "socket.socket": _CONNECTION,
    "ssl.SSLSocket": _CONNECTION,
    "sqlite3.Connection": _CONNECTION,
    "sqlite3.Cursor": _CONNECTION,
    "subprocess.Popen": RUNNING,
    "_asyncio.Task": RUNNING,
    "_asyncio.Future": RUNNING,
    "polars.lazyframe.frame.LazyFrame": _LAZY,
    "polars.lazyframe.group_by.LazyGroupBy": _LAZY,
    "pyarrow._dataset.FileSystemDataset": _LAZY,
    "pyarrow._dataset.UnionDataset": _LAZY,
    "pyarrow._dataset.FileFragment": _LAZY,
    "pyarrow._dataset_parquet.ParquetFileFragment": _LAZY,
    "concurrent.futures.process.ProcessPoolExecutor": RUNNING,
}

#: Adapters for subclasses too.
REFUSED_BASES: tuple[tuple[type, Adapter], ...] = ((threading.Thread, RUNNING),)
