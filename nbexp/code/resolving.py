"""What a name stands for when code runs: from a module's globals, through modules, to the first other object."""

from __future__ import annotations

import builtins
import os
import sys
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.origin import distribution_of, is_project
from nbexp.code.reference import is_module, is_project_code

_ABSENT = object()

#: Built-in names of data that are the same in every process.
_SITE_NAMES = frozenset({"True", "False", "None", "Ellipsis", "NotImplemented", "__debug__", "__name__", "__doc__"})

#: What the import system keeps in a module.
_OF_IMPORT = frozenset({"__builtins__", "__loader__", "__spec__", "__cached__", "__name__", "__package__"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was found under a name.

    Attributes:
        value: The object; None if `missing`.
        name: Where it is: in the module that holds it, without attributes read from it (``utils.cfg`` for
            ``u.cfg.lr``); a module itself has an empty path.
        missing: Nothing stands there.
        package: The import name of the installed package that the way leads into.
        opaque: Its content need not be looked at: the version of the package, or of Python, tells it.
        modules: Names passed that are bound to a module called otherwise: ``np`` and ``"numpy"``. What they are bound
            to is part of what the name stands for.
    """

    value: Any
    name: Name
    missing: bool = False
    package: str | None = None
    opaque: bool = False
    modules: tuple[tuple[Name, str], ...] = ()


def resolve(name: Name) -> Resolved:
    """What code in `name.module` finds under `name.path` now. Nothing is imported, no descriptor runs."""
    module = sys.modules.get(name.module)
    if module is None:
        return Resolved(None, name, missing=True)
    if not name.path:
        return _module(module, name)
    first, *rest = name.path
    value = vars(module).get(first, _ABSENT)
    if value is _ABSENT:
        return _builtin(first, name)
    return _follow(value, Name(name.module, (first,)), rest, ())


def _follow(value: Any, at: Name, rest: list[str], passed: tuple[tuple[Name, str], ...]) -> Resolved:
    while is_module(value):
        if at.path[-1] != value.__name__ and is_project(at.module):
            passed = (*passed, (at, value.__name__))
        if not rest:
            return replace(_module(value, Name(value.__name__, ())), modules=passed)
        attribute, *rest = rest
        inner = _in_module(value, attribute)
        if inner is _ABSENT and "__getattr__" in vars(value):  # it answers for the name, whatever that is
            attribute, rest, inner = "__getattr__", [], vars(value)["__getattr__"]
        if inner is _ABSENT:
            return replace(_module(value, Name(value.__name__, ())), modules=passed)
        at, value = Name(value.__name__, (attribute,)), inner
    if value is os.environ or at.path[-1] in _OF_IMPORT:  # variables of the environment are noticed one by one
        return Resolved(value, at, opaque=True, modules=passed)
    package = distribution_of(at.module)
    opaque = not is_project(at.module) and not is_project_code(value)
    return Resolved(value, at, package=package, opaque=opaque, modules=passed)


def _in_module(module: ModuleType, attribute: str) -> Any:
    found = vars(module).get(attribute, _ABSENT)
    return sys.modules.get(f"{module.__name__}.{attribute}", _ABSENT) if found is _ABSENT else found


def _module(module: ModuleType, name: Name) -> Resolved:
    return Resolved(module, name, package=distribution_of(name.module), opaque=not is_project(name.module))


def _builtin(first: str, name: Name) -> Resolved:
    value = vars(builtins).get(first, _ABSENT)
    if value is _ABSENT:
        return Resolved(None, name, missing=True)
    at = Name("builtins", (first,))
    if isinstance(value, (BuiltinFunctionType, FunctionType, MethodType, type)):
        home = value.__module__
        package = distribution_of(home) if isinstance(home, str) else None
        return Resolved(value, at, package=package, opaque=not is_project_code(value))
    return Resolved(value, at, opaque=first in _SITE_NAMES or type(value).__module__ != "builtins")
