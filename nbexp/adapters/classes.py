"""What classes are made of: metaclass, bases, and everything their body and later assignments put into them."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from functools import _lru_cache_wrapper, cached_property
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.code.content import CodeContent, cached_content, child, function_content, joined
from nbexp.code.reference import reference

#: What Python itself, or the machinery of `abc`, `typing` and `enum`, adds to a class and can tell from the rest of it.
_DERIVED = frozenset(
    {
        "__dict__", "__weakref__", "__slotnames__", "__module__", "__firstlineno__", "__static_attributes__",
        "__abstractmethods__", "_abc_impl", "__parameters__", "__protocol_attrs__", "__callable_proto_members_only__",
        "__non_callable_proto_members__", "__annotations_cache__",
        # pydantic: built from fields, annotations and config, with addresses inside
        "__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__", "__signature__",
        "__pydantic_parent_namespace__", "__pydantic_setattr_handlers__",
    }
)  # fmt: skip

_DERIVED_OF_ENUM = frozenset(
    {
        "_member_map_", "_member_names_", "_value2member_map_", "_unhashable_values_", "_unhashable_values_map_",
        "_hashable_values_", "_use_args_", "_member_type_", "_value_repr_", "_flag_mask_", "_singles_mask_",
        "_all_bits_", "_inverted_",
    }
)  # fmt: skip

_OF_MEMBER = frozenset({"_name_", "_value_", "__objclass__", "_sort_order_", "_inverted_"})


def class_content(cls: type) -> CodeContent:
    """What a class is, and what the code of its methods looks up.

    Methods, properties and nested classes found under the class are part of it; other functions and classes are held.
    Caches, the place of the definition and what follows from the rest are left out.
    """
    own = reference(cls)
    parts = [_ancestry(cls)]
    if isinstance(cls, enum.EnumMeta):
        parts += _members(cls)
    for name, value in _body(cls):
        parts.append(_attribute(value, own).under(f".{name}"))
        parts.append(CodeContent(name))
    return joined(parts, ("class", type.__dict__["__name__"].__get__(cls), cls.__module__))


def _ancestry(cls: type) -> CodeContent:
    held = []
    if type(cls) is not type:
        held.append(child(type(cls), ".__class__", "metaclass"))
    if cls.__bases__ != (object,):
        held += [child(base, f".__bases__[{index}]", "base") for index, base in enumerate(cls.__bases__)]
    return joined(held, "ancestry")


def _body(cls: type) -> Iterator[tuple[str, Any]]:
    """The attributes of the class itself that are content, in order of definition."""
    attributes: Mapping[str, Any] = type.__dict__["__dict__"].__get__(cls)
    left_out = _DERIVED
    if isinstance(cls, enum.EnumMeta):
        left_out |= _DERIVED_OF_ENUM | set(cls.__members__)
    for name, value in attributes.items():
        if name in left_out or (name == "__annotations__" and not value):
            continue
        if name == "__doc__" and (value is None or _is_signature(value, cls)):
            continue
        yield name, _without_addresses(value) if name == "__pydantic_decorators__" else value


def _without_addresses(decorators: Any) -> tuple[Any, ...]:
    """pydantic's validators and serializers: each decorator also holds the address of its class."""
    return tuple(
        (field.name, name, getattr(one.func, "__func__", one.func), one.info)
        for field in dataclasses.fields(decorators)
        for name, one in getattr(decorators, field.name).items()
    )


def _is_signature(doc: Any, cls: type) -> bool:
    """Whether a docstring is the one `dataclasses` makes up: it shows defaults with their addresses."""
    return "__dataclass_fields__" in vars(cls) and isinstance(doc, str) and doc.startswith(f"{cls.__name__}(")


def _members(cls: enum.EnumMeta) -> Iterator[CodeContent]:
    members: Mapping[str, Any] = cls.__members__
    for name, member in members.items():
        yield child(member._value_, f".{name}.value", ("member", name))
        extra = {key: value for key, value in vars(member).items() if key not in _OF_MEMBER}
        if extra:
            yield joined((child(value, f".{name}.{key}", key) for key, value in extra.items()), "fields of member")


def _attribute(value: Any, own: Name | None) -> CodeContent:
    """One attribute of a class that is found at `own`."""
    if isinstance(value, FunctionType):
        return function_content(value) if _belongs(value, own) else child(value, "")
    if type(value) is _lru_cache_wrapper and _belongs(value, own):
        return joined((cached_content(value),), "lru_cache")
    if type(value) in (staticmethod, classmethod):
        return joined((_attribute(value.__func__, own),), type(value).__name__)
    if type(value) is property:
        accessors = (value.fget, value.fset, value.fdel)
        doc = value.__doc__ if isinstance(value.__doc__, str) else None
        return joined((_attribute(each, own) for each in accessors), ("property", doc))
    if type(value) is cached_property:
        return joined((_attribute(value.func, own),), ("cached_property", value.attrname))
    if isinstance(value, (MemberDescriptorType, GetSetDescriptorType)):
        return CodeContent((type(value).__name__, value.__name__))
    if isinstance(value, type) and _belongs(value, own):
        return class_content(value)
    if value is None:
        return CodeContent("None")
    return child(value, "")


def _belongs(value: Any, own: Name | None) -> bool:
    """Whether a function or class is found under the class at `own`; a function that is found nowhere else does too."""
    where = reference(value)
    if where is None:
        return isinstance(value, FunctionType)
    return own is not None and where.module == own.module and where.path[:-1] == own.path
