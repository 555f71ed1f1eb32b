"""Blobs copied from a network file system to this machine: a bounded cache, the longest unused goes first."""

from __future__ import annotations

import contextlib
import os
import shutil

from nbexp import platform
from nbexp.store.blobs import Blobs
from nbexp.store.verified import Verified

#: The cache takes no more than this, and no more than a tenth of what is free on its disk.
MAX_BYTES = 20 << 30


class Fetched(Blobs):
    """Copies of blobs on a local disk; removing one that is mapped leaves its map intact."""

    def __init__(self) -> None:
        self._place = os.path.join(platform.cache_dir(), "fetched")
        super().__init__(self._place, Verified(self._place))

    def take(self, name: str, content: bytes) -> None:
        """Keep a copy of a checked blob, after making room for it.

        Raises:
            OSError: If the disk refuses.
        """
        platform.make_private_dir(self._place)
        _make_room(self.folder, len(content), min(MAX_BYTES, shutil.disk_usage(self._place).free // 10))
        copy = self.prepare(name, content)
        if copy is not None:
            self.publish(copy)


def _make_room(folder: str, needed: int, budget: int) -> None:
    """Remove the copies that were not read for longest until `needed` more bytes fit into `budget`."""
    held = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with contextlib.suppress(OSError):  # another process may be removing it too
                info = os.lstat(path)
                held.append((max(info.st_atime_ns, info.st_mtime_ns), info.st_size, path))
    total = needed + sum(size for _, size, _ in held)
    for _, size, path in sorted(held):
        if total <= budget:
            return
        with contextlib.suppress(OSError):
            platform.remove(path)
        total -= size
