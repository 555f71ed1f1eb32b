"""Values of the standard library that hold others, serve a process, or have a state of their own."""

from __future__ import annotations

import enum
import functools
import io
import logging
import threading
import types
import typing
import weakref
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbexp.adapters import executors, leaves
from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.builtins import counted, shortened
from nbexp.adapters.instances import dict_of
from nbexp.adapters.refused import REFUSED, REFUSED_BASES
from nbexp.adapters.transient import Transient
from nbexp.errors import Unfingerprintable, Unpatchable


@dataclass(frozen=True, slots=True)
class Described(Adapter):
    """A value described by a function.

    Attributes:
        of: Gives the node. show: Gives the preview; the type's name if absent.
    """

    of: Callable[[Any], Node]
    show: Callable[[Any], str] | None = None

    def describe(self, value: Any) -> Node:
        return self.of(value)

    def preview(self, value: Any) -> str:
        return shortened(self.show(value)) if self.show else type(value).__qualname__


# -- plain holders -----------------------------------------------------------------------------------------------------


class _Namespace(Adapter):
    def describe(self, value: Any) -> Node:
        return Node("namespace", children=(type(value), vars(value)), labels=(".__class__", ""))

    def detach(self, value: Any) -> Any:
        return types.SimpleNamespace(**vars(value))

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        fields = dict(vars(new))
        vars(live).clear()
        vars(live).update(fields)


class _Array(Adapter):
    def describe(self, value: Any) -> Node:
        start, count = value.buffer_info()
        span = (start, start + count * value.itemsize)
        return Node("array.array", (value.typecode, count), buffers=(value,), spans=(span,))

    def patch(self, live: Any, new: Any) -> None:
        if type(new) is not array or live.typecode != new.typecode:
            raise Unpatchable("", "array.array", "it became another type")
        live[:] = new

    def preview(self, value: Any) -> str:
        return f"array of {counted(len(value), 'item')}"


def _slice(value: slice) -> Node:
    parts = (value.start, value.stop, value.step)
    return Node("slice", children=parts, labels=(".start", ".stop", ".step"), mutable=False)


def _proxy(value: Any) -> Node:
    items = [part for pair in value.items() for part in pair]
    return Node("mappingproxy", len(items), children=items, labels=".items()[{}]".format)


def _memoryview(value: memoryview) -> Node:
    shape = (value.format, value.shape, value.strides, value.readonly)
    owner = value.obj
    if type(owner) is bytes:
        return Node("memoryview", shape, children=(value.tobytes(),), labels=("",), mutable=False)
    if not value.c_contiguous or value.nbytes != memoryview(owner).nbytes:
        raise Unfingerprintable("", "memoryview", "it shows a part of another object's memory", "Copy it: bytes(view).")
    return Node("memoryview of all", shape, children=(owner,), labels=(".obj",))


def _partial(value: Any) -> Node:
    fields = vars(value)
    children = (type(value), value.func, value.args, value.keywords, dict(fields))
    return Node("partial", children=children, labels=(".__class__", ".func", ".args", ".keywords", ""))


class _Partial(Described):
    def detach(self, value: Any) -> Any:
        new: Any = functools.partial(value.func)
        new.__setstate__(value.__reduce__()[2])
        return new

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"it became a {type(new).__qualname__}")
        live.__setstate__(new.__reduce__()[2])


def _exception(value: BaseException) -> Node:
    """An exception; where it was raised (its traceback holds frames) is no content."""
    held = dict_of(value)  # first: looking makes the dict, which the next line would not yet show
    reduced: Any = value.__reduce_ex__(5)
    children = (type(value), list(reduced[1:]), value.__cause__, value.__context__, held)
    labels = (".__class__", ".args", ".__cause__", ".__context__", "")
    return Node("exception", (value.__suppress_context__,), children=children, labels=labels)


class _Exception(Described):
    def reduce(self, value: Any, storing: Storing) -> Any:
        """As the exception says, with those that led to it, which pickles leave out."""
        if value.__cause__ is None and value.__context__ is None:
            return NotImplemented
        make, arguments, *state = value.__reduce_ex__(5)
        chain = (value.__cause__, value.__context__, value.__suppress_context__)
        return make, arguments, (chain, state[0] if state else None), None, None, fill_exception


