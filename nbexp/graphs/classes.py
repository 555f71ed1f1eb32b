"""Classes made by a stage, as parts of a stored graph: what the class became is stored, not how it was made.

A class is rebuilt by ``type.__new__`` alone, with its attributes in their order; no metaclass, ``__init_subclass__``,
``__set_name__`` or decorator runs again, since what they did is in the attributes already, and elsewhere must not be
done twice. Every load makes new classes.
"""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]
import builtins
import types
from abc import ABCMeta
from collections.abc import Callable
from enum import Enum
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from nbexp.errors import Unstorable

if TYPE_CHECKING:
    from nbexp.graphs.reducing import Reducing

_HEAP_TYPE = 1 << 9

#: Classes that only `types` has a name for.
_NAMED = {
    cls: name
    for name, cls in vars(types).items()
    if isinstance(cls, type) and cls.__module__ == "builtins" and not hasattr(builtins, cls.__name__)
}

#: Made by `type.__new__` itself, or by `ABCMeta`.
_MADE = frozenset({"__dict__", "__weakref__", "__slotnames__", "_abc_impl"})

#: Where `copyreg` remembers the slots of a class once an instance was pickled.
_PICKLES_OWN = "__slotnames__"

#: `type.__new__` must see the real value of these; and of all others only where they stand.
_READ = frozenset({"__module__", "__slots__", "__doc__"})


def reduce_class(cls: type, reducing: Reducing) -> Any:
    """A class: by name, or its bare form, and then its attributes."""
    if cls in _NAMED:
        return getattr, (types, _NAMED[cls])
    if not cls.__flags__ & _HEAP_TYPE or reducing.by_name(cls):
        return NotImplemented
    meta = type(cls)
    if type.__new__ is not _native_new(meta) or meta.__basicsize__ != type.__basicsize__:
        raise Unstorable("", "type", "classes of its kind are made by native code", "Define it in a module.")
    own = {name: value for name, value in vars(cls).items() if name != _PICKLES_OWN}
    early, late = _in_order(own)
    bare = (meta, cls.__name__, cls.__qualname__, cls.__bases__, _read(own), early)
    attributes = {name: own[name] for name in (*early, *late) if name in late or name not in _READ}
    return make_class, bare, (attributes, _kind_of_abc(cls), _registered(cls)), None, None, fill_class


def _native_new(meta: type) -> Any:
    native = next(base for base in meta.__mro__ if not base.__flags__ & _HEAP_TYPE)
    return native.__new__


def _in_order(own: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes that were there when the class was made, and those set later, each in order."""
    early: list[str] = []
    late: list[str] = []
    names = early
    for name, value in own.items():
        if name in _MADE or _is_slot(value, own):
            names = late
        else:
            names.append(name)
    return tuple(early), tuple(late)


def _is_slot(value: object, own: dict[str, Any]) -> bool:
    return isinstance(value, MemberDescriptorType | GetSetDescriptorType) and value is own.get(value.__name__)


def _read(own: dict[str, Any]) -> dict[str, Any]:
    return {name: own[name] for name in _READ if name in own}


def _kind_of_abc(cls: type) -> bool:
    return isinstance(cls, ABCMeta) and "_abc_impl" in vars(cls)


def _registered(cls: type) -> tuple[type, ...]:
    if not _kind_of_abc(cls):
        return ()
    found = [ref() for ref in _abc._get_dump(cls)[0]]
    return tuple(sorted((tp for tp in found if tp is not None), key=lambda tp: (tp.__module__, tp.__qualname__)))


def make_class(
    meta: type, name: str, qualname: str, bases: tuple[type, ...], read: dict[str, Any], order: tuple[str, ...]
) -> type:
    """A class whose attributes are still empty, but stand in their order.

    Args:
        meta: Its metaclass, which is not called.
        name, qualname, bases: As of the class.
        read: ``__module__``, ``__slots__`` and ``__doc__``.
        order: The names of the attributes present when it was made.
    """
    return _bare_class(meta, name, bases, {**{key: read.get(key) for key in order}, "__qualname__": qualname})


def _bare_class(meta: type, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
    if not any("__init_subclass__" in vars(ancestor) for base in bases for ancestor in base.__mro__[:-1]):
        return type.__new__(meta, name, bases, namespace)
    made: type = type.__new__(meta, name, (_stand_in(bases[0]), *bases), namespace)
    type.__setattr__(made, "__bases__", bases)
    return made


def _stand_in(base: type) -> type:
    """A class with the memory layout of `base`, so that `base` can take its place, whose ``__init_subclass__`` does
    nothing: it comes before those of the real bases while a class is made."""
    parent = base.__base__ or object
    slots = [slot for slot, offset in _OFFSETS.items() if getattr(base, offset) and not getattr(parent, offset)]
    namespace = {"__slots__": slots, "__init_subclass__": _nothing, "__module__": __name__}
    return _bare_class(type(parent), "StandIn", (parent,), namespace)


_OFFSETS = {"__dict__": "__dictoffset__", "__weakref__": "__weakrefoffset__"}


def _nothing(cls: type, **options: object) -> None:
    """Runs instead of an ``__init_subclass__``."""


def fill_class(cls: type, state: tuple[dict[str, Any], bool, tuple[type, ...]]) -> None:
    """Give a loaded class its attributes, past what its metaclass would do.

    Args:
        cls: The class.
        state: The attributes; whether it is an abstract base class with a registry of its own; what is registered.
    """
    attributes, is_abc, registered = state
    for name, value in attributes.items():
        if is_abc and name == "__abstractmethods__":  # where `ABCMeta` made it, after what the bases' hooks set
            _abc._abc_init(cls)
        type.__setattr__(cls, name, value)
    for tp in registered:
        ABCMeta.register(cls, tp)  # type: ignore[arg-type]


# -- members of enums --------------------------------------------------------------------------------------------------


def reduce_member(member: Enum, reducing: Reducing) -> Any:
    """A member of an enum that is stored itself: the bare object, without asking the class for it."""
    cls = type(member)
    content = _content_type(cls)
    if content not in _PLAIN:
        raise Unstorable("", cls.__qualname__, f"members that are {content.__name__}s as well cannot be rebuilt")
    return make_member, (cls, content, _PLAIN[content](member)), member.__dict__, None, None, fill_member


def _whole(content: Any) -> Callable[[Any], tuple[Any]]:
    return lambda member: (content.__getitem__(member, slice(None)),)


def _number(content: Any) -> Callable[[Any], tuple[Any]]:
    return lambda member: (content.__pos__(member),)


#: What `make_member` needs for each native type: its content as that very type, whatever the class says of itself.
_PLAIN: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    object: lambda member: (),
    **{content: _whole(content) for content in (str, bytes, tuple)},
    **{content: _number(content) for content in (int, float, complex)},
}


def _content_type(cls: type) -> type:
    """The native type whose content a member has, beside its fields."""
    return next(base for base in cls.__mro__ if not base.__flags__ & _HEAP_TYPE)


def make_member(cls: type, content: Any, plain: tuple[Any, ...]) -> Any:
    """A member without fields."""
    return content.__new__(cls, *plain)


def fill_member(member: Any, fields: dict[str, Any]) -> None:
    """Give a loaded member its fields."""
    member.__dict__.update(fields)
