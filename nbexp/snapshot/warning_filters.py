"""The warning filters that the notebook set, told apart from those of libraries."""

from __future__ import annotations

import functools
import re
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from nbexp.code.origin import is_project
from nbexp.snapshot.probes import Tree


class WarningFilters:
    """The filters that notebook and project code set. Those that libraries add while they load follow the imports."""

    name, module = "warnings", "warnings"

    def __init__(self) -> None:
        self._by_project: list[tuple[Any, ...]] = []
        self._emptied: list[Any] | None = None
        self._libraries: list[tuple[Any, ...]] = []

    def watch(self) -> None:
        """Begin to notice who sets filters: the functions of ``warnings`` are wrapped once."""
        for name in ("filterwarnings", "simplefilter"):
            original = getattr(warnings, name)
            if not hasattr(original, "_nbexp"):
                setattr(warnings, name, self._noticing(original))
        if not hasattr(warnings.resetwarnings, "_nbexp"):
            warnings.resetwarnings = self._noticing_reset(warnings.resetwarnings)

    def _noticing(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def set_filter(*arguments: Any, **named: Any) -> None:
            before = list(warnings.filters)
            original(*arguments, **named)
            if is_project(_caller(sys._getframe(1))):
                self._note(_added(before, list(warnings.filters)))

        set_filter._nbexp = True  # type: ignore[attr-defined]
        return set_filter

    def _noticing_reset(self, original: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(original)
        def reset() -> None:
            before = list(warnings.filters)
            original()
            if is_project(_caller(sys._getframe(1))):
                self._note_reset(before)

        reset._nbexp = True  # type: ignore[attr-defined]
        return reset

    def _note_reset(self, before: list[tuple[Any, ...]]) -> None:
        """The libraries' own filters are gone, too; a block that puts all filters back has another list."""
        if self._emptied is not warnings.filters:
            self._libraries = [entry for entry in before if not _is_in(entry, self._by_project)]
        self._emptied = warnings.filters  # type: ignore[assignment]

    def _note(self, entries: list[tuple[Any, ...]]) -> None:
        """Entries are known by identity: a library may have set an equal one."""
        if len(self._by_project) > _MOST_NOTED:
            self._by_project = [entry for entry in self._by_project if _is_in(entry, warnings.filters)]
        self._by_project += entries

    def differences(self) -> Tree:
        """The project's filters that stand, first one first, and those of the command line."""
        found: Tree = {}
        if self._by_project:
            entries = [_named_filter(entry) for entry in warnings.filters if _is_in(entry, self._by_project)]
            found.update({"filters": entries} if entries else {})
        if self._emptied is warnings.filters:
            found["reset"] = True
        if sys.warnoptions:
            found["options"] = list(sys.warnoptions)
        return found

    def apply(self, tree: Tree) -> None:
        """Put these filters before the libraries' own, in place of the project's that stand now."""
        wanted = [_filter(entry) for entry in tree.get("filters", ())]
        others = [entry for entry in warnings.filters if not _is_in(entry, self._by_project)]
        if tree.get("reset"):
            if self._emptied is not warnings.filters:
                self._note_reset(others)
                others = []
        elif self._emptied is warnings.filters:
            self._emptied, others = None, [*others, *self._libraries]
        self._note(wanted)
        warnings.filters[:] = [*wanted, *(entry for entry in others if entry not in wanted)]  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]


#: Blocks that set filters and put them back, in a loop, note an entry each time.
_MOST_NOTED = 1000


def _is_in(entry: Any, entries: Any) -> bool:
    return any(entry is one for one in entries)


def _caller(frame: FrameType | None) -> str:
    """The module that calls into ``warnings``."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "__main__"))
        if name not in ("warnings", "contextlib"):
            return name
        frame = frame.f_back
    return "__main__"


def _added(before: list[Any], after: list[Any]) -> list[Any]:
    """What a call put first or last; a filter that was there already is moved, and counts as set anew."""
    ends = [after[0]] if after and (not before or after[0] is not before[0]) else []
    return ends or ([after[-1]] if after and (not before or after[-1] is not before[-1]) else [])


def _named_filter(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    action, message, category, module, line = entry
    return action, _pattern(message), category, _pattern(module), line


def _pattern(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else (value.pattern, value.flags)


def _filter(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    action, message, category, module, line = entry
    made = [re.compile(*value) if isinstance(value, tuple) else value for value in (message, module)]
    return action, made[0], category, made[1], line
