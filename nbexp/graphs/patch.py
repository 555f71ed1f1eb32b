"""Giving live objects a new content in place, so that every holder of them sees it: the values that a stage mutated.

`detach` makes what is stored, when a stage has changed an object that was there before; `patch` puts it into the object
of the running kernel, on a hit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbexp.adapters.base import Adapter
from nbexp.adapters.general import General
from nbexp.adapters.transient import Transient
from nbexp.errors import Unpatchable
from nbexp.graphs.unchanged import Unchanged, unchanged
from nbexp.registry import adapter_for


def detach(value: Any) -> Any:
    """A new object of equal content, one level deep: its children are the same objects as those of `value`.

    Large memory may be shared with `value`: store what comes back before `value` changes again. A lock or the like,
    which has no content, is given as it is: it stays where it is. Of what only pickle's protocol knows, comes back what
    `check_patch` needs to see that it did not change.

    Raises:
        Unpatchable: An object of this type cannot take over another's content, so that storing it is of no use.
    """
    if (exact := _EXACT.get(type(value))) is not None:
        return exact[0](value)
    adapter = adapter_for(type(value))
    if isinstance(adapter, Transient):
        return value
    if isinstance(adapter, General):
        return unchanged(value)
    if type(adapter).patch is Adapter.patch:
        adapter.patch(value, value)  # raises, in the words of the adapter
    new = adapter.detach(value)
    if new is value:
        raise Unpatchable("", type(value).__qualname__, "its content cannot be told apart from itself")
    return new


def check_patch(live: Any, new: Any) -> None:
    """Whether `patch` will succeed; nothing is changed. All patches of a result are checked before one is made.

    Raises:
        Unpatchable: It will not: `live` cannot take over the content of `new`.
    """
    if isinstance(new, Unchanged):
        new.check(live)
        return
    if type(live) is not type(new):
        raise Unpatchable("", type(live).__qualname__, f"it cannot become a {type(new).__qualname__}")
    if type(live) in _EXACT or live is new:
        return
    adapter = adapter_for(type(live))
    if type(adapter).patch is Adapter.patch:
        adapter.patch(live, new)  # raises, in the words of the adapter
    check = getattr(adapter, "check_patch", None)
    if check is not None:
        check(live, new)


def patch(live: Any, new: Any) -> None:
    """Give `live` the content of `new` (from `detach`), in place; `new` stays as it is.

    Raises:
        Unpatchable: It cannot be done. `live` is then as before.
    """
    if live is new:
        return
    if isinstance(new, Unchanged):
        new.check(live)
        return
    if (exact := _EXACT.get(type(live))) is None:
        adapter_for(type(live)).patch(live, new)
        return
    if type(live) is not type(new):
        raise Unpatchable("", type(live).__qualname__, f"it cannot become a {type(new).__qualname__}")
    exact[1](live, new)


def _patch_sequence(live: Any, new: Any) -> None:
    live[:] = new


def _patch_dict(live: dict[Any, Any], new: dict[Any, Any]) -> None:
    content = dict(new)
    live.clear()
    live.update(content)


def _patch_set(live: set[Any], new: set[Any]) -> None:
    content = set(new)
    live.clear()
    live.update(content)


_EXACT: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    list: (list.copy, _patch_sequence),
    dict: (dict.copy, _patch_dict),
    set: (set.copy, _patch_set),
    bytearray: (bytearray, _patch_sequence),
}
