"""What was added to, used again in and removed from a store, as lines that an index reads on from where it stopped.

Each space of processes appends to a file of its own, so that no two machines write to one file; an index on any machine
reads them all. A line is written before its record becomes visible: a crash in between leaves a line without a record,
never a record without a line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbexp.store.faults import fault
from nbexp.store.records import is_id
from nbexp.store.temporary import make_folder, space

_NEVER = re.compile(r"(?!)")

_TIMES = {"+": re.compile(r"\."), "-": re.compile(r"\."), "=": re.compile(r"[0-9T:.+-]{10,40}", re.ASCII)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a record came (``+``), went (``-``), or was restored (``=``) at a `time`, in the form of its own."""

    event: str
    key: str
    id: str
    time: str = "."


def append(store: str, entry: Entry) -> None:
    """Add a line; whole whatever others append at the same time.

    Raises:
        OSError: If it cannot be written.
    """
    make_folder(folder(store))
    line = f"\n{entry.event} {entry.key} {entry.id} {entry.time}\n".encode("ascii")
    path = os.path.join(folder(store), space())
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        os.write(fd, line)
        fault("in-index")
    finally:
        os.close(fd)


def folder(store: str) -> str:
    """Where the journal's files lie."""
    return os.path.join(store, "journal")


def files(store: str) -> list[tuple[str, int]]:
    """(name, size) of the journal's files."""
    try:
        with os.scandir(folder(store)) as entries:
            return sorted(
                (e.name, e.stat(follow_symlinks=False).st_size) for e in entries if e.is_file(follow_symlinks=False)
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def entries(store: str, name: str, start: int) -> tuple[list[Entry], int]:
    """The lines of one file from byte `start` on, and where the next reading shall start.

    A line that a crash cut short is passed over; one that is being written is left for the next time.
    """
    with open(os.path.join(folder(store), name), "rb") as file:
        file.seek(start)
        content = file.read()
    whole = content.rfind(b"\n") + 1
    return list(_parsed(content[:whole])), start + whole


def _parsed(content: bytes) -> Iterator[Entry]:
    for line in content.decode("ascii", "replace").splitlines():
        words = line.split(" ")
        if len(words) == 4 and is_id(words[1]) and is_id(words[2]) and _TIMES.get(words[0], _NEVER).fullmatch(words[3]):
            yield Entry(*words)
