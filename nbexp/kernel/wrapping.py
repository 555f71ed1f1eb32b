"""Attributes of objects that are replaced for the time of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Wrappings:
    """Replaces attributes, and puts back those that nobody else has replaced since."""

    def __init__(self) -> None:
        self._wrapped: list[_Wrapped] = []

    def wrap(self, owner: Any, name: str, wrapper: Any) -> None:
        """Set ``owner.name`` to `wrapper`, on the instance itself."""
        had = name in owner.__dict__
        self._wrapped.append(_Wrapped(owner, name, wrapper, getattr(owner, name), had))
        setattr(owner, name, wrapper)

    def undo(self) -> None:
        """Put back all, the last one first."""
        while self._wrapped:
            self._wrapped.pop().undo()


@dataclass(slots=True)
class _Wrapped:
    """One attribute of one object that is replaced for a time."""

    owner: Any
    name: str
    wrapper: Any
    original: Any
    had: bool

    def undo(self) -> None:
        """Put the original back, unless somebody has put something else over the wrapper, which then stays and is
        inert."""
        if self.owner.__dict__.get(self.name) is not self.wrapper:
            return
        if self.had:
            setattr(self.owner, self.name, self.original)
        else:
            delattr(self.owner, self.name)
