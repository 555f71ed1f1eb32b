"""The walk through a value: every mutable object it reaches, once each, in an order that only the value decides.

The walk goes level by level at C speed (`gc.get_referents`, `map`, sets of ids) through the exact built-in containers;
what lies below objects of other types follows when all built-in levels are done, described by their adapters. It finds
what the encoding must know: which mutable objects are reached twice, which lie deep, which immutable containers are
large, and what the other objects are made of.

The result depends on the value only, never on identity: two equal tuples and one tuple seen twice are the same to it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from types import EllipsisType, NoneType
from typing import Any

from nbexp.adapters.base import Adapter, Name, Node
from nbexp.adapters.instances import Instances
from nbexp.adapters.leaf import Leaf
from nbexp.adapters.seen import Seen
from nbexp.adapters.tuples import Tuples
from nbexp.registry import adapter_for

#: Immutable leaves without identity; exact types, as everywhere here.
ATOMS: frozenset[type] = frozenset({NoneType, bool, int, float, complex, str, bytes, EllipsisType})
SETS: frozenset[type] = frozenset({set, frozenset})
BUILTIN: frozenset[type] = ATOMS | SETS | {list, dict, tuple, bytearray}

#: From this level on every mutable object is encoded on its own, so that nothing recurses deeper than this.
DEEP = 64


#: Containers looked into at a time: what they hold is still in the processor's cache when its types are asked for.
_CHUNK = 2048


class Failed(Exception):
    """Describing `value` failed; the cause says why."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


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
        for kind, into in (
            (list, self.lists),
            (dict, self.dicts),
            (tuple, self.tuples),
            (set, self.sets),
            (frozenset, self.frozensets),
            (bytearray, self.bytearrays),
        ):
            if kind in types:
                into.extend(objects if len(types) == 1 else [o for o in objects if type(o) is kind])  # type: ignore[attr-defined]

    def __bool__(self) -> bool:
        return bool(self.lists or self.dicts or self.tuples or self.sets or self.frozensets or self.bytearrays)


