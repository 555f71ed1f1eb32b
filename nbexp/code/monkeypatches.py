"""Functions of the notebook or project that stand where an installed package keeps its own (D28)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.origin import distribution_of, is_project

_WRAPPERS = (staticmethod, classmethod)


@dataclass(frozen=True, slots=True)
class Monkeypatch:
    """One function or class put into an installed package.

    Attributes:
        package: The import name of the package. name: Where it stands: ``pandas.core.frame.DataFrame.describe``.
        value: The function or class; a part of the key of all that use the package.
    """

    package: str
    name: Name
    value: Any


def monkeypatches() -> tuple[Monkeypatch, ...]:
    """Every function or class of the notebook or project in the modules and classes of loaded installed packages.

    All loaded modules are looked through: tens of milliseconds with pandas, sklearn and torch. Ask after a cell that
    assigns an attribute, calls ``setattr`` or reloads.
    """
    return tuple(sorted(_all(), key=lambda patch: str(patch.name)))


@dataclass(frozen=True, slots=True)
class _Project:
    """The loaded modules of the notebook and project: their names, and the identities of their globals."""

    names: frozenset[str]
    globals: frozenset[int]

    def defined(self, value: Any) -> bool:
        """Whether `value` is a function or class of theirs; nothing of it is asked that could run code."""
        kind = type(value)
        if kind is FunctionType:
            return id(value.__globals__) in self.globals
        if kind is MethodType or kind in _WRAPPERS:
            return self.defined(value.__func__)
        if kind is property:
            return any(self.defined(each) for each in (value.fget, value.fset, value.fdel))
        return issubclass(kind, type) and value.__dict__.get("__module__") in self.names


def _project() -> _Project:
    loaded = {
        name: module
        for name, module in list(sys.modules.items())
        if issubclass(type(module), ModuleType) and is_project(name)
    }
    return _Project(frozenset(loaded), frozenset(id(vars(module)) for module in loaded.values()))


def _all() -> Iterator[Monkeypatch]:
    project = _project()
    for name, module in list(sys.modules.items()):
        if not issubclass(type(module), ModuleType) or not (package := distribution_of(name)):
            continue
        for path, value in _patched(vars(module), project):
            yield Monkeypatch(package, Name(name, path), value.__func__ if type(value) in _BOUND else value)


def _patched(namespace: Mapping[str, Any], project: _Project) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What the project put into a module, and into the classes that the module defines."""
    home = namespace.get("__name__")
    for name, value in list(namespace.items()):
        kind = type(value)
        if kind not in _LOOKED_AT and not issubclass(kind, type):
            continue
        if project.defined(value):
            yield (name,), value
        elif issubclass(kind, type) and value.__dict__.get("__module__") == home:
            for inner, each in list(value.__dict__.items()):
                if (type(each) in _LOOKED_AT or issubclass(type(each), type)) and project.defined(each):
                    yield (name, inner), each


_BOUND = (staticmethod, classmethod, MethodType)
_LOOKED_AT = frozenset({FunctionType, MethodType, property, *_WRAPPERS})
