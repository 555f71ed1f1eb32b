"""The store's folder: made at the first commit, and whether anything can be read or stored there."""

from __future__ import annotations

import os

from nbexp import platform
from nbexp.records import FORMAT_VERSION

_FORMAT = "format"


def make(place: str) -> None:
    """Make the folder unless it is there: with its format, and kept out of git.

    Raises:
        OSError: It cannot be made.
    """
    mark = os.path.join(place, _FORMAT)
    if os.path.exists(mark):
        return
    os.makedirs(os.path.join(place, "tmp"), exist_ok=True)
    platform.replace_file(os.path.join(place, ".gitignore"), b"*\n", mode=0o644, durable=False)
    platform.replace_file(mark, f"{FORMAT_VERSION}\n".encode(), mode=0o644, durable=False)


def other_format(place: str) -> str | None:
    """Why the store cannot be used at all, as a clause; None if it is of this version's format, or not there yet."""
    try:
        with open(os.path.join(place, _FORMAT), encoding="ascii", errors="replace") as file:
            version = file.read(100).strip()
    except OSError:
        return None
    if version == str(FORMAT_VERSION):
        return None
    return f'the store "{place}" has format "{version}", this nbexp uses {FORMAT_VERSION}'


def unwritable(place: str) -> str | None:
    """Why nothing can be stored there, as a clause; None if something can."""
    return None if platform.writable(place) else f'the store "{place}" cannot be written'
