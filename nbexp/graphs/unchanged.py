"""Objects that cannot take over a content, inside a value that a stage changed: they need none if they did not change.

A fitted estimator holds objects made in C. A stage that fits it again leaves the old ones as they are, or replaces
them; it does not change them. What is stored of such an object says what it was after the run, so that a hit can make
sure that the live one is just that: its own content by a digest, and the very objects that it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbexp.errors import Unpatchable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.registry import adapter_for


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What is stored in place of the content of an object that cannot take one over.

    Attributes:
        kind: The object's class.
        digest: Of its own content, without that of what it refers to.
        links: The mutable objects it refers to. One that the stage put there is a new object after loading, and so is
            never the one that the live object refers to.
    """

    kind: type
    digest: bytes
    links: tuple[object, ...]

    def check(self, live: Any) -> None:
        """Whether `live` is what the object was after the run.

        Raises:
            Unpatchable: It is not.
        """
        now = unchanged(live) if type(live) is self.kind else None
        same = now is not None and now.digest == self.digest and len(now.links) == len(self.links)
        if now is None or not same or any(a is not b for a, b in zip(now.links, self.links, strict=True)):
            raise Unpatchable("", type(live).__qualname__, "its content cannot be replaced in place")


def unchanged(value: Any) -> Unchanged:
    """What to store of `value`."""
    before, after = mutables(value), mutables(value)
    lasting = {id(one) for one in before} & {id(one) for one in after}  # others are made anew whenever it is asked
    own = _Own(lasting)
    parts = tuple(map(own.of, adapter_for(type(value)).describe(value).children))
    return Unchanged(type(value), fingerprint(parts).digest, tuple(own.links))


class _Own:
    """The own content of an object: plain containers made when it is asked are a part, what it refers to is not."""

    def __init__(self, lasting: set[int]) -> None:
        self.links: list[object] = []
        self._lasting = lasting

    def of(self, part: Any) -> Any:
        if id(part) in self._lasting:
            self.links.append(part)
            return ("link",)
        if type(part) in (tuple, list):
            return (type(part), *map(self.of, part))
        if type(part) is dict:
            return (dict, *((self.of(key), self.of(held)) for key, held in part.items()))
        self.links += [held for held in mutables(part) if id(held) in self._lasting]
        return part
