"""Which globals a cell can read before it has surely written them: flow analysis over its syntax tree.

A *state* is the set of names that were written (or deleted) on every way to a point of the program; None is a point
that is never reached. A name read outside the state may still hold what the cells above left, so it is *live-in*. What
is written stays written, so states only grow on a way, loops need one pass, and where ways meet states intersect.

A function that the cell defines reads its globals when it is called. It can be called from the first mention of its
name on, so its reads count in the state there. If the cell never mentions it, only code from above could call it, by
looking the name up: those reads are kept apart as *late*.

`Flow` holds the names and the scope; what each kind of statement and expression does is in `statements`, `expressions`
and `calls`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbexp.stage.assumptions import Chain
from nbexp.stage.calls import call
from nbexp.stage.expressions import READERS
from nbexp.stage.findings import Cell, Definition, State
from nbexp.stage.scopes import FUNCTIONS, Bound, Scope, defaults, function_scope, parameters
from nbexp.stage.statements import STATEMENTS

#: Attributes and modules through which code reaches names that its source does not show.
_DYNAMIC_CHAINS = frozenset(
    {("sys", "_getframe"), ("inspect", "currentframe"), ("inspect", "stack"), ("sys", "modules"), ("__main__",)}
)
_DYNAMIC_NAMES = frozenset({"exec", "eval", "globals", "locals", "vars", "dir", "get_ipython", "breakpoint"})

_READERS = {**READERS, ast.Call: call}


def analyse_flow(
    body: Sequence[ast.stmt],
    top: Bound,
    definitions: Mapping[str, Sequence[Definition]],
    single: Mapping[str, ast.expr],
    *,
    assume: bool = True,
    branching: bool = True,
) -> Cell:
    """Walk through a cell's statements.

    Args:
        body: The statements. The other arguments are described at `Cell`.

    Raises:
        RecursionError: The code is nested too deeply.
    """
    cell = Cell(top, definitions, single, _reads_inside, assume, branching)
    end = Flow(cell, cell.module, top=True).block(body, set())
    cell.sure = frozenset(end or ())
    imported = {module.partition(".")[0] for module in cell.imports}
    # what the cell imports itself may not be loaded yet when its key is made
    cell.dynamic.update({reason: None for library, reason in sorted(cell.dynamic_with) if library in imported})
    return cell


def _reads_inside(cell: Cell, node: Definition, scope: Scope) -> set[Chain]:
    """The globals that a function reads when it is called; for a class, those of its body too."""
    flow = Flow(cell, scope, top=False)
    if isinstance(node, ast.ClassDef):
        flow.statement(node, set())
        return flow.found
    flow.scope = function_scope(node, scope)
    if isinstance(node, ast.Lambda):
        flow.read(node.body, set())
    else:
        flow.block(node.body, set())
    return flow.found


class Flow:
    """One walk through the statements of the cell (`top`) or of a function that it defines.

    Attributes:
        cell: Where findings go. scope: The scope that the walk is in now. found: Globals read, for a function.
        breaks, continues: For each loop around, the states at its ``break`` and ``continue`` statements.
        methods: For each class around, the functions and classes in its body, by name.
        classes: How many class bodies the walk has entered.
    """

    def __init__(self, cell: Cell, scope: Scope, *, top: bool) -> None:
        self.cell, self.scope, self.top = cell, scope, top
        self.found: set[Chain] = set()
        self.breaks: list[list[State]] = []
        self.continues: list[list[State]] = []
        self.methods: list[Mapping[str, Sequence[Definition]]] = []
        self.classes = 0
        self._fresh: list[str] = []

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
        handler = STATEMENTS.get(type(node))
        if handler is not None:
            return handler(self, node, state)
        self.read_children(node, state)
        return state

    def read(self, node: ast.AST, state: set[str]) -> None:
        """Code at a point with `state` evaluates `node`; what it binds (``:=``, magics) is added to `state`."""
        handler: Any = _READERS.get(type(node))
        if handler is not None:
            handler(self, node, state)
        else:
            self.read_children(node, state)

    def read_children(self, node: ast.AST, state: set[str]) -> None:
        """Evaluate all parts of `node` in order."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self.read(value, state)
            elif type(value) is list:
                for each in value:
                    if isinstance(each, ast.AST):
                        self.read(each, state)

    def load(self, chain: Chain, state: set[str], *, textual: bool = False) -> None:
        """Code at a point with `state` reads a name, and the attributes after it."""
        scope = self.scope
        name = scope.mangled(chain[0])
        if scope.kind == "class" and name in scope.names:
            self._load_method(name, state)
            if scope.mark + name in state:
                return
        if scope.is_global(name):
            if not textual:
                self.note_dynamic(name, chain)
            if scope.owner:
                chain = (name, *map(scope.mangled, chain[1:]))
            (self.cell.textual if textual else self.cell.named).add(chain)
            self.count(chain, state)

    def load_global(self, name: str, state: set[str]) -> None:
        """Code asks the globals themselves for a name, whatever the scope around has under it."""
        self.cell.named.add((name,))
        self.count((name,), state)

    def _load_method(self, name: str, state: set[str]) -> None:
        """A class body mentions a function that it may have defined: from here on that can be called."""
        for node in self.methods[-1].get(name, ()) if self.top else ():
            self.count_all(self.cell.reads(node, self.scope), state)

    def note_dynamic(self, name: str, chain: Chain) -> None:
        """Note that the global `name` gives access to names that the source does not show, if it does."""
        if name in _DYNAMIC_NAMES and name not in self.cell.top.names:
            self.cell.dynamic[name] = None
        elif chain[:2] in _DYNAMIC_CHAINS or chain[:1] in _DYNAMIC_CHAINS:
            self.cell.dynamic[".".join(chain[:2])] = None

    def count(self, chain: Chain, state: set[str]) -> None:
        """A global is read: by this function whenever it runs, or by the cell now."""
        if self.top and chain[0] in self.cell.definitions:
            for each in self.cell.closure(chain[0]):
                self._count(each, state)
        self._count(chain, state)

    def count_all(self, chains: Iterable[Chain], state: set[str]) -> None:
        """Code that reads `chains` can run from here on."""
        for chain in chains:
            self.count(chain, state)

    def _count(self, chain: Chain, state: set[str]) -> None:
        root = chain[0]
        if root in state:
            return
        if not self.top:
            self.found.add(chain)
            return
        self.cell.live.add(chain)
        self._note_before(root, state)

    def _note_before(self, root: str, state: set[str]) -> None:
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
        elif scope.kind == "class" and name not in scope.unbound:
            state.add(scope.mark + name)

    def define(self, name: str, state: set[str]) -> None:
        """A function or class is bound to a name of the current scope."""
        self.store(name, state)
        if self.top and self.scope.kind == "module":
            self._fresh.append(name)

    def _settle(self, state: set[str]) -> None:
        """Other code follows the definitions: what it calls could find the functions just defined by their names."""
        for name in self._fresh:
            for chain in self.cell.closure(name):
                if chain[0] not in state:
                    self.cell.late.add(chain)
                    self._note_before(chain[0], state)
        self._fresh.clear()


def _only_defines(node: ast.stmt) -> bool:
    """Whether a statement binds names without running any code that the cell or the cells above wrote."""
    if isinstance(node, FUNCTIONS):
        annotations = [argument.annotation for argument in parameters(node.args)]
        return not node.decorator_list and _all_simple([*defaults(node.args), *annotations, node.returns])
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        value = node.value
        plain = isinstance(value, ast.Constant) or (isinstance(value, ast.Lambda) and _all_simple(defaults(value.args)))
        return plain and all(isinstance(each, ast.Name) for each in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Pass)


def _all_simple(parts: Iterable[ast.expr | None]) -> bool:
    return all(isinstance(part, ast.Name | ast.Constant | None) for part in parts)
