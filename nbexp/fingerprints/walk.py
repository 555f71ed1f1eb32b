"""The walk through a value: every mutable object it reaches, once each, in an order that only the value decides.

The walk goes level by level at C speed (`gc.get_referents`, `map`, sets of ids) through the exact built-in containers;
what lies below objects of other types follows when all built-in levels are done, described by their adapters. It finds
what the encoding must know: which mutable objects are reached twice, which lie deep, which immutable containers are
large, and what the other objects are made of.

The result depends on the value only, never on identity: two equal tuples and one tuple seen twice are the same to it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from nbexp.fingerprints.kinds import ATOMS, BUILTIN, BUILTINS, is_flat
from nbexp.fingerprints.others import Others
from nbexp.fingerprints.seen import Seen
from nbexp.fingerprints.tuples import Tuples

#: From this level on every mutable object is encoded on its own, so that nothing recurses deeper than this.
DEEP = 64


#: Containers looked into at a time: what they hold is still in the processor's cache when its types are asked for.
_CHUNK = 2048


class _Instance:
    def __init__(self) -> None:
        self.held: list[Any] = []


_INSTANCE = _Instance()

#: Since Python 3.13 what an instance's fields hold belongs to the instance, and its ``__dict__`` shows nothing of it.
_REFERENTS_OF_FIELDS = bool(gc.get_referents(vars(_INSTANCE)))


@dataclass(slots=True)
class Level:
    """Containers and other objects to look into next, by kind."""

    lists: list[list[Any]] = field(default_factory=list)
    dicts: list[dict[Any, Any]] = field(default_factory=list)
    tuples: list[tuple[Any, ...]] = field(default_factory=list)
    sets: list[set[Any]] = field(default_factory=list)
    frozensets: list[frozenset[Any]] = field(default_factory=list)
    bytearrays: list[bytearray] = field(default_factory=list)

    def add(self, objects: list[Any], types: set[type]) -> None:
        """Sort `objects`, whose types are `types`, into their kinds; the order stays."""
        kinds: dict[type, list[Any]] = {
            list: self.lists,
            dict: self.dicts,
            tuple: self.tuples,
            set: self.sets,
            frozenset: self.frozensets,
            bytearray: self.bytearrays,
        }
        for kind in types & kinds.keys():
            kinds[kind].extend(objects if len(types) == 1 else [o for o in objects if type(o) is kind])

    def __bool__(self) -> bool:
        return bool(self.lists or self.dicts or self.tuples or self.sets or self.frozensets or self.bytearrays)


class Walk:
    """What a walk through `root` found. It holds every object it speaks of.

    Args:
        root: The value.
        rank: Gives a digest of a member of a set, on its own; it orders members that hold mutable objects.
        coarse: Do not look into such sets at all (for the ranks themselves).

    Attributes:
        mutables: Every mutable object, once, in the order that gives them their numbers.
        shared: Ids of built-in containers reached more than once.
        deep: Ids of built-in containers that lie `DEEP` levels down or more.
        frozensets: Every frozenset met, by id.
        sets: Ids of sets; they are never written where they stand.
        sets_of_objects: Ids of sets and frozensets that hold mutable objects.
        tuples: Which tuples are large.
        others: What objects of other types are made of.
    """

    def __init__(self, root: object, *, rank: Callable[[object], bytes], coarse: bool = False) -> None:
        self.root = root
        self.mutables: list[object] = []
        self.shared: set[int] = set()
        self.deep: set[int] = set()
        self.frozensets: dict[int, frozenset[Any]] = {}
        self.sets: set[int] = set()
        self.sets_of_objects: set[int] = set()
        self.tuples = Tuples()
        self.others = Others()
        self.coarse = coarse
        self._rank = rank
        self._seen = Seen(BUILTINS)
        self._numbers: dict[int, int] = {}
        self._next = Level()
        self._undescribed: list[object] = []
        self._late: list[Collection[Any]] = []
        self._go()

    def numbers(self) -> dict[int, int]:
        """The number of each mutable object found so far, by id."""
        known = self._numbers
        if len(known) < len(self.mutables):
            known.update(zip(map(id, self.mutables[len(known) :]), count(len(known)), strict=False))
        return known

    def _go(self) -> None:
        self._found([self.root])
        while True:
            depth = 0
            while self._next:
                level, self._next = self._next, Level()
                self._look_into(level, depth)
                depth += 1
            if self._undescribed:
                found, self._undescribed = self._undescribed, []
                self._describe(found)
            elif self._late:
                self._found(self._ordered(self._late.pop(0)))
            else:
                return

    def _found(self, objects: list[Any], types: set[type] | None = None) -> None:
        """Take note of `objects`, reached one level below what is being looked into."""
        types = set(map(type, objects)) if types is None else types
        if types <= ATOMS:
            return
        if not types.isdisjoint(ATOMS):
            objects = [o for o in objects if type(o) not in ATOMS]
            types -= ATOMS
        self._next.add(objects, types)
        if not types <= BUILTIN:
            self._undescribed.extend([o for o in objects if type(o) not in BUILTIN])

    def _look_into(self, level: Level, depth: int) -> None:
        lists, dicts, sets = self._new(level.lists), self._new(level.dicts), self._new(level.sets)
        for mutables in (lists, dicts, sets, self._new(level.bytearrays)):
            self.mutables += mutables
            if depth >= DEEP:
                self.deep.update(map(id, mutables))
        self.sets.update(map(id, sets))
        self._below_lists(lists)
        self._below_dicts(dicts)
        if level.tuples:
            self._below_tuples(level.tuples, depth)
        if sets or level.frozensets:
            self._below_sets(sets, level.frozensets)

    def _new(self, objects: list[Any]) -> list[Any]:
        """Those of `objects` never reached before; those reached again are noted as shared."""
        if not objects:
            return objects
        new, again = self._seen.split(objects)
        ids = set(map(id, again))
        if id(BUILTINS) in ids:
            self.others.add_builtins()
            ids.remove(id(BUILTINS))
        self.shared |= ids
        return new

    def _below_lists(self, lists: list[list[Any]]) -> None:
        for some in _chunks(lists):
            self._found(gc.get_referents(*some))

    def _below_dicts(self, dicts: list[dict[Any, Any]]) -> None:
        for some in _chunks(dicts):
            if _types_below(some) <= ATOMS:
                continue
            # not get_referents: it gives the values of a key-sharing dict in the order of the shared keys, which
            # other instances decide
            self._found(list(chain.from_iterable(map(dict.values, some))))
            if not set(map(type, chain.from_iterable(some))) <= ATOMS:
                self._found(list(chain.from_iterable(some)))

    def _below_tuples(self, tuples: list[tuple[Any, ...]], depth: int) -> None:
        nested, again = self.tuples.add(tuples, depth)
        if again:
            self._share_below(again)
        for some in _chunks(nested):
            self._found(gc.get_referents(*some))

    def _share_below(self, immutables: Iterable[Any]) -> None:
        """Mark the mutable containers that tuples reached twice lead to: they are reached twice as well."""
        stack, seen = list(immutables), self.tuples.shared
        while stack:
            o = stack.pop()
            if type(o) is tuple and id(o) not in seen:
                seen.add(id(o))
                stack.extend(o)
            elif type(o) in (list, dict, set, bytearray):
                self.shared.add(id(o))

    def _below_sets(self, sets: list[set[Any]], frozensets: list[frozenset[Any]]) -> None:
        new = {id(o): o for o in frozensets if id(o) not in self.frozensets}
        self.frozensets.update(new)
        every: list[Collection[Any]] = [*sets, *new.values()]
        if set(map(type, chain.from_iterable(every))) <= ATOMS:
            return
        for members in every:
            if is_flat(members):
                continue
            loose = self.others.immutables(members)
            if loose is None:
                self.sets_of_objects.add(id(members))
                if not self.coarse:
                    self._late.append(members)
            else:
                self.others.add_loose(loose)

    def _ordered(self, members: Iterable[Any]) -> list[Any]:
        """The members of a set of objects: first those with a number, then by what each is on its own."""
        numbers = self.numbers()
        return sorted(
            members,
            key=lambda o: (0, numbers[id(o)], b"") if id(o) in numbers else (1, 0, self._rank(o)),
        )

    def _describe(self, objects: list[object]) -> None:
        found = self.others.describe(objects, len(self.mutables))
        self.mutables += found.mutables
        for children in found.below:
            self._found(children)


def _types_below(dicts: list[dict[Any, Any]]) -> set[type]:
    """The types of all keys and values, str keys perhaps left out."""
    if _REFERENTS_OF_FIELDS:
        return set(map(type, gc.get_referents(*dicts)))
    values = chain.from_iterable(map(dict.values, dicts))
    return set(map(type, chain(chain.from_iterable(dicts), values)))


def _chunks(objects: list[Any]) -> Iterable[list[Any]]:
    if len(objects) <= _CHUNK:
        return (objects,) if objects else ()
    return (objects[i : i + _CHUNK] for i in range(0, len(objects), _CHUNK))
