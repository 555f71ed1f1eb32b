"""Immutable objects hashed once and referred to: large tuples, frozensets, references to code, dates and other leaves.

Each gets a *key*, bytes that depend on its value only: equal units have equal keys, whether they are one object or two.
Mutable objects inside a unit are written as their number, and so must be cut out of the stream (`Units.cut`).
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, count
from typing import Any

from nbexp.adapters.base import Node
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.kinds import ATOMS, MUTABLE, is_flat
from nbexp.fingerprints.others import Failed
from nbexp.fingerprints.tuples import LARGE
from nbexp.fingerprints.walk import Walk
from nbexp.graphs.stream import hashed
from nbexp.hashing import digest, digest_buffer

#: Longer content of a leaf is replaced by its digest.
_SHORT = 200

#: From here on, sorting members of one type is faster than marshal, which sorts their bytes.
_FEW = 64

_SORTABLE: tuple[set[type], ...] = ({str}, {bytes}, {int})


class Units:
    """The units of one walk.

    Args:
        walk: The walk.
        described: Gives the content of a node without its children.

    Attributes:
        cut: Ids of built-in mutable containers that units hold.
    """

    def __init__(self, walk: Walk, described: Callable[[Node], bytes]) -> None:
        self.cut: set[int] = set()
        self._walk, self._described = walk, described
        self._keys: dict[int, bytes] = {}
        self._objects: list[object] = []
        self._key_list: list[bytes] = []
        for leaves in walk.others.leaves:
            self._add(leaves.objects, [_short(marshal.dumps((leaves.tag, held), 2)) for held in leaves.contents])
        units: list[object] = [*walk.frozensets.values(), *walk.tuples.large().values()]
        nodes = walk.others.nodes
        units += [o for o in chain(walk.others.held, walk.others.loose) if not nodes[id(o)].mutable]
        self._add(units, [self.key(o) for o in units])

    def add_strings(self, strings: Iterable[str | bytes]) -> None:
        """Make units of `strings` too."""
        unique: list[Any] = list({id(s): s for s in strings}.values())
        self._add(unique, [_string_key(s) for s in unique])

    def table(self) -> list[bytes]:
        """The keys of all units, sorted, each once."""
        return sorted(set(self._key_list))

    def numbered(self, first: int) -> list[tuple[int, object]]:
        """Every unit with the number to write for it: `first` + its place in `table`."""
        places = dict(zip(self.table(), count(first), strict=False))
        return list(zip(map(places.__getitem__, self._key_list), self._objects, strict=True))

    def set_contents(self, sets: Sequence[set[Any]]) -> list[Any]:
        """`set_content` of each."""
        if max(map(len, sets)) <= _FEW and set(map(type, chain.from_iterable(sets))) <= ATOMS:
            return [marshal.dumps(o, 2) for o in sets]
        return list(map(self.set_content, sets))

    def set_content(self, members: set[Any] | frozenset[Any]) -> Any:
        """What a set holds, in an order that does not depend on hashes: built-in content to write."""
        if len(members) > _FEW and _sorts(members):
            return "sorted", sorted(members)
        if is_flat(members):
            return marshal.dumps(members, 2)  # since Python 3.11 it sorts members by their bytes
        if self._walk.coarse and id(members) in self._walk.sets_of_objects:
            return "objects", len(members)
        for member in members:
            if self._is_unit(member):
                self.key(member)
        return "members", sorted(map(self._member, members))

    def key(self, unit: object) -> bytes:
        """The key of an immutable object; its immutable parts come first, without recursion."""
        keys, stack, entered = self._keys, [unit], set()
        while stack:
            o = stack[-1]
            missing = [] if id(o) in keys else self._missing(o)
            if not missing:
                if id(o) not in keys:
                    keys[id(o)] = self._key(o)
                stack.pop()
                continue
            entered.add(id(o))
            if any(id(part) in entered for part in missing):
                raise Failed(o) from Unfingerprintable(
                    "", type(o).__qualname__, "it contains itself through immutable objects only"
                )
            stack.extend(missing)
        return keys[id(unit)]

    def _add(self, objects: Sequence[object], keys: Sequence[bytes]) -> None:
        self._keys.update(zip(map(id, objects), keys, strict=True))
        self._objects += objects
        self._key_list += keys

    def _missing(self, unit: object) -> list[object]:
        """The parts of `unit` that need a key and have none."""
        parts = self._parts(unit)
        if set(map(type, parts)) <= ATOMS:
            return []
        return [part for part in parts if id(part) not in self._keys and self._is_unit(part)]

    def _parts(self, unit: Any) -> Iterable[object]:
        if type(unit) in (tuple, frozenset):
            return unit  # type: ignore[no-any-return]
        return self._walk.others.nodes[id(unit)].children

    def _is_unit(self, value: object) -> bool:
        tp = type(value)
        if tp in ATOMS:
            return False
        if tp is tuple:
            return not _is_small_flat(value)
        return tp is frozenset or (tp not in MUTABLE and not self._is_mutable(value))

    def _is_mutable(self, value: object) -> bool:
        return id(value) in self._walk.numbers()

    def _key(self, unit: object) -> bytes:
        if type(unit) is frozenset:
            return b"D" + hashed(b"frozenset", self.set_content(unit))
        if type(unit) is tuple:
            if set(map(type, unit)) <= ATOMS:
                return b"D" + hashed(b"flat tuple", unit)
            return b"D" + digest("tuple", *map(self._member, unit))
        node = self._walk.others.nodes[id(unit)]
        return b"D" + digest("node", self._described(node), *map(self._member, node.children))

    def _member(self, value: Any) -> bytes:
        """A part of a unit, as bytes that tell it from any other part."""
        tp = type(value)
        if tp in ATOMS:
            return b"a" + marshal.dumps(value, 2)
        if tp is tuple and _is_small_flat(value):
            return b"t" + marshal.dumps(value, 2)
        key = self._keys.get(id(value))
        if key is not None:
            return key
        if tp in MUTABLE:
            self.cut.add(id(value))
        return b"m%d" % self._walk.numbers()[id(value)]


def _sorts(members: Collection[Any]) -> bool:
    """Whether Python itself puts `members` in one order: exact str, bytes or int, or tuples with such columns."""
    types = set(map(type, members))
    if types in _SORTABLE:
        return True
    if types != {tuple} or len(set(map(len, members))) != 1:
        return False
    return all(set(map(type, column)) in _SORTABLE for column in zip(*members, strict=True))


def _is_small_flat(value: Any) -> bool:
    return len(value) <= LARGE and set(map(type, value)) <= ATOMS


def _short(content: bytes) -> bytes:
    return b"L" + content if len(content) <= _SHORT else b"H" + digest("leaf", content)


def _string_key(value: str | bytes) -> bytes:
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return type(value).__name__.encode() + b" " + digest_buffer(raw)