def fill_exception(value: Any, content: tuple[tuple[Any, Any, bool], Any]) -> None:
    """Give a loaded exception its state, and those that led to it."""
    (value.__cause__, value.__context__, value.__suppress_context__), state = content
    if state is not None:
        value.__setstate__(state)


# -- states ------------------------------------------------------------------------------------------------------------


class _Random(Adapter):
    def describe(self, value: Any) -> Node:
        return Node("random.Random", value.getstate())

    def detach(self, value: Any) -> Any:
        new = type(value)()
        new.setstate(value.getstate())
        return new

    def patch(self, live: Any, new: Any) -> None:
        live.setstate(new.getstate())


class _Memory(Adapter):
    """`io.StringIO` and `io.BytesIO`: content, place and fields."""

    def describe(self, value: Any) -> Node:
        if value.closed:
            return Node("closed stream", children=(type(value), vars(value)), labels=(".__class__", ""))
        content, *rest = value.__getstate__()
        return Node("stream", children=(type(value), content, *rest), labels=(".__class__", ".getvalue()"))

    def patch(self, live: Any, new: Any) -> None:
        live.__setstate__(new.__getstate__())


# -- names -------------------------------------------------------------------------------------------------------------


def _enum(value: enum.Enum) -> Node:
    composite = value.value if isinstance(value, enum.Flag) else None
    return Node("enum", value._name_, children=(type(value), composite), labels=(".__class__", ".value"), mutable=False)


def _logger(value: logging.Logger) -> Node:
    return Node("logger", value.name, mutable=False)


def _alias(value: Any) -> Node:
    return Node(
        f"alias {type(value).__module__}.{type(value).__qualname__}",
        bool(getattr(value, "__unpacked__", False)),
        children=(typing.get_origin(value), getattr(value, "__args__", ()), getattr(value, "__metadata__", ())),
        labels=(".__origin__", ".__args__", ".__metadata__"),
        mutable=False,
    )


def _special_form(value: Any) -> Node:
    return Node("typing form", value._name, mutable=False)


def _getter(value: Any) -> Node:
    call, args = value.__reduce__()[:2]
    return Node("getter", children=(call, args), labels=(".__class__", ""), mutable=False)


_WEAK = Transient("weak reference", "it is a weak reference", "Keep the object itself.")
_LOCK = Transient("lock", "it is a lock")

#: Adapters by exact type, or by name where naming a type must not load its module.
ADAPTERS: dict[type | str, Adapter] = {
    **leaves.ADAPTERS,
    **REFUSED,
    **executors.ADAPTERS,
    types.SimpleNamespace: _Namespace(),
    array: _Array(),
    slice: Described(_slice, repr),
    types.MappingProxyType: Described(_proxy),
    memoryview: Described(_memoryview),
    functools.partial: _Partial(_partial),
    "random.Random": _Random(),
    io.StringIO: _Memory(),
    io.BytesIO: _Memory(),
    types.GenericAlias: Described(_alias, repr),
    types.UnionType: Described(_alias, repr),
    "operator.itemgetter": Described(_getter, repr),
    "operator.attrgetter": Described(_getter, repr),
    "operator.methodcaller": Described(_getter, repr),
    weakref.ref: _WEAK,
    weakref.ProxyType: _WEAK,
    weakref.CallableProxyType: _WEAK,
    type(threading.Lock()): _LOCK,
    type(threading.RLock()): _LOCK,
    threading.Condition: _LOCK,
}

#: Adapters for subclasses too.
BASES: tuple[tuple[type, Adapter], ...] = (
    (enum.Enum, Described(_enum, str)),
    (BaseException, _Exception(_exception, repr)),
    (logging.Logger, Described(_logger, repr)),
    (logging.Handler, Transient("logging handler", "it is a logging handler")),
    (weakref.ref, _WEAK),
    (weakref.WeakSet, _WEAK),
    (weakref.WeakKeyDictionary, _WEAK),
    (weakref.WeakValueDictionary, _WEAK),
    (typing._GenericAlias, Described(_alias, repr)),  # type: ignore[attr-defined]
    (typing._SpecialForm, Described(_special_form, repr)),
    *REFUSED_BASES,
)
