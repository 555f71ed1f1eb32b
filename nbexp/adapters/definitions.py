"""The content of definitions: functions, classes and modules of the notebook and project, each as one node."""

from __future__ import annotations

from functools import _lru_cache_wrapper
from types import FunctionType, ModuleType
from typing import Any

from nbexp.adapters.base import Name, Node
from nbexp.adapters.classes import class_content
from nbexp.code.content import CodeContent, cached_content, function_content
from nbexp.code.lookups import every_name
from nbexp.code.origin import is_project
from nbexp.code.reference import is_module, reference


def is_reference(value: Any) -> bool:
    """Whether `value` is notebook or project code that is told by its name where it is held."""
    if is_module(value):
        return is_project(value.__name__)
    where = reference(value) if _is_definition(value) else None
    return where is not None and is_project(where.module)


def _is_definition(value: Any) -> bool:
    kind = type(value)  # not isinstance: a proxy may say that it is a function
    return kind in (FunctionType, _lru_cache_wrapper) or issubclass(kind, type)


def content_node(value: Any) -> Node | None:
    """The content of notebook and project code; None for what is no code of these."""
    kind = type(value)
    where = reference(value) if _is_definition(value) else None
    if where is not None and not is_project(where.module):
        return None
    if kind is FunctionType:
        return function_content(value).node("function")
    if kind is _lru_cache_wrapper:
        return cached_content(value).node("lru_cache")
    if issubclass(kind, type):
        return class_content(value).node("class")
    if issubclass(kind, ModuleType) and is_project(value.__name__):
        return module_content(value).node("module content")
    return None


def module_content(module: ModuleType) -> CodeContent:
    """All globals of a project module, by name: what code may do with a module as a whole is not known (D26)."""
    name = module.__name__
    if not is_module(module):
        held = {key: value for key, value in vars(module).items() if not (key.startswith("__") and key.endswith("__"))}
        labels = tuple(f".{key}" for key in held)
        return CodeContent((name, tuple(held)), tuple(held.values()), labels)
    names = sorted(every_name(name, vars(module)))
    return CodeContent((name, tuple(names)), reads=frozenset(Name(name, (each,)) for each in names))
