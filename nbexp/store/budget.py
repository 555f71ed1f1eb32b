"""How large the values of a store may grow, and what happens when they do."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from nbexp import platform
from nbexp.errors import NbexpError, StoreError
from nbexp.sizes import size
from nbexp.store.bounds import blob_sizes, carry_out, plan, survey
from nbexp.store.pins import pinned
from nbexp.store.publication import Publication

#: The budget where none is set: this, or this share of what is free on the disk, whichever is less.
MOST_BYTES = 20_000_000_000
SHARE_OF_FREE = 0.1

#: For how long a process goes by what it wrote itself; then it looks at what others have written.
MEASURED_SECONDS = 20.0

#: How full a store is left when it had to give something up: so that this is rare.
LEFT_FULL = 0.9


@dataclass(slots=True)
class Budget:
    """The budget of the store in a folder, kept by the thread that writes to it.

    Attributes:
        place: The folder. most: The bytes that are allowed; None for the default.
    """

    place: str
    most: int | None = None
    _size: int = -1
    _measured: float = 0.0
    _next: int = 0

    def limit(self) -> int:
        """The bytes that blobs may fill now."""
        if self.most is not None:
            return self.most
        if self._size < 0:
            self._measure()
        place = platform.existing(os.path.abspath(self.place))
        return min(MOST_BYTES, int((shutil.disk_usage(place).free + self._size) * SHARE_OF_FREE))

    def keep_within(self, job: Publication, needed: Collection[str], tell: Callable[[NbexpError], None]) -> None:
        """A result was stored: give others up if the store is over its budget.

        Args:
            needed: Names of blobs that results need which are still being stored. tell: Told of what was given up.

        Raises:
            StoreError, OSError: Nobody can tell what may be given up.
        """
        if not job.written:
            return
        if self._size < 0 or time.monotonic() - self._measured > MEASURED_SECONDS:
            self._measure()  # other processes store, too
        else:
            self._size += sum(each.size for each in job.written)
        if self._size > max(self.limit(), self._next):
            self._give_up(job.encoded.id, needed, tell)

    def _measure(self) -> None:
        self._size, self._measured = sum(blob_sizes(self.place).values()), time.monotonic()

    def _give_up(self, keep: str, needed: Collection[str], tell: Callable[[NbexpError], None]) -> None:
        limit, now = self.limit(), time.time()
        found = survey(self.place, now)
        self._size = found.size
        if found.size <= limit:  # another process was first
            return
        what = plan(found, int(limit * LEFT_FULL), pinned(self.place) | {keep}, now, needed)
        freed = carry_out(self.place, what)
        self._measure()
        # Where all that is left is pinned or new, looking again after each result would be of no use.
        self._next = self._size + limit // 100 if self._size > limit else 0
        if what.evicted:
            tell(
                StoreError(
                    f"the store reached its budget of {size(limit)}: {len(what.evicted)} of its results were given up "
                    f"({size(freed)})",
                    "They run again when they are needed; `nbexp gc` shows which go next, `nbexp pin` keeps one.",
                )
            )
