"""What a call reads besides its function and arguments: names in magics and in texts (part of `flow`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import last_name
from nbexp.stage.lookups import read_looked_up
from nbexp.stage.magics import (
    AS_FUNCTION,
    HARMLESS,
    NAMED,
    SHELLS,
    Magic,
    as_magic,
    code_inside,
    is_ipython,
    output_names,
)
from nbexp.stage.namespaces import builtin_call, namespace_get, text_of
from nbexp.stage.strings import expansions, words

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

#: Calls that may put something else in the place of a library's function.
_IMPORTING = frozenset({"import_module", "__import__"})


def call(flow: Flow, node: ast.Call, state: set[str]) -> None:
    """Code at a point with `state` evaluates a call."""
    magic = as_magic(node)
    if magic is not None:
        _magic(flow, magic, state)
    elif is_ipython(node):
        flow.cell.dynamic["get_ipython()"] = None
    elif not (namespace_get(flow, node, state) or builtin_call(flow, node, state)):
        _plain_call(flow, node, state)


def _plain_call(flow: Flow, node: ast.Call, state: set[str]) -> None:
    name = last_name(node.func)
    module = text_of(node.args[0]) if name in _IMPORTING and node.args else None
    flow.cell.any_import |= name in _IMPORTING and not module
    if module:
        flow.cell.imports.add(module)
        flow.note_dynamic("", (module,))
    flow.read(node.func, state)
    for each in node.args:
        flow.read(each, state)
    for keyword in node.keywords:
        flow.read(keyword.value, state)
    read_looked_up(flow, name, node, state)


# magics


def _magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    if magic.sign == "!":
        flow.cell.always[magic.label] = None
        _expand(flow, magic.line, state)
    elif magic.has_code:
        _code_magic(flow, magic, state)
    else:
        _other_magic(flow, magic, state)


def _expand(flow: Flow, line: str, state: set[str]) -> None:
    """A variable that a line names and nobody has is left as it stands, so the names count as names in a text."""
    expressions, chains = expansions(line)
    for each in expressions:
        flow.read(each, state)
    for chain in chains:
        flow.load(chain, state, textual=True)


def _other_magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    flow.cell.always[magic.label] = None
    _expand(flow, magic.line, state)
    if magic.name in SHELLS and magic.body is not None:
        _expand(flow, magic.body, state)
    if magic.name in NAMED:
        for chain in words(magic.line):
            flow.load(chain, state, textual=True)
    elif magic.name not in HARMLESS:
        flow.cell.dynamic[magic.label] = None
    for name in output_names(magic):
        flow.cell.stores[name] = None
        state.add(name)


def _code_magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    code = code_inside(magic)
    if code is None:
        flow.cell.dynamic[magic.label] = None
        return
    body = [*code.setup, *code.body]
    if magic.name in AS_FUNCTION:
        function = ast.FunctionDef(name="", args=_NO_ARGUMENTS, body=body, decorator_list=[])
        flow.count_all(flow.cell.reads(function, flow.scope), state)
    else:
        after = flow.block(body, set(state))
        if after is not None and not code.swallows:
            state |= after
    for name in code.stores:
        flow.cell.stores[name] = None
        state.add(name)


_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