@dataclass(frozen=True, slots=True)
class Group:
    """Instances of one class found together: nothing but a class and a ``__dict__`` each.

    Attributes:
        first: The number of the first; the others follow.
        cls: Their class.
        objects: They themselves.
        fields: Their ``__dict__``s, in the same order.
    """

    first: int
    cls: type
    objects: Sequence[object]
    fields: Sequence[dict[str, Any]]


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
        groups: Plain instances.
        nodes: What each other object is made of, by id. held: these objects, in order.
        leaves: Immutable objects without children: their tag, the objects, and the content of each.
        tuples: Which tuples are large.
        reads, packages, imports: From all nodes.
    """

    def __init__(self, root: object, *, rank: Callable[[object], bytes], coarse: bool = False) -> None:
        self.root = root
        self.mutables: list[object] = []
        self.shared: set[int] = set()
        self.deep: set[int] = set()
        self.frozensets: dict[int, frozenset[Any]] = {}
        self.sets: set[int] = set()
        self.sets_of_objects: set[int] = set()
        self.groups: list[Group] = []
        self.nodes: dict[int, Node] = {}
        self.held: list[object] = []
        self.leaves: list[tuple[str, list[object], list[Any]]] = []
        self.tuples = Tuples(ATOMS)
        self.reads: set[Name] = set()
        self.packages: set[str] = set()
        self.imports: set[str] = set()
        self.coarse = coarse
        self._rank = rank
        self._seen = Seen()
        self._numbers: dict[int, int] = {}
        self._seen_others: set[int] = set()
        self._adapters: dict[type, Adapter] = {}
        self._next = Level()
        self._others: list[object] = []
        self._late: list[Iterable[Any]] = []
        self._go()

    def numbers(self) -> dict[int, int]:
        """The number of each mutable object found so far, by id."""
        known = self._numbers
        if len(known) < len(self.mutables):
            known.update(zip(map(id, self.mutables[len(known) :]), count(len(known)), strict=False))
        return known

    # -- the levels ----------------------------------------------------------------------------------------------------

    def _go(self) -> None:
        self._found([self.root])
        while True:
            depth = 0
            while self._next:
                level, self._next = self._next, Level()
                self._look_into(level, depth)
                depth += 1
            if self._others:
                others, self._others = self._others, []
                self._describe(others)
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
            self._others.extend([o for o in objects if type(o) not in BUILTIN])

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
        if again:
            self.shared.update(map(id, again))
        return new

    def _below_lists(self, lists: list[list[Any]]) -> None:
        for some in _chunks(lists):
            self._found(gc.get_referents(*some))

    def _below_dicts(self, dicts: list[dict[Any, Any]]) -> None:
        for some in _chunks(dicts):
            below = gc.get_referents(*some)
            if set(map(type, below)) <= ATOMS:
                continue
            # get_referents gives the values of a key-sharing dict in the order of the shared keys, which other
            # instances decide; and it leaves out the keys where all are exact str.
            values = list(chain.from_iterable(map(dict.values, some)))
            self._found(values)
            if len(below) != len(values):
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

    # -- sets ----------------------------------------------------------------------------------------------------------

    def _below_sets(self, sets: list[set[Any]], frozensets: list[frozenset[Any]]) -> None:
        new = {id(o): o for o in frozensets if id(o) not in self.frozensets}
        self.frozensets.update(new)
        every: list[Iterable[Any]] = [*sets, *new.values()]
        if set(map(type, chain.from_iterable(every))) <= ATOMS:
            return
        for members in every:
            if set(map(type, members)) <= ATOMS:
                continue
            if self._reaches_mutables(members):
                self.sets_of_objects.add(id(members))
                if not self.coarse:
                    self._late.append(members)
            else:
                self._found(list(members))  # nothing below gets a number: the order does not matter

    def _reaches_mutables(self, members: Iterable[Any]) -> bool:
        stack, seen = list(members), set()
        while stack:
            o = stack.pop()
            if type(o) in ATOMS or id(o) in seen:
                continue
            seen.add(id(o))
            if type(o) in (tuple, frozenset):
                stack.extend(o)
            elif not self._is_leaf(adapter := self._adapter(type(o)), o):
                if isinstance(adapter, Instances) or type(o) in BUILTIN or (node := self._node(o, adapter)).mutable:
                    return True
                stack.extend(node.children)
        return False

    @staticmethod
    def _is_leaf(adapter: Adapter, value: object) -> bool:
        return isinstance(adapter, Leaf) and adapter.content(value) is not NotImplemented

    def _ordered(self, members: Iterable[Any]) -> list[Any]:
        """The members of a set of objects: first those with a number, then by what each is on its own."""
        numbers = self.numbers()
        return sorted(
            members,
            key=lambda o: (0, numbers[id(o)], b"") if id(o) in numbers else (1, 0, self._rank(o)),
        )

    # -- other objects -------------------------------------------------------------------------------------------------

    def _adapter(self, tp: type) -> Adapter:
        adapter = self._adapters.get(tp)
        if adapter is None:
            self._adapters[tp] = adapter = adapter_for(tp)
        return adapter

    def _describe(self, others: list[object]) -> None:
        for tp in dict.fromkeys(map(type, others)):
            same = [o for o in others if type(o) is tp]
            adapter = self._adapter(tp)
            if isinstance(adapter, Leaf):
                same = self._leaves(tp, same, adapter)
            new = list({id(o): o for o in same if id(o) not in self._seen_others}.values())
            self._seen_others.update(map(id, new))
            if not new:
                continue
            if isinstance(adapter, Instances):
                self._plain(tp, new, adapter)
            else:
                self._described(new, adapter)

    def _leaves(self, tp: type, objects: list[object], adapter: Leaf) -> list[object]:
        """Take note of leaves; gives those that are none."""
        unique = list({id(o): o for o in objects}.values())
        try:
            contents = list(map(adapter.content, unique))
        except Exception as error:  # raised again with the place of the value that it was about
            raise Failed(_first_failing(adapter, unique)) from error
        held = [pair for pair in zip(unique, contents, strict=True) if pair[1] is not NotImplemented]
        self.packages.update(adapter.packages(tp))
        self.leaves.append((adapter.tag, [o for o, _ in held], [content for _, content in held]))
        return [o for o, content in zip(unique, contents, strict=True) if content is NotImplemented]

    def _plain(self, cls: type, objects: list[object], adapter: Instances) -> None:
        fields = [adapter.fields(o) for o in objects]
        self.groups.append(Group(len(self.mutables), cls, objects, fields))
        self.mutables += objects
        self._found([cls])
        self._found(fields, {dict})

    def _described(self, objects: list[object], adapter: Adapter) -> None:
        below: list[object] = []
        for o in objects:
            node = self._node(o, adapter)
            self.held.append(o)
            if node.mutable:
                self.mutables.append(o)
            if node.reads:
                self.reads.update(node.reads)
            if node.packages:
                self.packages.update(node.packages)
            if node.imports:
                self.imports.update(node.imports)
            below.extend(node.children)
        self._found(below)

    def _node(self, value: object, adapter: Adapter) -> Node:
        node = self.nodes.get(id(value))
        if node is None:
            try:
                node = adapter.describe(value)
            except Exception as error:  # whatever it is, it is raised again with the place where the value lies
                raise Failed(value) from error
            self.nodes[id(value)] = node
        return node


def _chunks(objects: list[Any]) -> Iterable[list[Any]]:
    if len(objects) <= _CHUNK:
        return (objects,) if objects else ()
    return (objects[i : i + _CHUNK] for i in range(0, len(objects), _CHUNK))


def _first_failing(adapter: Leaf, objects: list[object]) -> object:
    for o in objects:
        try:
            adapter.content(o)
        except Exception:  # the one that is looked for
            return o
    return objects[0]
