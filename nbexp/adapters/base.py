"""The contract of an adapter: what one library's values are made of, and how they are stored and patched.

`describe` is the heart. It says what a value is made of, as a `Node`; fingerprints, the search for shared objects and
the path named in an error are all worked out from it. The other verbs have defaults that fit most types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nbexp.errors import Unpatchable


@dataclass(frozen=True, slots=True)
class Name:
    """A place where code finds an object when it runs: ``Name("__main__", ("np", "random", "rand"))``.

    Attributes:
        module: The module whose globals are read; ``__main__`` is the notebook's namespace.
        path: The global's name, then the attributes read from it.
    """

    module: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.path if self.module == "__main__" and self.path else (self.module, *self.path))


@dataclass(frozen=True, slots=True)
class Node:
    """What a value is made of, one level deep.

    Attributes:
        tag: The kind of value; unique to the adapter and changed when its encoding changes.
        meta: Content that has no identity, as a tree of exact ``None bool int float complex str bytes tuple``.
        buffers: Memory that is content: C-contiguous objects with the buffer protocol, or `Pieces`; never copied.
        children: Objects that are content and may be shared with others, in an order that depends on the value only.
        labels: The path piece of each child for error messages: ``(".items", "[0]")``; a callable makes it when needed.
        mutable: Whether identity is part of the value: the same object twice differs from two equal ones.
        spans: Address ranges ``(start, stop)`` of memory that this value reads and writes and that others may overlap.
        layout: What, beside the place in an overlapping region, tells views apart (strides …). It counts only if the
            memory is shared with another node of the same walk.
        reads: Names that the value's code looks up when it runs.
        packages: Import names of installed packages whose code the value runs, beside that of its own type.
        imports: Modules that the value's code imports when it runs, by full name.
    """

    tag: str
    meta: Any = None
    buffers: Sequence[Any] = ()
    children: Sequence[Any] = ()
    labels: Sequence[str] | Callable[[int], str] = ()
    mutable: bool = True
    spans: Sequence[tuple[int, int]] = ()
    layout: Any = None
    reads: Sequence[Name] = ()
    packages: Sequence[str] = ()
    imports: Sequence[str] = ()

    def label(self, index: int) -> str:
        """The path piece of child `index`."""
        if callable(self.labels):
            return self.labels(index)
        return self.labels[index] if index < len(self.labels) else f"<{index}>"


class Storing(Protocol):
    """What an adapter may ask while a graph is being stored."""

    def region(self, start: int, stop: int) -> tuple[Any, int] | None:
        """If memory ``[start, stop)`` overlaps memory of another value of this graph or of a live input: an object that
        stands for the whole region (pickled once; on loading it becomes something with the buffer protocol, writable,
        the same object for all) and the offset of `start` in it. None if the memory belongs to this value alone."""


class Adapter:
    """How the values of one type are described, stored, patched and previewed. Subclass it, one per type.

    A value is *the same* as another if exact type, content, order and sharing among mutable objects are the same. Same
    value => same description, in any process; different value => different description, always. If neither can be told
    for sure, raise `Unfingerprintable` with path ``""``.
    """

    def describe(self, value: Any) -> Node:
        """What `value` is made of."""
        raise NotImplementedError

    def reduce(self, value: Any, storing: Storing) -> Any:
        """What pickle's ``reducer_override`` shall return; by default pickle's own way. Large memory goes through
        `pickle.PickleBuffer`. Raise `Unstorable` (path ``""``) for what cannot come back."""
        return NotImplemented

    def detach(self, value: Any) -> Any:
        """Another object of equal content, one level deep (children are the same objects): what a patch stores."""
        import copy

        return copy.copy(value)

    def patch(self, live: Any, new: Any) -> None:
        """Give `live` the content of `new`, in place, so that every holder of `live` sees it."""
        raise Unpatchable("", type(live).__qualname__, "its content cannot be replaced in place")

    def preview(self, value: Any) -> str:
        """One short line for people, at most 80 characters, cheap whatever the size."""
        return type(value).__qualname__
