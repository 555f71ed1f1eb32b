"""The adapter made of the functions that a user gave to `nbexp.register`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.base import Adapter, Node, Storing


@dataclass(frozen=True, slots=True)
class Functions(Adapter):
    """What was given is used; what was not given is done as the adapter `before` does it."""

    before: Adapter
    describing: Callable[[Any], Any] | None = None
    reducing: Callable[[Any], Any] | None = None
    patching: Callable[[Any, Any], None] | None = None
    previewing: Callable[[Any], str] | None = None

    def describe(self, value: Any) -> Node:
        if self.describing is None:
            return self.before.describe(value)
        return Node("registered", children=(type(value), self.describing(value)), labels=(".__class__", ""))

    def reduce(self, value: Any, storing: Storing) -> Any:
        return self.before.reduce(value, storing) if self.reducing is None else self.reducing(value)

    def detach(self, value: Any) -> Any:
        return self.before.detach(value)

    def patch(self, live: Any, new: Any) -> None:
        (self.patching or self.before.patch)(live, new)

    def preview(self, value: Any) -> str:
        return (self.previewing or self.before.preview)(value)
