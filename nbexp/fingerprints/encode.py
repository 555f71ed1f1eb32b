"""The digest of a walk: one stream of the value and of what was cut out of it.

*Cut* are mutable objects that cannot be written where they stand: shared ones (or the stream would not tell one from
two), deep ones, sets, objects of other types, and whatever an immutable object holds (it may be held by its equals as
well). They are written after the value, each under its number. *Units* are immutable objects hashed once and referred
to by their place among the sorted units: large tuples, frozensets, dates, references to functions.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from itertools import chain
from typing import Any

from nbexp.adapters.base import Node
from nbexp.fingerprints.regions import overlaps, span_of
from nbexp.fingerprints.units import Units
from nbexp.fingerprints.walk import Walk
from nbexp.graphs.stream import FIRST_NUMBER, LONG_STREAM_BYTES, LongStream, hashed
from nbexp.hashing import FINGERPRINT_VERSION, digest_buffer

#: Strings longer than this are units where the stream is longer than `LONG_STREAM_BYTES`.
_LONG_STRING = 1024


def encode(walk: Walk) -> bytes:
    """The digest of the value that was walked."""
    encoding = _Encoding(walk)
    try:
        return encoding.digest("short", LONG_STREAM_BYTES)
    except LongStream:
        encoding.units.add_strings(_long_strings(walk))
        return encoding.digest("long", None)


class _Encoding:
    """One walk on its way to a digest."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        others = walk.others
        nodes = [others.nodes[id(o)] for o in others.held]
        # a bytearray may be seen by arrays as well
        memories = [o for o in walk.mutables if type(o) is bytearray] if any(node.spans for node in nodes) else []
        seen = [*nodes, *(Node("bytearray", spans=(span_of(o),)) for o in memories)]
        regions = overlaps(seen)
        self._regions = {id(node): regions[i] for i, node in enumerate(nodes) if i in regions}
        self._memories = {id(o): regions[i] for i, o in enumerate(memories, len(nodes)) if i in regions}
        self.units = Units(walk, self.described)
        self._mutables = [(o, node) for o, node in zip(others.held, nodes, strict=True) if node.mutable]

    def described(self, node: Node) -> bytes:
        """What a node is, without its children."""
        buffers = tuple(digest_buffer(buffer) for buffer in node.buffers)
        return marshal.dumps((node.tag, node.meta, buffers, self._regions.get(id(node)), len(node.children)), 2)

    def digest(self, mode: str, limit: int | None) -> bytes:
        """The digest of the whole.

        Raises:
            LongStream: The stream would be longer than `limit` bytes.
        """
        walk, units = self._walk, self.units
        count = len(walk.mutables)
        header = marshal.dumps((FINGERPRINT_VERSION, mode, count, units.table()), 2)
        definitions, cut = self._definitions()
        numbered = [*cut, *units.numbered(FIRST_NUMBER + count)]
        return hashed(header, [walk.root, definitions], numbered, limit)

    def _definitions(self) -> tuple[list[Any], list[tuple[int, object]]]:
        walk, first = self._walk, FIRST_NUMBER
        found: list[tuple[int, Any]] = []
        cut: list[tuple[int, object]] = []
        for group in walk.others.groups:
            found.append((group.first, ("instances", group.cls, list(group.fields))))
            cut.extend(
                zip(range(first + group.first, first + group.first + len(group.objects)), group.objects, strict=True)
            )
        containers = self._cut_containers()
        found.extend(self._contents(containers))
        cut.extend([(first + number, o) for number, o in containers])
        if self._mutables:
            numbers = walk.numbers()
            for o, node in self._mutables:
                number = numbers[id(o)]
                found.append((number, ("node", self.described(node), list(node.children))))
                cut.append((first + number, o))
        found.sort(key=_number)
        return found, cut

    def _cut_containers(self) -> list[tuple[int, Any]]:
        walk = self._walk
        ids = walk.shared | walk.deep | self.units.cut | walk.sets | self._memories.keys()
        if not ids:
            return []
        containers = (list, dict, set, bytearray)
        return [(n, o) for n, o in enumerate(walk.mutables) if id(o) in ids and type(o) in containers]

    def _contents(self, containers: list[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """New objects that hold what the containers hold: these themselves would be written as their numbers."""
        kinds = set(map(type, (o for _, o in containers)))
        for kind in (list, dict, set, bytearray):
            if kind in kinds:
                same = containers if len(kinds) == 1 else [(n, o) for n, o in containers if type(o) is kind]
                yield from zip((n for n, _ in same), self._copies(kind, [o for _, o in same]), strict=True)

    def _copies(self, kind: type, containers: list[Any]) -> list[Any]:
        if kind is set:
            return self.units.set_contents(containers)
        if kind is bytearray:
            return [("bytearray", bytes(o), self._memories.get(id(o))) for o in containers]
        return list(map(kind.copy, containers))  # type: ignore[attr-defined]


def _number(pair: tuple[int, Any]) -> int:
    return pair[0]


def _long_strings(walk: Walk) -> list[Any]:
    """Long strings anywhere among the containers of the walk."""
    mutables = [o for o in walk.mutables if type(o) in (list, dict)]
    held: list[Any] = [[walk.root], *mutables, *walk.tuples.all()]
    held += [node.children for node in walk.others.nodes.values()]
    held += [fields for group in walk.others.groups for fields in group.fields]
    values = chain.from_iterable(o.values() for o in mutables if type(o) is dict)
    return [o for o in chain(chain.from_iterable(held), values) if type(o) in (str, bytes) and len(o) > _LONG_STRING]
