"""Which names of the shell's namespace are the user's, and what a cell did to them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import compress, filterfalse, repeat
from operator import is_not
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
