"""What a stage leaves running."""

from __future__ import annotations

import threading

import pytest

from nbexp.kernel.running import Running

WORK = "def work(): stop.wait(60)"


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def start(stop: threading.Event, name: str) -> threading.Thread:
    """A thread of the notebook's own code."""
    namespace = {"__name__": "__main__", "stop": stop}
    exec(WORK, namespace)
    thread = threading.Thread(target=namespace["work"], name=name)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_a_thread_that_began_before_is_not_told(stop: threading.Event) -> None:
    before = start(stop, "before")
    running = Running.now()
    after = start(stop, "after")
    assert running.since() == ("after",)
    stop.set()
    before.join()
    after.join()
    assert running.since() == ()


def test_a_thread_at_the_address_of_one_that_ended_is_told(stop: threading.Event) -> None:
    for _ in range(100):
        ended = threading.Event()
        thread = start(ended, "before")
        running, address = Running.now(), id(thread)
        ended.set()
        thread.join()
        del thread
        thread = start(stop, "after")
        assert running.since() == ("after",)
        stop.set()
        thread.join()
        stop.clear()
        if id(thread) == address:
            return
    pytest.skip("no address was used again")
