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


#: Where a tensor has its hooks: on gradients on their way, and after they were added up in a leaf (optimizers' steps).
_OF_TENSORS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def hooks_of(tensor: Any) -> dict[str, dict[int, Any]]:
    """A tensor's hooks by number, of each kind that it has any of."""
    return {name: held for name in _OF_TENSORS if (held := getattr(tensor, name))}


def set_hooks(tensor: Any, hooks: dict[str, dict[int, Any]]) -> None:
    """Give a tensor these hooks and no others. The dictionaries become its own: handles know them."""
    for name in _OF_TENSORS:
        if hooks.get(name) or getattr(tensor, name):
            setattr(tensor, name, hooks.get(name))
    after_known_hooks(number for held in hooks.values() for number in held)


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


def check_hooks(owner: Any, live: dict[str, dict[int, Any]], new: dict[str, dict[int, Any]]) -> None:
    """Raise Unpatchable if hooks that `owner` has were taken away, or others were added to them."""
    for name, held in live.items():
        if held and list(map(id, held.values())) != list(map(id, new.get(name, {}).values())):
            raise Unpatchable("", type(owner).__qualname__, "its hooks were changed in place")


def patch_hooks(live: dict[str, dict[int, Any]], new: dict[str, dict[int, Any]]) -> dict[str, dict[int, Any]]:
    """Set hooks where there are none; those that are there stay, since handles know them by their number here."""
    for name, after in new.items():
        kept = live.setdefault(name, after)
        if not kept:
            kept.update(after)
            after_known_hooks(after)
    return live


def after_known_hooks(numbers: Iterable[int]) -> None:
    """See to it that hooks set from now on get higher numbers than the loaded ones."""
    RemovableHandle.next_id = max(RemovableHandle.next_id, *(number + 1 for number in numbers), 0)
