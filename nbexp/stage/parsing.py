"""Parsing the Python that stands in a text of the cell: in magics, in ``eval``, in quoted annotations."""

from __future__ import annotations

import ast
import warnings


def parse_statements(text: str) -> list[ast.stmt]:
    """The statements in a text.

    Raises:
        SyntaxError: It is no Python.
    """
    with _silence():
        return ast.parse(text).body


def parse_expression(text: str) -> ast.expr:
    """The expression in a text.

    Raises:
        SyntaxError: It is none.
    """
    with _silence():
        return ast.parse(text.strip(), mode="eval").body


def _silence() -> warnings.catch_warnings[None]:
    """Python warns of odd escapes when the text is run; once is enough."""
    return warnings.catch_warnings(action="ignore")
