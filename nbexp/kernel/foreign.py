"""What a stage sets in a module that is not the project's: ``np.answer = 42``, ``json.dumps = mine``.

A hit does not run the assignment, and no record holds a module; so such a stage is not stored.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from nbexp.code.origin import is_project
from nbexp.records import Reason

#: Modules whose attributes are kernel settings that are kept and brought back (`nbexp.snapshot.probes`).
_SETTINGS = ("torch.backends",)


def set_elsewhere(changed: Iterable[ast.Attribute], namespace: Mapping[str, Any]) -> Iterator[Reason]:
    """Attributes of modules of Python or of installed packages that the cell's own statements bind or delete.

    Args:
        changed: All attributes that they bind or delete. namespace: The notebook's, after the cell ran.
    """
    for node in changed:
        module = _module(node.value, namespace)
        if module is not None and not is_project(module) and not module.startswith(_SETTINGS):
            name = f"{module}.{node.attr}"
            yield Reason("effect", name, f"it set {name}, which a hit would not")


def _module(node: ast.expr, namespace: Mapping[str, Any]) -> str | None:
    """The name of the module that an expression like ``np.random`` stands for; nothing of it is run."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    value = namespace.get(node.id) if isinstance(node, ast.Name) else None
    for name in reversed(path):
        value = vars(value).get(name) if isinstance(value, ModuleType) else None
    return value.__name__ if isinstance(value, ModuleType) else None
