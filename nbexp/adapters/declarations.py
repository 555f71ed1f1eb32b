"""Adapters of what stands in declarations: type variables and aliases, fields of dataclasses."""

from __future__ import annotations

from typing import Any

from nbexp.adapters.base import Node
from nbexp.adapters.callables import CodeAdapter, held
from nbexp.code.origin import is_project
from nbexp.code.reference import reference, reference_node


class TypeVariableAdapter(CodeAdapter):
    """``TypeVar``, ``ParamSpec`` and ``TypeVarTuple``: names, bounds and constraints."""

    def describe(self, value: Any) -> Node:
        where = reference(value)
        if where is not None and not is_project(where.module):
            return reference_node(where)
        flags = (bool(getattr(value, "__covariant__", False)), bool(getattr(value, "__contravariant__", False)))
        bounds = (getattr(value, "__bound__", None), getattr(value, "__constraints__", ()))
        labels = (".__bound__", ".__constraints__")
        return Node(type(value).__name__, (value.__name__, *flags), children=bounds, labels=labels, mutable=False)


class TypeAliasAdapter(CodeAdapter):
    """``type X = ...`` of Python 3.12."""

    def describe(self, value: Any) -> Node:
        children = (value.__value__, value.__type_params__)
        return Node("type alias", value.__name__, children=children, labels=(".__value__", ".__type_params__"))


class FieldAdapter(CodeAdapter):
    """Fields of dataclasses."""

    def describe(self, value: Any) -> Node:
        kind = getattr(value._field_type, "name", None)
        flags = tuple(map(_flag, (value.init, value.repr, value.hash, value.compare, value.kw_only)))
        children = (value.type, value.default, value.default_factory, dict(value.metadata))
        labels = (".type", ".default", ".default_factory", ".metadata")
        return held("field", children, labels, (value.name, kind, flags))


class MissingAdapter(CodeAdapter):
    """``dataclasses.MISSING``."""

    def describe(self, value: Any) -> Node:
        return Node("dataclasses.MISSING", mutable=False)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
