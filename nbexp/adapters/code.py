"""Functions, classes, modules and their kin as values, and the content of code that a name leads to.

As a value, code that is found by its name is a *reference*; its content is a part of its own in a key, made by
`code_fingerprint`. Code that no name leads to is told by content where it is held.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import _lru_cache_wrapper, cached_property
from types import (
    BuiltinFunctionType,
    CellType,
    ClassMethodDescriptorType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from nbexp.adapters.base import Adapter, Name, Node
from nbexp.adapters.callables import (
    CachedPropertyAdapter,
    CellAdapter,
    CodeAdapter,
    CodeObjectAdapter,
    DescriptorAdapter,
    FunctionAdapter,
    MethodAdapter,
    MethodWrapperAdapter,
    PropertyAdapter,
    WrappedFunction,
    name_of,
)
from nbexp.adapters.declarations import FieldAdapter, MissingAdapter, TypeAliasAdapter, TypeVariableAdapter
from nbexp.adapters.definitions import content_node, is_reference, module_content
from nbexp.code.origin import NOTEBOOK, distribution_of, is_project
from nbexp.code.reference import is_module, method_of_library, reference, reference_node
from nbexp.code.resolving import Resolved, resolve
from nbexp.fingerprints.fingerprint import Fingerprint, fingerprint
from nbexp.registry import adapter_for

__all__ = [
    "ADAPTERS",
    "BASES",
    "Resolved",
    "code_fingerprint",
    "content_of",
    "describe_code",
    "distribution_of",
    "is_code",
    "is_project",
    "reference",
    "resolve",
]

#: Types of functions that compilers and numpy make: there is no base class to know them by.
_COMPILED = frozenset({"cython_function_or_method", "fused_cython_function", "ufunc", "_ArrayFunctionDispatcher"})


def is_code(value: object) -> bool:
    """Whether `value` is a function, class or module: what a stage runs, rather than what it works on."""
    kind = type(value)  # not isinstance: a proxy may say that it is a function
    if kind in (FunctionType, _lru_cache_wrapper) or issubclass(kind, type):
        return True
    if kind in (MethodType, BuiltinFunctionType):
        return method_of_library(value) is not None or reference(value) is not None
    if kind.__name__ in _COMPILED and not is_project(kind.__module__):
        return True
    return is_module(value)


def describe_code(value: Any) -> Node:
    """What a function, class or module is made of, whether or not it is found by name; references for other values."""
    return content_node(value) or adapter_for(type(value)).describe(value)


def content_of(value: Any) -> Any:
    """What to fingerprint, or to number with `mutables`, for the content of code rather than a reference to it.

    Code that is no reference is its own content and comes back as it is.
    """
    return Content(value) if is_reference(value) else value


def code_fingerprint(value: Any, *, label: str = "value") -> Fingerprint:
    """The fingerprint of what a function, class or module does, with the names it looks up.

    Installed code is told by its name and its package. Other values are fingerprinted as they are.

    Args:
        value: Usually what `resolve` gave.
        label: Its name, with which the path in an error begins.

    Raises:
        Unfingerprintable: Something it holds (a default, a closure, a class attribute) cannot be told for sure.

    Example:
        >>> def area(radius, pi=3.14):
        ...     return pi * radius ** 2
        >>> first = code_fingerprint(area).digest
        >>> area.__defaults__ = (3.1415,)
        >>> code_fingerprint(area).digest == first
        False
    """
    return fingerprint(content_of(value), label=label)


@dataclass(frozen=True, slots=True)
class Content:
    """Stands for the content of `code`, where `code` itself would be a reference."""

    code: Any


class _ContentAdapter(Adapter):
    def describe(self, value: Any) -> Node:
        return dataclasses.replace(describe_code(value.code), mutable=False)

    def preview(self, value: Any) -> str:
        return name_of(value.code)


class ModuleAdapter(CodeAdapter):
    """Modules: a name; a module object that is not the one found under its name is content."""

    def describe(self, value: ModuleType) -> Node:
        name = value.__name__
        if not is_module(value):
            return module_content(value).node("module object")
        if not is_project(name):
            return reference_node(Name(name, ()))
        if name == NOTEBOOK:
            return dataclasses.replace(module_content(value).node("module"), meta=(name,), mutable=False)
        return Node("module", (name,), mutable=False, reads=(Name(name, ()),))

    def preview(self, value: ModuleType) -> str:
        return f"module {value.__name__}"[:80]


_METHOD, _DESCRIPTOR, _WRAPPED = MethodAdapter(), DescriptorAdapter(), WrappedFunction()
_CODE, _MODULE, _PROPERTY, _TYPE_VARIABLE = CodeAdapter(), ModuleAdapter(), PropertyAdapter(), TypeVariableAdapter()

#: Exact types, some by full name: those of other Python versions, and of modules that need not be loaded.
ADAPTERS: dict[type | str, Adapter] = {
    Content: _ContentAdapter(),
    FunctionType: FunctionAdapter(),
    type: _CODE,
    _lru_cache_wrapper: _CODE,
    CellType: CellAdapter(),
    CodeType: CodeObjectAdapter(),
    MethodType: _METHOD,
    BuiltinFunctionType: _METHOD,
    ModuleType: _MODULE,
    MethodDescriptorType: _DESCRIPTOR,
    WrapperDescriptorType: _DESCRIPTOR,
    ClassMethodDescriptorType: _DESCRIPTOR,
    GetSetDescriptorType: _DESCRIPTOR,
    MemberDescriptorType: _DESCRIPTOR,
    MethodWrapperType: MethodWrapperAdapter(),
    staticmethod: _WRAPPED,
    classmethod: _WRAPPED,
    property: _PROPERTY,
    cached_property: CachedPropertyAdapter(),
    dataclasses.Field: FieldAdapter(),
    type(dataclasses.MISSING): MissingAdapter(),
    "typing.TypeVar": _TYPE_VARIABLE,
    "typing.ParamSpec": _TYPE_VARIABLE,
    "typing.TypeVarTuple": _TYPE_VARIABLE,
    "typing.TypeAliasType": TypeAliasAdapter(),
}

#: Metaclasses, modules that load their content when asked, and kinds of property.
BASES: tuple[tuple[type, Adapter], ...] = ((type, _CODE), (ModuleType, _MODULE), (property, _PROPERTY))
