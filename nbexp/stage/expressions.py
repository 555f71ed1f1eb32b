"""What an expression reads: part of the flow analysis (`flow`), in the order in which Python evaluates it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import Chain, chain_of, last_name
from nbexp.stage.magics import AS_FUNCTION, HARMLESS, NAMED, Magic, as_magic, code_inside, is_ipython, output_names
from nbexp.stage.scopes import COMPREHENSIONS, Scope, bound, defaults
from nbexp.stage.strings import LOOKUPS, expansions, names_in_text, words

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

#: Calls that may put something else in the place of a library's function.
_PATCHING = frozenset({"setattr", "delattr", "reload", "patch", "multiple", "__setattr__", "__delattr__"})

#: Text-making calls whose arguments are all that matters.
_TEXT_CALLS = frozenset(
    """format join strip lstrip rstrip dedent replace lower upper str int float repr round len abs min max sum
    format_map casefold title f""".split()
)

_NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})


def read(flow: Flow, node: ast.AST, state: set[str]) -> None:
    """Code at a point with `state` evaluates `node`; what it binds (``:=``, magics) is added to `state`."""
    handler = _READERS.get(type(node))
    if handler is not None:
        handler(flow, node, state)
        return
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            read(flow, value, state)
        elif type(value) is list:
            for each in value:
                if isinstance(each, ast.AST):
                    read(flow, each, state)


def _name(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Name)
    flow.load((node.id,), state)


def _attribute(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Attribute)
    if node.attr == "__dict__":
        flow.cell.attribute_stores = True
    chain = chain_of(node)
    if chain is None:
        read(flow, node.value, state)
    else:
        flow.load(chain, state)


def _constant(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Constant)
    if type(node.value) is str:
        for chain in names_in_text(node.value):
            flow.load(chain, state, textual=True)


def _named(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.NamedExpr)
    read(flow, node.value, state)
    flow.target(node.target, state)


def _maybe(flow: Flow, state: set[str]) -> set[str]:
    """The state for a part that may not be evaluated: what it binds is not sure afterwards."""
    return set(state) if flow.cell.branching else state


def _boolean(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.BoolOp)
    read(flow, node.values[0], state)
    inner = _maybe(flow, state)
    for each in node.values[1:]:
        read(flow, each, inner)


def _conditional(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.IfExp)
    read(flow, node.test, state)
    one, other = _maybe(flow, state), _maybe(flow, state)
    read(flow, node.body, one)
    read(flow, node.orelse, other)
    state |= one & other


def _compare(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Compare)
    if _asks_for_name(flow, node, state):
        return
    read(flow, node.left, state)
    read(flow, node.comparators[0], state)
    inner = _maybe(flow, state)
    for each in node.comparators[1:]:
        read(flow, each, inner)


def _asks_for_name(flow: Flow, node: ast.Compare, state: set[str]) -> bool:
    """``"model" in globals()`` reads one name, not all of them."""
    asks = len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn)
    if not (asks and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)):
        return False
    if not _is_namespace(flow, node.comparators[0]):
        return False
    flow.load((node.left.value,), state)
    return True


def _is_namespace(flow: Flow, node: ast.AST) -> bool:
    """Whether `node` is ``globals()``, or ``locals()``, ``vars()``, ``dir()`` at top level."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)) or node.args or node.keywords:
        return False
    name = node.func.id
    outside = name == "globals" or flow.scope.kind == "module"
    return name in _NAMESPACES and outside and flow.scope.is_global(name) and name not in flow.cell.top.names


def _subscript(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Subscript)
    key = node.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str) and _is_namespace(flow, node.value):
        flow.load((key.value,), state)
        return
    read(flow, node.value, state)
    read(flow, node.slice, state)


def _lambda(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Lambda)
    for value in defaults(node.args):
        read(flow, value, state)
    for chain in flow.cell.reads(node, flow.scope):
        flow.count(chain, state)


