"""The thread that makes results durable, so that no cell waits for a disk: one per store, fed by a bounded queue."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable

from nbexp import platform
from nbexp.store.publication import Publication

#: The thread's name, for people; `in_writer` tells by more than a name.
THREAD_NAME = "nbexp-writer"

#: How many records may wait; a cell that stores one more waits for the disk.
MAX_WAITING = 256


_own = threading.local()


def in_writer() -> bool:
    """Whether the thread that asks is a writer's: what it opens and writes is no effect of a stage."""
    return getattr(_own, "writing", False)


class Writer:
    """Carries out publications in order, in the background.

    Args:
        carry_out: What to do with each. failed: Called in the writer's thread with a publication that failed and why.
    """

    def __init__(
        self, carry_out: Callable[[Publication], None], failed: Callable[[Publication, Exception], None]
    ) -> None:
        self._carry_out, self._failed = carry_out, failed
        self._reset()
        _writers.add(self)

    def _reset(self) -> None:
        """Nothing waits and no thread runs: the state at first, and in a forked child, whose parent goes on alone."""
        self._waiting: deque[Publication] = deque()
        lock = threading.Lock()
        self._work, self._changed = threading.Condition(lock), threading.Condition(lock)
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def submit(self, job: Publication, hold: bool = False) -> None:
        """Hand over a publication; waits only if very many wait already.

        Args:
            hold: Leave the thread asleep until `resume` or until somebody waits for it.
        """
        with self._changed:
            while len(self._waiting) >= MAX_WAITING:
                self._await()
            self._waiting.append(job)
            if not hold:
                self._wake()

    def resume(self) -> None:
        """Begin with what was handed over with `hold`."""
        if self._waiting:
            with self._changed:
                self._wake()

    def _wake(self) -> None:
        self._work.notify_all()
        if self._thread is None and self._waiting:
            self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down: no thread starts, so the work is done here
            self._thread = None
            while self._waiting:
                self._do(self._waiting.popleft())

    def waiting(self) -> tuple[Publication, ...]:
        """Publications that are not finished, oldest first."""
        return tuple(self._waiting)

    def wait_for(self, key: str) -> None:
        """Wait until no record with this static key is on its way; may be interrupted."""
        with self._changed:
            while any(job.key == key for job in self._waiting):
                self._await()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until everything submitted so far and since is done; False if `timeout` seconds did not suffice."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._waiting:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._await(left)
        return True

    def close(self) -> None:
        """Finish all work and end the thread; what is submitted later has a new one."""
        with self._changed:
            while self._waiting:
                self._await()
            thread, self._thread = self._thread, None
            self._work.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _await(self, timeout: float | None = None) -> None:
        """Wait for the thread's next step."""
        self._wake()
        if self._waiting:
            self._changed.wait(timeout)

    def _run(self) -> None:
        _own.writing = True
        me = threading.current_thread()
        while True:
            with self._changed:
                while self._thread is me and not self._waiting:
                    self._work.wait()
                if self._thread is not me:  # closed
                    return
                job = self._waiting[0]
            self._do(job)
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()

    def _do(self, job: Publication) -> None:
        try:
            self._carry_out(job)
        except Exception as error:  # noqa: BLE001 - a result that cannot be stored is reported; the thread must live
            with contextlib.suppress(Exception):  # a reporter that fails must not stop the storing of what follows
                self._failed(job, error)


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _drain_all() -> None:
    for writer in list(_writers):
        writer.drain()


def _reset_all() -> None:
    for writer in list(_writers):
        writer._reset()


atexit.register(_drain_all)
platform.after_fork_in_child(_reset_all)
