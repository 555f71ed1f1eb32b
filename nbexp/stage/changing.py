"""Which names a cell may change the object of without binding them: ``df["a"] = 1``, ``rows.append(x)``, ``mine(x)``.

A cell that has not run is asked this, and so is a stage before it runs, so that what it is about to change can be kept.
What is named here need not change; a change by other ways is found when values are compared. Names are followed to
what they may stand for (``first = rows[0]``) anywhere in the cell, without regard to order or scope.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from nbexp.stage.assumptions import Chain, chain_of, root_chain
from nbexp.stage.trees import children, walk

#: Methods of well-known types that change their object.
_CHANGES_ITSELF = frozenset(
    {
        "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem",
        "add", "discard", "difference_update", "intersection_update", "symmetric_difference_update", "appendleft",
        "popleft", "extendleft", "rotate", "move_to_end", "subtract", "fill", "put", "resize", "itemset", "partition",
        "setflags", "setfield", "fit", "fit_transform", "fit_predict", "partial_fit", "set_params", "eliminate_zeros",
        "sum_duplicates", "sort_indices", "isetitem", "__setitem__", "__delitem__", "__setattr__",
    }
)  # fmt: skip

#: Functions that change what they are given.
_CHANGES_ARGUMENTS = frozenset(
    {
        "next", "setattr", "delattr", "shuffle", "heapify", "heappush", "heappop", "heappushpop", "heapreplace",
        "insort", "insort_left", "insort_right", "copyto", "place", "putmask", "put", "put_along_axis",
        "fill_diagonal", "setitem", "delitem", "iadd", "clip_grad_norm_", "at",
    }
)  # fmt: skip


def changing(tree: ast.AST, inert: Callable[[Chain], bool], modules: Collection[str] = ()) -> frozenset[str]:
    """The names whose objects a piece of code may change.

    Args:
        tree: Of a cell, a function …
        inert: Whether a chain of names is known to lead to what changes nothing but by the ways that are known here: a
            function, class or module of a library, or a plain value (list, frame, array) and what belongs to it.
        modules: Names of modules: ``np.append(a, 1)`` is no method of ``np``.

    Example:
        >>> sorted(changing(ast.parse("a[0] = b; c.sort(); print(d); e.head()"), lambda chain: True))
        ['a', 'c']
    """
    changes = _Changes(inert, frozenset(modules))
    changes.visit(tree)
    return changes.all()


class _Changes(ast.NodeVisitor):
    """Collects names that change, and what each name may stand for."""

    def __init__(self, inert: Callable[[Chain], bool], modules: frozenset[str]) -> None:
        self._inert, self._modules = inert, modules
        self._changed: set[str] = set()
        self._stands_for: defaultdict[str, set[str]] = defaultdict(set)

    def all(self) -> frozenset[str]:
        """The names that change, and those that they may stand for."""
        found, pending = set(self._changed), list(self._changed)
        while pending:
            more = self._stands_for.get(pending.pop(), set()) - found
            found |= more
            pending.extend(more)
        return frozenset(found)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._bind(target, _sources(node.value))
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, _sources(node.value))
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._bind(node.target, _sources(node.value))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._changed |= _sources(node.target)
        self._hold(_sources(node.target), _sources(node.value))
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._bind(target, set())

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._bind(node.target, _sources(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_For

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._bind(node.target, _sources(node.iter))
        self.generic_visit(node)

    def visit_withitem(self, node: ast.withitem) -> None:
        if node.optional_vars is not None:
            self._bind(node.optional_vars, _sources(node.context_expr))
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        for each in walk(node):
            name = getattr(each, "name", None) or getattr(each, "rest", None)
            if isinstance(each, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
                self._stands_for[name] |= _sources(node.subject)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        receiver = _sources(node.func.value) - self._modules if isinstance(node.func, ast.Attribute) else set()
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        given = _all_sources(arguments)
        if not self._is_inert(node.func) or any(self._may_call_back(each) for each in arguments):
            self._changed |= receiver | given | _sources(node.func)
            self._hold(receiver, given)
        else:
            self._by_name(node, receiver, given)
        self.generic_visit(node)

    def _by_name(self, node: ast.Call, receiver: set[str], given: set[str]) -> None:
        """A call of something well known: what it changes is told by its name and keywords."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        in_place = name.endswith("_") and not name.endswith("__")
        if name in _CHANGES_ITSELF or in_place:
            self._changed |= receiver
            self._hold(receiver, given)
        if name in _CHANGES_ARGUMENTS or in_place:
            self._changed |= given
        for keyword in node.keywords:
            if keyword.arg == "out":
                self._changed |= _sources(keyword.value)
            if keyword.arg == "inplace" and getattr(keyword.value, "value", True) is not False:
                self._changed |= receiver | given

    def _bind(self, target: ast.AST, values: set[str]) -> None:
        if isinstance(target, ast.Name):
            self._stands_for[target.id] |= values
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self._bind(each, values)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, values)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._changed |= _sources(target.value)
            self._hold(_sources(target.value), values)

    def _hold(self, holders: Iterable[str], values: set[str]) -> None:
        for name in holders:
            self._stands_for[name] |= values

    def _is_inert(self, function: ast.AST) -> bool:
        chain = root_chain(function)
        return chain is not None and self._inert(chain)

    def _may_call_back(self, node: ast.AST) -> bool:
        """Whether an argument is a function of the user's that the call may call."""
        if isinstance(node, ast.Lambda):
            return True
        chain = chain_of(node)
        return chain is not None and not self._inert(chain)


def _all_sources(nodes: Iterable[ast.AST]) -> set[str]:
    return set().union(*map(_sources, nodes))


def _sources(node: ast.AST | None) -> set[str]:
    """The names of whose objects the value of an expression may be a part, or which it may hold."""
    found: set[str] = set()
    pending: list[ast.AST] = [node] if node is not None else []
    while pending:
        each = pending.pop()
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif not isinstance(each, ast.Constant | ast.Compare | ast.JoinedStr):
            pending.extend(_parts(each))
    return found


def _parts(node: ast.AST) -> Sequence[ast.AST]:
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, ast.Call):
        receiver = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*receiver, *node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return children(node)
