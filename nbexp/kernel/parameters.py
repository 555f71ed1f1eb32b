"""Which variables of the notebook are parameters: those that its parameters cell binds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo

_TAGS = frozenset({"parameters", "injected-parameters"})


def parameters_in(info: ExecutionInfo) -> tuple[str, ...]:
    """The parameters that a cell about to run binds; none if it is no parameters cell.

    A cell is one by its tag (where the front end sends tags) or by its first line, ``# parameters``, which papermill
    writes into the cell that it injects as well.
    """
    tags = (getattr(info, "cell_meta", None) or {}).get("tags") or ()
    first = (info.raw_cell or "").lstrip().partition("\n")[0].strip().lower()
    if first != "# parameters" and _TAGS.isdisjoint(tags):
        return ()
    try:
        tree = ast.parse(info.raw_cell or "")
    except SyntaxError:
        return ()
    return tuple(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
