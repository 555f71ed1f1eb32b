"""The route for types that no adapter knows: the object says itself what it is made of, as it does for pickle."""

from __future__ import annotations

import copyreg
from typing import Any

from nbexp.adapters import instances
from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.containers import Subclass, base_of
from nbexp.adapters.instances import Fields, dict_getter
from nbexp.adapters.refused import ITERATOR
from nbexp.code.origin import is_project
from nbexp.code.reference import global_node
from nbexp.errors import Unfingerprintable

_ADVICE = "Tell nbexp what it is made of with nbexp.register, or make it inside the stage that uses it."


def fallback(tp: type) -> Adapter:
    """The adapter of a type that no module names."""
    base = base_of(tp)
    if base is not None:
        return Subclass(tp, base)
    return instances.adapter_of(tp) or (ITERATOR if _is_native_iterator(tp) else General(tp))


def _is_native_iterator(tp: type) -> bool:
    """Whether a type is an iterator made in C: pickle would take most of them apart, but not put them back in place."""
    return hasattr(tp, "__next__") and not is_project(tp.__module__)


class General(Adapter):
    """Any object that pickle can take apart."""

    def __init__(self, tp: type) -> None:
        self._reduce = copyreg.dispatch_table.get(tp)
        self._hidden = _hidden_fields(tp)

    def describe(self, value: Any) -> Node:
        reduced = self._reduced(value)
        if isinstance(reduced, str):
            return global_node(value, reduced)
        call, args, state, items, pairs, setter = (reduced + _ABSENT)[:6]
        flat = [part for pair in pairs or () for part in pair]
        parts = (type(value), call, args, state, list(items or ()), flat, setter, self._fields(value, state))
        return Node("reduce", children=parts, labels=_LABELS)

    def _reduced(self, value: Any) -> str | tuple[Any, ...]:
        try:
            reduced: Any = self._reduce(value) if self._reduce else value.__reduce_ex__(5)
        except Exception as error:  # it is the object's own code, and may raise anything
            raise Unfingerprintable(
                "", type(value).__qualname__, f"it cannot be taken apart ({error})", _ADVICE
            ) from error
        if not isinstance(reduced, str) and not (isinstance(reduced, tuple) and 2 <= len(reduced) <= 6):
            raise Unfingerprintable("", type(value).__qualname__, "its __reduce_ex__ gives nonsense", _ADVICE)
        return reduced

    def _fields(self, value: Any, state: Any) -> Any:
        """Fields that the object keeps from pickle; a function may read them all the same."""
        if self._hidden is None:
            return None
        fields = self._hidden.describe(value)
        return None if any(child is state for child in fields.children) else list(fields.children[1:])


_ABSENT: tuple[Any, ...] = (None,) * 4

_LABELS = (".__class__", ".__reduce__()", "", "", "", "", ".__setstate__", "")


def _hidden_fields(tp: type) -> Fields | None:
    if not (instances.slots(tp) or dict_getter(tp)) or not is_project(tp.__module__):
        return None
    return Fields(tp)
