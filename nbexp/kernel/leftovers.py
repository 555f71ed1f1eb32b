"""What a stage cell's own last run left behind is no input of its next one: from top to bottom it would not be there.

Without this, running a cell again would miss: ``for row in rows: last = row`` may leave ``row`` as it was (there may be
no rows), so a ``row`` that is there counts as read. Names that the cell itself made are set aside while it is decided
and run; what it does not bind anew comes back afterwards. Names that were there before it first ran are inputs, and so
are those without which it can only fail: an edited cell that begins with what it made before its edit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, MutableMapping
from typing import Any

from nbexp.stage.analysis import Analysis, analyse
from nbexp.stage.surely import surely_read

_WORD = re.compile(r"\w+")


class Leftovers:
    """Names that stage cells of one shell have made, by cell."""

    def __init__(self) -> None:
        self._made: dict[
            str, dict[str, int]
        ] = {}  # cell -> name -> id of the value; never the value, which would live on

    def note_cell(self, cell: str, source: str) -> None:
        """A cell with this source, as IPython transformed it, is about to run: what it binds is no longer another's."""
        words = set(_WORD.findall(source))
        others = [made for owner, made in self._made.items() if owner != cell and not words.isdisjoint(made)]
        if not others:
            return
        for made in others:
            for name in _bound_by(source, made):
                made.pop(name, None)

    def set_aside(
        self, cell: str, tree: ast.Module, analysis: Analysis, namespace: MutableMapping[str, Any]
    ) -> dict[str, Any]:
        """Take the names that `cell` made, and binds now as well, out of the namespace."""
        made = self._made.get(cell, {})
        names = {name for name in made if name in analysis.stores and id(namespace.get(name)) == made[name]}
        if names:
            names -= surely_read(tree)
        return {name: namespace.pop(name) for name in sorted(names)}

    def note_made(
        self, cell: str, before: Iterable[str], now: Iterable[str], namespace: MutableMapping[str, Any]
    ) -> None:
        """`cell` is over: of the user's names, these were there `before`; all new ones are among those of `now`."""
        self._made[cell] = {name: id(namespace[name]) for name in set(now).difference(before) if name in namespace}


def _bound_by(source: str, names: Iterable[str]) -> Iterable[str]:
    try:
        analysis = analyse(ast.parse(source), source)
    except (SyntaxError, ValueError):
        return ()
    return list(names) if analysis.dynamic or analysis.always else analysis.stores | analysis.deletes


def put_back(aside: MutableMapping[str, Any], namespace: MutableMapping[str, Any]) -> None:
    """Bind the names that were set aside and not bound anew; twice does no harm."""
    while aside:
        name, value = aside.popitem()
        namespace.setdefault(name, value)
