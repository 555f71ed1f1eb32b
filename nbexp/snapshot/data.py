"""Data as facts: the content of a file, the names in a folder, whether something is there.

A file is digested as a whole, never sampled. What was digested once is not read again while the file's inode, size and
times stand, unless one of these times is so near that a later write could bear the same one.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import MutableMapping

from nbexp.hashing import digest, digest_file
from nbexp.platform import Stamp, stamp
from nbexp.records import Part

#: Known digests by absolute path, each with the state of the file that it is of. The caller keeps it.
DigestCache = MutableMapping[str, tuple[Stamp, str]]

#: A time younger than this may be given again to a later write: file systems count in steps of up to 2 s
#: (FAT), and the clock of another host may differ a little.
RACY_NS = 2_000_000_000

#: The digest of a file or folder that is not there, or cannot be read; such a dependency holds while that stays so.
MISSING, UNREADABLE = "missing", "unreadable"


def file_part(path: str, cache: DigestCache | None = None) -> Part:
    """The content of the file as a dependency (kind ``file``).

    Args:
        path: As the stage named it; a relative path is looked up from the current folder.
        cache: Digests known from before; updated.

    Example:
        >>> file_part("no/such/file.csv").digest
        'missing'
    """
    found, size = file_digest(os.path.abspath(path), cache)
    return Part("file", path, found, _size_text(size) if size is not None else found)


def file_digest(path: str, cache: DigestCache | None = None) -> tuple[str, int | None]:
    """The hexadecimal digest of a file's content and its size in bytes; `MISSING` or `UNREADABLE` and None.

    The file may change while it is read: it is read again until it stood still.
    """
    while True:
        try:
            before = os.stat(path)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return MISSING, None
        except OSError:
            return UNREADABLE, None
        known = cache.get(path) if cache is not None else None
        if known is not None and known[0] == stamp(before):
            return known[1], before.st_size
        try:
            content = digest_file(path).hex()
            after = os.stat(path)
        except FileNotFoundError:
            continue
        except OSError:
            return UNREADABLE, None
        if stamp(after) == stamp(before):
            if cache is not None and _is_settled(before):
                cache[path] = stamp(before), content
            return content, before.st_size


def _is_settled(info: os.stat_result) -> bool:
    now = time.time_ns()
    return all(abs(now - then) > RACY_NS for then in (info.st_mtime_ns, info.st_ctime_ns))


def listing_part(path: str, digest: str | None = None) -> Part:
    """The names in a folder as a dependency (kind ``listing``): a file that comes or goes changes it.

    Args:
        path: As the stage named it.
        digest: What was seen when the stage read the folder; None to look now.
    """
    return Part("listing", path, listing_digest(os.path.abspath(path)) if digest is None else digest)


def status_part(path: str, text: str | None = None) -> Part:
    """Whether something is at a path, and what, as a dependency (kind ``status``): a file with its size, or a folder.

    Args:
        path: As the stage named it.
        text: What was seen when the stage asked; None to look now.

    Example:
        >>> status_part("no/such/file.csv").text
        'missing'
    """
    found = status_text(os.path.abspath(path)) if text is None else text
    return Part("status", path, digest("status", found).hex(), found)


def status_text(path: str) -> str:
    """What is at an absolute path, and what one may do with it: ``a file of 12 bytes``, ``a link to a folder``."""
    try:
        info = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "a broken link" if os.path.islink(path) else MISSING
    except OSError:
        return UNREADABLE
    link = "a link to " if os.path.islink(path) else ""
    if not stat.S_ISREG(info.st_mode):
        return link + ("a folder" if stat.S_ISDIR(info.st_mode) else "neither a file nor a folder")
    rights = [
        text
        for right, usual, text in (
            (os.R_OK, True, "not readable"), (os.W_OK, True, "not writable"), (os.X_OK, False, "executable"),
        )
        if os.access(path, right) != usual
    ]  # fmt: skip
    return ", ".join([f"{link}a file of {info.st_size} bytes", *rights])


def folder_part() -> Part:
    """The working directory as a dependency (kind ``folder``), for code that asks where it is."""
    try:
        here = os.getcwd()
    except OSError:
        return Part("folder", "cwd", MISSING)
    return Part("folder", "cwd", digest("folder", os.fsencode(here)).hex(), here)


def listing_digest(path: str) -> str:
    """The hexadecimal digest of the names in a folder, in any order; `MISSING` or `UNREADABLE`."""
    try:
        names = os.listdir(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return MISSING
    except OSError:
        return UNREADABLE
    return digest("listing", *sorted(os.fsencode(name) for name in names)).hex()


def _size_text(size: int) -> str:
    """``3 bytes``, ``12.5 MB``."""
    if size < 1000:
        return f"{size} bytes"
    value, units = size / 1000, ("kB", "MB", "GB", "TB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            break
        value /= 1000
    return f"{value:.1f} {unit}"
