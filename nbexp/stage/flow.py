"""Which globals a cell can read before it has surely written them: flow analysis over its syntax tree.

A *state* is the set of names that were written (or deleted) on every way to a point of the program; None is a point that
is never reached. A name read outside the state may still hold what the cells above left, so it is *live-in*. What is
written stays written, so states only grow on a way, loops need one pass, and where ways meet their states intersect.

A function that the cell defines reads its globals when it is called. It can be called from the first mention of its
name on, so its reads count in the state there. If the cell never mentions it, only code from above could call it, by
looking the name up: those reads are kept apart as *late*.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nbexp.stage import assumptions
from nbexp.stage.assumptions import Chain, chain_of
from nbexp.stage.expressions import read
from nbexp.stage.scopes import (
    FUNCTIONS,
    Bound,
    FunctionNode,
    Scope,
    bound,
    defaults,
    function_scope,
    inner_scope,
    parameters,
    type_parameters,
)

State = set[str] | None
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda

#: Attributes through which code reaches names that its source does not show.
_DYNAMIC_CHAINS = frozenset(
    {("sys", "_getframe"), ("inspect", "currentframe"), ("inspect", "stack"), ("sys", "modules"), ("__main__",)}
)
_DYNAMIC_NAMES = frozenset({"exec", "eval", "globals", "locals", "vars", "dir", "get_ipython", "breakpoint"})


@dataclass(slots=True)
class Cell:
    """What is known of a cell, and what the analysis finds out.

    Attributes:
        top: What the cell binds at top level. definitions: Functions and classes bound there, by name.
        single: Names that are bound exactly once in the cell, by a plain assignment, and the value.
        assume: Whether well-known names are taken to do what they always do (`assumptions`).
        branching: Whether expressions can bind names (``:=``, magics), so that their branches need states.
        live, late: Chains read; read by functions that the cell never mentions.
        named, textual: Chains that stand in the code as names; those found in texts.
        texts: Chains whose value, if it is a string, is looked through for names by a call such as ``df.query(text)``.
        before: For the first name of each live chain, what was written before every use of it.
        imports, candidates: Modules imported; ``package.name`` of from-imports, which may be modules.
        assumed: What must not lead to notebook or project code for the result to hold.
        dynamic, always: Why every variable counts; magics and shell lines. The keys of dicts, to keep their order.
        stores: Names bound at top level that `top` does not have: by ``global`` in functions, by magics.
        sure: Names that are surely bound at the end.
    """

    top: Bound
    definitions: Mapping[str, Sequence[Definition]]
    single: Mapping[str, ast.expr]
    assume: bool = True
    branching: bool = True
    live: set[Chain] = field(default_factory=set)
    late: set[Chain] = field(default_factory=set)
    textual: set[Chain] = field(default_factory=set)
    texts: set[Chain] = field(default_factory=set)
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    assumed: set[Chain] = field(default_factory=set)
    dynamic: dict[str, None] = field(default_factory=dict)
    always: dict[str, None] = field(default_factory=dict)
    stores: dict[str, None] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    attribute_stores: bool = False
    _module: Scope = field(default_factory=lambda: Scope("module"))
    named: set[Chain] = field(default_factory=set)
    _reads: dict[int, tuple[Definition, frozenset[Chain]]] = field(default_factory=dict)
    _closures: dict[str, frozenset[Chain]] = field(default_factory=dict)

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Analyse the cell's statements; the findings are in the attributes afterwards."""
        self.sure = frozenset(Flow(self, self._module, top=True).block(body, set()) or ())

    def kept(self) -> frozenset[Chain]:
        """Names that the cell binds on some ways through it only: on the others the value from above stays."""
        return frozenset((name,) for name in {*self.top.names, *self.stores} - self.sure)

    def reads(self, node: Definition, scope: Scope) -> frozenset[Chain]:
        """The globals that a function, or the functions of a class, read when they are called."""
        found = self._reads.get(id(node))
        if found is None:
            # The node is kept with its answer: an id says nothing once its owner is gone.
            found = self._reads[id(node)] = (node, frozenset(_reads_inside(self, node, scope)))
        return found[1]

    def closure(self, name: str) -> frozenset[Chain]:
        """What can be read once the cell's function or class `name` can be called, through others of the cell too."""
        found = self._closures.get(name)
        if found is None:
            chains: set[Chain] = set()
            pending, seen = [name], {name}
            while pending:
                for node in self.definitions[pending.pop()]:
                    more = self.reads(node, self._module)
                    chains |= more
                    roots = {chain[0] for chain in more} & self.definitions.keys()
                    pending.extend(roots - seen)
                    seen |= roots
            found = self._closures[name] = frozenset(chains)
        return found

    def trusts(self, chain: Chain | None) -> bool:
        """Whether knowledge about a library's name may be used; if so, that is noted.

        A name that the cell itself binds is trusted only if an import binds it.
        """
        if chain is None or not self.assume or (chain[0] in self.top.names and self.top.names[chain[0]] != "import"):
            return False
        self.assumed.add(chain)
        return True


