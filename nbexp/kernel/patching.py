"""Monkeypatches of installed packages, looked for when a cell could have made one: looking costs milliseconds (D28)."""

from __future__ import annotations

import re
import sys

from nbexp.code.monkeypatches import Monkeypatch, monkeypatches
from nbexp.snapshot.modules import loaded_project_modules

#: What a cell that patches something has in its text; project modules that were imported may have patched, too.
_COULD_PATCH = re.compile(r"\.\s*\w+\s*(?::[^=\n]*)?=(?!=)|setattr|patch|regist|reload|\bdel\b|__dict__|exec|%run")


class Patches:
    """The monkeypatches in force."""

    def __init__(self) -> None:
        self._known: tuple[Monkeypatch, ...] = ()
        self._look = True
        self._count = 0
        self._modules: frozenset[str] = frozenset()

    def note_cell(self, source: str) -> None:
        """A cell with this text begins."""
        self._look = self._look or _COULD_PATCH.search(source) is not None

    def now(self) -> tuple[Monkeypatch, ...]:
        """Those in force now."""
        if len(sys.modules) != self._count:
            self._count, modules = len(sys.modules), frozenset(loaded_project_modules())
            self._look = self._look or modules != self._modules
            self._modules = modules
        if self._look:
            self._known, self._look = monkeypatches(), False
        return self._known
