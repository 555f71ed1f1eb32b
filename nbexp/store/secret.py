"""Secret files of this user: made at first use, readable by nobody else, outside every store and project."""

from __future__ import annotations

import os
import secrets
import stat

from nbexp import platform
from nbexp.errors import StoreError

_KEY_BYTES = 32


def secret(folder: str, name: str) -> bytes:
    """The 32 bytes of a secret file, made at first use; two first uses at once agree on one.

    Raises:
        StoreError: It can be neither read nor made, or others can read it.
    """
    path = os.path.join(folder, name)
    try:
        if not os.path.lexists(path):
            _make(folder, path)
        return _read(path)
    except OSError as error:
        raise StoreError(
            f'the key "{path}" can be neither read nor made: {error.strerror}',
            "Stored results are not used without it; set XDG_CONFIG_HOME to a folder of your own.",
        ) from error


def _make(folder: str, path: str) -> None:
    platform.make_private_dir(folder)
    temporary = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    fd = platform.create(temporary, 0o600)
    try:
        platform.write_all(fd, secrets.token_bytes(_KEY_BYTES))
        os.fsync(fd)
    finally:
        os.close(fd)
    platform.publish_new(temporary, path)
    platform.fsync_directory(folder)


def _read(path: str) -> bytes:
    fd = platform.open_regular(path)
    try:
        info = os.fstat(fd)
        content = os.read(fd, _KEY_BYTES + 1)
    finally:
        os.close(fd)
    if len(content) != _KEY_BYTES:
        raise StoreError(f'the key "{path}" is damaged', "Delete it: a new one is made, and stored results run again.")
    if not platform.is_private(info):
        mode = stat.S_IMODE(info.st_mode)
        raise StoreError(
            f'the key "{path}" can be read or written by others (mode {mode:04o})',
            "Delete it if they may have: a new one is made. Else chmod 600 it.",
        )
    return content
