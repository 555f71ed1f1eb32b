"""Text that C code prints: a kernel reads it from a pipe, in a thread of its own, a moment later."""

from __future__ import annotations

import contextlib
import select
import sys
import threading
import time
from typing import Any

from nbexp.platform import waits_for_input

#: How long to wait at most for what C code has printed already and the kernel has not read yet, in seconds.
PIPE_SECONDS = 1.0

#: How long to wait after a read where the system does not say what the reading thread does, in seconds.
UNKNOWN_SECONDS = 0.005


def drain_pipes() -> None:
    """Wait until the kernel has read what C code printed: such text comes through a pipe, by another thread.

    ipykernel puts a pipe in the place of file descriptors 1 and 2; elsewhere there is nothing to wait for. That the
    pipe is empty is not enough: the thread may have taken the bytes and wait for its turn to pass them on. It is done
    when it waits for the next ones. What a C library still keeps in its own buffer comes later and is not part of the
    cell.
    """
    deadline = time.monotonic() + PIPE_SECONDS
    for stream in (sys.stdout, sys.stderr):
        reader, thread = getattr(stream, "_fid", None), getattr(stream, "watch_fd_thread", None)
        if isinstance(reader, int) and isinstance(thread, threading.Thread) and getattr(stream, "_should_watch", True):
            with contextlib.suppress(OSError, ValueError):  # closed meanwhile, or a system that cannot wait for a pipe
                _drain(reader, thread, deadline)


def _drain(reader: int, thread: Any, deadline: float) -> None:
    waited = False
    while thread.is_alive() and time.monotonic() < deadline:
        if not select.select([reader], [], [], 0)[0]:
            idle = waits_for_input(thread.native_id, reader)
            if idle is None and waited:
                time.sleep(UNKNOWN_SECONDS)
            if idle is not False:
                return
        time.sleep(0.0005)
        waited = True
