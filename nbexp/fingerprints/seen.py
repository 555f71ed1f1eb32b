"""Which objects were met before, by identity, for many objects at once."""

from __future__ import annotations

from typing import Any

#: Large sets of ids stay apart until there are this many: asking each is cheaper than building one of all.
_MANY = 8

_LARGE = 4096


class Seen:
    """The ids of objects met so far. Whoever asks keeps the objects alive.

    Args:
        known: Objects that count as met.
    """

    def __init__(self, *known: object) -> None:
        self._ids: list[set[int]] = [set(map(id, known))]

    def split(self, objects: list[Any]) -> tuple[list[Any], list[Any]]:
        """Those of `objects` not met before, once each and in order, and those met again; all are met now."""
        ids = set(map(id, objects))
        again: list[Any] = []
        if len(ids) != len(objects) or not all(map(ids.isdisjoint, self._ids)):
            objects, again = self._one_by_one(objects, ids)
        self._keep(ids)
        return objects, again

    def _keep(self, ids: set[int]) -> None:
        if len(ids) < _LARGE:
            self._ids[0] |= ids
        elif len(self._ids) < _MANY:
            self._ids.append(ids)
        else:
            self._ids = [set(), ids.union(*self._ids)]

    def _one_by_one(self, objects: list[Any], ids: set[int]) -> tuple[list[Any], list[Any]]:
        met = set().union(*[ids & before for before in self._ids])
        new, again = [], []
        for o in objects:
            if id(o) in met:
                again.append(o)
            else:
                met.add(id(o))
                new.append(o)
        return new, again
