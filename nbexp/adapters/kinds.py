"""The exact built-in types that need no adapter to be looked into."""

from __future__ import annotations

from types import EllipsisType, NoneType

#: Immutable leaves without identity.
ATOMS: frozenset[type] = frozenset({NoneType, bool, int, float, complex, str, bytes, EllipsisType})

#: Containers whose identity is part of the value.
MUTABLE: frozenset[type] = frozenset({list, dict, set, bytearray})

#: All of them.
BUILTIN: frozenset[type] = ATOMS | MUTABLE | {tuple, frozenset}
