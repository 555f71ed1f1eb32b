"""Things that serve a process and are no content: locks, weak references. Inside a value they count as nothing more
than being there; on their own they have no fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbexp.adapters.base import Adapter, Node


@dataclass(frozen=True, slots=True)
class Transient(Adapter):
    """Adapter of values whose state is not content.

    Attributes:
        tag: As `Node.tag`. why, advice: What an error says where such a thing is the whole value.
    """

    tag: str
    why: str
    advice: str = "Make it inside the stage that uses it."

    def describe(self, value: Any) -> Node:
        return Node(self.tag)
