"""The line under a stage, as every front end shows it."""

from __future__ import annotations

import time

import pytest

from nbexp.records import STAGE_MIME, Reason, Status
from nbexp.views.line import bundle, duration, head_text, line_text, moment

LOCK = Reason("unstorable", "m.lock", '"m.lock" (_thread.lock) cannot be stored: it is a lock. Drop it first.')
EDITED = Reason("changed", "source", "its source was edited")


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status("a", "restored", ran_at="2026-11-21T14:02:00", seconds=41), "a: restored (ran 2026-11-21 14:02, 41 s)"),
        (Status("a", "ran", (EDITED,)), "a: ran (its source was edited)"),
        (Status("a", "ran"), "a: ran"),
        (Status("a", "failed"), "a: failed"),
        (Status("a", "unstored", (EDITED,), unstored=(LOCK,)), "a: ran, not stored (cannot store m.lock (lock))"),
    ],
)
def test_the_line(status: Status, line: str) -> None:
    assert line_text(status) == line


@pytest.mark.parametrize(
    ("status", "seconds", "ran_at", "text"),
    [
        ("ran", 41.0, "2026-11-21T14:02:00", "ran (2026-11-21 14:02, 41 s)"),
        ("unstored", 0.2, "", "ran, not stored (0.2 s)"),
        ("failed", 0.0, "", "failed"),
        ("restored", 41.0, "2026-11-21T14:02:00", "restored (ran 2026-11-21 14:02, 41 s)"),
    ],
)
def test_a_line_without_its_reasons(status: str, seconds: float, ran_at: str, text: str) -> None:
    assert head_text(status, seconds, ran_at) == text


def test_text_and_html_have_the_line_and_the_json_has_every_reason_whole() -> None:
    shown = bundle(Status("a<b", "unstored", (EDITED,), unstored=(LOCK,)))
    assert shown["text/plain"] == "a<b: ran, not stored (cannot store m.lock (lock))"
    assert "a&lt;b: ran, not stored (cannot store m.lock (lock))</div>" in shown["text/html"]
    assert [reason["text"] for reason in shown[STAGE_MIME]["reasons"]] == [LOCK.text, EDITED.text]


def test_the_text_of_a_restored_stage_is_the_same_in_every_replay() -> None:
    shown = bundle(Status("a", "restored", ran_at="2026-11-21T14:02:33+00:00", seconds=41.0))
    assert shown["text/plain"] == "a: restored"
    assert "a: restored (ran 2026-11-21" in shown["text/html"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be changed here")
def test_times_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "EST+5")
        time.tzset()
        assert moment("2026-11-21T14:02:33+00:00") == "2026-11-21 09:02"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.21, "0.2 s"), (41.4, "41 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
