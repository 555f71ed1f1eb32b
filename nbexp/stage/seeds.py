"""Whether a cell seeds the random generators before it can have drawn: what they were is then nothing to it."""

from __future__ import annotations

import ast


def seeds_first(tree: ast.Module) -> bool:
    """Whether the first call of a cell, at its top level, is one that seeds.

    Example:
        >>> seeds_first(ast.parse("import random; n = 3; random.seed(n); x = random.random()"))
        True
    """
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            return _seeds(statement.value)
        if any(isinstance(node, ast.Call) for node in ast.walk(statement)):
            return False
    return False


def _seeds(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    inner = [*call.args, *(keyword.value for keyword in call.keywords)]
    return "seed" in name.lower() and not any(isinstance(node, ast.Call) for each in inner for node in ast.walk(each))
