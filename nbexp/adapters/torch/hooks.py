"""Hooks are content by what they do and in which order, never by the number that torch gives them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from torch.utils.hooks import RemovableHandle

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.errors import Unfingerprintable, Unpatchable

_HANDLE = "which module's hook it removes cannot be told"
_HANDLE_ADVICE = "Remove the hook in the stage that sets it, or keep the handle out of other stages."


class HandleAdapter(Adapter):
    """What removes a hook. Once that is done, or the module is gone, a handle does nothing more."""

    def describe(self, value: Any) -> Node:
        if not _is_spent(value):
            raise Unfingerprintable("", type(value).__qualname__, _HANDLE, _HANDLE_ADVICE)
        return Node("torch.spent handle")

    def reduce(self, value: Any, storing: Storing) -> Any:
        return (spent_handle, ()) if _is_spent(value) else NotImplemented


def _is_spent(handle: Any) -> bool:
    hooks = [ref() for ref in (handle.hooks_dict_ref, *(handle.extra_dict_ref or ()))]
    return not any(held is not None and handle.id in held for held in hooks)


def spent_handle() -> RemovableHandle:
    """A handle that removes nothing."""
    return RemovableHandle(OrderedDict())


#: What a hook in torch's wrapper consists of; what else it has, it took over from the function to look like it.
_WRAPPED = ("hook", "with_module", "module")


class WrappedHookAdapter(Adapter):
    """A hook that torch calls with its module: the function, and the module that it belongs to."""

    def describe(self, value: Any) -> Node:
        module = value.module() if value.with_module else None
        return Node("torch.hook", bool(value.with_module), (), (value.hook, module), (".hook", ".module"))

    def detach(self, value: Any) -> Any:
        new = object.__new__(type(value))
        vars(new).update(vars(value))
        return new

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        for name in _WRAPPED:
            vars(live).pop(name, None)
        vars(live).update({name: vars(new)[name] for name in _WRAPPED if name in vars(new)})


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
