"""Whether a stage was interrupted, even if its own code caught the interrupt: no run would give that result again."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class InterruptWatch:
    """Notes interrupts between `start` and `stop`, and lets them take their course."""

    def __init__(self) -> None:
        self.seen = False
        self._noting = False
        self._before: Any = None

    def start(self) -> None:
        """Begin. Python allows it in the main thread only, where alone interrupts arrive."""
        before = signal.getsignal(signal.SIGINT)
        if callable(before) and threading.current_thread() is threading.main_thread():
            self._before, self._noting = before, True
            signal.signal(signal.SIGINT, self._note)

    def stop(self) -> None:
        """End; a handler that the stage itself has set stays, and may go on calling ours. Safe at any moment, twice."""
        self._noting = False
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = self.seen or self._noting
        if self._before is not None:
            self._before(number, frame)
