"""Functions and classes of the notebook or project that stand in an installed package (D28).

They are patches, accessors, entries of its registries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper
from types import FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.origin import distribution_of, is_project

_WRAPPERS = (staticmethod, classmethod)


#: Whatever a mock stands for, it is the notebook's.
_MOCKS = "unittest.mock"

#: What stands in `sys` is the host's: streams, hooks. Mocks are at home in theirs.
_LEFT_OUT = frozenset({"sys", _MOCKS})

#: In the place of a package: Python's own library, which every stage uses.
PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Monkeypatch:
    """One function or class put into an installed package.

    Attributes:
        package: The import name of the package, or `PYTHON`.
        name: Where it stands: ``pandas.core.frame.DataFrame.describe``.
        value: The function or class, or the package's descriptor that holds it; a part of the key of all that use the
            package.
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
    """The loaded modules of the notebook and project: their names, and the identities of their globals.

    Attributes:
        kinds: Types that were met, and whether their objects could be code or instances of theirs.
    """

    names: frozenset[str]
    globals: frozenset[int]
    kinds: dict[type, bool] = field(default_factory=dict)

    def is_candidate(self, value: Any) -> bool:
        """Whether `value` is of a type that is worth a look; hundreds of thousands are asked for."""
        kind = type(value)
        found = self.kinds.get(kind)
        if found is None:
            home = kind.__dict__.get("__module__")
            found = kind in _LOOKED_AT or issubclass(kind, type) or home == _MOCKS or home in self.names
            self.kinds[kind] = found
        return found

    def defined(self, value: Any) -> bool:
        """Whether a candidate is a function or class of theirs, or an object of such a class, or a mock; nothing of it
        is asked that could run code."""
        kind = type(value)
        if kind is FunctionType:
            return id(value.__globals__) in self.globals
        if kind is MethodType or kind in _WRAPPERS:
            return self.defined(value.__func__)
        if kind is _lru_cache_wrapper:
            return self.defined(value.__wrapped__)
        if kind is property:
            return any(self.defined(each) for each in (value.fget, value.fset, value.fdel))
        home = kind.__dict__.get("__module__")
        if home == _MOCKS or home in self.names:
            return True
        return issubclass(kind, type) and value.__dict__.get("__module__") in self.names

    def held_by(self, descriptor: Any) -> bool:
        """Whether a library's own kind of descriptor holds something of theirs: an accessor of pandas or polars."""
        try:
            held = object.__getattribute__(descriptor, "__dict__")
        except AttributeError:
            return False
        return type(held) is dict and any(self.is_candidate(each) and self.defined(each) for each in held.values())


def _project() -> _Project:
    loaded = {
        name: module
        for name, module in list(sys.modules.items())
        if issubclass(type(module), ModuleType) and is_project(name)
    }
    return _Project(frozenset(loaded), frozenset(id(vars(module)) for module in loaded.values()))


def _all() -> Iterator[Monkeypatch]:
    project, tables = _project(), set[int]()
    for name, module in list(sys.modules.items()):
        if issubclass(type(module), ModuleType) and not is_project(name) and name not in _LEFT_OUT:
            package = distribution_of(name) or PYTHON
            for path, value in _patched(vars(module), project, tables):
                yield Monkeypatch(package, Name(name, path), value.__func__ if type(value) in _BOUND else value)


def _patched(
    namespace: Mapping[str, Any], project: _Project, tables: set[int]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What the project put into a module, into its tables, and into the classes that it defines.

    Args:
        tables: The identities of those that were looked at: modules hand them on by the hundred.
    """
    home = namespace.get("__name__")
    for name, value in list(namespace.items()):
        if issubclass(type(value), dict):
            if id(value) not in tables and len(value) <= _LARGEST_TABLE:
                yield from (((name, str(key)), each) for key, each in _in_table(value, project))
            tables.add(id(value))
        elif project.is_candidate(value):
            if project.defined(value):
                yield (name,), value
            elif issubclass(type(value), type) and value.__dict__.get("__module__") == home:
                yield from (((name, inner), each) for inner, each in _in_class(value, project))


def _in_table(table: dict[Any, Any], project: _Project) -> Iterator[tuple[Any, Any]]:
    """Registries: ``matplotlib.units.registry``."""
    candidates = list(filter(project.is_candidate, [*dict.values(table)]))
    if any(map(project.defined, candidates)):
        yield from (
            (key, each) for key, each in [*dict.items(table)] if project.is_candidate(each) and project.defined(each)
        )


def _in_class(cls: type, project: _Project) -> Iterator[tuple[str, Any]]:
    for name, value in list(cls.__dict__.items()):
        if project.is_candidate(value):
            if project.defined(value):
                yield name, value
        elif hasattr(type(value), "__get__") and project.held_by(value):
            yield name, value


#: Larger tables of a module are its data.
_LARGEST_TABLE = 200

_BOUND = (staticmethod, classmethod, MethodType)
_LOOKED_AT = frozenset({FunctionType, MethodType, property, _lru_cache_wrapper, *_WRAPPERS})
