"""Stages that can do nothing but compute: ``batch_size = 2 * base + 1``. There is nothing to watch while they run."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from nbexp.fingerprints.fingerprint import atom

if TYPE_CHECKING:
    from nbexp.stage.analysis import Analysis
    from nbexp.stage.reach import Root

#: The nodes that call no code of anybody's. Operators are among what `trees` leaves out.
_PLAIN = (
    ast.Module, ast.Assign, ast.AugAssign, ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.IfExp, ast.JoinedStr, ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict,
)  # fmt: skip


def is_plain(nodes: Iterable[ast.AST]) -> bool:
    """Whether code made of `nodes` calls no code of anybody's as long as its values are numbers, texts and the like.

    Example:
        >>> is_plain(walk(ast.parse("c = a + 1")))
        True
        >>> is_plain(walk(ast.parse("c = f(1)")))
        False
    """
    return all(isinstance(node, _PLAIN) for node in nodes)


def only_computes(analysis: Analysis, roots: Iterable[Root]) -> bool:
    """Whether a cell can print, show, read, draw, set and start nothing.

    Args:
        analysis: What its source says. roots: What it reads, before it runs.
    """
    return analysis.is_plain and all(atom(root.value) for root in roots)
