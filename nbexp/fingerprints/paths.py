"""Where in a value an object lies, as a user would write it: ``model.layers[0].weight``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from nbexp.adapters.instances import Instances, dict_of
from nbexp.fingerprints.kinds import ATOMS, BUILTINS
from nbexp.registry import adapter_for


def path_to(root: object, target: object) -> str:
    """The path from `root` to the very object `target`, the shortest; ``""`` if it is `root`, or not found."""
    held, seen = deque([(root, "")]), {id(root)}
    alive = [root]  # ids stay taken while the search lasts
    while held:
        value, path = held.popleft()
        if value is target:
            return path
        for label, child in parts(value):
            if id(child) not in seen:
                seen.add(id(child))
                alive.append(child)
                held.append((child, path + label))
    return ""


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What `value` is made of, one level deep, each with its piece of the path. Nothing if it cannot be described."""
    tp = type(value)
    if tp in ATOMS or value is BUILTINS:
        return
    if tp in (list, tuple):
        yield from ((f"[{i}]", item) for i, item in enumerate(value))
    elif tp is dict:
        yield from _of_dict(value)
    elif tp in (set, frozenset):
        yield from ((f"{{{type(item).__qualname__}}}", item) for item in value)
    elif tp is not bytearray:
        yield from _of_object(value)


def _of_dict(value: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        shown = repr(key) if type(key) in ATOMS else f"<{type(key).__qualname__}>"
        yield f"[{shown[:80]}]", item
        yield f".keys()[{shown[:80]}]", key


def _of_object(value: Any) -> Iterator[tuple[str, Any]]:
    adapter = adapter_for(type(value))
    if isinstance(adapter, Instances):
        yield from ((f".{name}", item) for name, item in (dict_of(value) or {}).items())
        return
    try:
        node = adapter.describe(value)
    except Exception:  # noqa: BLE001 - the search for one failure must not end at another
        return
    for index, child in enumerate(node.children):
        label = node.label(index)
        if label == "" and type(child) is dict:  # fields
            yield from ((f".{name}", item) for name, item in child.items())
        else:
            yield label, child
