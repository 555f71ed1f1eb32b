"""Functions, classes and modules by name: where code that runs would find this very object.

Something that can be found by name is told by its name, and its content stands on its own in a key. What cannot be
found (lambdas, closures, local classes, definitions replaced since) is told by its content where it is held.
"""

from __future__ import annotations

import os
import re
import sys
from functools import _lru_cache_wrapper
from importlib.machinery import ExtensionFileLoader
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

from nbexp.adapters.base import Name, Node
from nbexp.code.origin import NOTEBOOK, distribution_of, is_project, origin, origin_of_file
from nbexp.errors import Unfingerprintable

_ABSENT = object()

#: What IPython keeps in the notebook's namespace for itself.
_OF_SHELL = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|__\w+__|_exit_code|In|Out|exit|quit|get_ipython")


def is_of_shell(name: str) -> bool:
    """Whether a name of the notebook is one that the shell binds, at each cell or once: ``_``, ``In``, ``_i12``."""
    return _OF_SHELL.fullmatch(name) is not None


#: What torch's compiler puts beside the functions that it compiles, when they are first called.
_OF_COMPILER = re.compile(r"__(?:compiled_fn|builtins_dict__|resume_at|import_torch)_\w+")


def is_of_compiler(name: str) -> bool:
    """Whether a global is one that ``torch.compile`` made: no content, it is made again when it is needed."""
    return name.startswith("__") and _OF_COMPILER.fullmatch(name) is not None


def reference(value: Any) -> Name | None:
    """Where `value`, a function or class, is found by its own module and qualified name; None if it is not.

    A function of the notebook or project that claims to be an installed one (a monkeypatch with `functools.wraps`) is
    not what the name stands for, although it is what is found there: None.

    Example:
        >>> import json
        >>> reference(json.JSONDecoder.decode)
        Name(module='json.decoder', path=('JSONDecoder', 'decode'))
    """
    module = getattr(value, "__module__", None)
    if not isinstance(module, str):
        return None
    for attribute in ("__qualname__", "__name__"):
        dotted = getattr(value, attribute, None)
        if not isinstance(dotted, str) or "<" in dotted:
            continue
        path = tuple(dotted.split("."))
        if module == NOTEBOOK and is_of_shell(path[0]):
            return None
        if find(module, path) is value:
            foreign = is_project_code(value) and (not is_project(module) or _is_inherited(module, path))
            return None if foreign else Name(module, path)
    return None


def _is_inherited(module: str, path: tuple[str, ...]) -> bool:
    """Whether a piece of `path` belongs to a base of the class before it: after ``class A(A)``, a method of the former
    ``A`` calls itself ``A.method``, and is found there, but what ``A`` is made of does not tell of it."""
    for length in range(1, len(path)):
        owner = find(module, path[:length])
        if isinstance(owner, type) and path[length] not in type.__dict__["__dict__"].__get__(owner):
            return True
    return False


def find(module: str, path: tuple[str, ...]) -> Any:
    """What stands at `path` in the globals of a loaded module, by dictionaries alone: no descriptor or ``__getattr__``
    runs. A marker that is no value if there is nothing."""
    loaded = sys.modules.get(module)
    held: Any = vars(loaded).get(path[0], _ABSENT) if isinstance(loaded, ModuleType) else _ABSENT
    for piece in path[1:]:
        if held is _ABSENT:
            break
        held = _attribute(held, piece)
    return held


def _attribute(held: Any, piece: str) -> Any:
    if not isinstance(held, type):
        return vars(held).get(piece, _ABSENT) if isinstance(held, ModuleType) else _ABSENT
    for base in type.__dict__["__mro__"].__get__(held):
        found = base.__dict__.get(piece, _ABSENT)
        if found is not _ABSENT:
            return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    return _ABSENT


def is_project_code(value: Any) -> bool:
    """Whether `value` is a function, method or class defined by notebook or project code, whatever it calls itself."""
    kind = type(value)  # not isinstance: a proxy may say that it is a function
    if kind is FunctionType:
        return _is_project_function(value)
    if kind is MethodType:
        return is_project_code(value.__func__)
    if kind in (_lru_cache_wrapper, staticmethod, classmethod):
        return is_project_code(value.__wrapped__)
    if issubclass(kind, type):
        return isinstance(value.__module__, str) and value.__module__ in sys.modules and is_project(value.__module__)
    return False


def _is_project_function(function: FunctionType) -> bool:
    """By the module whose globals the function has; if they are no module's (generated code, as the methods of named
    tuples, and modules replaced since), by its file."""
    home = function.__globals__.get("__name__")
    loaded = sys.modules.get(home) if isinstance(home, str) else None
    if home is not None and is_module(loaded) and vars(loaded) is function.__globals__:
        return is_project(home)
    file = function.__code__.co_filename
    return os.path.isabs(file) and origin_of_file(file).kind == "project"


def is_module(value: Any) -> bool:
    """Whether `value` is a module found under its name; a module object made by hand is a value like others."""
    return issubclass(type(value), ModuleType) and sys.modules.get(value.__name__) is value


def reference_node(name: Name) -> Node:
    """A function or class told by where it is found."""
    where = origin(name.module)
    meta = (name.module, ".".join(name.path))
    if where.kind == "project":
        return Node("ref", meta, mutable=False, reads=(name,))
    return Node("installed", meta, mutable=False, packages=(where.root,) if where.root else ())


def global_node(value: Any, name: str) -> Node:
    """An object that says, as pickle asks it, that it is the global called `name`: a function made by Cython.

    Raises:
        Unfingerprintable: It is not found under that name in its own module, or in that of its type.
    """
    path = tuple(name.split("."))
    for module in (getattr(value, "__module__", None), type(value).__module__):
        if isinstance(module, str) and find(module, path) is value:
            return reference_node(Name(module, path))
    home = getattr(value, "__module__", None)
    if isinstance(home, str) and (root := distribution_of(home)):  # the project put another in its place
        return Node("installed original", (home, name), mutable=False, packages=(root,))
    raise Unfingerprintable("", type(value).__qualname__, f'it calls itself "{name}", but is not found under that name')


def defining_module(value: Any, name: str) -> str | None:
    """The compiled module that holds `value` as its global `name`, for objects that do not know their module.

    Others may have imported it from there; which of these are loaded differs between processes, so they do not count.
    """
    holders = [
        module_name
        for module_name, module in list(sys.modules.items())
        if issubclass(type(module), ModuleType) and vars(module).get(name, _ABSENT) is value
    ]
    return min((each for each in holders if _is_compiled(sys.modules[each])), default=None)


def _is_compiled(module: ModuleType) -> bool:
    return isinstance(getattr(vars(module).get("__spec__"), "loader", None), ExtensionFileLoader)


def method_of_library(value: Any) -> Name | None:
    """Where a bound method that an installed module keeps as a global is found: ``random.shuffle``, ``np.random.rand``.

    The object behind it is ambient state (a generator), not content of the function.
    """
    owner = getattr(value, "__self__", None)
    name = getattr(value, "__name__", None)
    if not isinstance(value, (MethodType, BuiltinFunctionType)) or not isinstance(name, str):
        return None
    for module in (getattr(value, "__module__", None), type(owner).__module__):
        if isinstance(module, str) and find(module, (name,)) is value and not is_project(module):
            return Name(module, (name,))
    return None
