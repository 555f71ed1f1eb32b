"""Texts in which a library looks names up: ``df.query("a > @thr")``, ``duckdb.sql("… from df")`` (part of `flow`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import Chain, chain_of, last_name
from nbexp.stage.namespaces import text_of
from nbexp.stage.scopes import VALUE
from nbexp.stage.strings import names_in_text, words

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

#: Calls that look names up in their text, by their last name, and the libraries whose calls find any name in it.
#: pandas finds only names after @ in ``query`` and ``eval``, and those are seen wherever the text stands.
LOOKUPS: dict[str, tuple[str, ...]] = {
    "query": ("duckdb",),
    "eval": (),
    "sql": ("duckdb", "polars"),
    "execute": ("duckdb",),
    "executemany": ("duckdb",),
    "read_sql": ("duckdb",),
    "read_sql_query": ("duckdb",),
    "evaluate": ("numexpr",),
    "sqldf": ("pandasql",),
}

#: Calls that make a text of nothing but their arguments.
_TEXT_CALLS = frozenset(
    {
        "format", "format_map", "join", "strip", "lstrip", "rstrip", "dedent", "replace", "lower", "upper",
        "casefold", "title", "str", "int", "float", "round", "len", "abs", "min", "max", "sum", "repr", "text",
    }
)  # fmt: skip


_MADE_OF_PARTS = (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.List, ast.Tuple, ast.IfExp, ast.Starred)


def read_looked_up(flow: Flow, name: str, node: ast.Call, state: set[str]) -> None:
    """Count the names in the text that a call of `LOOKUPS` is given first."""
    if name not in LOOKUPS or not node.args or (name == "eval" and isinstance(node.func, ast.Name)):
        return
    chain = chain_of(node.func) or ("",)
    every_word = name in ("evaluate", "sqldf") or (name == "eval" and chain[0] in ("pd", "pandas"))
    parts: list[ast.AST] = [node.args[0]]
    seen: set[str] = set()
    while parts:
        part = parts.pop()
        text = text_of(part)
        if text is not None:
            _count_text(flow, text, state, every_word=every_word)
        else:
            parts.extend(_pieces(flow, name, part, seen))


def _pieces(flow: Flow, name: str, node: ast.AST, seen: set[str]) -> list[ast.AST]:
    """What a text is made of; what cannot be told is noted."""
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.FormattedValue) and _shows_numbers(node.format_spec):
        return []
    if isinstance(node, _MADE_OF_PARTS):
        return [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
    if isinstance(node, ast.Call) and last_name(node.func) in _TEXT_CALLS:
        inside = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*inside, *node.args, *(keyword.value for keyword in node.keywords)]
    chain = chain_of(node)
    if chain is None or not flow.scope.is_global(chain[0]):
        _unknown_text(flow, name)
        return []
    return _pieces_of_name(flow, name, chain, seen)


def _pieces_of_name(flow: Flow, name: str, chain: Chain, seen: set[str]) -> list[ast.AST]:
    """A text held by a variable: from above (its value is looked through), or made in this cell by one assignment."""
    root = chain[0]
    if len(chain) == 1 and root in flow.cell.single:
        if root in seen:
            return []
        seen.add(root)
        return [flow.cell.single[root]]
    if flow.cell.top.names.get(root) == VALUE:
        _unknown_text(flow, name)
    flow.cell.texts.add(chain)
    return []


def _unknown_text(flow: Flow, name: str) -> None:
    """The text is made elsewhere: names after @ can come from any input, other names from anywhere."""
    flow.cell.any_text = True
    flow.cell.dynamic_with.update((library, f"a text made for {name}()") for library in LOOKUPS[name])


def _count_text(flow: Flow, text: str, state: set[str], *, every_word: bool) -> None:
    if text.rstrip().endswith("@"):
        flow.cell.dynamic["a name made for @"] = None
    for chain in words(text) if every_word else names_in_text(text, looked_up=True):
        flow.load(chain, state, textual=True)


def _shows_numbers(spec: ast.AST | None) -> bool:
    """``:.2f`` and the like can only show numbers."""
    text = text_of(spec.values[0]) if isinstance(spec, ast.JoinedStr) and len(spec.values) == 1 else None
    return text is not None and text[-1:] in tuple("bcdeEfFgGnoxX%")