def _comprehension(flow: Flow, node: ast.AST, state: set[str]) -> None:
    """The first iterable belongs to the scope around; the rest runs once per item, maybe never."""
    assert isinstance(node, COMPREHENSIONS)
    read(flow, node.generators[0].iter, state)
    outside, inner = flow.scope, _maybe(flow, state)
    names = {name for each in node.generators for name in bound([each.target]).names}
    flow.scope = Scope("comprehension", outside, names, owner=outside.owner)
    for position, each in enumerate(node.generators):
        if position:
            read(flow, each.iter, inner)
        flow.target(each.target, set()) if not isinstance(each.target, ast.Name) else None
        for test in each.ifs:
            read(flow, test, inner)
    for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
        read(flow, part, inner)
    flow.scope = outside


# calls


def _call(flow: Flow, node: ast.AST, state: set[str]) -> None:
    assert isinstance(node, ast.Call)
    magic = as_magic(node)
    if magic is not None:
        _magic(flow, magic, state)
    elif is_ipython(node):
        flow.cell.dynamic["get_ipython()"] = None
    elif not _special_call(flow, node, state):
        _plain_call(flow, node, state)


def _plain_call(flow: Flow, node: ast.Call, state: set[str]) -> None:
    name = last_name(node.func)
    if name in _PATCHING or name.startswith("register"):
        flow.cell.attribute_stores = True
    if name == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
        flow.cell.imports.add(str(node.args[0].value))
    read(flow, node.func, state)
    for each in node.args:
        read(flow, each, state)
    for keyword in node.keywords:
        read(flow, keyword.value, state)
    if name in LOOKUPS and node.args and not (name == "eval" and isinstance(node.func, ast.Name)):
        _looked_up(flow, name, node, state)


