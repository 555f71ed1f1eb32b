"""Containers of ``collections``, and subclasses of built-in types that add fields or methods but no content.

Such a value is its class, the content its base class holds, and its fields.
"""

from __future__ import annotations

import collections
import copyreg
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.builtins import counted, shortened
from nbexp.adapters.instances import HOOKS, Fields, slots
from nbexp.errors import Unpatchable


@dataclass(frozen=True, slots=True)
class Base:
    """How content is read from a value, and written to one, past whatever a subclass overrides.

    Attributes:
        parts: The content in order; for sets, one exact set. extra: Content without identity, and whatever else the
            type keeps (``maxlen``).
        mutable: Whether the base type is. noun: What it holds, for people; "" for scalars.
        fill: Gives a new or emptied value the content of the second; None for immutable types.
        clear: Empties a value.
    """

    parts: Callable[[Any], list[Any]]
    extra: Callable[[Any], Any] = lambda value: None
    mutable: bool = False
    noun: str = ""
    fill: Callable[[Any, Any], None] | None = None
    clear: Callable[[Any], None] | None = None


def _flat(items: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    return lambda value: list(chain.from_iterable(items(value)))


def _fill_dict(live: Any, new: Any) -> None:
    dict.update(live, dict(dict.items(new)))


def _fill_default(live: Any, new: Any) -> None:
    live.default_factory = new.default_factory
    _fill_dict(live, new)


def _fill_from(fill: Callable[[Any, Any], None], items: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    return lambda live, new: fill(live, items(new))


def _fill_ordered(live: Any, new: Any) -> None:
    for key, item in collections.OrderedDict.items(new):
        collections.OrderedDict.__setitem__(live, key, item)


#: The types whose subclasses are understood, nearest first.
BASES_OF_CONTENT: dict[type, Base] = {
    collections.OrderedDict: Base(
        _flat(collections.OrderedDict.items), mutable=True, noun="key", fill=_fill_ordered,
        clear=collections.OrderedDict.clear,
    ),
    collections.defaultdict: Base(
        lambda value: [value.default_factory, *chain.from_iterable(dict.items(value))],
        mutable=True, noun="key", fill=_fill_default, clear=dict.clear,
    ),
    collections.deque: Base(
        lambda value: list(collections.deque.__iter__(value)), lambda value: value.maxlen,
        mutable=True, noun="item",
        fill=_fill_from(collections.deque.extend, collections.deque.__iter__), clear=collections.deque.clear,
    ),
    list: Base(lambda value: list.__getitem__(value, slice(None)), mutable=True, noun="item",
               fill=_fill_from(list.extend, list.__iter__), clear=list.clear),
    dict: Base(_flat(dict.items), mutable=True, noun="key", fill=_fill_dict, clear=dict.clear),
    set: Base(lambda value: [set(set.__iter__(value))], mutable=True, noun="item",
              fill=_fill_from(set.update, set.__iter__), clear=set.clear),
    bytearray: Base(lambda value: [bytes(bytearray.__getitem__(value, slice(None)))], mutable=True, noun="byte",
                    fill=_fill_from(bytearray.extend, bytearray.copy), clear=bytearray.clear),
    frozenset: Base(lambda value: [frozenset(frozenset.__iter__(value))], noun="item"),
    tuple: Base(lambda value: list(tuple.__iter__(value)), noun="item"),
    str: Base(lambda value: [str.__str__(value)]),
    bytes: Base(lambda value: [b"".join([value])]),
    int: Base(lambda value: [int.__int__(value)]),
    float: Base(lambda value: [float.__float__(value)]),
    complex: Base(lambda value: [complex.__complex__(value)]),
}  # fmt: skip


def base_of(tp: type) -> type | None:
    """The base whose content, with class and fields, is all there is to a `tp`; None if it takes part in pickling."""
    base = next((known for known in tp.__mro__ if known in BASES_OF_CONTENT), None)
    if base is None or tp in copyreg.dispatch_table:
        return None
    allowed = {object, *BASES_OF_CONTENT, collections.Counter}
    for owner in tp.__mro__:
        named_tuple = base is tuple and "_fields" in vars(owner)
        if owner not in allowed and not named_tuple and any(hook in vars(owner) for hook in HOOKS):
            return None
    return base if _holds_nothing_else(tp, base) else None


def _holds_nothing_else(tp: type, base: type) -> bool:
    """Whether `tp` keeps no more memory than its base and its fields explain: classes written in C may hide content."""
    pointer = tuple.__itemsize__
    fields = len(slots(tp)) + (tp.__dictoffset__ != base.__dictoffset__) + (tp.__weakrefoffset__ > 0)
    return tp.__basicsize__ <= base.__basicsize__ + pointer * fields and tp.__itemsize__ == base.__itemsize__


class Subclass(Fields):
    """A value of a subclass of a known base, or of a base of ``collections`` itself."""

    def __init__(self, tp: type, base: type) -> None:
        super().__init__(tp)
        self._base = BASES_OF_CONTENT[base]
        self._tag = f"{base.__name__} subclass"
        self._new: Any = base.__new__

    def describe(self, value: Any) -> Node:
        fields = super().describe(value)
        parts = self._base.parts(value)
        held = len(fields.children)
        return Node(
            self._tag,
            (fields.meta, self._base.extra(value), len(parts)),
            children=[*fields.children, *parts],
            labels=lambda index: fields.label(index) if index < held else f"[{index - held}]",
            mutable=self._base.mutable or self.has_fields,
        )

    def detach(self, value: Any) -> Any:
        if self._base.fill is None:
            return self._detach_fields(value)
        new = self._new(type(value))
        if isinstance(value, collections.deque):
            collections.deque.__init__(new, (), value.maxlen)
        self._base.fill(new, value)
        super().patch(new, value)
        return new

    def _detach_fields(self, value: Any) -> Any:
        """Of a subclass of an immutable type, what can change are its fields; the rest stays as it was made."""
        if not self.has_fields:
            return value
        parts = self._base.parts(value)
        new = self._new(type(value), parts if isinstance(value, tuple) else parts[0])
        super().patch(new, value)
        return new

    def patch(self, live: Any, new: Any) -> None:
        base = self._base
        if base.fill is None and self.has_fields and type(live) is type(new):
            super().patch(live, new)
            return
        if base.fill is None or base.clear is None or type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        if base.extra(live) != base.extra(new):
            raise Unpatchable("", type(live).__qualname__, f"its maxlen became {base.extra(new)}")
        content = self.detach(new)
        base.clear(live)
        base.fill(live, content)
        super().patch(live, content)

    def preview(self, value: Any) -> str:
        if not self._base.noun:
            return shortened(repr(value))
        size = self._base.parts(value) if self._base.noun == "key" else value
        count = len(size) // 2 if self._base.noun == "key" else len(size)
        return f"{type(value).__qualname__} of {counted(count, self._base.noun)}"


#: Adapters by exact type.
ADAPTERS: dict[type | str, Adapter] = {
    tp: Subclass(tp, base)
    for tp, base in (
        (collections.OrderedDict, collections.OrderedDict),
        (collections.defaultdict, collections.defaultdict),
        (collections.deque, collections.deque),
        (collections.Counter, dict),
    )
}
