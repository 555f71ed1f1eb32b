"""The background thread: in order, bounded, and never ended by a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from nbexp.store import writer as writer_module
from nbexp.store.publication import Publication
from nbexp.store.records import encode
from nbexp.store.writer import THREAD_NAME, Writer
from tests.store.conftest import key_of, make_record


def job(key: str) -> Publication:
    record = make_record(key)
    return Publication(record, encode(record), (), ())


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.done: list[str] = []

    def __call__(self, job: Publication) -> None:
        self.entered.set()
        assert self.open.wait(60)
        self.done.append(job.key)


def test_jobs_are_done_in_order_by_a_named_thread() -> None:
    names: list[tuple[str, str]] = []
    writer = Writer(lambda job: names.append((job.key, threading.current_thread().name)), pytest.fail)
    for key in "abc":
        writer.submit(job(key))
    assert writer.drain(60)
    assert names == [(key_of(key), THREAD_NAME) for key in "abc"]


def test_drain_tells_whether_all_is_done() -> None:
    gate = Gate()
    writer = Writer(gate, pytest.fail)
    assert writer.drain(0)
    writer.submit(job("a"))
    assert not writer.drain(0.01)
    assert [waiting.key for waiting in writer.waiting()] == [key_of("a")]
    gate.open.set()
    assert writer.drain(60)
    assert writer.waiting() == ()


@pytest.mark.parametrize(
    "begin",
    [
        lambda writer: writer.resume(),
        lambda writer: writer.wait_for(key_of("a")),
        lambda writer: writer.drain(60),
        lambda writer: writer.submit(job("b")),
    ],
    ids=["resume", "wait for it", "drain", "the next"],
)
@pytest.mark.parametrize("asleep", [False, True], ids=["no thread yet", "a thread asleep"])
def test_what_is_held_waits_for_a_reason_to_begin(asleep: bool, begin: Callable[[Writer], object]) -> None:
    done: list[str] = []
    writer = Writer(lambda job: done.append(job.key), pytest.fail)
    if asleep:
        writer.submit(job("z"))
        assert writer.drain(60)
    writer.submit(job("a"), hold=True)
    assert [waiting.key for waiting in writer.waiting()] == [key_of("a")]
    begin(writer)
    assert writer.drain(60)
    assert key_of("a") in done


def test_two_may_wait_at_once() -> None:
    gate = Gate()
    writer = Writer(gate, pytest.fail)
    writer.submit(job("a"), hold=True)
    waiting = [threading.Thread(target=writer.drain, args=(60,)) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert gate.entered.wait(60)
    gate.open.set()
    for thread in waiting:
        thread.join(60)
    assert gate.done == [key_of("a")]


def test_only_the_wanted_key_is_waited_for() -> None:
    gate = Gate()
    writer = Writer(gate, pytest.fail)
    writer.submit(job("a"))
    writer.wait_for(key_of("b"))
    waiter = threading.Thread(target=writer.wait_for, args=(key_of("a"),))
    waiter.start()
    assert gate.done == []
    gate.open.set()
    waiter.join(60)
    assert gate.done == [key_of("a")]


def test_a_failure_is_handed_over_and_the_next_job_is_done() -> None:
    failed: list[Any] = []
    done: list[str] = []

    def work(job: Publication) -> None:
        if job.key == key_of("bad"):
            raise OSError(28, "full")
        done.append(job.key)

    def tell(job: Publication, error: Exception) -> None:
        failed.append((job.key, type(error)))
        raise RuntimeError("a reporter that fails itself")

    writer = Writer(work, tell)
    for key in ("a", "bad", "b"):
        writer.submit(job(key))
    assert writer.drain(60)
    assert (done, failed) == ([key_of("a"), key_of("b")], [(key_of("bad"), OSError)])


def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_WAITING", 2)
    gate = Gate()
    writer = Writer(gate, pytest.fail)
    writer.submit(job("a"))
    writer.submit(job("b"))
    third = threading.Thread(target=writer.submit, args=(job("c"),))
    third.start()
    third.join(0.05)
    assert third.is_alive()
    assert len(writer.waiting()) == 2
    gate.open.set()
    third.join(60)
    assert writer.drain(60)
    assert len(gate.done) == 3


def test_where_no_thread_starts_the_work_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[str] = []
    writer = Writer(lambda job: done.append(job.key), pytest.fail)
    for key in "ab":
        writer.submit(job(key))
    assert done == [key_of("a"), key_of("b")]
    assert writer.drain(0)


def test_a_closed_writer_has_no_thread_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    writer = Writer(lambda job: done.append(job.key), pytest.fail)
    before = threading.active_count()
    for key in "abc":
        writer.submit(job(key), hold=True)
        writer.close()
        assert threading.active_count() == before
    writer.close()
    assert done == [key_of(key) for key in "abc"]


def test_submitting_does_not_wait_for_the_work() -> None:
    gate = Gate()
    writer = Writer(gate, pytest.fail)
    start = time.perf_counter()
    for number in range(20):
        writer.submit(job(str(number)))
    assert time.perf_counter() - start < 30 and gate.done == []
    gate.open.set()
    assert writer.drain(60)
