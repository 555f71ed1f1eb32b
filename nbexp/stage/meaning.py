"""The meaning of source code as a digest of its syntax tree.

Comments, spacing, line breaks, the style of quotes and the ``u`` in front of a string are not in the tree and so no
meaning; docstrings are. Constants count with their type and bits: ``1``, ``1.0``, ``True`` and ``"1"`` all differ.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from nbexp import hashing

#: Fields that say where or how something was written, or that follow from where a node stands.
_NO_MEANING = frozenset({"kind", "ctx", "type_ignores", "type_comment", "lineno", "col_offset"})

_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def meaning(tree: ast.AST | list[ast.stmt], replace: Callable[[ast.AST], ast.AST | None] | None = None) -> bytes:
    """The digest of what `tree` means: equal for two sources exactly if they parse to the same tree.

    Args:
        tree: A node, or statements in order.
        replace: Called for each call node; what it returns stands in its place (used for code inside magics).

    Example:
        >>> meaning(ast.parse("x=1  # one")) == meaning(ast.parse("x = 1"))
        True
    """
    pieces: list[str] = []
    # Iterative: a sum of 5000 terms is a tree 5000 deep. Text on the stack closes what was opened.
    stack: list[object] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            if replace is not None and isinstance(item, ast.Call):
                item = replace(item) or item
            _open(item, pieces, stack)
        elif type(item) is list:
            pieces.append(f"[{len(item)}")
            stack.extend(reversed(item))
        else:
            pieces.append(_leaf(item))
    return hashing.digest("meaning", "\0".join(pieces))


def _open(node: ast.AST, pieces: list[str], stack: list[object]) -> None:
    """A node's class, then its fields: their number is fixed by the class, so that nothing needs to be closed."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in node._fields if name not in _NO_MEANING)[::-1]
    pieces.append(kind.__name__)
    for name in fields:
        stack.append(getattr(node, name, None))


def _leaf(value: object) -> str:
    """A constant or identifier; lengths in front keep neighbours apart, types keep equal values apart."""
    if type(value) is str:
        return f"s{len(value)}:{value}"
    if type(value) is int:
        return f"i{value:x}"
    if type(value) is float:
        return f"f{value.hex()}"
    if type(value) is complex:
        return f"c{value.real.hex()},{value.imag.hex()}"
    if type(value) is bytes:
        return f"b{value.hex()}"
    return f"{type(value).__name__}:{value!r}"
