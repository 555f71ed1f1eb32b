"""Named places where storing can be cut short, for tests that kill the process there; inert otherwise.

``NBEXP_FAULT=in-blob`` in the environment of a new process ends it, as ``kill -9`` would, when it first gets there;
``NBEXP_FAULT=in-blob:3`` at the third time.
"""

from __future__ import annotations

import os

from nbexp import platform

#: In the order in which storing passes them.
POINTS = ("before-temp", "in-blob", "before-fsync", "before-rename", "in-index")

_point, _, _count = os.environ.get("NBEXP_FAULT", "").partition(":")
_left = int(_count) if _count.isdigit() else 1


def fault(point: str) -> None:
    """End the process if this is the place that the environment names."""
    global _left
    if point == _point:
        _left -= 1
        if _left <= 0:
            platform.kill_self()
