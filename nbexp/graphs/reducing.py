"""Which way each object goes into a stored graph: by name, by its adapter, by what it is made of, or pickle's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any

from nbexp.adapters.base import Adapter
from nbexp.adapters.instances import is_plain
from nbexp.adapters.singletons import singletons
from nbexp.errors import ValueProblem
from nbexp.graphs import classes, functions, typevars
from nbexp.graphs.culprit import Refused
from nbexp.graphs.memory import Memory
from nbexp.registry import adapter_for

if TYPE_CHECKING:
    from nbexp.graphs.graph import CodeSource

#: What to do with values of one type. It does not hold a `Reducing`, which would keep all that was met in a cycle.
Route = Callable[[Any, "Reducing"], Any]


class Reducing:
    """What `reducer_override` does during one pass over a graph.

    Args:
        memory: The memory met so far. by_reference, code: As in `dump`.
    """

    def __init__(self, memory: Memory, by_reference: Callable[[Any], bool], code: CodeSource | None) -> None:
        self.memory, self.code = memory, code
        self._by_reference = by_reference
        self._routes: dict[type, Route] = {}
        self._globals: dict[int, object] = {}

    def again(self) -> Reducing:
        """The same, for another pass."""
        return Reducing(self.memory, self._by_reference, self.code)

    def reduce(self, value: Any) -> Any:
        """What pickle shall do with `value`: see ``pickle.Pickler.reducer_override``."""
        tp = type(value)
        route = self._routes.get(tp)
        if route is None:
            route = self._routes[tp] = self._route(tp)
        try:
            return route(value, self)
        except ValueProblem as error:
            raise Refused(value) from error

    def by_name(self, value: Any) -> bool:
        """Whether a function, class or the like is stored by its name."""
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        outermost = _found(value, getattr(value, "__module__", None), name)
        return outermost is not None and (_is_fixed(value) or self._by_reference(outermost))

    def globals_of(self, function: FunctionType) -> Any:
        """What stands for a function's globals: its module's live namespace, or the very dict if it is no module's."""
        namespace = function.__globals__
        name = namespace.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is None or name == "__main__" or getattr(module, "__dict__", None) is not namespace:
            return namespace
        return self._globals.setdefault(id(namespace), functions.ModuleGlobals(module.__name__))

    def _route(self, tp: type) -> Route:
        if issubclass(tp, type):
            return classes.reduce_class
        if (reduce := _ROUTES.get(tp)) is not None:
            return reduce
        if issubclass(tp, Enum) and not self.by_name(tp):
            return classes.reduce_member
        return _adapted(tp, adapter_for(tp))


def _adapted(tp: type, adapter: Adapter) -> Route:
    if type(adapter).reduce is Adapter.reduce:
        names = singletons(tp) if is_plain(tp) else None
        return (lambda value, reducing: names.get(id(value), NotImplemented)) if names else _pickles_way

    def adapted(value: Any, reducing: Reducing) -> Any:
        reducing.memory.current = value
        return adapter.reduce(value, reducing.memory)

    return adapted


def _is_fixed(value: Any) -> bool:
    """Whether `value` is from Python's library or from here: graphs are rebuilt with such functions."""
    root = value.__module__.partition(".")[0]
    return root in sys.stdlib_module_names or root == __name__.partition(".")[0]


def _pickles_way(value: object, reducing: Reducing) -> Any:
    return NotImplemented


def _found(value: Any, module: Any, qualname: Any) -> Any:
    """The outermost object on the way of names to `value`; None if the names do not lead to it."""
    if not isinstance(module, str) or not isinstance(qualname, str) or "<locals>" in qualname:
        return None
    first, *rest = qualname.split(".")
    found = outermost = getattr(sys.modules.get(module), first, None)
    for piece in rest:
        found = getattr(found, piece, None)
    return outermost if found is value else None


_ROUTES: dict[type, Route] = {
    FunctionType: functions.reduce_function,
    CodeType: functions.reduce_code,
    CellType: functions.reduce_cell,
    MethodType: functions.reduce_method,
    ModuleType: functions.reduce_module,
    BuiltinFunctionType: functions.reduce_builtin,
    **functions.WRAPPERS,
    **typevars.ROUTES,
}
