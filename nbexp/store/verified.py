"""Which blobs this machine has checked: remembered by inode, size and times, so that a large one is hashed once (L7).

The memory lies in the user's cache folder, outside the store, so that whoever can write to a shared store cannot vouch
for content there. It is a set of small append-only files that may be deleted at any time.
"""

from __future__ import annotations

import os

from nbexp import platform
from nbexp.hashing import digest
from nbexp.platform import Stamp


class Verified:
    """Remembers blobs of one store by their stamps.

    Args:
        store: The store's folder: each has a memory of its own.
    """

    def __init__(self, store: str) -> None:
        name = digest("store path", os.path.realpath(store)).hex()[:32]
        self._folder = os.path.join(platform.cache_dir(), "verified", name)
        self._shards: dict[str, dict[str, Stamp]] = {}

    def knows(self, blob: str, found: Stamp) -> bool:
        """Whether the blob was checked when the file was in this very state."""
        return self._shard(blob).get(blob) == found

    def add(self, blob: str, found: Stamp) -> None:
        """Remember that the blob was found right; best effort, for it only saves time."""
        self._shard(blob)[blob] = found
        line = " ".join(("\n" + blob, *map(str, found), ".\n"))
        try:
            platform.make_private_dir(self._folder)
            with open(os.path.join(self._folder, blob[:2]), "a", encoding="ascii") as file:
                file.write(line)
        except OSError:
            return  # a home that is full or read-only: the blob is hashed again in the next process

    def _shard(self, blob: str) -> dict[str, Stamp]:
        shard = blob[:2]
        if shard not in self._shards:
            self._shards[shard] = dict(_parsed(os.path.join(self._folder, shard)))
        return self._shards[shard]


def _parsed(path: str) -> list[tuple[str, Stamp]]:
    """The entries of one file; a line cut short by a crash lacks its final dot and is passed over."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return []
    whole = [row for row in rows if len(row) == 6 and row[5] == "." and all(part.isdecimal() for part in row[1:5])]
    return [(row[0], (int(row[1]), int(row[2]), int(row[3]), int(row[4]))) for row in whole]
