"""Hooks are content by what they do and in which order, never by the number that torch gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch.utils.hooks import RemovableHandle


def hooks_in(fields: dict[str, Any]) -> dict[str, dict[int, Any]]:
    """Those of an object's fields that are hooks by number: in a module, an optimizer."""
    return {
        name: field
        for name, field in fields.items()
        if name.startswith("_") and "_hooks" in name and isinstance(field, dict) and all(type(k) is int for k in field)
    }


def described(hooks: dict[str, dict[int, Any]]) -> tuple[tuple[Any, ...], list[Any]]:
    """The hooks without their numbers: plain content, and the functions.

    A field such as ``_forward_hooks_with_kwargs`` only says something about hooks of ``_forward_hooks``: there a number
    becomes the place among these.
    """
    places = {number: place for held in hooks.values() for place, number in enumerate(held)}
    functions: list[Any] = []
    meta: list[tuple[str, Any]] = []
    for name, held in hooks.items():
        if name.endswith(("_with_kwargs", "_always_called")):
            meta.append((name, tuple(places[number] for number in held)))
        else:
            functions += held.values()
            meta.append((name, len(held)))
    return tuple(meta), functions


def after_known_hooks(numbers: Iterable[int]) -> None:
    """See to it that hooks set from now on get higher numbers than the loaded ones."""
    RemovableHandle.next_id = max(RemovableHandle.next_id, *(number + 1 for number in numbers), 0)
