"""Functions, closures and what wraps them, as parts of a stored graph.

A function that its name leads to is stored by name. Any other is stored by what it is made of; its globals never are:
on loading it is bound to the live namespace of its module, and its code is the current cell's, where `CodeTable` knows
it, so that tracebacks and `inspect` show the text on screen.
"""

from __future__ import annotations

import functools
import gc
import marshal
import sys
import weakref
from importlib import import_module
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from nbexp.errors import StoreError, Unstorable
from nbexp.graphs.codetable import CodeTable

if TYPE_CHECKING:
    from nbexp.graphs.reducing import Reducing

__all__ = ["WRAPPERS", "CodeTable", "ModuleGlobals"]


def reduce_function(function: FunctionType, reducing: Reducing) -> Any:
    """A function: by name, or its code, its module's namespace and its cells, and then everything else."""
    if reducing.by_name(function):
        return NotImplemented
    if function.__code__ is _SINGLE_DISPATCH:
        return _reduce_dispatcher(function)
    made = (function.__code__, reducing.globals_of(function), function.__name__, function.__closure__)
    return FunctionType, (*made[:3], None, made[3]), _state(function), None, None, fill_function


def _state(function: FunctionType) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a function just made from its code does not have yet: attributes, and its ``__dict__``."""
    code = function.__code__
    attributes: dict[str, Any] = {}
    fresh: dict[str, Any] = {
        "__defaults__": None,
        "__kwdefaults__": None,
        "__annotations__": {},
        "__type_params__": (),
        "__qualname__": code.co_qualname,
        "__module__": function.__globals__.get("__name__"),
    }
    for name, value in fresh.items():
        if (own := getattr(function, name, value)) != value:
            attributes[name] = own
    attributes["__doc__"] = function.__doc__
    return attributes, function.__dict__


def fill_function(function: FunctionType, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give a loaded function its attributes."""
    attributes, fields = state
    for name, value in attributes.items():
        setattr(function, name, value)
    function.__dict__.update(fields)


def reduce_cell(cell: CellType, reducing: Reducing) -> Any:
    """A closure's cell: made empty, then filled, so that functions in it may refer to it."""
    try:
        content = (cell.cell_contents,)
    except ValueError:  # nothing was bound to the variable yet
        return CellType, ()
    return CellType, (), content, None, None, fill_cell


def fill_cell(cell: CellType, content: tuple[Any]) -> None:
    """Put the content into a loaded cell."""
    (cell.cell_contents,) = content


def reduce_code(code: CodeType, reducing: Reducing) -> Any:
    """Code: where it is found in the current cell, else as it is."""
    address = None if reducing.code is None else reducing.code.find(code)
    if address is None:
        return load_code, (marshal.dumps(code),)
    return code_at, (reducing.code, address, code.co_qualname)


def load_code(data: bytes) -> Any:
    """The code that was stored as it was."""
    return marshal.loads(data)


def code_at(source: Any, address: tuple[Any, ...], qualname: str) -> CodeType:
    """The code of the current cell that stands at `address`."""
    code = source.get(address) if hasattr(source, "get") else None
    if not isinstance(code, CodeType):
        raise StoreError(f'The code of "{qualname}" is not found in the cell.', "Run the cell with --force.")
    return code


class ModuleGlobals:
    """The live namespace of a module, which is never stored."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> Any:
        return module_globals, (self.name,)


def module_globals(name: str) -> dict[str, Any]:
    """The namespace that functions of the module `name` read now."""
    return import_module(name).__dict__


def reduce_module(module: ModuleType, reducing: Reducing) -> Any:
    """A module: imported again by its name."""
    if sys.modules.get(module.__name__) is not module:
        advice = "Import it by its name, or keep what it holds in variables."
        raise Unstorable("", "module", "it is a module that its name does not lead to", advice)
    return import_module, (module.__name__,)


def reduce_method(method: MethodType, reducing: Reducing) -> Any:
    """A bound method: the function and the object, since the object's attribute may be another one."""
    return MethodType, (method.__func__, method.__self__)


