"""Figures that pyplot holds: the current one is what ``plt.plot`` draws on, and so is read and left behind by cells.

With the inline backend no figure outlives its cell. With others (``agg``, ``widget``) one does, unless it is closed: a
stage that leaves one open, or draws on one that an earlier cell left, is not stored.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from nbexp.records import Part

#: Methods of pyplot's table of figures through which a cell depends on those that are open.
_ASKED = ("get_active", "destroy", "destroy_all", "destroy_fig")

#: Functions of pyplot that say which are open, or give one that is. Pyplot calls the first for itself too, to number a
#: new figure.
_SAYING = ("get_fignums", "get_figlabels", "fignum_exists", "figure")


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
        self._originals: list[tuple[Any, str, Any]] = []

    def start(self) -> None:
        """Begin to watch."""
        self._table, self._before, self._asked = _table(), open_figures(), False
        for name in _ASKED if self._table else ():
            self._wrap(self._table, name, staticmethod(self._noting(getattr(self._table, name))))
        pyplot = sys.modules.get("matplotlib.pyplot")
        for name in _SAYING if hasattr(pyplot, _SAYING[-1]) else ():
            self._wrap(pyplot, name, self._noting(getattr(pyplot, name), _is_question))

    def stop(self) -> FigureUse:
        """End, and say what was seen; safe at any moment."""
        while self._originals:
            setattr(*self._originals.pop())
        now = open_figures()
        return FigureUse(
            self._asked or (self._table is None and _table() is not None),
            tuple(self._before),
            tuple(number for number, figure in now.items() if self._before.get(number) != figure),
            tuple(number for number in self._before if number not in now),
        )

    def _wrap(self, owner: Any, name: str, wrapper: Any) -> None:
        self._originals.append((owner, name, vars(owner)[name]))
        setattr(owner, name, wrapper)

    def _noting(self, original: Callable[..., Any], is_question: Callable[..., bool] | None = None) -> Any:
        """The function, noted when it is called; with `is_question`, when that says so of the call."""

        @functools.wraps(original)
        def noting(*arguments: Any, **named: Any) -> Any:
            if is_question is None or is_question(sys._getframe(1), original, *arguments, **named):
                self._asked = True
            return original(*arguments, **named)

        return noting


def _is_question(caller: FrameType, function: Callable[..., Any], num: Any = None, *_: Any, **__: Any) -> bool:
    """Whether a call of pyplot's `function` asks for open figures: ``figure()`` does not, ``figure(1)`` does."""
    if function.__name__ == "figure":
        return num is not None
    return caller.f_globals.get("__name__") != function.__module__


def _table() -> Any:
    module = sys.modules.get("matplotlib._pylab_helpers")
    return getattr(module, "Gcf", None)
