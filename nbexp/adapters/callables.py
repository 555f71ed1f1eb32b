"""Adapters of what is called: functions, classes, methods, descriptors, properties, and their cells and code."""

from __future__ import annotations

import dataclasses
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Adapter, Name, Node
from nbexp.adapters.definitions import content_node
from nbexp.code.content import cell_node, code_content
from nbexp.code.reference import method_of_library, reference, reference_node
from nbexp.errors import Unpatchable


def held(tag: str, children: tuple[Any, ...], labels: tuple[str, ...], meta: Any = None) -> Node:
    """A value without identity, made of others."""
    return Node(tag, meta, children=children, labels=labels, mutable=False)


def name_of(value: Any) -> str:
    """How code is called, at most 80 characters."""
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return str(name or type(value).__qualname__)[:80]


class CodeAdapter(Adapter):
    """Functions and classes: a reference if there is one, else the content."""

    def describe(self, value: Any) -> Node:
        where = reference(value)
        if where is not None:
            return reference_node(where)
        node = content_node(value)
        assert node is not None, "code without a reference has content"
        return node

    def detach(self, value: Any) -> Any:
        return value

    def preview(self, value: Any) -> str:
        return name_of(value)


class FunctionAdapter(CodeAdapter):
    """Python functions."""

    def detach(self, value: FunctionType) -> FunctionType:
        new = FunctionType(value.__code__, value.__globals__, value.__name__, value.__defaults__, value.__closure__)
        self.patch(new, value)
        return new

    def patch(self, live: FunctionType, new: FunctionType) -> None:
        if len(live.__code__.co_freevars) != len(new.__code__.co_freevars):
            raise Unpatchable("", "function", "its closure holds other variables")
        live.__code__ = new.__code__
        live.__defaults__ = new.__defaults__
        live.__kwdefaults__ = new.__kwdefaults__
        live.__name__, live.__qualname__ = new.__name__, new.__qualname__
        live.__annotations__ = new.__annotations__
        fields = dict(new.__dict__)
        live.__dict__.clear()
        live.__dict__.update(fields)


class CellAdapter(Adapter):
    """Variables of an outer function that inner ones share."""

    def describe(self, value: CellType) -> Node:
        return cell_node(value)

    def detach(self, value: CellType) -> CellType:
        new = CellType()
        self.patch(new, value)
        return new

    def patch(self, live: CellType, new: CellType) -> None:
        try:
            live.cell_contents = new.cell_contents
        except ValueError:  # not bound yet in the new one
            del live.cell_contents


class MethodAdapter(CodeAdapter):
    """Bound methods, of Python and C classes: the function's name and the object; both are content."""

    def describe(self, value: Any) -> Node:
        where = method_of_library(value) or (reference(value) if isinstance(value, BuiltinFunctionType) else None)
        if where is not None:
            return reference_node(where)
        if isinstance(value, MethodType):
            return held("method", (value.__func__, value.__self__), (".__func__", ".__self__"))
        owner = value.__self__
        if owner is None or isinstance(owner, ModuleType):
            home = value.__module__ or (owner.__name__ if owner is not None else "builtins")
            return reference_node(Name(home, (value.__qualname__,)))
        return held("bound", (owner,), (".__self__",), value.__name__)


class DescriptorAdapter(CodeAdapter):
    """Methods and attributes of C classes, unbound: ``str.upper``."""

    def describe(self, value: Any) -> Node:
        return held("descriptor", (value.__objclass__,), (".__objclass__",), (type(value).__name__, value.__name__))


class MethodWrapperAdapter(CodeAdapter):
    """Slots of C classes, bound: ``(3).__add__``."""

    def describe(self, value: Any) -> Node:
        return held("method-wrapper", (value.__self__,), (".__self__",), value.__name__)


class WrappedFunction(CodeAdapter):
    """`staticmethod` and `classmethod` objects, held as values."""

    def describe(self, value: Any) -> Node:
        return held(type(value).__name__, (value.__func__,), (".__func__",))


class PropertyAdapter(CodeAdapter):
    """Properties, and subclasses of `property` with their fields."""

    def describe(self, value: Any) -> Node:
        fields = dict(getattr(value, "__dict__", {})) or None
        kind = None if type(value) is property else type(value)
        children = (value.fget, value.fset, value.fdel, kind, fields)
        doc = value.__doc__ if isinstance(value.__doc__, str) else None
        return held("property", children, (".fget", ".fset", ".fdel", ".__class__", ".__dict__"), doc)


class CachedPropertyAdapter(CodeAdapter):
    """`functools.cached_property` objects; the lock of Python 3.11 is no content."""

    def describe(self, value: Any) -> Node:
        return held("cached_property", (value.func,), (".func",), value.attrname)


class CodeObjectAdapter(CodeAdapter):
    """Code objects without a function."""

    def describe(self, value: CodeType) -> Node:
        return dataclasses.replace(code_content(value).node("code"), mutable=False)

    def preview(self, value: CodeType) -> str:
        return f"code of {value.co_name}"[:80]
