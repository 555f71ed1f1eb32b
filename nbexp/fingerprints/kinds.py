"""The exact built-in types that need no adapter to be looked into."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from itertools import chain
from types import EllipsisType, NoneType
from typing import Any

#: Immutable leaves without identity.
ATOMS: frozenset[type] = frozenset({NoneType, bool, int, float, complex, str, bytes, EllipsisType})

#: Containers whose identity is part of the value.
MUTABLE: frozenset[type] = frozenset({list, dict, set, bytearray})

#: All of them.
BUILTIN: frozenset[type] = ATOMS | MUTABLE | {tuple, frozenset}

#: What `exec` puts into the globals that it is given, by name: never looked into, since Python itself brings it.
BUILTINS: dict[str, Any] = builtins.__dict__


def is_flat(members: Collection[Any]) -> bool:
    """Whether members are atoms, or tuples of atoms."""
    types = set(map(type, members))
    if types <= ATOMS:
        return True
    if not types <= ATOMS | {tuple}:
        return False
    return set(map(type, chain.from_iterable([m for m in members if type(m) is tuple]))) <= ATOMS
