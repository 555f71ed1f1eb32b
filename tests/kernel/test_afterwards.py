"""What waits for a kernel's reply is done by then, in order, and before anything else runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbexp.errors import StoreError
from nbexp.kernel.active import active_session, finish_storing
from nbexp.kernel.afterwards import Afterwards
from nbexp.store import Store
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        made.start()
        yield made


def within_a_loop(act: Callable[[], None]) -> None:
    """Run `act` as a kernel runs a cell: its loop is there and waits."""

    async def call() -> None:
        act()

    asyncio.run(call())


def stored(store: Store) -> list[str]:
    return [stage.stage for stage in store.catalog().stages()]


def unexpected(error: Exception) -> None:
    raise AssertionError from error


def test_an_error_is_told_and_the_rest_is_done() -> None:
    told, done = list[str](), list[int]()

    async def call() -> None:
        afterwards = Afterwards(lambda error: told.append(str(error)))
        afterwards.add(lambda: [][0])
        afterwards.add(lambda: done.append(1))
        afterwards.run()

    asyncio.run(call())
    assert (told, done) == (["list index out of range"], [1])


def test_what_was_interrupted_is_done_the_next_time() -> None:
    interrupts, done = [KeyboardInterrupt()], list[int]()

    def act() -> None:
        if interrupts:
            raise interrupts.pop()
        done.append(1)

    async def call() -> None:
        afterwards = Afterwards(unexpected)
        afterwards.add(act)
        with pytest.raises(KeyboardInterrupt):
            afterwards.run()
        afterwards.run()

    asyncio.run(call())
    assert done == [1]


def test_without_a_loop_it_is_done_at_once() -> None:
    done: list[int] = []
    Afterwards(unexpected).add(lambda: done.append(1))
    assert done == [1]


def test_in_a_loop_it_waits_and_is_done_once_in_order() -> None:
    afterwards, done = Afterwards(unexpected), list[int]()

    async def call() -> None:
        for number in range(3):
            afterwards.add(lambda number=number: done.append(number))
        assert done == []
        afterwards.run()
        assert done == [0, 1, 2]
        afterwards.run()

    asyncio.run(call())
    assert done == [0, 1, 2]


def test_the_loop_does_it_when_it_gets_to_it() -> None:
    async def call() -> None:
        done = asyncio.Event()
        Afterwards(unexpected).add(done.set)
        await asyncio.wait_for(done.wait(), 60)

    asyncio.run(call())


def test_the_next_cell_finds_what_the_one_before_made(project: Project) -> None:
    def act() -> None:
        project.run(Cell("%%stage first\nx = 1"))
        assert project.run(Cell("%%stage a\ny = [x, 2]")).status == "ran"
        assert project.run(Cell("%%stage a\ny = [x, 2]")).status == "restored"
        project.run(Cell("%%stage b\nz = [y]\nprint(z)"))
        project.run(Cell("y.append(3)"))  # what was stored is as it was
        project.run(Cell("y.pop()"))
        again = project.run(Cell("%%stage b\nz = [y]\nprint(z)"))
        assert (again.status, again.text) == ("restored", "[[1, 2]]\n")

    within_a_loop(act)


def test_an_array_that_is_changed_at_once_is_stored_as_it_was(project: Project) -> None:
    pytest.importorskip("numpy")

    def act() -> None:
        project.run(Cell("import numpy as np"))
        project.run(Cell("%%stage first\nx = 1"))
        project.run(Cell("%%stage a\ny = np.arange(3)"))
        assert project.shell is not None
        project.shell.user_ns["y"][:] = 9  # by a widget, before the loop has got to it
        assert project.run(Cell("%%stage a\ny = np.arange(3)")).status == "restored"
        assert project.shell.user_ns["y"].tolist() == [0, 1, 2]

    within_a_loop(act)


def test_the_end_of_the_session_finds_it_stored(project: Project, tmp_path: Path) -> None:
    def act() -> None:
        project.run(Cell("%%stage first\nx = 1"))
        project.run(Cell("%%stage a\ny = 2"))
        assert finish_storing() == []

    within_a_loop(act)
    assert sorted(stored(Store.open(tmp_path))) == ["a", "first"]


def test_what_cannot_be_stored_by_then_is_told_on_the_next_line(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        project.run(Cell("%%stage first\nx = 1"))
        session = active_session()
        assert session is not None
        commit = session.store.commit

        def fail(*arguments: object, **named: object) -> str:
            monkeypatch.setattr(session.store, "commit", commit)
            raise StoreError("it is full", "Make room.")

        monkeypatch.setattr(session.store, "commit", fail)
        assert project.run(Cell("%%stage a\ny = 2")).status == "ran"
        project.run(Cell("%%stage first\nx = 1"))
        assert [reason.text for reason in session.statuses[-1].problems] == [
            'the result of "a" was not stored: it is full'
        ]

    within_a_loop(act)
