"""Adapters of immutable values that hold nothing: dates, decimals, scalars of libraries.

They are told by plain content alone, and so need no `Node` each: a list of 100,000 dates is hashed in bulk.
"""

from __future__ import annotations

from typing import Any

from nbexp.adapters.base import Adapter, Node


class Leaf(Adapter):
    """A value that is nothing but its content, has no identity and holds no other objects.

    Subclass it and give `tag` and `content`; describing follows.
    """

    #: As `Node.tag`.
    tag: str

    def content(self, value: Any) -> Any:
        """What tells values of this type apart: a tree of exact ``None bool int float complex str bytes tuple``.

        ``NotImplemented`` for a value that is no leaf: it is described.
        """
        raise NotImplementedError

    def describe(self, value: Any) -> Node:
        return Node(self.tag, self.content(value), mutable=False)

    def detach(self, value: Any) -> Any:
        return value

    def preview(self, value: Any) -> str:
        return repr(value)[:80]
