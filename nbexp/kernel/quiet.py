"""Imports that a hit makes say nothing: what the stage's imports printed and showed is replayed with the rest of it."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any


class _Quiet:
    """A stream that drops what one thread writes; all else goes on to the stream behind it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def quiet(shell: Any) -> Iterator[None]:
    """Inside, what this thread prints and displays is dropped."""
    publisher, thread = shell.display_pub, threading.get_ident()
    publish, had = publisher.publish, "publish" in vars(publisher)

    def unless_here(*arguments: Any, **named: Any) -> Any:
        return None if threading.get_ident() == thread else publish(*arguments, **named)

    publisher.publish = unless_here
    try:
        with contextlib.redirect_stdout(_Quiet(sys.stdout)), contextlib.redirect_stderr(_Quiet(sys.stderr)):
            yield
    finally:
        if had:
            publisher.publish = publish
        else:
            del publisher.publish
