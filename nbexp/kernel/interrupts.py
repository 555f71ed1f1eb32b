"""Whether a stage was interrupted, even if its own code caught the interrupt: no run would give that result again."""

from __future__ import annotations

import signal
import threading
from types import CodeType, FrameType, TracebackType
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

    @classmethod
    def hide(cls, error: BaseException | None) -> None:
        """Take our handler out of the tracebacks of `error` and of what it came from: a plain cell has none."""
        seen = set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            _cut(error.__traceback__, cls._note.__code__)
            error = error.__cause__ or error.__context__

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = self.seen or self._noting
        if self._before is not None:
            self._before(number, frame)


def _cut(traceback: TracebackType | None, code: CodeType) -> None:
    while traceback is not None:
        while (following := traceback.tb_next) is not None and following.tb_frame.f_code is code:
            traceback.tb_next = following.tb_next
        traceback = traceback.tb_next
