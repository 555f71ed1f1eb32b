"""Tuples met on a walk: which are large, and which are met again.

A tuple is written where it stands, each time, because tuples have no identity. That would blow up for large ones (or
for a tuple of tuples of tuples that share their parts), so large tuples are hashed once and referred to. *Large* is a
property of the value: more than `LARGE` items, counted as if nothing were shared, or more than `HIGH` levels of tuples.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import chain
from typing import Any

from nbexp.fingerprints.kinds import ATOMS, MUTABLE
from nbexp.fingerprints.seen import Seen

LARGE = 256
HIGH = 32

#: Up to this many items in one level of tuples it costs nothing to look at tuples again.
_CHEAP = 1 << 18

_CHUNK = 2048


class Tuples:
    """The tuples of one walk, added level by level.

    Attributes:
        shared: For the walk: ids of tuples whose content is known to be reached twice.
    """

    def __init__(self) -> None:
        self.shared: set[int] = set()
        self._seen = Seen()
        self._flat: list[list[tuple[Any, ...]]] = []
        self._long: list[tuple[Any, ...]] = []
        self._nested: list[list[tuple[Any, ...]]] = []
        self._measure = False
        self._depth, self._height, self._product = -2, 0, 1

    def add(self, tuples: list[tuple[Any, ...]], depth: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Take note of all tuples of one level.

        Returns:
            Those to look into: new, and not of atoms alone; and those seen before, whose content is reached again.
        """
        longest = max(map(len, tuples))
        many = self._measure or longest * len(tuples) > _CHEAP
        new, again = self._seen.split(tuples) if many else (tuples, [])
        types = _types_in(new)
        self._bound(longest, depth)
        if types <= ATOMS:
            self._flat.append(new)
            if longest > LARGE:
                self._long.extend([t for t in new if len(t) > LARGE])
            return [], again  # what was seen before need not be flat
        if not many and not types.isdisjoint(MUTABLE):
            new, again = self._seen.split(new)
        if again:
            self._measure = True  # the bound counts levels, and these are on more than one
        self._nested.append(new)
        return new, again

    def large(self) -> dict[int, tuple[Any, ...]]:
        """The large tuples, by id."""
        found = {id(t): t for t in self._long}
        if self._measure:
            sizes: dict[int, tuple[int, int]] = {}
            for level in reversed(self._nested):
                for t in level:
                    size, height = _size(t, sizes)
                    if size > LARGE or height > HIGH:
                        found[id(t)] = t
        return found

    def all(self) -> Iterator[tuple[Any, ...]]:
        """Every tuple added, at least once."""
        return chain.from_iterable([*self._flat, *self._nested])

    def _bound(self, longest: int, depth: int) -> None:
        """Whether any tuple above this level may be large: no tuple holds more than the product of the lengths."""
        if depth != self._depth + 1:
            self._height, self._product = 0, 1
        self._depth, self._height = depth, self._height + 1
        self._product *= max(1, longest)
        if self._product * self._height > LARGE or self._height > HIGH:
            self._measure = True


def _types_in(tuples: list[tuple[Any, ...]]) -> set[type]:
    types: set[type] = set()
    for i in range(0, len(tuples), _CHUNK):
        types.update(map(type, gc.get_referents(*tuples[i : i + _CHUNK])))
    return types


def _size(root: tuple[Any, ...], sizes: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Items of `root` and of the tuples in it, and how many levels of tuples there are, without recursion.

    Where it is more than `LARGE` or `HIGH` nobody asks how much more.
    """
    stack = [root]
    while stack:
        t = stack[-1]
        if id(t) in sizes:
            stack.pop()
            continue
        below = [] if len(t) > LARGE else [item for item in t if type(item) is tuple]
        missing = [item for item in below if id(item) not in sizes]
        if missing:
            stack.extend(missing)
            continue
        within = [sizes[id(item)] for item in below]
        size = len(t) + sum(size for size, _ in within)
        height = 1 + max((height for _, height in within), default=0)
        sizes[id(t)] = min(size, LARGE + 1), min(height, HIGH + 1)
        stack.pop()
    return sizes[id(root)]