def reduce_builtin(function: Any, reducing: Reducing) -> Any:
    """A built-in function, by name; ``[].append`` as an attribute of its object: pickle's own ways."""
    return NotImplemented


# -- what wraps functions ----------------------------------------------------------------------------------------------


def _reduce_property(value: property, reducing: Reducing) -> Any:
    return property, (value.fget, value.fset, value.fdel, value.__doc__)


def _reduce_wrapper(value: Any, reducing: Reducing) -> Any:
    return type(value), (value.__func__,), _own_fields(value, value.__func__) or None


def _own_fields(value: Any, wrapped: Any) -> dict[str, Any]:
    """What was set on a wrapper itself; the rest it copies from what it wraps when it is made."""
    missing = object()
    return {
        name: own
        for name, own in vars(value).items()
        if name not in _COPIED and getattr(wrapped, name, missing) is not own
    }


_COPIED = frozenset({"__module__", "__name__", "__qualname__", "__doc__", "__wrapped__", "__annotations__", "__dict__"})


def _reduce_cached_property(value: Any, reducing: Reducing) -> Any:
    return make_cached_property, (value.func, value.attrname, value.__doc__)


def make_cached_property(func: Any, name: str | None, doc: str | None) -> Any:
    """A cached property; without the lock that old Pythons keep in it."""
    value = functools.cached_property(func)
    value.attrname, value.__doc__ = name, doc
    return value


def _reduce_lru_cache(value: Any, reducing: Reducing) -> Any:
    """A memoized function starts with an empty memory: what it holds is not content."""
    if reducing.by_name(value):
        return value.__qualname__
    options = value.cache_parameters()
    fields = {k: v for k, v in vars(value).items() if k not in ("cache_parameters", "__wrapped__")}
    return make_lru_cache, (value.__wrapped__, options["maxsize"], options["typed"]), fields, None, None, fill_fields


def make_lru_cache(function: Any, maxsize: int | None, typed: bool) -> Any:
    """A function memoized anew."""
    return functools.lru_cache(maxsize, typed)(function)


def fill_fields(value: Any, fields: dict[str, Any]) -> None:
    """Set what a loaded wrapper had in its ``__dict__``."""
    vars(value).update(fields)


_SINGLE_DISPATCH = functools.singledispatch(len).__code__  # type: ignore[attr-defined]


def _reduce_dispatcher(function: Any) -> Any:
    registry = dict(function.registry)
    fields = {k: v for k, v in vars(function).items() if k not in ("register", "dispatch", "registry", "_clear_cache")}
    return make_dispatcher, (registry.pop(object),), (registry, fields), None, None, fill_dispatcher


def make_dispatcher(function: Any) -> Any:
    """A single-dispatch function that only knows its default."""
    return functools.singledispatch(function)


def fill_dispatcher(function: Any, state: tuple[dict[type, Any], dict[str, Any]]) -> None:
    """Register a dispatcher's other implementations."""
    for tp, implementation in state[0].items():
        function.register(tp, implementation)
    vars(function).update(state[1])


def _reduce_proxy(value: Any, reducing: Reducing) -> Any:
    """A read-only view of a mapping; the mapping itself may be an object of the graph, too."""
    return MappingProxyType, tuple(gc.get_referents(value))


def _reduce_weakref(value: Any, reducing: Reducing) -> Any:
    """A weak reference: to the same object of the graph, which something else must hold there as here."""
    if value.__callback__ is not None:
        raise Unstorable("", "weakref", "something happens when its object dies", "Keep the object itself.")
    target = value()
    return (dead_reference, ()) if target is None else (weakref.ref, (target,))


def dead_reference() -> Any:
    """A weak reference whose object is gone."""
    return weakref.ref(ModuleGlobals(""))


WRAPPERS: dict[type, Any] = {
    weakref.ref: _reduce_weakref,
    MappingProxyType: _reduce_proxy,
    property: _reduce_property,
    staticmethod: _reduce_wrapper,
    classmethod: _reduce_wrapper,
    functools.cached_property: _reduce_cached_property,
    type(functools.lru_cache(len)): _reduce_lru_cache,
}
