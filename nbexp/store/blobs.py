"""Content-addressed, immutable files: ``blobs/ab/<hex digest>``, write-protected, never rewritten.

A blob's name is the digest of its content, so what it should hold can always be checked. It is checked when written,
when fetched from another machine, and whenever its inode, size or times differ from what this machine last verified.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbexp import platform
from nbexp.errors import Damaged, StoreError
from nbexp.hashing import digest_buffer, digest_file
from nbexp.platform import stamp
from nbexp.store.temporary import Temporary, publish, sync, write_temporary
from nbexp.store.verified import Verified

if TYPE_CHECKING:
    from nbexp.store.fetched import Fetched

_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)

_CHUNK_BYTES = 1 << 20


class Blobs:
    """The blobs of one store.

    Args:
        store: The store's folder. verified: What this machine has checked there.
        local: Where blobs of a network file system are copied before they are mapped (a file that another machine
            removes would otherwise take the process down); None if the store itself is local.
    """

    def __init__(self, store: str, verified: Verified, local: Fetched | None = None) -> None:
        self.folder = os.path.join(store, "blobs")
        self._temporary = os.path.join(store, "tmp")
        self._verified = verified
        self._local = local

    def path(self, name: str) -> str:
        """Where the blob lies, or would.

        Raises:
            Damaged: If `name` is not a digest: it could lead out of the store.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Damaged(f'"{str(name)[:80]}" is not the name of a blob', "The record that names it is not used.")
        return os.path.join(self.folder, name[:2], name)

    def sound(self, name: str, size: int) -> bool:
        """Whether the blob is here and right; a damaged one is removed."""
        if not os.path.lexists(self.path(name)):
            return False
        try:
            self.file(name, size)
        except Damaged:
            return False
        return True

    def prepare(self, name: str, content: Any) -> Temporary | None:
        """Copy `content`, whose digest is `name`, to a temporary file; None if the blob is already held.

        Raises:
            OSError: If it cannot be written.
        """
        view = memoryview(content).cast("B")
        target = self.path(name)
        if self.sound(name, view.nbytes):
            with contextlib.suppress(OSError):
                os.utime(target)  # in use again: not to be taken for a leftover
            return None
        return write_temporary(self._temporary, target, view)

    def prepare_file(self, path: str | os.PathLike[str]) -> tuple[str, int, Temporary | None]:
        """Name and size of a file's content, and a copy of it unless it is already held.

        Raises:
            OSError: If it cannot be read, or the copy not be written.
        """
        name, size = digest_file(path).hex(), os.stat(path).st_size
        if self.sound(name, size):
            return name, size, None
        return name, size, write_temporary(self._temporary, self.path(name), lambda fd: _copy(path, fd))

    def publish(self, temporary: Temporary) -> None:
        """Check what was written, make it durable and give it its name.

        Raises:
            Damaged: If the file does not hold what its name says: the memory changed while it was copied.
            OSError: If the disk refuses.
        """
        name = os.path.basename(temporary.target)
        if self.sound(name, temporary.size):
            return  # another stage, or another process, was first
        if digest_file(temporary.path).hex() != name:
            raise Damaged(f'blob "{name[:12]}" changed while it was stored', "The stage is not stored; run it again.")
        sync(temporary)
        inode = os.lstat(temporary.path).st_ino
        publish(temporary)
        info = os.lstat(temporary.target)
        if info.st_ino == inode:  # else another process has replaced it meanwhile: theirs is checked when it is used
            self._verified.add(name, stamp(info))

    def read(self, name: str, size: int) -> bytes:
        """The content in memory of its own, always checked: for what can execute.

        Raises:
            Damaged: If it is missing or is not what its name says. StoreError: If it cannot be read now.
        """
        with self._open(name, size) as fd, open(fd, "rb", buffering=0, closefd=False) as file:
            content = file.readall()
        if len(content) != size or digest_buffer(content).hex() != name:
            raise self._damaged(name, "was altered")
        return content

    def map(self, name: str, size: int) -> memoryview:
        """The content, mapped copy-on-write: nothing is read before it is used, and no write reaches the store.

        Raises:
            Damaged: If it is missing or is not what its name says. StoreError: If it cannot be read now.
        """
        if self._local is not None:
            return self._fetch(self._local, name, size)
        with self._open(name, size) as fd:
            self._check(name, fd)
            return platform.map_private(fd, size)

    def file(self, name: str, size: int) -> Path:
        """The path of a verified blob, to be copied from.

        Raises:
            Damaged: If it is missing or is not what its name says. StoreError: If it cannot be read now.
        """
        with self._open(name, size) as fd:
            self._check(name, fd)
        return Path(self.path(name))

    @contextlib.contextmanager
    def _open(self, name: str, size: int) -> Iterator[int]:
        """A descriptor of the blob; one that is not there or has another size is damaged, what the system cannot read
        now is left alone."""
        try:
            fd = platform.open_regular(self.path(name))
            try:
                if os.fstat(fd).st_size != size:
                    raise self._damaged(name, "was cut short or extended")
                yield fd
            finally:
                os.close(fd)
        except OSError as error:
            if platform.is_gone(error):
                raise self._damaged(name, f"is gone ({error.strerror})") from error
            raise StoreError(f'blob "{name[:12]}" cannot be read ({error.strerror})', "It is left alone.") from error

    def _check(self, name: str, fd: int) -> None:
        found = stamp(os.fstat(fd))
        if self._verified.knows(name, found):
            return
        if digest_file(os.dup(fd)).hex() != name:
            raise self._damaged(name, "was altered")
        self._verified.add(name, found)

    def _fetch(self, local: Fetched, name: str, size: int) -> memoryview:
        """The blob by way of its local copy, or in memory of its own where no copy can be kept."""
        if not local.sound(name, size):
            content = self.read(name, size)
            try:
                local.take(name, content)
            except OSError:
                return memoryview(bytearray(content))
        return local.map(name, size)

    def _damaged(self, name: str, what: str) -> Damaged:
        """Remove the blob, so that the next run stores it anew, and say what was wrong with it."""
        with contextlib.suppress(OSError):  # a store that cannot be written keeps it; it is checked again each time
            platform.remove(self.path(name))
        return Damaged(f'blob "{name[:12]}" {what}', "It is removed; the stage runs again and stores it anew.")


def _copy(path: str | os.PathLike[str], fd: int) -> None:
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            platform.write_all(fd, chunk)