def _special_call(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """Calls of builtins that work on names; False if this is none of them."""
    if isinstance(node.func, ast.Attribute):
        return _namespace_get(flow, node, state)
    if not isinstance(node.func, ast.Name) or not flow.scope.is_global(node.func.id):
        return False
    if node.func.id in flow.cell.top.names:
        return False
    handler = _BUILTINS.get(node.func.id)
    return handler is not None and handler(flow, node, state)


def _namespace_get(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``globals().get("x", default)``."""
    func = node.func
    first = node.args[0] if node.args else None
    if not (isinstance(func, ast.Attribute) and func.attr == "get" and _is_namespace(flow, func.value)):
        return False
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return False
    flow.load((first.value,), state)
    for each in node.args[1:]:
        read(flow, each, state)
    return True


def _vars(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``vars(x)`` and ``dir(x)`` look into x; without an argument, inside a function, at its own names."""
    assert isinstance(node.func, ast.Name)
    if node.func.id == "vars" and node.args:
        flow.cell.attribute_stores = True
    if not node.args and flow.scope.kind in ("module", "class", "comprehension"):
        return False
    for each in node.args:
        read(flow, each, state)
    flow.count((node.func.id,), state)
    return True


def _eval(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``eval("a + b")`` with a constant text is that expression."""
    text = node.args[0] if node.args else None
    if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
        return False
    try:
        inner = ast.parse(text.value.strip(), mode="eval").body
    except SyntaxError:
        return False
    read(flow, inner, state)
    for each in node.args[1:]:
        read(flow, each, state)
    flow.count(("eval",), state)
    return True


def _getattr(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``getattr(module, "name")`` reads that attribute only."""
    if len(node.args) < 2 or node.keywords:
        return False
    chain, name = chain_of(node.args[0]), node.args[1]
    if chain is None or not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return False
    flow.load((*chain, name.value), state)
    for each in node.args[2:]:
        read(flow, each, state)
    flow.count(("getattr",), state)
    return True


def _dunder_import(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    if node.args and isinstance(node.args[0], ast.Constant):
        flow.cell.imports.add(str(node.args[0].value))
    return False


_BUILTINS: dict[str, Callable[[Flow, ast.Call, set[str]], bool]] = {
    "vars": _vars,
    "dir": _vars,
    "locals": _vars,
    "eval": _eval,
    "getattr": _getattr,
    "__import__": _dunder_import,
}


# texts in which names are looked up


def _looked_up(flow: Flow, name: str, node: ast.Call, state: set[str]) -> None:
    """A call that looks names up in the text it is given: ``df.query(text)``, ``duckdb.sql(text)``."""
    chain = chain_of(node.func) or ("",)
    everything = name in ("evaluate", "sqldf") or (name == "eval" and chain[0] in ("pd", "pandas"))
    parts: list[ast.AST] = [node.args[0]]
    while parts:
        parts.extend(_look_into(flow, name, parts.pop(), state, everything))


def _look_into(flow: Flow, name: str, node: ast.AST, state: set[str], everything: bool) -> list[ast.AST]:
    """Count the names in one part of such a text; the parts it is made of are handed back."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            _count_text(flow, node.value, state, everything)
        return []
    if isinstance(node, ast.JoinedStr):
        return [*node.values]
    if isinstance(node, ast.FormattedValue):
        return [] if _is_number_format(node.format_spec) else [node.value]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.List | ast.Tuple):
        return [*node.elts]
    if isinstance(node, ast.Call) and last_name(node.func) in _TEXT_CALLS:
        inside = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*inside, *node.args, *(keyword.value for keyword in node.keywords)]
    chain = chain_of(node)
    if chain is None:
        flow.cell.dynamic[f"a text made for {name}()"] = None
        return []
    return _look_into_name(flow, name, chain, state)


def _look_into_name(flow: Flow, name: str, chain: Chain, state: set[str]) -> list[ast.AST]:
    """A text held by a variable: from above (its value is looked through), or made in this cell by one assignment."""
    if not flow.scope.is_global(chain[0]):
        flow.cell.dynamic[f"a text made for {name}()"] = None
    elif len(chain) == 1 and chain[0] in flow.cell.single:
        return [flow.cell.single[chain[0]]]
    elif chain[0] in flow.cell.top.names and flow.cell.top.names[chain[0]] == "value":
        flow.cell.dynamic[f"a text made for {name}()"] = None
    else:
        flow.cell.texts.add(chain)
    return []


def _count_text(flow: Flow, text: str, state: set[str], everything: bool) -> None:
    if text.rstrip().endswith("@"):
        flow.cell.dynamic["a name made for @"] = None
    for chain in words(text) if everything else names_in_text(text, looked_up=True):
        flow.load(chain, state, textual=True)


def _is_number_format(spec: ast.AST | None) -> bool:
    """``:.2f`` and the like can only show numbers."""
    if not (isinstance(spec, ast.JoinedStr) and len(spec.values) == 1 and isinstance(spec.values[0], ast.Constant)):
        return False
    return str(spec.values[0].value)[-1:] in tuple("bcdeEfFgGnoxX%")


# magics


def _magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    if magic.sign == "!":
        flow.cell.always[f"!{magic.line.split(maxsplit=1)[0] if magic.line.strip() else ''}"] = None
        _expand(flow, magic.line, state)
    elif magic.has_code:
        _code_magic(flow, magic, state)
    else:
        _other_magic(flow, magic, state)


def _expand(flow: Flow, line: str, state: set[str]) -> None:
    expressions, chains = expansions(line)
    for each in expressions:
        read(flow, each, state)
    for chain in chains:
        flow.load(chain, state, textual=True)


def _other_magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    flow.cell.always[magic.label] = None
    _expand(flow, magic.line, state)
    if magic.name in NAMED:
        for chain in words(magic.line):
            flow.load(chain, state, textual=True)
    elif magic.name not in HARMLESS:
        flow.cell.dynamic[magic.label] = None
    for name in output_names(magic) if magic.sign == "%%" else ():
        flow.cell.stores[name] = None
        state.add(name)


def _code_magic(flow: Flow, magic: Magic, state: set[str]) -> None:
    code = code_inside(magic)
    if code is None:
        flow.cell.dynamic[magic.label] = None
    elif magic.name in AS_FUNCTION:
        body = [*code.setup, *code.body]
        function = ast.FunctionDef("", _NO_ARGUMENTS, body, [], None)
        for chain in flow.cell.reads(function, flow.scope):
            flow.count(chain, state)
    else:
        after = flow.block([*code.setup, *code.body], set(state))
        # A capture shows an exception and goes on; so does %time when asked to.
        sure = magic.name != "capture" and "no-raise" not in magic.line
        if sure and after is not None:
            state |= after
        for name in code.stores:
            flow.cell.stores[name] = None
            state.add(name)


_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])

_READERS: dict[type[ast.AST], Callable[[Flow, ast.AST, set[str]], None]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.NamedExpr: _named,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Compare: _compare,
    ast.Subscript: _subscript,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Call: _call,
}
