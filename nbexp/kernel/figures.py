"""Figures that pyplot holds: the current one is what ``plt.plot`` draws on, and so is read and left behind by cells.

With the inline backend no figure outlives its cell. With others (``agg``, ``widget``) one does, unless it is closed: a
stage that leaves one open, or draws on one that an earlier cell left, is not stored.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbexp.records import Part

#: Methods of pyplot's table of figures through which a cell depends on those that are open.
_ASKED = ("get_active", "destroy", "destroy_all", "destroy_fig")


def open_figures() -> dict[int, int]:
    """The figures that pyplot holds: number and identity, the current one last."""
    table = _table()
    return {int(number): id(manager) for number, manager in table.figs.items()} if table else {}


def figures_part() -> Part:
    """That no figure is open, as a dependency (kind ``figures``); if one is, what equals nothing."""
    return Part("figures", "pyplot", "" if open_figures() else "none")


@dataclass(frozen=True, slots=True)
class FigureUse:
    """What a stage had to do with pyplot's figures.

    Attributes:
        asked: Whether it asked for those that are open. before: Numbers of those that were open when it began.
        left: Numbers of those that it opened, and that are open still. closed: of those that it closed.
    """

    asked: bool = False
    before: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    closed: tuple[int, ...] = ()


class FigureWatch:
    """Sees whether a stage asks pyplot for its figures, and which it leaves."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, int] = {}
        self._table: Any = None
        self._originals: dict[str, Any] = {}

    def start(self) -> None:
        """Begin to watch."""
        self._table, self._before, self._asked = _table(), open_figures(), False
        for name in _ASKED if self._table else ():
            self._originals[name] = vars(self._table)[name]
            setattr(self._table, name, self._noting(getattr(self._table, name)))

    def stop(self) -> FigureUse:
        """End, and say what was seen; safe at any moment."""
        for name, original in self._originals.items():
            setattr(self._table, name, original)
        self._originals = {}
        now = open_figures()
        return FigureUse(
            self._asked or (self._table is None and _table() is not None),
            tuple(self._before),
            tuple(number for number, figure in now.items() if self._before.get(number) != figure),
            tuple(number for number in self._before if number not in now),
        )

    def _noting(self, original: Callable[..., Any]) -> Any:
        @functools.wraps(original)
        def noting(*arguments: Any, **named: Any) -> Any:
            self._asked = True
            return original(*arguments, **named)

        return staticmethod(noting)


def _table() -> Any:
    module = sys.modules.get("matplotlib._pylab_helpers")
    return getattr(module, "Gcf", None)
