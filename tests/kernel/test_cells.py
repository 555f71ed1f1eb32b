"""Which cell is over, whatever came in between."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from nbexp.kernel.cells import RunningCells


def info(source: str = "") -> Any:
    return SimpleNamespace(raw_cell=source)


def result(of: Any, error: BaseException | None = None) -> Any:
    return SimpleNamespace(info=of, error_in_exec=error)


def begun(cells: RunningCells, source: str = "") -> Any:
    cells.begin(one := info(source))
    cells.add(SimpleNamespace(info=one))  # type: ignore[arg-type]
    return one


def test_cells_inside_cells_end_first() -> None:
    cells = RunningCells()
    outer = begun(cells)
    cells.begin(inner := info())
    assert cells.enclosing().info is outer  # type: ignore[union-attr]
    assert cells.end(result(inner)).execution is None  # type: ignore[union-attr]
    assert cells.end(result(outer)).info is outer  # type: ignore[union-attr]
    assert cells.enclosing() is None and cells.current() is None


def test_what_never_ended_is_dropped_with_the_cell_around_it() -> None:
    cells = RunningCells()
    outer = begun(cells)
    begun(cells)  # an interrupt came before it could end
    assert cells.end(result(outer)).info is outer  # type: ignore[union-attr]
    assert cells.enclosing() is None


def test_a_cell_that_never_began_ends_no_other() -> None:
    cells = RunningCells()
    outer = begun(cells, "x = 1")
    assert cells.end(result(info(""))) is None
    assert cells.enclosing().info is outer  # type: ignore[union-attr]


def test_a_cell_torn_down_has_its_information_made_anew() -> None:
    cells = RunningCells()
    begun(cells, "x = 1")
    assert cells.end(result(info("x = 1"), SystemExit())) is not None
    assert cells.enclosing() is None


def test_threads_see_their_own_cells_first_and_those_elsewhere() -> None:
    cells = RunningCells()
    here = begun(cells)
    seen: list[Any] = []

    def other() -> None:
        seen.append((cells.enclosing(), cells.current().info, len(cells.elsewhere())))  # type: ignore[union-attr]
        own = begun(cells)
        seen.append(cells.current().info is own)  # type: ignore[union-attr]
        cells.end(result(own))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [(None, here, 1), True]
    assert cells.elsewhere() == []
