"""The last records of each stage, by what the stage is called and by its cell: to explain a miss without the index.

A head is a small JSON file naming up to 20 records, newest first. It is a hint that can be lost or outdated: every
record it names is read and checked like any other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from nbexp import platform
from nbexp.hashing import digest
from nbexp.store.records import is_id
from nbexp.store.temporary import make_folder

#: How many records a head names.
LENGTH = 20

_MAX_BYTES = 1 << 16


def identities(notebook: str, stage: str, cell: str) -> Iterator[str]:
    """The names under which a stage's records are remembered, the surest first: its cell, then its name."""
    if cell:
        yield digest("head of a cell", notebook, cell).hex()
    if stage:
        yield digest("head of a stage", notebook, stage).hex()


def read(store: str, identity: str) -> list[tuple[str, str]]:
    """(static key, record id) of a stage's last records, newest first; empty if there is no head, or no sound one."""
    try:
        fd = platform.open_regular(_path(store, identity))
        with open(fd, "rb") as file:
            rows = json.loads(file.read(_MAX_BYTES))
        return [(key, name) for key, name in rows if is_id(key) and is_id(name)]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def push(store: str, identity: str, key: str, record_id: str) -> None:
    """Put a record in front.

    Two processes that do this at once may lose one of the two: the head is a hint.

    Raises:
        OSError: If it cannot be written.
    """
    rows = [(key, record_id), *(row for row in read(store, identity) if row[1] != record_id)][:LENGTH]
    path = _path(store, identity)
    make_folder(os.path.dirname(path))
    platform.replace_file(path, json.dumps(rows).encode(), mode=0o644, durable=False)


def _path(store: str, identity: str) -> str:
    return os.path.join(store, "heads", identity[:2], identity)
