"""The exact built-in types. Fingerprints never ask these adapters (the walk knows the types); storing and views do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice
from types import EllipsisType, NoneType
from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unpatchable

_WIDTH = 80


def shortened(text: str) -> str:
    """`text` on one line of at most 80 characters."""
    line = " ".join(text[: 2 * _WIDTH].split())
    return line if len(line) <= _WIDTH and len(text) <= 2 * _WIDTH else line[: _WIDTH - 3] + "..."


def counted(count: int, noun: str) -> str:
    """A number of things: ``1 item``, ``3 items``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass(frozen=True, slots=True)
class _Atom(Adapter):
    def describe(self, value: Any) -> Node:
        return Node("atom", value, mutable=False)

    def detach(self, value: Any) -> Any:
        return value

    def preview(self, value: Any) -> str:
        if isinstance(value, int) and value.bit_length() > 1000:
            return f"int of {value.bit_length():,} bits"
        return shortened(repr(value[: 2 * _WIDTH] if isinstance(value, (str, bytes)) else value))


@dataclass(frozen=True, slots=True)
class _Container(Adapter):
    """A built-in container.

    Attributes:
        noun: What it holds, for people.
        items: Its parts in order; for a set the order is the set's own.
        replace: Gives the first the content of the second; None if the type is immutable.
        label: The piece of a path that leads to part `i`, as a format.
    """

    noun: str
    items: Callable[[Any], list[Any]]
    replace: Callable[[Any, Any], None] | None
    label: str = "[{}]"

    def describe(self, value: Any) -> Node:
        children = self.items(value)
        return Node(
            type(value).__name__,
            len(value),
            children=children,
            labels=self.label.format,
            mutable=self.replace is not None,
        )

    def detach(self, value: Any) -> Any:
        return value if self.replace is None else value.copy()

    def patch(self, live: Any, new: Any) -> None:
        if self.replace is None or type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        self.replace(live, new)

    def preview(self, value: Any) -> str:
        if len(value) <= 8 and all(type(item) in _SCALARS for item in islice(self.items(value), 16)):
            text = repr(value)
            if len(text) <= _WIDTH:
                return text
        return f"{type(value).__name__} of {counted(len(value), self.noun)}"


@dataclass(frozen=True, slots=True)
class _Bytearray(Adapter):
    def describe(self, value: Any) -> Node:
        return Node("bytearray", len(value), buffers=(value,))

    def patch(self, live: Any, new: Any) -> None:
        if type(new) is not bytearray:
            raise Unpatchable("", "bytearray", f"it became a {type(new).__qualname__}")
        live[:] = new

    def preview(self, value: Any) -> str:
        return f"bytearray of {counted(len(value), 'byte')}"


def _flat_items(value: dict[Any, Any]) -> list[Any]:
    return list(chain.from_iterable(value.items()))


def _replace_list(live: list[Any], new: list[Any]) -> None:
    live[:] = new


def _replace_mapping(live: Any, new: Any) -> None:
    content = new.copy()
    live.clear()
    live.update(content)


_SCALARS = {NoneType, bool, int, float, complex, str, bytes, EllipsisType}

_ATOM = _Atom()

#: Adapters by exact type.
ADAPTERS: dict[type | str, Adapter] = {
    **dict.fromkeys(_SCALARS, _ATOM),
    list: _Container("item", list, _replace_list),
    tuple: _Container("item", list, None),
    dict: _Container("key", _flat_items, _replace_mapping, ".items()[{}]"),
    set: _Container("item", list, _replace_mapping, "{{{}}}"),
    frozenset: _Container("item", list, None, "{{{}}}"),
    bytearray: _Bytearray(),
}
