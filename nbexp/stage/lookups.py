"""Texts in which a library looks names up: ``df.query("a > @thr")``, ``duckdb.sql("… from df")`` (part of `flow`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbexp.code.reads import TEXT_ARGUMENTS, TEXT_LOOKUPS
from nbexp.stage.assumptions import Chain, chain_of, last_name
from nbexp.stage.namespaces import text_of
from nbexp.stage.scopes import VALUE
from nbexp.stage.strings import names_in_text, words
from nbexp.stage.trees import children

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

#: Calls that make a number: no names stand in it.
_NUMBER_CALLS = frozenset({"len", "int", "float", "mean", "median", "std", "var", "quantile", "count", "nunique"})

#: Calls that make a text of nothing but their arguments.
_TEXT_CALLS = frozenset(
    {
        "format", "format_map", "join", "strip", "lstrip", "rstrip", "dedent", "replace", "lower", "upper",
        "casefold", "title", "str", "round", "abs", "min", "max", "sum", "repr", "text",
    }
)  # fmt: skip


_MADE_OF_PARTS = (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.List, ast.Tuple, ast.IfExp, ast.Starred)


def read_looked_up(flow: Flow, name: str, node: ast.Call, state: set[str]) -> None:
    """Count the names in the text that a call of `TEXT_LOOKUPS` is given."""
    if name not in TEXT_LOOKUPS or (name == "eval" and isinstance(node.func, ast.Name)):
        return
    chain = chain_of(node.func) or ("",)
    every_word = name in ("evaluate", "sqldf") or (name == "eval" and chain[0] in ("pd", "pandas"))
    parts = _texts(node)
    seen: set[str] = set()
    while parts:
        part = parts.pop()
        text = text_of(part)
        if text is not None:
            _count_text(flow, text, state, every_word=every_word)
        else:
            parts.extend(_pieces(flow, _libraries(name, node), part, seen))


def _texts(node: ast.Call) -> list[ast.AST]:
    """The arguments of a call that may be its text."""
    if any(each.arg == "k" for each in node.keywords):  # the nearest neighbours in a tree: `tree.query(points, k=2)`
        return []
    named = [each.value for each in node.keywords if each.arg is None or each.arg in TEXT_ARGUMENTS]
    return [*(node.args[:1] or named)]


def _libraries(name: str, node: ast.Call) -> dict[str, str]:
    """The libraries whose call this may be, each with why every variable counts if it is."""
    plain = isinstance(node.func, ast.Name) or chain_of(node.func) == ("self", name)
    libraries = (each for each in TEXT_LOOKUPS[name] if not (plain and each == "pandas"))  # `self.query(x)`: a layer's
    return dict.fromkeys(libraries, f"a text made for {name}()")


def _pieces(flow: Flow, libraries: dict[str, str], node: ast.AST, seen: set[str]) -> list[ast.AST]:
    """What a text is made of; what cannot be told is noted."""
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.FormattedValue) and _shows_numbers(node.format_spec):
        return []
    if isinstance(node, _MADE_OF_PARTS):
        return [each for each in children(node) if isinstance(each, ast.expr)]
    if isinstance(node, ast.Call) and last_name(node.func) in _NUMBER_CALLS:
        return []
    if isinstance(node, ast.Call) and last_name(node.func) in _TEXT_CALLS:
        inside = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*inside, *node.args, *(keyword.value for keyword in node.keywords)]
    chain = chain_of(node)
    if chain is None or not flow.scope.is_global(chain[0]):
        _unknown_text(flow, libraries)
        return []
    return _pieces_of_name(flow, libraries, chain, seen)


def _pieces_of_name(flow: Flow, libraries: dict[str, str], chain: Chain, seen: set[str]) -> list[ast.AST]:
    """A text held by a variable: from above (its value is looked through), or made in this cell by one assignment."""
    root = chain[0]
    if len(chain) == 1 and root in flow.cell.single:
        if root in seen:
            return []
        seen.add(root)
        return [flow.cell.single[root]]
    if len(chain) > 1 or flow.cell.top.names.get(root) == VALUE:  # what an attribute holds is not looked through
        _unknown_text(flow, libraries)
    flow.cell.texts.add(chain)
    return []


def _unknown_text(flow: Flow, libraries: dict[str, str]) -> None:
    """The text is made elsewhere, and so are the names in it."""
    flow.cell.any_text = True
    flow.cell.dynamic_with.update(libraries.items())


def _count_text(flow: Flow, text: str, state: set[str], *, every_word: bool) -> None:
    if text.rstrip().endswith("@"):
        flow.cell.dynamic["a name made for @"] = None
    for chain in words(text) if every_word else names_in_text(text, looked_up=True):
        flow.load(chain, state, textual=True)


def _shows_numbers(spec: ast.AST | None) -> bool:
    """``:.2f`` and the like can only show numbers."""
    text = text_of(spec.values[0]) if isinstance(spec, ast.JoinedStr) and len(spec.values) == 1 else None
    return text is not None and text[-1:] in tuple("bcdeEfFgGnoxX%")
