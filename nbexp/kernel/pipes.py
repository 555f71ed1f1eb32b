"""Text that C code prints: a kernel reads it from a pipe, in a thread of its own, a moment later."""

from __future__ import annotations

import contextlib
import select
import sys
import time

#: How long to wait for what C code has printed already and the kernel has not read yet, in seconds.
PIPE_SECONDS = 0.2


def drain_pipes() -> None:
    """Wait until the kernel has read what C code printed: such text comes through a pipe, by another thread.

    ipykernel puts a pipe in the place of file descriptors 1 and 2; elsewhere there is nothing to wait for. What a C
    library still keeps in its own buffer comes later and is not part of the cell.
    """
    deadline = time.monotonic() + PIPE_SECONDS
    for stream in (sys.stdout, sys.stderr):
        reader = getattr(stream, "_fid", None)
        if not isinstance(reader, int) or not getattr(stream, "_should_watch", True):
            continue
        waited = False
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile, or a system that cannot wait for a pipe
            while select.select([reader], [], [], 0)[0] and time.monotonic() < deadline:
                time.sleep(0.001)
                waited = True
        if waited:
            time.sleep(0.005)  # the reading thread has the bytes and passes them on
