"""Which names a piece of code binds, and where a name that it reads is looked up: Python's scopes.

A function's names are its own wherever in its body they are bound; a class body looks in itself, then among the
globals; comprehensions have a scope for their targets only. What is found nowhere on the way out is a global.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nbexp.stage.trees import children, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

#: How a name is bound, from the one that says most about a cell to the one that says least (see `default_name`).
VALUE, DEFINITION, TEMPORARY, IMPORT = "value", "definition", "temporary", "import"


@dataclass(slots=True)
class Bound:
    """The names that one scope binds, deletes or declares, in the order of the source.

    Attributes:
        names: Name to how it is bound first. count: Name to how often. deleted: Names in ``del``.
        caught: Name to how often it is bound by ``except … as`` (and unbound at the end of the handler).
        outer: Names declared ``global``. nonlocals: Names declared ``nonlocal``.
    """

    names: dict[str, str] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    caught: dict[str, int] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)

    def add(self, name: str, how: str) -> None:
        """Note that `name` is bound; the more telling way stays."""
        self.names.setdefault(name, how)
        self.count[name] = self.count.get(name, 0) + 1
        if how == VALUE and self.names[name] in (TEMPORARY, IMPORT):
            del self.names[name]
            self.names[name] = how


def bound(body: Iterable[ast.AST]) -> Bound:
    """What the statements or expressions of one scope bind, without the scopes inside it."""
    found = Bound()
    stack: list[ast.AST] = list(body)[::-1]
    while stack:
        node = stack.pop()
        bind = _BINDERS.get(type(node))
        stack += reversed(bind(node, found) if bind else children(node))
    return found


def _name(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.Name)
    if isinstance(node.ctx, ast.Store):
        found.add(node.id, VALUE)
    elif isinstance(node.ctx, ast.Del):
        found.deleted.add(node.id)
    return ()


def _function(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, FUNCTIONS)
    found.add(node.name, DEFINITION)
    return [*node.decorator_list, *defaults(node.args)]


def _class(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.ClassDef)
    found.add(node.name, DEFINITION)
    return [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]


def _lambda(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.Lambda)
    return defaults(node.args)


def _comprehension(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, COMPREHENSIONS)
    parts = [piece for each in node.generators for piece in (each.iter, *each.ifs)]
    return [*parts, node.key, node.value] if isinstance(node, ast.DictComp) else [*parts, node.elt]


def _import(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.Import | ast.ImportFrom)
    for alias in node.names:
        name = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
        if name != "*":
            found.add(name, IMPORT)
    return ()


def _handler(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.ExceptHandler)
    if node.name:
        found.add(node.name, TEMPORARY)
        found.deleted.add(node.name)
        found.caught[node.name] = found.caught.get(node.name, 0) + 1
    return children(node)


def _for(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.For | ast.AsyncFor)
    _temporaries(node.target, found)
    return [node.iter, *node.body, *node.orelse]


def _with(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.With | ast.AsyncWith)
    for item in node.items:
        if item.optional_vars is not None:
            _temporaries(item.optional_vars, found)
    return [*(item.context_expr for item in node.items), *node.body]


def _temporaries(target: ast.expr, found: Bound) -> None:
    for node in walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id, TEMPORARY)


def _capture(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    if name:
        found.add(name, VALUE)
    return children(node)


def _alias(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    """``type X = …`` (Python 3.12): binds X; its value is a scope of its own."""
    name = getattr(node, "name", None)
    if isinstance(name, ast.Name):
        found.add(name.id, DEFINITION)
    return ()


def _global(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.Global)
    found.outer.update(node.names)
    return ()


def _nonlocal(node: ast.AST, found: Bound) -> Sequence[ast.AST]:
    assert isinstance(node, ast.Nonlocal)
    found.nonlocals.update(node.names)
    return ()


def defaults(args: ast.arguments) -> list[ast.expr]:
    """The default values of parameters: evaluated where the function is made."""
    return [*args.defaults, *(value for value in args.kw_defaults if value is not None)]


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters, in order."""
    stars = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *stars]


def type_parameters(node: ast.AST) -> set[str]:
    """The names of ``[T, *Ts]`` after a function, class or alias (Python 3.12); none before."""
    return {parameter.name for parameter in getattr(node, "type_params", ())}


_BINDERS = {
    ast.Name: _name,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.ExceptHandler: _handler,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.MatchAs: _capture,
    ast.MatchStar: _capture,
    ast.MatchMapping: _capture,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    **({ast.TypeAlias: _alias} if hasattr(ast, "TypeAlias") else {}),
}


@dataclass(slots=True)
class Scope:
    """One scope on the way from a name outwards to the globals.

    Attributes:
        kind: ``module``, ``function``, ``class`` or ``comprehension``.
        parent: The scope around it; None for the module.
        names: What it binds itself. outer: What it declares ``global``.
        owner: The class whose private names (``__x``) are mangled here, or "".
        mark: For a class: what its own names are marked with in a flow state, so that they are told from globals.
        unbound: For a class: names that it deletes too; without its own one, the global is found.
    """

    kind: str
    parent: Scope | None = None
    names: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    owner: str = ""
    mark: str = ""
    unbound: set[str] = field(default_factory=set)

    def mangled(self, name: str) -> str:
        """The name as it is looked up: ``__x`` inside class ``C`` is ``_C__x``."""
        if not self.owner or not name.startswith("__") or name.endswith("__") or "." in name:
            return name
        owner = self.owner.lstrip("_")
        return f"_{owner}{name}" if owner else name

    def is_global(self, name: str) -> bool:
        """Whether `name`, read here and not found in the class body itself, is looked up among the globals."""
        scope: Scope | None = self
        if self.kind == "class" and (name in self.outer or name in self.names):
            return True
        while scope is not None and scope.kind != "module":
            if scope is self or scope.kind != "class":
                if name in scope.outer:
                    return True
                if name in scope.names:
                    return False
            scope = scope.parent
        return True

    def binder(self) -> Scope:
        """The scope in which an assignment expression binds: the nearest that is no comprehension."""
        scope = self
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope


def function_scope(node: FunctionNode | ast.Lambda, parent: Scope) -> Scope:
    """The scope of a function's body, seen from where it is defined."""
    inside = bound([node.body] if isinstance(node, ast.Lambda) else node.body)
    own = {arg.arg for arg in parameters(node.args)} | set(inside.names) | inside.deleted
    names = (own | type_parameters(node)) - inside.outer - inside.nonlocals
    return inner_scope("function", parent, names, inside.outer, parent.owner)


def inner_scope(kind: str, parent: Scope, names: set[str], outer: set[str], owner: str, mark: str = "") -> Scope:
    """A scope inside `parent`, its names as they are looked up."""
    if owner:
        shape = Scope(kind, owner=owner)
        names, outer = ({shape.mangled(name) for name in group} for group in (names, outer))
    return Scope(kind, parent, names, outer, owner, mark)


def imported_modules(tree: ast.AST) -> list[str]:
    """The modules that code imports outside of functions, by full name, in the order of the source.

    ``import a.b`` binds ``a`` alone, and makes ``a.b`` one of its attributes.

    Example:
        >>> imported_modules(ast.parse("import xml.dom as d, json\\nfrom os.path import join"))
        ['xml.dom', 'json', 'os.path']
    """
    found: list[str] = []
    for node in children(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] if node.module and not node.level else []
        elif not isinstance(node, (*FUNCTIONS, ast.expr)):
            found += imported_modules(node)
    return found
