"""What C code prints reaches the notebook before the cell is over, however slow the thread that passes it on."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from nbexp.kernel import pipes
from nbexp.kernel.pipes import drain_pipes
from nbexp.platform import ThreadWait


class PipedStream:
    """A stream whose descriptor is a pipe, read by a thread: the fields of ipykernel's `OutStream` that we use.

    The thread takes its time between reading and passing on, as it does on a busy machine.
    """

    def __init__(self, seconds: float) -> None:
        self._fid, self.end = os.pipe()
        self._should_watch = True
        self._seconds = seconds
        self.texts: list[bytes] = []
        self.watch_fd_thread = threading.Thread(target=self._watch, daemon=True)
        self.watch_fd_thread.start()

    def _watch(self) -> None:
        while text := os.read(self._fid, 1000):
            time.sleep(self._seconds)
            self.texts.append(text)

    def close(self) -> None:
        os.close(self.end)
        self.watch_fd_thread.join()
        os.close(self._fid)


@pytest.fixture
def stream(request: pytest.FixtureRequest) -> Iterator[PipedStream]:
    one = PipedStream(getattr(request, "param", 0.0))
    yield one
    one.close()


def drain(stream: PipedStream) -> None:
    before, sys.stdout = sys.stdout, cast(Any, stream)
    try:
        drain_pipes()
    finally:
        sys.stdout = before


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="this system does not say what a thread waits for")
@pytest.mark.parametrize("stream", [0.05], indirect=True)
def test_waits_for_a_thread_that_holds_the_text(stream: PipedStream) -> None:
    for number in range(5):
        os.write(stream.end, b"%d" % number)
        drain(stream)
        assert b"".join(stream.texts) == b"01234"[: number + 1]


@pytest.mark.parametrize("stream", [0.0, 0.3], indirect=True)
def test_does_not_wait_for_ever(stream: PipedStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "PIPE_SECONDS", 0.02)
    started = time.monotonic()
    os.write(stream.end, b"x")
    drain(stream)
    assert time.monotonic() - started < 0.25


def test_a_system_that_does_not_tell(stream: PipedStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadWait, "on", lambda self, fd: None)
    monkeypatch.setattr(pipes, "UNKNOWN_SECONDS", 100)
    drain(stream)  # nothing was there to read: nothing to wait for


def test_a_thread_is_told_from_its_descriptor(stream: PipedStream) -> None:
    thread = stream.watch_fd_thread.native_id
    assert thread is not None
    wait = ThreadWait(thread)
    if wait.on(stream._fid) is None:
        pytest.skip("this system does not say what a thread waits for")
    deadline = time.monotonic() + 30
    while not wait.on(stream._fid):
        assert time.monotonic() < deadline
    assert wait.on(stream.end) is False
    assert ThreadWait(threading.get_native_id()).on(stream._fid) is False
    assert ThreadWait(2**31 - 1).on(stream._fid) is None


def test_text_read_after_a_system_that_does_not_tell(stream: PipedStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadWait, "on", lambda self, fd: None)
    monkeypatch.setattr(pipes, "UNKNOWN_SECONDS", 0.0)
    os.write(stream.end, b"x" * 60_000)
    drain(stream)
    assert sum(map(len, stream.texts)) >= 59_000  # the last piece may be on its way
