"""Which names of the shell's namespace are the user's, and what a cell did to them."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress, filterfalse, repeat
from operator import is_not, ne
from typing import Any

from nbexp.code.reference import is_of_compiler

#: Names that IPython keeps in the namespace for itself: history and its caches. Read, they are inputs; never outputs.
_HISTORY = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|_exit_code")

#: Names that the host binds; they belong to no notebook.
_HOST = frozenset(
    {
        "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtin__", "__builtins__",
        "__annotations__", "get_ipython", "exit", "quit", "__session__", "__vsc_ipynb_file__", "__file__", "In", "Out",
    }
)  # fmt: skip

_ABSENT = object()

#: Names found not to be the user's: IPython keeps several for each cell that has run, and each stage asks for all.
_others: set[str] = set()


@functools.cache
def is_user_name(name: str) -> bool:
    """Whether a cell's own binding of `name` is an output: not the history, the host's or a compiler's."""
    return name not in _HOST and _HISTORY.fullmatch(name) is None and not is_of_compiler(name)


def user_names(namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> list[str]:
    """The user's variables, sorted.

    Args:
        namespace: The shell's ``user_ns``.
        hidden: The shell's ``user_ns_hidden``: what IPython put there before the first cell. A hidden name that the
            user has bound anew (``open = ...``) is the user's.
    """
    names = list(filterfalse(_others.__contains__, namespace))
    others = list(filterfalse(is_user_name, names))
    _others.update(others)
    not_theirs = {*others, *(name for name, value in hidden.items() if namespace.get(name, _ABSENT) is value)}
    return sorted(filterfalse(not_theirs.__contains__, names))


@dataclass(frozen=True, slots=True)
class Before:
    """The namespace as it was when a stage began.

    Attributes:
        names: The user's names.
        held: Their values, but for the names that the stage's own source binds or deletes: these count as changed in
            any case, and holding on to their values would keep memory alive that the cell means to free.
    """

    names: frozenset[str]
    held: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a stage did to the names: `bound` (new, or bound to another object) and `deleted`, both sorted."""

    bound: tuple[str, ...]
    deleted: tuple[str, ...]


def remember(namespace: Mapping[str, Any], names: Iterable[str], rebound: Iterable[str]) -> Before:
    """The namespace before a stage that binds or deletes `rebound` by its source; `names` are the user's."""
    there, skip = frozenset(names).intersection(namespace), frozenset(rebound)
    return Before(there, {name: namespace[name] for name in there - skip})


def changed_since(before: Before, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Change:
    """What happened to the names since `before`."""
    names = user_names(namespace, hidden)
    was = map(before.held.get, names, repeat(_ABSENT))
    bound = tuple(compress(names, map(is_not, was, map(namespace.__getitem__, names))))
    return Change(bound, tuple(sorted(before.names.difference(names))))


class Variables:
    """The user's variables of one shell, looked over in a moment however many there are.

    It holds no values: an object may be gone and another lie at its address, so what must not be missed is asked of
    `remember` and `changed_since`.

    Args:
        namespace, hidden: See `user_names`.

    Attributes:
        names: The variables, as of the last look.
    """

    def __init__(self, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
        self._namespace, self._hidden = namespace, hidden
        self._all: list[str] = []
        self._ids: list[int] = []
        self.names: set[str] = set()

    def look(self) -> Looked:
        """What has been bound, anew or to another object, and deleted since the last look."""
        names, ids = list(self._namespace), list(map(id, self._namespace.values()))
        if names[: len(self._all)] == self._all:  # names come to the end, as a rule
            other = list(compress(names, map(ne, ids, self._ids)))
            other += names[len(self._all) :]
            gone: Collection[str] = ()
        else:
            before = dict(zip(self._all, self._ids, strict=True))
            other = [name for name, value in zip(names, ids, strict=True) if before.get(name) != value]
            gone = self.names - set(names)
        self._all, self._ids = names, ids
        return self._note(filter(is_user_name, other), gone)

    def _note(self, other: Iterable[str], gone: Collection[str]) -> Looked:
        bound = {name for name in other if self._hidden.get(name, _ABSENT) is not self._namespace[name]}
        gone = {*gone, *filter(self._is_hosts, self._hidden.keys() & self.names)}
        found = Looked(frozenset(bound), frozenset(bound - self.names), frozenset(gone))
        self.names -= gone
        self.names |= bound
        return found

    def _is_hosts(self, name: str) -> bool:
        return self._hidden[name] is self._namespace.get(name, _ABSENT)


@dataclass(frozen=True, slots=True)
class Looked:
    """What happened to the variables between two looks: `bound` to another object, `new` among these, and `gone`."""

    bound: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
