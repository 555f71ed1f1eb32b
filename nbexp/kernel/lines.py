"""The lines of a session: what became of each stage, and what the store has met that concerns no stage's own line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nbexp.errors import NbexpError
from nbexp.records import Status
from nbexp.stage.lookup import reason_of
from nbexp.store import Store


class Lines:
    """Shows a line for each stage that is over, with the problems that no line has shown yet.

    Args:
        show: Displays a status under the cell; told whether the cell may have written text. store: Whose problems.
        setting: Which lines the user wants: ``all``, ``changes``, ``off``.
    """

    def __init__(self, show: Callable[[Status, bool], None], store: Store, setting: str) -> None:
        self._show, self._store, self._setting = show, store, setting
        self._latest: dict[str, Status] = {}
        self._untold: list[NbexpError] = []

    def conclude(self, status: Status, printed: bool) -> None:
        """A stage is over: remember its status, and show it if the user wants to see it."""
        self._untold += self._store.take_problems()
        known = {reason.text for reason in (*status.unstored, *status.reasons)}
        untold = dict.fromkeys(map(reason_of, self._untold))
        if untold:
            status = replace(status, problems=tuple(reason for reason in untold if reason.text not in known))
        self._latest.pop(status.stage, None)
        self._latest[status.stage] = status
        if self._wanted(status):
            self._show(status, printed)
            self._untold.clear()

    def _wanted(self, status: Status) -> bool:
        changed = status.status != "restored" or bool(status.problems)
        return self._setting == "all" or (self._setting == "changes" and changed)

    def statuses(self) -> list[Status]:
        """What became of each stage when it was last run, the latest at the end."""
        return list(self._latest.values())

    def finish(self) -> list[NbexpError]:
        """Wait until all that was committed is durable; the problems that no line has shown."""
        self._store.drain()
        untold, self._untold = [*self._untold, *self._store.take_problems()], []
        return untold
