"""How objects that exist already get into an unpickler's memo: by a pickle read before the real one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

#: Larger graphs are read where they lie; smaller ones are put behind the preamble.
_STREAMED_BYTES = 1 << 20

#: Protocol 5; then take the next "buffer", remember it in the memo, forget it; the end. See `preamble`.
_PROTOCOL, _REMEMBER, _END = b"\x80\x05", b"\x97\x940", b"N."


class Missing:
    """Stands for a buffer that the caller did not give: using it raises."""


def preamble(count: int) -> bytes:
    """A pickle that fills the unpickler's memo with the first `count` "buffers", whatever objects they are.

    An unpickler keeps its memo from one pickle to the next, and hands out buffers without looking at them.
    """
    return _PROTOCOL + _REMEMBER * count + _END


def stream(start: bytes, graph: memoryview) -> Any:
    """`start` and then `graph`, as the file that an unpickler reads."""
    if graph.nbytes < _STREAMED_BYTES:
        return io.BytesIO(start + graph)
    return _Stream((memoryview(start), graph))


class _Stream:
    """Pieces of memory read as one file, without putting them together."""

    def __init__(self, pieces: Sequence[memoryview]) -> None:
        self._pieces, self._at = list(pieces), 0

    def readinto(self, into: Any) -> int:
        """Fill `into`; a piece's end does not end a read."""
        target, done = memoryview(into).cast("B"), 0
        while done < target.nbytes and self._pieces:
            part = self._pieces[0][self._at : self._at + target.nbytes - done]
            target[done : done + part.nbytes] = part
            done += part.nbytes
            self._at += part.nbytes
            if self._at == self._pieces[0].nbytes:
                self._pieces, self._at = self._pieces[1:], 0
        return done

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end."""
        target = bytearray(size)
        return bytes(target[: self.readinto(target)])

    def readline(self) -> bytes:
        """The bytes up to the next newline (protocol 0 only, but the unpickler wants it)."""
        line = bytearray()
        while (byte := self.read(1)) and byte != b"\n":
            line += byte
        return bytes(line + byte)
