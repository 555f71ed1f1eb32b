"""What the demo does to its own store: a flipped bit, and a record with a pickle that would run code."""

from __future__ import annotations

import os
import pickle
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbexp.config import STORE_NAME
from nbexp.records import Record
from nbexp.store import Keys, Store
from nbexp.ui.demo.folder import Folder

STRANGER = "mallory@elsewhere"


def flip_bit(folder: Folder) -> Path:
    """Flip one bit in the middle of the largest blob, and put the file's times back; which blob it was."""
    blobs = [path for path in (folder.root / STORE_NAME / "blobs").rglob("*") if path.is_file()]
    blob = max(blobs, key=lambda path: path.stat().st_size)
    before = blob.stat()
    blob.chmod(0o644)
    with open(blob, "r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(before.st_size // 2)
        file.write(bytes([byte ^ 1]))
    blob.chmod(0o444)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    return blob


class _Canary:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (open, (str(self._path), "w"))


def plant(folder: Folder, stage: str) -> Path:
    """Put a stranger's record in the place of the stage's own: with its key, and a pickle that makes a file.

    Returns:
        The file that is there if the pickle was ever loaded.
    """
    canary = folder.root / "canary"
    record = folder.newest(stage)
    _remove(folder, record)
    planted = replace(record, artifact=None, files=(), author=STRANGER, created="")
    with tempfile.TemporaryDirectory() as keys:
        store = Store.open(folder.root, keys=Keys(keys))
        store.commit(planted, pickle.dumps(_Canary(canary), protocol=5))
        store.drain()
    return canary


def _remove(folder: Folder, record: Record) -> None:
    for path in (folder.root / STORE_NAME / "records").rglob("*"):
        if path.is_file() and path.parent.name == record.key.digest:
            path.unlink()