def _reads_inside(cell: Cell, node: Definition, scope: Scope) -> set[Chain]:
    flow = Flow(cell, scope, top=False)
    if isinstance(node, ast.ClassDef):
        flow.statement(node, set())
        return flow.found
    flow.scope = function_scope(node, scope)
    if isinstance(node, ast.Lambda):
        read(flow, node.body, set())
    else:
        flow.block(node.body, set())
    return flow.found


class Flow:
    """One walk through the statements of the cell (`top`) or of a function that it defines.

    Attributes:
        cell: Where findings go. scope: The scope that the walk is in now.
        found: Globals read, for a function.
    """

    def __init__(self, cell: Cell, scope: Scope, *, top: bool) -> None:
        self.cell, self.scope, self.top = cell, scope, top
        self.found: set[Chain] = set()
        self._breaks: list[list[State]] = []
        self._continues: list[list[State]] = []
        self._fresh: list[str] = []
        self._classes = 0

    # names

    def load(self, chain: Chain, state: set[str], *, textual: bool = False) -> None:
        """Code at a point with `state` reads a name, and the attributes after it."""
        name = self.scope.mangled(chain[0])
        if self.scope.kind == "class" and name in self.scope.names and self.scope.mark + name in state:
            return
        if not self.scope.is_global(name):
            return
        if not textual:
            self._note_dynamic(name, chain)
        chain = (name, *chain[1:])
        (self.cell.textual if textual else self.cell.named).add(chain)
        self.count(chain, state)

    def _note_dynamic(self, name: str, chain: Chain) -> None:
        if name in _DYNAMIC_NAMES and name not in self.cell.top.names:
            self.cell.dynamic[name] = None
        elif chain[:2] in _DYNAMIC_CHAINS or chain[:1] in _DYNAMIC_CHAINS:
            self.cell.dynamic[".".join(chain[:2])] = None

    def count(self, chain: Chain, state: set[str]) -> None:
        """A global is read: by this function whenever it runs, or by the cell now."""
        root = chain[0]
        if not self.top:
            if root not in state:
                self.found.add(chain)
            return
        if root in self.cell.definitions:
            self.count_all(self.cell.closure(root), state)
        self._live(chain, state)

    def count_all(self, chains: Iterable[Chain], state: set[str]) -> None:
        """Code that reads `chains` can run from here on."""
        for chain in chains:
            if self.top:
                self._live(chain, state)
            elif chain[0] not in state:
                self.found.add(chain)

    def _live(self, chain: Chain, state: set[str]) -> None:
        root = chain[0]
        if root not in state:
            self.cell.live.add(chain)
            before = self.cell.before.get(root)
            self.cell.before[root] = frozenset(state) if before is None else before & state

    def store(self, name: str, state: set[str]) -> None:
        """A name is written (or deleted) in the current scope."""
        scope = self.scope.binder()
        name = scope.mangled(name)
        if scope.kind == "module":
            state.add(name)
        elif name in scope.outer:
            state.add(name)
            self.cell.stores[name] = None
        elif scope.kind == "class":
            state.add(scope.mark + name)

    def target(self, node: ast.expr, state: set[str]) -> None:
        """Something is assigned to `node`."""
        if isinstance(node, ast.Name):
            self.store(node.id, state)
        elif isinstance(node, ast.Tuple | ast.List):
            for each in node.elts:
                self.target(each, state)
        elif isinstance(node, ast.Starred):
            self.target(node.value, state)
        elif isinstance(node, ast.Attribute):
            self._attribute_target(node, state)
        elif isinstance(node, ast.Subscript):
            self._item_target(node, state)

    def _attribute_target(self, node: ast.Attribute, state: set[str]) -> None:
        read(self, node.value, state)
        own = isinstance(node.value, ast.Name) and node.value.id == "self" and not self.scope.is_global("self")
        self.cell.attribute_stores |= not own

    def _item_target(self, node: ast.Subscript, state: set[str]) -> None:
        name = _global_item(node)
        if name is not None:
            state.add(name)
            self.cell.stores[name] = None
            return
        read(self, node.value, state)
        read(self, node.slice, state)

    # statements

    def block(self, body: Iterable[ast.stmt], state: State) -> State:
        """Walk through statements in order: the state after them.

        Functions defined one after another can call each other from the first other statement on, not before.
        """
        for statement in body:
            if state is None:
                return None
            if self._fresh and not _only_defines(statement):
                self._settle(state)
            state = self.statement(statement, state)
        if state is not None and self._fresh:
            self._settle(state)
        return state

    def statement(self, node: ast.stmt, state: set[str]) -> State:
        """Walk through one statement: the state after it."""
        return _STATEMENTS.get(type(node), Flow._simple)(self, node, state)

    def _settle(self, state: set[str]) -> None:
        for name in self._fresh:
            self.cell.late.update(chain for chain in self.cell.closure(name) if chain[0] not in state)
        self._fresh.clear()

    def _simple(self, node: ast.stmt, state: set[str]) -> State:
        for child in ast.iter_child_nodes(node):
            read(self, child, state)
        return state

    def _nothing(self, node: ast.stmt, state: set[str]) -> State:
        return state

    def _expression(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.Expr)
        if not isinstance(node.value, ast.Constant):
            read(self, node.value, state)
        return state

    def _assign(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.Assign)
        if isinstance(node.value, ast.Lambda) and all(isinstance(each, ast.Name) for each in node.targets):
            self._named_lambda(node.value, [each.id for each in node.targets if isinstance(each, ast.Name)], state)
            return state
        read(self, node.value, state)
        for each in node.targets:
            self.target(each, state)
        return state

    def _named_lambda(self, node: ast.Lambda, names: Sequence[str], state: set[str]) -> None:
        for value in defaults(node.args):
            read(self, value, state)
        if not (self.top and self.scope.kind == "module"):
            self.count_all(self.cell.reads(node, self.scope), state)
        for name in names:
            self._define(name, state)

    def _define(self, name: str, state: set[str]) -> None:
        """A function or class is bound to a name of the current scope."""
        self.store(name, state)
        if self.top and self.scope.kind == "module":
            self._fresh.append(name)

    def _augmented(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.AugAssign)
        if (chain := chain_of(node.target)) is not None:
            self.load(chain, state)
        read(self, node.value, state)
        self.target(node.target, state)
        return state

    def _annotated(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.AnnAssign)
        if self.scope.kind != "function":
            self._annotation(node.annotation, state)
        if node.value is None:
            if not isinstance(node.target, ast.Name):
                self.target(node.target, state)
            return state
        assign = ast.Assign([node.target], node.value)
        return self._assign(assign, state)

    def _annotation(self, node: ast.expr | None, state: set[str]) -> None:
        """An annotation; one in quotes is evaluated by some libraries, so its names count as names in a text."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for name in names_of_source(node.value):
                self.load(name, state, textual=True)
        elif node is not None:
            read(self, node, state)

    def _delete(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.Delete)
        for each in node.targets:
            for name in ast.walk(each) if isinstance(each, ast.Tuple | ast.List) else (each,):
                if isinstance(name, ast.Name):
                    self.load((name.id,), state)
            self.target(each, state)
        return state

    def _raise(self, node: ast.stmt, state: set[str]) -> State:
        self._simple(node, state)
        return None

    def _import(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.Import)
        for alias in node.names:
            self.cell.imports.add(alias.name)
            self.store(alias.asname or alias.name.partition(".")[0], state)
            self._note_dynamic(alias.name, (alias.name,))
        return state

    def _import_from(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.ImportFrom)
        if node.level:
            self.cell.dynamic["relative import"] = None
        elif node.module is not None:
            self.cell.imports.add(node.module)
            self.cell.candidates.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
            self._note_dynamic(node.module, (node.module, *(alias.name for alias in node.names[:1])))
        for alias in node.names:
            if alias.name != "*":
                self.store(alias.asname or alias.name, state)
        return state

    def _break(self, node: ast.stmt, state: set[str]) -> State:
        self._breaks[-1].append(state)
        return None

    def _continue(self, node: ast.stmt, state: set[str]) -> State:
        self._continues[-1].append(state)
        return None

    def _if(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.If)
        read(self, node.test, state)
        if isinstance(node.test, ast.Constant):
            return self.block(node.body if node.test.value else node.orelse, state)
        return meet([self.block(node.body, set(state)), self.block(node.orelse, state)])

    def _loop(self, body: Sequence[ast.stmt], state: set[str]) -> tuple[list[State], list[State]]:
        """One pass through a loop's body: the states in which the next pass begins, and those after a break."""
        self._breaks.append([])
        self._continues.append([])
        end = self.block(body, state)
        return [end, *self._continues.pop()], self._breaks.pop()

    def _for(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.For | ast.AsyncFor)
        read(self, node.iter, state)
        inner = set(state)
        self.target(node.target, inner)
        ends, breaks = self._loop(node.body, inner)
        runs = isinstance(node, ast.For) and self._has_items(node.iter, state)
        done = meet(ends) if runs else state
        return meet([self.block(node.orelse, done), *breaks])

    def _while(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.While)
        read(self, node.test, state)
        _, breaks = self._loop(node.body, set(state))
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return meet([self.block(node.orelse, None if forever else state), *breaks])

    def _try(self, node: ast.stmt, state: set[str]) -> State:
        """An exception may come at once, so handlers begin with what was written before; ``finally`` does too."""
        assert isinstance(node, ast.Try) or type(node).__name__ == "TryStar"
        start = set(state)
        ways = [self.block(node.orelse, self.block(node.body, state))]
        ways += [self._handler(handler, set(start)) for handler in node.handlers]
        after = meet(ways)
        if not node.finalbody:
            return after
        last = self.block(node.finalbody, set(start))
        return None if after is None or last is None else after | last

    def _handler(self, node: ast.ExceptHandler, state: set[str]) -> State:
        if node.type is not None:
            read(self, node.type, state)
        if node.name:
            self.store(node.name, state)
        return self.block(node.body, state)

    def _with(self, node: ast.stmt, state: set[str]) -> State:
        """After a context manager that may swallow an exception, only what stood before its body is sure."""
        assert isinstance(node, ast.With | ast.AsyncWith)
        swallowed: State = None
        for item in node.items:
            read(self, item.context_expr, state)
            if isinstance(item.optional_vars, ast.Name):
                self.store(item.optional_vars.id, state)
            if swallowed is None and not self.cell.trusts(assumptions.transparent(item.context_expr)):
                swallowed = set(state)
            if item.optional_vars is not None:
                self.target(item.optional_vars, state)
        return meet([self.block(node.body, state), swallowed])

    def _match(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.Match)
        read(self, node.subject, state)
        ways: list[State] = []
        for case in node.cases:
            inner = set(state)
            read(self, case.pattern, inner)
            for name in bound([case.pattern]).names:
                self.store(name, inner)
            if case.guard is not None:
                read(self, case.guard, inner)
            ways.append(self.block(case.body, inner))
            if case.guard is None and _matches_all(case.pattern):
                return meet(ways)
        return meet([*ways, state])

    def _function(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, FUNCTIONS)
        for each in [*node.decorator_list, *defaults(node.args)]:
            read(self, each, state)
        self._annotations(node, state)
        reads = self.cell.reads(node, self.scope)
        quiet = all(self.cell.trusts(assumptions.quiet_decorator(each)) for each in node.decorator_list)
        if not (self.top and quiet):
            self.count_all(reads, state)
        self._define(node.name, state)
        return state

    def _annotations(self, node: FunctionNode, state: set[str]) -> None:
        outside = self.scope
        self.scope = _generic_scope(node, outside)
        for argument in parameters(node.args):
            self._annotation(argument.annotation, state)
        self._annotation(node.returns, state)
        self._type_parameters(node, state)
        self.scope = outside

    def _type_parameters(self, node: ast.AST, state: set[str]) -> None:
        for parameter in getattr(node, "type_params", ()):
            for child in ast.iter_child_nodes(parameter):
                read(self, child, state)

    def _class(self, node: ast.stmt, state: set[str]) -> State:
        assert isinstance(node, ast.ClassDef)
        for each in node.decorator_list:
            read(self, each, state)
        outside, self.scope = self.scope, _generic_scope(node, self.scope)
        for each in [*node.bases, *(keyword.value for keyword in node.keywords)]:
            read(self, each, state)
        self._type_parameters(node, state)
        own = bound(node.body)
        self._classes += 1
        names = set(own.names) | own.deleted
        mark = f"{self._classes}."
        self.scope = inner_scope("class", self.scope, names - own.outer - own.nonlocals, own.outer, node.name, mark)
        after = self.block(node.body, state)
        self.scope = outside
        if after is None:
            return None
        if self.top and not self._is_quiet(node):
            self.count_all(self.cell.reads(node, outside), after)
        self._define(node.name, after)
        return after

    def _is_quiet(self, node: ast.ClassDef) -> bool:
        """Whether making the class calls none of its methods."""
        chains = [assumptions.quiet_decorator(each) for each in node.decorator_list]
        chains += [assumptions.quiet_base(each) for each in node.bases]
        return not node.keywords and all([self.cell.trusts(chain) for chain in chains])

    def _type_alias(self, node: ast.stmt, state: set[str]) -> State:
        outside, self.scope = self.scope, _generic_scope(node, self.scope)
        read(self, node.value, state)  # type: ignore[attr-defined]
        self._type_parameters(node, state)
        self.scope = outside
        self.target(node.name, state)  # type: ignore[attr-defined]
        return state

    # knowledge

    def _has_items(self, node: ast.expr, state: set[str]) -> bool:
        """Whether a loop over `node` surely runs at least once."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return any(not isinstance(each, ast.Starred) for each in node.elts)
        if isinstance(node, ast.Dict):
            return any(key is not None for key in node.keys)
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str | bytes) and len(node.value) > 0
        if isinstance(node, ast.Name):
            return self._single_has_items(node.id, state)
        return isinstance(node, ast.Call) and not node.keywords and self._call_has_items(node, state)

    def _single_has_items(self, name: str, state: set[str]) -> bool:
        """A name that holds one immutable value wherever it is bound in the cell."""
        value = self.cell.single.get(name) if name in state and self.scope.is_global(name) else None
        return isinstance(value, ast.Tuple | ast.Constant) and self._has_items(value, state)

    def _call_has_items(self, node: ast.Call, state: set[str]) -> bool:
        if not node.args:
            return False
        if isinstance(node.func, ast.Name) and node.func.id in ("range", "trange"):
            numbers = [self._number(each, state) for each in node.args]
            known = [number for number in numbers if number is not None]
            counts = len(known) == len(numbers) <= 3 and 0 not in known[2:] and len(range(*known)) > 0
            return counts and self.cell.trusts((node.func.id,))
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            return all(self._has_items(each, state) for each in node.args) and self.cell.trusts(("zip",))
        return self._has_items(node.args[0], state) and self.cell.trusts(assumptions.keeper(node))

    def _number(self, node: ast.expr, state: set[str]) -> int | None:
        if isinstance(node, ast.Name) and node.id in state and self.scope.is_global(node.id):
            node = self.cell.single.get(node.id, node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self._number(node.operand, state)
            return None if number is None else -number
        return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def meet(states: Iterable[State]) -> State:
    """The state where ways come together: what was written on each of them that can be taken at all."""
    reached = [state for state in states if state is not None]
    return set.intersection(*reached) if reached else None


def names_of_source(text: str) -> frozenset[Chain]:
    """The names in a text that holds an expression; none if it holds none."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset((node.id,) for node in ast.walk(tree) if isinstance(node, ast.Name))


