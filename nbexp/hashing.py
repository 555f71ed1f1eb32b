"""The one place where a digest is made: blake3 over tagged, length-prefixed parts.

Two different sequences of parts never give the same input to the hash: every part is preceded by its length, and the
whole by its tag, so ``digest("a", b"bc")`` and ``digest("ab", b"c")`` differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from nbexp import platform

#: Fingerprints and keys of another version never match: raise it when any encoding changes its meaning.
FINGERPRINT_VERSION = 1

#: From this size on a buffer is hashed by several threads. Below it one takes half a millisecond, and to wake threads
#: that sleep takes longer where the processors have other work.
THREADED_BYTES = 1 << 22

_CHUNK_BYTES = 1 << 20

_threads = blake3.AUTO


def _use_one_thread() -> None:
    """The pool of threads behind ``blake3.AUTO`` does not exist in a forked child, which would wait for it for ever."""
    global _threads
    _threads = 1


platform.after_fork_in_child(_use_one_thread)


def digest(tag: str, *parts: bytes | bytearray | memoryview | str) -> bytes:
    """The digest of `parts` under `tag`: 32 bytes.

    Strings are hashed as UTF-8 (lone surrogates kept), and are told from bytes by nothing but the tag's contract.

    Example:
        >>> digest("pair", b"a", b"bc") != digest("pair", b"ab", b"c")
        True
    """
    hasher = blake3(_framed(tag))
    for part in parts:
        hasher.update(_framed(part))
    return hasher.digest()


def _framed(part: bytes | bytearray | memoryview | str) -> bytes:
    raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else bytes(part)
    return len(raw).to_bytes(8, "little") + raw


def digest_tree(tag: str, items: Iterable[tuple[str, bytes]]) -> bytes:
    """The digest of named digests, whatever the order in which they come; names are unique."""
    flat = [piece for name, value in sorted(items) for piece in (name.encode("utf-8", "surrogatepass"), value)]
    return digest(tag, *flat)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Buffers that are hashed as if they lay one behind the other, so that where memory is cut does not matter.

    Attributes:
        pieces: Contiguous buffers, in order.
    """

    pieces: tuple[Any, ...]


def digest_buffer(buffer: Any) -> bytes:
    """The plain blake3 of one contiguous buffer or of `Pieces`, without a copy; several threads for large ones."""
    views = [_bytes_of(piece) for piece in (buffer.pieces if type(buffer) is Pieces else (buffer,))]
    threaded = sum(view.nbytes for view in views) >= THREADED_BYTES
    hasher = blake3(max_threads=_threads) if threaded else blake3()
    for view in views:
        hasher.update(view)
    return hasher.digest()


def _bytes_of(buffer: Any) -> memoryview:
    return memoryview(buffer).cast("B") if memoryview(buffer).nbytes else memoryview(b"")


def digest_file(path: str | os.PathLike[str] | int) -> bytes:
    """The plain blake3 of a file's content: equal to `digest_buffer` of its bytes.

    Args:
        path: The file, or a descriptor of it, which is read to its end and closed.
    """
    hasher = blake3(max_threads=_threads)
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.digest()
