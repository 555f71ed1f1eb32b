"""Interrupts while a stage runs, and afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from nbexp.kernel.interrupts import InterruptWatch


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted() -> bool:
    """Whether an interrupt now arrives."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        return True
    return False


def test_an_interrupt_is_noted_and_takes_its_course() -> None:
    before = signal.getsignal(signal.SIGINT)
    watch = InterruptWatch()
    watch.start()
    assert not watch.seen
    assert interrupted()
    assert watch.seen
    watch.stop()
    watch.stop()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_of_the_stage_that_calls_the_one_before_still_does_afterwards() -> None:
    watch = InterruptWatch()
    watch.start()
    before: Any = signal.getsignal(signal.SIGINT)
    calls: list[int] = []

    def handler(number: int, frame: Any) -> None:
        calls.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, handler)
    watch.stop()
    assert signal.getsignal(signal.SIGINT) is handler
    assert interrupted()
    assert (calls, watch.seen) == ([signal.SIGINT], False)


def test_no_handler_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch = InterruptWatch()
    watch.start()
    watch.stop()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
