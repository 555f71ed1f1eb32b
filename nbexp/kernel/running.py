"""What a cell leaves running: threads and tasks of the notebook's own code (D24)."""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from dataclasses import dataclass
from types import FrameType
from typing import Any

from nbexp.code.origin import is_project
from nbexp.kernel.origins import module_of


@dataclass(frozen=True, slots=True)
class Running:
    """The threads and tasks at one moment, held weakly: the address of one that ended may be another's later."""

    held: tuple[weakref.ref[object], ...]

    @classmethod
    def now(cls) -> Running:
        """What runs now."""
        return cls(tuple(map(weakref.ref, [*threading.enumerate(), *_tasks()])))

    def since(self) -> tuple[str, ...]:
        """Names of threads and tasks that began since, still run, and execute notebook or project code.

        Idle workers of a library (an executor, a progress bar's monitor) are none.
        """
        known = {id(held) for reference in self.held if (held := reference()) is not None}
        fresh = [thread for thread in threading.enumerate() if id(thread) not in known]
        names = []
        if fresh:
            frames = sys._current_frames()
            names = [thread.name for thread in fresh if _project_thread(thread, frames.get(thread.ident or 0))]
        tasks = [task.get_name() for task in _tasks() if id(task) not in known and _project_task(task)]
        return tuple(names + tasks)


def _tasks() -> list[asyncio.Task[Any]]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return []
    return [task for task in asyncio.all_tasks(loop) if not task.done()]


def _project_thread(thread: threading.Thread, frame: FrameType | None) -> bool:
    target = getattr(thread, "_target", None)
    if is_project(getattr(target, "__module__", None) or "threading"):
        return True
    if is_project(type(thread).__module__) or isinstance(thread, threading.Timer):
        return True
    while frame is not None:
        if is_project(module_of(frame)):
            return True
        frame = frame.f_back
    return False


def _project_task(task: asyncio.Task[Any]) -> bool:
    coroutine: Any = task.get_coro()
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None or frame.f_code.co_name == "<module>":  # the cell itself, awaited by the shell
        return False
    return is_project(module_of(frame))
