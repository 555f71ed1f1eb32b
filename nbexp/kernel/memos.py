"""What functions under `functools.lru_cache` have cached: values that may be from before a change of what they read.

What is cached counts as no content (D29): a function gives the same with or without it. That holds only while nothing
that the function reads has changed since. So each is looked at after every cell; a stage that takes values from a cache
that was not filled under what the function reads now, for all that is known, is not stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from typing import Any
from weakref import WeakKeyDictionary

from nbexp.adapters.base import Name
from nbexp.code.origin import NOTEBOOK
from nbexp.code.reference import is_project_code
from nbexp.records import Reason
from nbexp.stage.key import reach_of
from nbexp.stage.reach import Root


@dataclass(frozen=True, slots=True)
class _Seen:
    """A function at the end of a cell.

    Attributes:
        misses: How often it had computed. reach: The digest of its code and all that this reads.
        filled: The same when all that is cached was computed; empty if it changed in between, or is not known.
    """

    misses: int
    reach: str
    filled: str


@dataclass(frozen=True, slots=True)
class Memo:
    """A function that a stage reaches and that has cached something, before the stage.

    Attributes:
        label: What people call it. function: It. hits: How often it had answered from its cache.
        sound: Whether all that it has cached is known to be what it would compute now.
    """

    label: str
    function: Any
    hits: int
    sound: bool


class Memos:
    """The functions of one shell that cache."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[Any, _Seen] = WeakKeyDictionary()
        self._names: WeakKeyDictionary[Any, Name] = WeakKeyDictionary()

    def begin(self, roots: Iterable[Root]) -> list[Memo]:
        """A stage that reaches `roots` begins."""
        found = []
        for name, label, function in _in_roots(roots):
            self._names[function] = name
            if (info := function.cache_info()).currsize:
                seen = self._seen.get(function)
                sound = seen is not None and seen.misses == info.misses and seen.filled == _reach(name) != ""
                found.append(Memo(label, function, info.hits, sound))
        return found

    def note_cell(self, namespace: Mapping[str, Any]) -> None:
        """A cell is over."""
        # one pass in C where there is none, as nearly always
        if _lru_cache_wrapper in set(map(type, list(namespace.values()))):
            for name, value in list(namespace.items()):
                if type(value) is _lru_cache_wrapper and not name.startswith("_") and is_project_code(value):
                    self._names.setdefault(value, Name(NOTEBOOK, (name,)))
        for function, place in list(self._names.items()):
            self._note(function, place)

    def _note(self, function: Any, name: Name) -> None:
        info, before = function.cache_info(), self._seen.get(function)
        if not info.currsize:
            self._seen.pop(function, None)
            return
        reach = _reach(name)
        if before is None:
            filled = reach
        elif before.misses == info.misses:
            filled = before.filled
        else:
            filled = reach if before.filled == before.reach == reach else ""
        self._seen[function] = _Seen(info.misses, reach, filled)


def taken_from(memos: Iterable[Memo]) -> Iterator[Reason]:
    """The stage is over: the caches from which it may have taken what is not true any more."""
    for memo in memos:
        if not memo.sound and memo.function.cache_info().hits > memo.hits:
            yield Reason(
                "cached",
                memo.label,
                f"it took from the cache of {memo.label} what may be from before a change. "
                f"Call {memo.label}.cache_clear() in a cell above",
            )


def _in_roots(roots: Iterable[Root]) -> Iterator[tuple[Name, str, Any]]:
    for root in roots:
        if type(root.value) is _lru_cache_wrapper:
            yield root.name, root.label, root.value
        elif root.is_code and isinstance(root.value, type):
            for name, member in vars(root.value).items():
                inner = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
                if type(inner) is _lru_cache_wrapper:
                    yield root.name, f"{root.label}.{name}", inner


def _reach(name: Name) -> str:
    try:
        return reach_of(name)
    except Exception:  # noqa: BLE001 - what cannot be told is never the same, and the cell that is over is not at fault
        return ""
