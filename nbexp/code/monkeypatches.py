"""Functions and classes of the notebook or project that stand in an installed package (D28).

They are patches, accessors, entries of its registries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from types import FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.origin import distribution_of, is_project

_WRAPPERS = (staticmethod, classmethod)


#: Whatever a mock stands for, it is the notebook's.
_MOCKS = "unittest.mock"

#: What stands in `sys` is the host's: streams, hooks. Mocks are at home in theirs. nbexp runs beside the stage.
_LEFT_OUT = frozenset({"sys", _MOCKS})
_OURS = "nbexp"

#: In the place of a package: Python's own library, which every stage uses.
PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Monkeypatch:
    """One thing put into an installed package.

    Attributes:
        package: The import name of the package, or `PYTHON`.
        name: Where it stands: ``pandas.core.frame.DataFrame.describe``.
        value: The function, class or data, or the package's descriptor that holds it; a part of the key of all that
            use the package.
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


class _Project:
    """The loaded modules of the notebook and project, and what tells their code from that of all others.

    Attributes:
        names: Of the modules. globals: The identities of their globals.
    """

    def __init__(self) -> None:
        loaded = {
            name: module
            for name, module in list(sys.modules.items())
            if issubclass(type(module), ModuleType) and is_project(name)
        }
        self.names = frozenset(loaded)
        self.globals = frozenset(id(vars(module)) for module in loaded.values())
        self._kinds: dict[type, bool] = {}
        self._seen: set[int] = set()
        self._told: tuple[set[type], set[type]] = set(), set()
        self._plain: tuple[set[type], set[type]] = set(), set()

    def worth_a_look(self, namespace: Mapping[str, Any], *, in_class: bool = False) -> list[tuple[str, Any]]:
        """What of a namespace could be theirs. Hundreds of thousands are asked for: most are told by their type."""
        kinds, plain, own, seen = self._told[in_class], self._plain[in_class], self.globals, self._seen
        for kind in set(map(type, namespace.values())) - kinds:
            kinds.add(kind)
            if self._is_plain(kind, in_class):
                plain.add(kind)
        return [
            (name, value)
            for name, value in namespace.items()
            if (kind := type(value)) not in plain
            and (kind is not FunctionType or id(value.__globals__) in own)
            and (kind is not type or id(value) not in seen)
        ]

    def _is_plain(self, kind: type, in_class: bool) -> bool:
        if self.is_candidate_type(kind):
            return False
        return not (hasattr(kind, "__get__") and kind.__dictoffset__) if in_class else not issubclass(kind, dict)

    def is_new(self, value: Any) -> bool:
        """Whether a table or class has not been looked at: modules hand them on by the hundred."""
        known = id(value) in self._seen
        self._seen.add(id(value))
        return not known

    def is_candidate_type(self, kind: type) -> bool:
        """Whether objects of a type could be code of theirs, or instances of a class of theirs."""
        found = self._kinds.get(kind)
        if found is None:
            home = kind.__dict__.get("__module__")
            found = kind in _LOOKED_AT or issubclass(kind, type) or home == _MOCKS or home in self.names
            self._kinds[kind] = found
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
            return any(each is not None and self.defined(each) for each in (value.fget, value.fset, value.fdel))
        home = kind.__dict__.get("__module__")
        if home == _MOCKS or home in self.names:
            return True
        return issubclass(kind, type) and value.__dict__.get("__module__") in self.names

    def holds(self, value: Any) -> bool:
        """Whether `value` is a candidate, and theirs."""
        return self.is_candidate_type(type(value)) and self.defined(value)

    def held_by(self, descriptor: Any) -> bool:
        """Whether a library's own kind of descriptor holds something of theirs: an accessor of pandas or polars."""
        try:
            held = object.__getattribute__(descriptor, "__dict__")
        except AttributeError:
            return False
        return type(held) is dict and any(map(self.holds, held.values()))


def _all() -> Iterator[Monkeypatch]:
    project = _Project()
    for module, value in list(sys.modules.items()):
        left_out = module in _LEFT_OUT or module in project.names or module.partition(".")[0] == _OURS
        if issubclass(type(value), ModuleType) and not left_out:
            for name, each in _patched(module, vars(value), project):
                package = distribution_of(name.module) or PYTHON
                yield Monkeypatch(package, name, each.__func__ if type(each) in _BOUND else each)


def _patched(module: str, namespace: Mapping[str, Any], project: _Project) -> Iterator[tuple[Name, Any]]:
    """What the project put into a module, into its tables, and into the classes found there."""
    for name, value in project.worth_a_look(namespace):
        if issubclass(type(value), dict):
            if project.is_new(value) and len(value) <= _LARGEST_TABLE:
                for key, each in list(dict.items(value)):
                    if project.holds(each):
                        yield Name(module, (name, str(key))), each
        elif project.defined(value):
            yield Name(module, (name,)), value
        elif issubclass(type(value), type) and project.is_new(value):
            where = Name(str(value.__module__), tuple(value.__qualname__.split(".")))
            for inner, each in _in_class(value, project):
                yield Name(where.module, (*where.path, inner)), each


def _in_class(cls: type, project: _Project) -> Iterator[tuple[str, Any]]:
    for name, value in project.worth_a_look(cls.__dict__, in_class=True):
        if project.defined(value) if project.is_candidate_type(type(value)) else project.held_by(value):
            yield name, value


#: Larger tables of a module are its data.
_LARGEST_TABLE = 200

_BOUND = (staticmethod, classmethod, MethodType)
_LOOKED_AT = frozenset({FunctionType, MethodType, property, _lru_cache_wrapper, *_WRAPPERS})
