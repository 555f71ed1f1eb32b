"""Names that a top-to-bottom run would not find, or would find changed."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import Reading, Remark

#: What every notebook has: builtins, and what IPython puts there.
_GIVEN = frozenset({*dir(builtins), "get_ipython", "display", "In", "Out", "exit", "quit", "open"})

#: Magics that bind names which no line shows.
_BINDING_MAGICS = frozenset({"%run", "%pylab", "%load", "%store", "%macro", "%edit", "%cython", "%%cython"})

_HISTORY = re.compile(r"_+|_i*\d*|_i+|__\w+__|_[iod]h")


def undefined(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Names that no cell above makes: a deleted cell did, or one below does."""
    first = {name: cell.number for cell in reversed(cells) for name in cell.analysis.stores}
    made: set[str] = set()
    for cell in cells:
        if _hides_names(cell):
            return
        late = {chain[0] for chain in cell.analysis.late}  # read when a function is called, which may be further below
        for name, node in _free_names(cell):
            if name in late and name in first:
                continue
            if name in made or name in _GIVEN or _HISTORY.fullmatch(name):
                continue
            below = first.get(name, 0)
            where = f"cell {below} below makes it" if below > cell.number else "no cell makes it"
            advice = "Move that cell up." if below > cell.number else "The cell that did was deleted: write it again."
            if below != cell.number:
                yield Remark("undefined", cell.number, cell.line(node), f"`{name}` is read, and {where}", advice)
            made.add(name)  # said once
        made |= cell.analysis.stores


def _hides_names(cell: Reading) -> bool:
    """Whether the cell may make names that its source does not show: ``from x import *``, ``exec``, ``%run``."""
    stars = (
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        for node in ast.walk(cell.tree)
    )
    magics = not _BINDING_MAGICS.isdisjoint(cell.analysis.always)
    return not cell.sound or bool(cell.analysis.dynamic) or magics or any(stars)


def _free_names(cell: Reading) -> Iterator[tuple[str, ast.AST]]:
    """Names that the cell reads from above, each with its first place; without those that it may only leave as is."""
    live = {chain[0] for chain in cell.analysis.live_in - cell.analysis.kept - cell.analysis.textual}
    seen: set[str] = set()
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in live and node.id not in seen:
            seen.add(node.id)
            yield node.id, node


def overwritten_parameters(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Parameters that a cell below theirs binds anew."""
    names: frozenset[str] = frozenset()
    for cell in cells:
        if cell.is_parameters:
            names = cell.analysis.stores
            continue
        for statement in cell.tree.body:
            for name in sorted(names.intersection(_assigned(statement))):
                text = f"the parameter `{name}` is set again: what a run sets with -p has no effect below"
                advice = f"Take the line out, or give {name} another name there."
                yield Remark("parameter", cell.number, cell.line(statement), text, advice)


def _assigned(statement: ast.stmt) -> set[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    nodes = (node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
