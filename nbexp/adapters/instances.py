"""Instances of plain Python classes: a class and fields, nothing hidden, no say of their own in pickling."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unpatchable

_POINTER_BYTES = tuple.__itemsize__

#: Methods by which a class takes pickling into its own hands.
HOOKS = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def is_plain(tp: type) -> bool:
    """Whether instances of `tp` are told by their class, ``__dict__`` and slots alone."""
    hooked = any(hook in vars(base) for base in tp.__mro__ if base is not object for hook in HOOKS)
    return not hooked and tp not in copyreg.dispatch_table and not _hides_state(tp)


def _hides_state(tp: type) -> bool:
    """Whether instances hold more memory than fields explain: state of a class written in C (as `copyreg` checks)."""
    expected = object.__basicsize__ + _POINTER_BYTES * len(slots(tp))
    expected += _POINTER_BYTES * ((tp.__dictoffset__ > 0) + (tp.__weakrefoffset__ > 0))
    return tp.__basicsize__ > expected or tp.__itemsize__ > 0


def slots(tp: type) -> dict[str, tuple[int, str]]:
    """The slots of `tp` and its bases, by a name unique in the class; a slot that a subclass repeats counts twice.

    Returns:
        The place of each: which of ``tp.__mro__`` has it, and under which name. A descriptor would keep its class
        alive, and with it the adapter that is cached for as long as the class lives.
    """
    found = {}
    for at, base in reversed(list(enumerate(tp.__mro__))):
        for name, value in vars(base).items():
            if isinstance(value, MemberDescriptorType) and base.__flags__ & _HEAP_TYPE:
                found[name if name not in found else f"{base.__qualname__}.{name}"] = at, name
    return found


def _slot(place: tuple[int, str], value: Any) -> MemberDescriptorType:
    at, name = place
    return vars(type(value).__mro__[at])[name]  # type: ignore[no-any-return]


_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def dict_getter(tp: type) -> Callable[[Any], dict[str, Any]] | None:
    """What gives the true ``__dict__`` of an instance of `tp`, whatever the class says about attributes."""
    if not tp.__dictoffset__:
        return None
    for base in tp.__mro__:
        found = vars(base).get("__dict__")
        if isinstance(found, GetSetDescriptorType):
            return found.__get__
    return None


def dict_of(value: Any) -> dict[str, Any] | None:
    """The true ``__dict__`` of `value`; None if it has none."""
    getter = dict_getter(type(value))
    return None if getter is None else getter(value)


class Fields(Adapter):
    """An instance by its fields: class, ``__dict__`` and slots. Fit for any type whose whole content these are."""

    def __init__(self, tp: type) -> None:
        self._slots = slots(tp)
        self._has_dict = dict_getter(tp) is not None
        self.has_fields = bool(self._slots) or self._has_dict

    def describe(self, value: Any) -> Node:
        slots = [(name, _slot(place, value)) for name, place in self._slots.items()]
        held = [(name, slot.__get__(value)) for name, slot in slots if _is_set(slot, value)]
        names = tuple(name for name, _ in held)
        children = [type(value), *(child for _, child in held)]
        labels = [".__class__", *(f".{name}" for name in names)]
        if (fields := dict_of(value)) is not None:
            children.append(fields)
            labels.append("")
        return Node("instance", (names, self._has_dict), children=children, labels=labels)

    def detach(self, value: Any) -> Any:
        new = object.__new__(type(value))
        self.patch(new, value)
        return new

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        for slot in [_slot(place, live) for place in self._slots.values()]:
            if _is_set(slot, new):
                slot.__set__(live, slot.__get__(new))
            elif _is_set(slot, live):
                slot.__delete__(live)
        fields = dict_of(live)
        if fields is not None:
            after = dict(dict_of(new) or {})
            fields.clear()
            fields.update(after)


class Instances(Fields):
    """An instance with a ``__dict__`` and no slots: by far the most, so the walk takes them in bulk."""

    def fields(self, tp: type, values: list[Any]) -> list[dict[str, Any]]:
        """The ``__dict__`` of each of `values`, all of which are of the type `tp`."""
        getter = dict_getter(tp)
        assert getter is not None
        return list(map(getter, values))


def adapter_of(tp: type) -> Adapter | None:
    """The adapter of a plain class, or None if it is not plain."""
    if not is_plain(tp):
        return None
    return Fields(tp) if slots(tp) or dict_getter(tp) is None else Instances(tp)


def _is_set(slot: MemberDescriptorType, value: Any) -> bool:
    try:
        slot.__get__(value)
    except AttributeError:
        return False
    return True
