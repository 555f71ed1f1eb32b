"""Objects of libraries that are told by their class and attributes, some of which are no content."""

from __future__ import annotations

from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unpatchable


class Attributes(Adapter):
    """An object whose content is its class and its ``__dict__``, without caches and links back.

    Args:
        tag: As `Node.tag`.
        skipped: Attributes that are no content: what is made anew when it is needed.
    """

    def __init__(self, tag: str, skipped: frozenset[str] = frozenset()) -> None:
        self.tag, self.skipped = tag, skipped

    def attributes(self, value: Any) -> dict[str, Any]:
        """The attributes that are content, in the order in which they were set."""
        return {name: held for name, held in vars(value).items() if name not in self.skipped}

    def describe(self, value: Any) -> Node:
        held = self.attributes(value)
        labels = (".__class__", *(f".{name}" for name in held))
        return Node(self.tag, tuple(held), (), (type(value), *held.values()), labels)

    def detach(self, value: Any) -> Any:
        kind: Any = type(value)
        new = kind.__new__(kind)
        vars(new).update(vars(value))
        return new

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"its type became {type(new).__qualname__}")
        state = dict(vars(new))
        vars(live).clear()
        vars(live).update(state)
