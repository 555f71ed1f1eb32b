"""Which cells run now: in each thread (a subshell has one of its own) a stack, for magics run cells inside cells."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

    from nbexp.kernel.execution import Execution
    from nbexp.kernel.order import Turn


class RunningCell:
    """A cell that has begun.

    Attributes:
        execution: If it is a stage. turn: Its turn in the order of cells, if it has one.
        metrics: Names of metrics logged together -> the id of the display that shows them.
    """

    def __init__(self, info: ExecutionInfo) -> None:
        self.info = info
        self.execution: Execution | None = None
        self.turn: Turn | None = None
        self.metrics: dict[tuple[str, ...], str] = {}


class RunningCells:
    """The cells of one shell that have begun and are not over. A thread changes its own stack only."""

    def __init__(self) -> None:
        self._stacks: dict[int, list[RunningCell]] = {}

    def begin(self, info: ExecutionInfo) -> RunningCell:
        """A cell begins in this thread."""
        cell = RunningCell(info)
        self._stacks.setdefault(threading.get_ident(), []).append(cell)
        return cell

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Inside, cells of this thread run as if the one that runs them had not begun."""
        here = threading.get_ident()
        stack = self._stacks.pop(here, [])
        try:
            yield
        finally:
            self._stacks[here] = stack

    def is_alone(self) -> bool:
        """Whether one cell runs, and none in it or beside it."""
        return sum(map(len, self._stacks.values())) == 1

    def add(self, execution: Execution) -> None:
        """The innermost cell of this thread is a stage."""
        self._here()[-1].execution = execution

    def end(self, result: ExecutionResult | None) -> RunningCell | None:
        """The cell that is over now with this result (None if it was torn down); None if it never began here.

        What began after it and never ended (an interrupt came in between) is dropped with it.
        """
        stack = self._here()
        place = next((place for place in reversed(range(len(stack))) if _is_of(result, stack[place])), None)
        if place is None:
            return None
        cell = stack[place]
        del stack[place:]
        if not stack:
            self._stacks.pop(threading.get_ident(), None)
        return cell

    def enclosing(self) -> Execution | None:
        """The innermost stage that runs in this thread."""
        return next((cell.execution for cell in reversed(self._here()) if cell.execution is not None), None)

    def current(self) -> Execution | None:
        """The innermost stage of this thread; in a thread of the user's own, the one that began last anywhere."""
        stages = [
            cell.execution for stack in list(self._stacks.values()) for cell in stack if cell.execution is not None
        ]
        return self.enclosing() or (stages[-1] if stages else None)

    def innermost(self) -> RunningCell | None:
        """The innermost cell of this thread; in a thread of the user's own, the one that began last anywhere."""
        cells = self._here() or [cell for stack in list(self._stacks.values()) for cell in stack]
        return cells[-1] if cells else None

    def elsewhere(self) -> list[RunningCell]:
        """The cells that run in other threads."""
        here = threading.get_ident()
        return [cell for thread, stack in list(self._stacks.items()) if thread != here for cell in stack]

    def _here(self) -> list[RunningCell]:
        return self._stacks.get(threading.get_ident(), [])


def _is_of(result: ExecutionResult | None, cell: RunningCell) -> bool:
    """Whether a result is that of a cell; for one that was torn down IPython may make the information anew."""
    if result is None or result.info is cell.info:
        return True
    return result.error_in_exec is not None and getattr(result.info, "raw_cell", None) == cell.info.raw_cell
