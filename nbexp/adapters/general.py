"""The route for types that no adapter knows: the object says itself what it is made of, as it does for pickle."""

from __future__ import annotations

from typing import Any

from nbexp.adapters import instances
from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unfingerprintable


def fallback(tp: type) -> Adapter:
    """The adapter of a type that no module names."""
    return instances.adapter_of(tp) or General()


class General(Adapter):
    """Any object that pickle can take apart."""

    def describe(self, value: Any) -> Node:
        reduced = value.__reduce_ex__(5)
        if isinstance(reduced, str):
            return Node("global", (type(value).__module__, reduced), mutable=False)
        if not isinstance(reduced, tuple):
            raise Unfingerprintable("", type(value).__qualname__, "its __reduce_ex__ gives no tuple")
        call, args, *rest = reduced
        state, items, pairs, setter = [*rest, None, None, None, None][:4]
        return Node("reduce", children=(type(value), call, args, state, list(items or ()), list(pairs or ()), setter))
