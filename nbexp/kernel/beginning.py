"""Whether nbexp is loaded before anything else could have touched a random generator."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbexp.code.origin import is_project

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Line magics that run no code of the user's; an extension that is loaded runs its own.
_HARMLESS = frozenset(
    {
        "load_ext", "reload_ext", "autoreload", "matplotlib", "config", "precision", "xmode", "pdb", "automagic",
        "pip", "conda", "mamba", "uv", "cd", "pwd", "env", "set_env",
    }
)  # fmt: skip


#: Extensions that IPython brings, by their short names.
_OF_IPYTHON = frozenset({"autoreload", "storemagic"})


def is_first(shell: InteractiveShell) -> bool:
    """Whether no cell ran before this one, and nothing but harmless magics stands above ``%load_ext nbexp`` in it."""
    cells = [cell for cell in shell.user_ns.get("In", [])[1:] if cell]
    return not cells or (len(cells) == 1 and nothing_above(cells[0]))


def nothing_above(cell: str) -> bool:
    """Whether only comments and harmless magics stand above ``%load_ext nbexp``.

    Args:
        cell: As IPython has transformed it.

    Example:
        >>> nothing_above(TransformerManager().transform_cell("# notebook\\n%matplotlib inline\\n%load_ext nbexp"))
        True
    """
    try:
        statements = ast.parse(cell).body
    except (SyntaxError, ValueError):
        return False
    for statement in statements:
        magic, line = _magic(statement)
        if magic in ("load_ext", "reload_ext") and line == "nbexp":
            return True
        own = magic in ("load_ext", "reload_ext") and line not in _OF_IPYTHON and is_project(line)
        if own or magic not in _HARMLESS:
            return False
    return False


def _magic(statement: ast.stmt) -> tuple[str, str]:
    """The name and the line of a magic; empty for any other statement."""
    match statement:
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Call(ast.Name("get_ipython")), "run_line_magic"),
                [ast.Constant(str(name)), ast.Constant(str(line))],
            )
        ):
            return name, line.strip()
    return "", ""
