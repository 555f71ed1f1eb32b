"""What cells and project modules set in packages that are not the project's: ``Image.MAX_IMAGE_PIXELS = None`` (D28).

Source says which places may be set; what stands there is asked when a key is made. Whether, when and by whom the line
is run does not matter: a place that nobody has set says the same in each kernel.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.origin import is_project
from nbexp.code.reference import is_module

#: In the place of a value: nothing stands there, or nothing that counts.
ABSENT = object()

#: Methods that change what they are called on.
_CHANGES = frozenset(
    {"update", "append", "extend", "insert", "add", "pop", "popitem", "remove", "discard", "clear", "setdefault"}
)

#: Functions that set an attribute whose name they are given: ``setattr``, ``mock.patch.object``.
_SETTERS = frozenset({"setattr", "delattr", "object", "__setattr__", "__delattr__"})

#: Of `sys`, what is the host's, or seen in other ways.
_OF_HOST = frozenset(
    {
        "stdin", "stdout", "stderr", "displayhook", "excepthook", "unraisablehook", "breakpointhook", "path", "modules",
        "meta_path", "path_hooks", "path_importer_cache", "ps1", "ps2", "ps3",
    }
)  # fmt: skip

#: What is watched, or told, whole: loggers met, filters in force; and a counter, which is no content.
_ELSEWHERE = (("logging",), ("warnings", "filters"), ("torch.utils.hooks", "RemovableHandle", "next_id"))

#: Modules whose attributes are kernel settings that are kept and brought back (`nbexp.snapshot.probes`); and nbexp.
_LEFT_OUT = ("torch.backends", "nbexp.")

_CONTAINERS = (dict, list, set)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that source sets.

    Attributes:
        path: Names as the source has them: ``("PIL", "Image", "MAX_IMAGE_PIXELS")``.
        is_import: Whether the first ones are those of a module that the source imports; else the first is a global.
        inside: Whether what stands there is changed, not replaced: ``table["a"] = 1``.
    """

    path: tuple[str, ...]
    is_import: bool = False
    inside: bool = False


def places_set(tree: ast.AST) -> frozenset[Place]:
    """The places, below a global or an imported name, that source sets anywhere, also in functions.

    Example:
        >>> places_set(ast.parse("import PIL.Image as I; I.MAX_IMAGE_PIXELS = None"))
        frozenset({Place(path=('PIL', 'Image', 'MAX_IMAGE_PIXELS'), is_import=True, inside=False)})
    """
    nodes = list(ast.walk(tree))
    imported = {alias: path for node in nodes for alias, path in _imports(node)}
    found = {_place(*each, imported) for node in nodes for each in _set_by(node)}
    return frozenset(found) | {Place(path, True) for node in nodes if len(path := _patched_by_text(node)) > 1}


def _place(path: tuple[str, ...], inside: bool, imported: Mapping[str, tuple[str, ...]]) -> Place:
    first = imported.get(path[0])
    return Place((*(first or path[:1]), *path[1:]), first is not None, inside)


def find_place(place: Place, namespace: Mapping[str, Any]) -> Name | None:
    """Where a place is, in a module that is not the project's; None if it is in none that is loaded.

    Args:
        namespace: The globals of the notebook or module whose source it is from.
    """
    if place.is_import:
        length = next((n for n in range(len(place.path), 0, -1) if ".".join(place.path[:n]) in sys.modules), 0)
        value: Any = sys.modules.get(".".join(place.path[:length]))
        path = place.path[length:]
    else:
        value, path = namespace.get(place.path[0]), place.path[1:]
    at: Name | None = None
    while True:
        if is_module(value):
            at = Name(value.__name__, ())
        elif issubclass(type(value), type):
            at = Name(value.__module__, tuple(value.__qualname__.split(".")))
        if at is None or not path or is_project(at.module) or at.module.startswith(_LEFT_OUT):
            return None
        at, value = Name(at.module, (*at.path, path[0])), _attribute(value, path[0])
        if len(path) == 1:
            return at
        path = path[1:]


def told_elsewhere(name: Name) -> bool:
    """Whether what stands at a place is the host's, or enters a key in another way."""
    if name.module == "sys":
        return name.path[0] in _OF_HOST
    return any((name.module, *name.path)[: len(each)] == each for each in _ELSEWHERE)


def value_at(name: Name, *, inside: bool = False) -> Any:
    """What stands at a place, by dictionaries alone; `ABSENT` if nothing does, or something that answers for itself.

    Args:
        inside: Only what a line like ``table["a"] = 1`` changes: a plain container.
    """
    value: Any = sys.modules.get(name.module, ABSENT)
    for piece in name.path:
        value = _attribute(value, piece)
    return ABSENT if inside and type(value) not in _CONTAINERS else value


def _attribute(owner: Any, name: str) -> Any:
    if owner is ABSENT:
        return ABSENT
    try:
        held: Mapping[str, Any] = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return ABSENT
    found = held.get(name, ABSENT)
    if found is ABSENT and isinstance(owner, ModuleType):
        return sys.modules.get(f"{owner.__name__}.{name}", ABSENT)
    return found


# -- source ------------------------------------------------------------------------------------------------------------


def _imports(node: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            path = tuple(alias.name.split("."))
            yield (alias.asname, path) if alias.asname else (path[0], path[:1])
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            yield alias.asname or alias.name, (*node.module.split("."), alias.name)


def _set_by(node: ast.AST) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The paths that one node sets, and whether it changes what is there."""
    found: tuple[tuple[str, ...], bool] = (), False
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        inner = node.value
        if isinstance(node, ast.Attribute):
            found = (*_path(inner), node.attr), False
        elif (owner := _namespace_of(inner)) is not None:  # vars(module)["name"] = 1
            found = (*_path(owner), _text(node.slice)), False
        else:
            found = _path(inner), True
    elif isinstance(node, ast.Call):
        called = _last_name(node.func)
        if called in _CHANGES and isinstance(node.func, ast.Attribute):
            found = _path(node.func.value), True
        elif called in _SETTERS and len(node.args) > 1:
            found = (*_path(node.args[0]), _text(node.args[1])), False
    if len(found[0]) > 1 and all(found[0]):
        yield found


def _patched_by_text(node: ast.AST) -> tuple[str, ...]:
    """``mock.patch("package.module.name", 1)``"""
    if isinstance(node, ast.Call) and _last_name(node.func) == "patch" and node.args:
        return tuple(_text(node.args[0]).split("."))
    return ()


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _namespace_of(node: ast.expr) -> ast.expr | None:
    """``module``, of ``vars(module)`` and ``module.__dict__``."""
    if isinstance(node, ast.Call) and _path(node.func) == ("vars",) and len(node.args) == 1:
        return node.args[0]
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__dict__" else None


def _path(node: ast.expr) -> tuple[str, ...]:
    """``("a", "b")`` for ``a.b``; empty for what is no name."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        inner = _path(node.value)
        return (*inner, node.attr) if inner else ()
    return ()


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
