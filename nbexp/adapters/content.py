"""Pieces of a `Node` that several values of one library are put together from: a frame from its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbexp.hashing import Pieces

#: Many buffers that are smaller than this on average are hashed as one: being called would cost more than hashing.
_SMALL_BUFFER = 2048


@dataclass(frozen=True, slots=True)
class Content:
    """Part of what a value is made of, without an identity of its own.

    Attributes:
        meta: As in `Node`; with the sizes of the buffers it must tell what each of them is.
        buffers: As in `Node`, each an array of bytes.
        children: As in `Node`.
    """

    meta: Any
    buffers: tuple[Any, ...] = ()
    children: tuple[object, ...] = ()


def joined(parts: Iterable[Content]) -> Content:
    """One content made of several, in order, each with the number of its buffers and children."""
    metas: list[Any] = []
    buffers: list[Any] = []
    children: list[object] = []
    for part in parts:
        metas.append((part.meta, len(part.buffers), len(part.children)))
        buffers += part.buffers
        children += part.children
    return Content(tuple(metas), tuple(buffers), tuple(children))


def tagged(tag: str, *parts: Content) -> Content:
    """The content of several parts under one word."""
    content = joined(parts)
    return Content((tag, content.meta), content.buffers, content.children)


def packed(content: Content) -> Content:
    """The same with many small buffers copied into one, and their sizes beside it."""
    if len(content.buffers) < 8 or any(isinstance(buffer, Pieces) for buffer in content.buffers):
        return content
    sizes = tuple(len(buffer) for buffer in content.buffers)
    if sum(sizes) >= len(sizes) * _SMALL_BUFFER:
        return content
    return Content(("packed", sizes, content.meta), (b"".join(content.buffers),), content.children)


def as_bytes(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of `array` in C order, without a copy if they lie so in memory already; never for object arrays."""
    contiguous = array if array.flags.c_contiguous else np.ascontiguousarray(array)
    return contiguous.reshape(-1).view(np.uint8)