def _generic_scope(node: ast.AST, scope: Scope) -> Scope:
    names = type_parameters(node)
    return Scope("comprehension", scope, names, owner=scope.owner) if names else scope


def _global_item(node: ast.Subscript) -> str | None:
    """``x`` for ``globals()["x"]``."""
    call, key = node.value, node.slice
    is_globals = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "globals"
    return key.value if is_globals and isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _matches_all(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _matches_all(pattern.pattern))


def _only_defines(node: ast.stmt) -> bool:
    """Whether a statement binds names without running any code that the cell or the cells above wrote."""
    if isinstance(node, FUNCTIONS):
        annotations = [argument.annotation for argument in parameters(node.args)]
        parts = [*defaults(node.args), *annotations, node.returns]
        return not node.decorator_list and all(isinstance(part, ast.Name | ast.Constant | None) for part in parts)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        simple = all(isinstance(each, ast.Name) for each in node.targets)
        return simple and isinstance(node.value, ast.Constant | ast.Lambda)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Pass)


_STATEMENTS: dict[type[ast.stmt], Callable[[Flow, ast.stmt, set[str]], State]] = {
    ast.Expr: Flow._expression,
    ast.Assign: Flow._assign,
    ast.AugAssign: Flow._augmented,
    ast.AnnAssign: Flow._annotated,
    ast.Delete: Flow._delete,
    ast.Raise: Flow._raise,
    ast.Return: Flow._raise,
    ast.Import: Flow._import,
    ast.ImportFrom: Flow._import_from,
    ast.Global: Flow._nothing,
    ast.Nonlocal: Flow._nothing,
    ast.Pass: Flow._nothing,
    ast.Break: Flow._break,
    ast.Continue: Flow._continue,
    ast.If: Flow._if,
    ast.For: Flow._for,
    ast.AsyncFor: Flow._for,
    ast.While: Flow._while,
    ast.Try: Flow._try,
    ast.TryStar: Flow._try,
    ast.With: Flow._with,
    ast.AsyncWith: Flow._with,
    ast.Match: Flow._match,
    ast.FunctionDef: Flow._function,
    ast.AsyncFunctionDef: Flow._function,
    ast.ClassDef: Flow._class,
    **({ast.TypeAlias: Flow._type_alias} if hasattr(ast, "TypeAlias") else {}),
}
