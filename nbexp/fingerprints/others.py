"""What a walk finds out about objects that are no plain built-in containers, by their adapters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbexp.adapters.base import Adapter, Name, Node
from nbexp.adapters.instances import Instances
from nbexp.adapters.leaf import Leaf
from nbexp.code.origin import distribution_of
from nbexp.fingerprints.kinds import ATOMS, BUILTINS, MUTABLE
from nbexp.registry import adapter_for


class Failed(Exception):
    """Describing `value` failed; the cause says why."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


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


@dataclass(frozen=True, slots=True)
class Leaves:
    """Immutable objects without children, of one type: their tag, they themselves, and the content of each."""

    tag: str
    objects: Sequence[object]
    contents: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What describing some objects brought to light: those that are mutable, in the order of their numbers, and what
    lies below."""

    mutables: list[object] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)


class Others:
    """The objects of other types in one walk.

    Attributes:
        nodes: What each is made of, by id. held: these objects, in the order in which they were described.
        loose: The same for immutable objects in sets, which come in no order.
        groups: Plain instances. leaves: Objects without children.
        reads, packages, imports: From all nodes.
    """

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.held: list[object] = []
        self.loose: list[object] = []
        self.groups: list[Group] = []
        self.leaves: list[Leaves] = []
        self.reads: set[Name] = set()
        self.packages: set[str] = set()
        self.imports: set[str] = set()
        self._seen: set[int] = set()
        self._adapters: dict[type, Adapter] = {}

    def describe(self, objects: list[object], first: int) -> Found:
        """Describe `objects`, those of one type after another; mutable ones get numbers from `first` on."""
        found = Found()
        for tp, adapter, new in self._by_type(objects):
            if isinstance(adapter, Instances):
                fields = adapter.fields(tp, new)
                self.groups.append(Group(first + len(found.mutables), tp, new, fields))
                found.mutables.extend(new)
                found.below.extend(([tp], fields))
            else:
                self.held += new
                nodes = [self._noted(o, adapter) for o in new]
                found.mutables.extend([o for o, node in zip(new, nodes, strict=True) if node.mutable])
                found.below.append([child for node in nodes for child in node.children])
        return found

    def immutables(self, members: Iterable[Any]) -> list[object] | None:
        """All objects that `members` of a set lead to, if none of them is mutable; else None."""
        stack, seen = list(members), set()
        found: list[object] = []
        while stack:
            o = stack.pop()
            tp = type(o)
            if tp in ATOMS or id(o) in seen:
                continue
            seen.add(id(o))
            if tp is tuple or tp is frozenset:
                stack.extend(o)
                continue
            if tp in MUTABLE or isinstance(adapter := self._adapter(tp), Instances):
                return None
            found.append(o)
            if not (isinstance(adapter, Leaf) and adapter.content(o) is not NotImplemented):
                node = self._node(o, adapter)
                if node.mutable:
                    return None
                stack.extend(node.children)
        return found

    def add_loose(self, objects: list[object]) -> None:
        """Take note of what `immutables` gave: none of it has a number, so the order does not matter."""
        for _, adapter, new in self._by_type(objects):
            self.loose += new
            for o in new:
                self._noted(o, adapter)

    def add_builtins(self) -> None:
        """Take note of the namespace of Python's builtins: a leaf, known by name."""
        if id(BUILTINS) not in self._seen:
            self._seen.add(id(BUILTINS))
            self.leaves.append(Leaves("builtins", [BUILTINS], [None]))

    def _by_type(self, objects: list[object]) -> Iterable[tuple[type, Adapter, list[object]]]:
        """Those of `objects` not seen before, by type; leaves are taken note of and left out."""
        for tp in dict.fromkeys(map(type, objects)):
            adapter = self._adapter(tp)
            self.packages.update(_package_of(tp))
            new = list({id(o): o for o in objects if type(o) is tp and id(o) not in self._seen}.values())
            if isinstance(adapter, Leaf):
                new = self._leaves(tp, new, adapter)
            self._seen.update(map(id, new))
            if new:
                yield tp, adapter, new

    def _leaves(self, tp: type, objects: list[object], adapter: Leaf) -> list[object]:
        """Take note of leaves; gives those that are none."""
        try:
            contents = list(map(adapter.content, objects))
        except Exception as error:  # raised again with the place of the value that it was about
            raise Failed(_first_failing(adapter, objects)) from error
        others = [o for o, content in zip(objects, contents, strict=True) if content is NotImplemented]
        if others:
            objects = [o for o, content in zip(objects, contents, strict=True) if content is not NotImplemented]
            contents = [content for content in contents if content is not NotImplemented]
        self._seen.update(map(id, objects))
        self.leaves.append(Leaves(adapter.tag, objects, contents))
        return others

    def _adapter(self, tp: type) -> Adapter:
        adapter = self._adapters.get(tp)
        if adapter is None:
            self._adapters[tp] = adapter = adapter_for(tp)
        return adapter

    def _noted(self, value: object, adapter: Adapter) -> Node:
        node = self._node(value, adapter)
        if node.reads:
            self.reads.update(node.reads)
        if node.packages:
            self.packages.update(node.packages)
        if node.imports:
            self.imports.update(node.imports)
        return node

    def _node(self, value: object, adapter: Adapter) -> Node:
        node = self.nodes.get(id(value))
        if node is None:
            try:
                node = adapter.describe(value)
            except Exception as error:  # whatever it is, it is raised again with the place where the value lies
                raise Failed(value) from error
            self.nodes[id(value)] = node
        return node


def _package_of(tp: type) -> tuple[str, ...]:
    """The installed package whose code the methods of a type run: an array's sum is numpy's (D25)."""
    module = getattr(tp, "__module__", None)
    root = distribution_of(module) if isinstance(module, str) else None
    return (root,) if root else ()


def _first_failing(adapter: Leaf, objects: list[object]) -> object:
    for o in objects:
        try:
            adapter.content(o)
        except Exception:  # noqa: BLE001 - the one that is looked for
            return o
    return objects[0]
