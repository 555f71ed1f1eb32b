"""Text that C code prints: a kernel reads it from a pipe, in a thread of its own, a moment later."""

from __future__ import annotations

import contextlib
import select
import sys
import threading
import time
from weakref import WeakKeyDictionary

from nbexp.platform import ThreadWait

#: How long to wait at most for what C code has printed already and the kernel has not read yet, in seconds.
PIPE_SECONDS = 1.0

#: How long to wait after a read where the system does not say what the reading thread does, in seconds.
UNKNOWN_SECONDS = 0.005

_waits: WeakKeyDictionary[threading.Thread, ThreadWait] = WeakKeyDictionary()


def drain_pipes() -> None:
    """Wait until the kernel has read what C code printed: such text comes through a pipe, by another thread.

    ipykernel puts a pipe in the place of file descriptors 1 and 2; elsewhere there is nothing to wait for. That the
    pipe is empty is not enough: the thread may have taken the bytes and wait for its turn to pass them on. It is done
    when it waits for the next ones. What a C library still keeps in its own buffer comes later and is not part of the
    cell.
    """
    for stream in (sys.stdout, sys.stderr):
        reader, thread = getattr(stream, "_fid", None), getattr(stream, "watch_fd_thread", None)
        if isinstance(reader, int) and isinstance(thread, threading.Thread) and getattr(stream, "_should_watch", True):
            with contextlib.suppress(OSError, ValueError):  # closed meanwhile, or a system that cannot wait for a pipe
                _drain(reader, thread)


def _drain(reader: int, thread: threading.Thread) -> None:
    if thread.native_id is None:
        return
    wait = _waits.get(thread) or _waits.setdefault(thread, ThreadWait(thread.native_id))
    deadline = time.monotonic() + PIPE_SECONDS
    waited = False
    # In this order: a thread that is about to be woken by new text seems to wait still.
    while _readable(reader) or (idle := wait.on(reader)) is False:
        if not thread.is_alive() or time.monotonic() > deadline:
            return
        time.sleep(0.0005)
        waited = True
    if idle is None and waited:
        time.sleep(UNKNOWN_SECONDS)


def _readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])
