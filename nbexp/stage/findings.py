"""What the flow analysis knows of a cell, and what it finds out: the common ground of all its walks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nbexp.stage.assumptions import Chain
from nbexp.stage.scopes import IMPORT, Bound, Scope

#: The names written on every way to a point of the program; None if the point is never reached.
State = set[str] | None

#: What can be called later, and so reads names later.
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


@dataclass(slots=True)
class Cell:
    """One cell under analysis.

    Attributes:
        top: What the cell binds at top level. definitions: Functions and classes bound there, by name.
        single: Names that are bound exactly once in the cell, by a plain assignment, and the value.
        reader: Finds the globals that a function, or the functions of a class, read when they are called.
        assume: Whether well-known names are taken to do what they always do (`assumptions`).
        branching: Whether expressions can bind names (``:=``, magics), so that their branches need states.
        live, late: Chains read; read by functions that the cell never mentions.
        named, textual: Chains that stand in the code as names; those found in texts.
        texts: Chains whose value, if it is a string, is looked through for names by a call such as ``df.query(text)``.
        any_text: Whether a text that such a call is given may come from any of the inputs.
        before: For the first name of each live chain, what was written before every use of it.
        imports, candidates: Modules imported; ``package.name`` of from-imports, which may be modules.
        any_import: Whether a module may be imported whose name the source does not show.
        assumed: What must not lead to notebook or project code for the result to hold.
        dynamic, always: Why every variable counts; magics and shell lines. The keys of dicts, to keep their order.
        dynamic_with: Reasons that count only where a library is loaded: ``(library, reason)``.
        stores: Names bound at top level that `top` does not have: by ``global`` in functions, by magics.
        sure: Names that are surely bound at the end.
    """

    top: Bound
    definitions: Mapping[str, Sequence[Definition]]
    single: Mapping[str, ast.expr]
    reader: Callable[[Cell, Definition, Scope], set[Chain]]
    assume: bool = True
    branching: bool = True
    module: Scope = field(default_factory=lambda: Scope("module"))
    live: set[Chain] = field(default_factory=set)
    late: set[Chain] = field(default_factory=set)
    named: set[Chain] = field(default_factory=set)
    textual: set[Chain] = field(default_factory=set)
    texts: set[Chain] = field(default_factory=set)
    any_text: bool = False
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    any_import: bool = False
    assumed: set[Chain] = field(default_factory=set)
    dynamic: dict[str, None] = field(default_factory=dict)
    dynamic_with: set[tuple[str, str]] = field(default_factory=set)
    always: dict[str, None] = field(default_factory=dict)
    stores: dict[str, None] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    _reads: dict[int, tuple[Definition, frozenset[Chain]]] = field(default_factory=dict)
    _closures: dict[str, frozenset[Chain]] = field(default_factory=dict)

    def reads(self, node: Definition, scope: Scope) -> frozenset[Chain]:
        """The globals that a definition standing in `scope` reads when it is called."""
        found = self._reads.get(id(node))
        if found is None:
            # The node is kept with its answer: an id says nothing once its owner is gone.
            found = self._reads[id(node)] = (node, frozenset(self.reader(self, node, scope)))
        return found[1]

    def closure(self, name: str) -> frozenset[Chain]:
        """What can be read once the cell's function or class `name` can be called, through others of the cell too."""
        found = self._closures.get(name)
        if found is None:
            chains: set[Chain] = set()
            pending, seen = [name], {name}
            while pending:
                for node in self.definitions[pending.pop()]:
                    more = self.reads(node, self.module)
                    chains |= more
                    roots = {chain[0] for chain in more} & self.definitions.keys()
                    pending.extend(roots - seen)
                    seen |= roots
            found = self._closures[name] = frozenset(chains)
        return found

    def kept(self) -> frozenset[Chain]:
        """Names that the cell leaves bound on some ways through it only: on the others the value from above stays."""
        names = {*self.top.names, *self.stores} - self.sure
        return frozenset((name,) for name in names if self.top.count.get(name, 0) != self.top.caught.get(name))

    def trusts(self, chain: Chain | None) -> bool:
        """Whether knowledge about a library's name may be used; if so, that is noted.

        A name that the cell itself binds is trusted only if nothing but imports binds it.
        """
        if chain is None or not self.assume or self.top.names.get(chain[0], IMPORT) != IMPORT:
            return False
        self.assumed.add(chain)
        return True
