"""Files on their way into the store: written under a temporary name, made durable and renamed later.

Temporary names carry the process that made them, so that what a killed process left can be told from what a living one
is writing.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nbexp import platform
from nbexp.hashing import digest
from nbexp.store.faults import fault

#: What another machine left is swept after this time: longer than any file takes to be written.
FOREIGN_SECONDS = 24 * 3600

_CHUNK_BYTES = 8 << 20

_DIGITS = re.compile(r"[0-9a-f]{2}|[0-9a-f]{64}", re.ASCII)

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Temporary:
    """A file that waits for its name.

    Attributes:
        path: Where it lies now. target: The name it will get. size: Bytes.
    """

    path: str
    target: str
    size: int


def space() -> str:
    """Short name of the space in which this process's id means something."""
    return digest("process space", platform.process_space()).hex()[:12]


def write_temporary(folder: str, target: str, pieces: Callable[[int], None] | bytes | memoryview) -> Temporary:
    """A new file in `folder` that shall become `target`; not yet durable.

    Args:
        pieces: The content, or a function that writes it to the descriptor it is given.

    Raises:
        OSError: If it cannot be written (a full disk); nothing is left behind then.
    """
    fault("before-temp")
    path = os.path.join(folder, f"{space()}.{os.getpid()}.{next(_numbers)}.{time.time_ns():x}")
    fd = _create(path)
    try:
        if callable(pieces):
            pieces(fd)
        else:
            _write(fd, memoryview(pieces))
        size = os.fstat(fd).st_size
    except BaseException:
        os.close(fd)
        platform.remove(path)
        raise
    os.close(fd)
    return Temporary(path, target, size)


def _create(path: str) -> int:
    try:
        return platform.create(path)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        return platform.create(path)


def _write(fd: int, view: memoryview) -> None:
    flat = view.cast("B") if view.nbytes else memoryview(b"")
    half = flat.nbytes // 2
    for start, stop in ((0, half), (half, flat.nbytes)):
        for at in range(start, stop, _CHUNK_BYTES):
            platform.write_all(fd, flat[at : min(at + _CHUNK_BYTES, stop)])
        if stop == half:
            fault("in-blob")


def sync(temporary: Temporary) -> None:
    """Make the content durable and the file read-only."""
    fault("before-fsync")
    fd = os.open(temporary.path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.chmod(temporary.path, 0o444)
        os.fsync(fd)
    finally:
        os.close(fd)


def publish(temporary: Temporary) -> None:
    """Give the file its name, durably: there is a whole file under that name, or none."""
    fault("before-rename")
    folder = os.path.dirname(temporary.target)
    make_folder(folder)
    platform.replace(temporary.path, temporary.target)
    platform.fsync_directory(folder)


def discard(written: Iterable[Temporary]) -> None:
    """Remove copies that will not get their names."""
    for temporary in written:
        with contextlib.suppress(OSError):  # `sweep` removes it later
            platform.remove(temporary.path)


def make_folder(folder: str) -> None:
    """A folder of the store, and those above it, made durably if they are not there.

    Somebody may keep ``blobs`` on another disk through a link. The folders inside it, whose names are digests or their
    first two digits, must not be links: one that is was planted.

    Raises:
        NotADirectoryError: If the name is taken by a file or by such a link.
    """
    above = os.path.dirname(folder)
    planted = [
        place for place in (folder, above) if _DIGITS.fullmatch(os.path.basename(place)) and os.path.islink(place)
    ]
    if planted:
        raise NotADirectoryError(errno.ENOTDIR, "a link stands where a folder of the store should be", planted[0])
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        make_folder(above)
        make_folder(folder)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, "a file stands where a folder should be", folder) from None
    else:
        platform.fsync_directory(above)


def sweep(folder: str) -> int:
    """Remove what processes that are no more have left; how many files it was."""
    removed = 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    for name in names:
        path = os.path.join(folder, name)
        if _abandoned(name, path):
            removed += platform.remove(path)
    return removed


def _abandoned(name: str, path: str) -> bool:
    where, _, rest = name.partition(".")
    pid = rest.partition(".")[0]
    if where == space() and pid.isdigit():
        return not platform.process_alive(int(pid))
    try:
        return time.time() - os.lstat(path).st_mtime > FOREIGN_SECONDS
    except OSError:
        return False
