"""What was added to, used again in and removed from a store, as lines that an index reads on from where it stopped.

Each space of processes appends to a file of its own, so that no two machines write to one file; an index on any machine
reads them all. A line is written before its record becomes visible: a crash in between leaves a line without a record,
never a record without a line.
"""

from __future__ import annotations

import json
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
    """One line: a record came (``+``), went (``-``), or was restored (``=``).

    Attributes:
        time: Of a use: when, in the form of a record's own. notebook, stage, cell: where, which need not be what the
            record itself says: a notebook may be a copy of the one that ran.
    """

    event: str
    key: str
    id: str
    time: str = "."
    notebook: str = ""
    stage: str = ""
    cell: str = ""


def append(store: str, entry: Entry) -> None:
    """Add a line; whole whatever others append at the same time.

    Raises:
        OSError: If it cannot be written.
    """
    make_folder(folder(store))
    where = f" {json.dumps([entry.notebook, entry.stage, entry.cell])}" if entry.event == "=" else ""
    line = f"\n{entry.event} {entry.key} {entry.id} {entry.time}{where}\n".encode("ascii")
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
        event, key, name, time, where = [*line.split(" ", 4), "", "", "", "", ""][:5]
        place = _place(where) if event == "=" else [] if not where else None
        if place is not None and is_id(key) and is_id(name) and _TIMES.get(event, _NEVER).fullmatch(time):
            yield Entry(event, key, name, time, *place)


def _place(where: str) -> list[str] | None:
    """Notebook, stage and cell of a use; None if it is no such thing, or nothing to be shown on a terminal."""
    try:
        found = json.loads(where)
    except (ValueError, RecursionError):
        return None
    sound = (
        isinstance(found, list)
        and len(found) == 3
        and all(isinstance(word, str) and word.isprintable() for word in found)
    )
    return found if sound else None
