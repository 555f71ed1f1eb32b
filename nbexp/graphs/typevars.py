"""Type variables and new types made by a stage, as parts of a stored graph: pickle only knows them by name."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbexp.graphs.reducing import Reducing


def _named(value: Any, reducing: Reducing) -> bool:
    return reducing.by_name(value)


def _reduce_variable(value: Any, reducing: Reducing) -> Any:
    if _named(value, reducing):
        return value.__name__
    options = {"covariant": value.__covariant__, "contravariant": value.__contravariant__, "bound": value.__bound__}
    if getattr(value, "__infer_variance__", False):
        options["infer_variance"] = True
    if not _has_default(value):
        return make_variable, (type(value), value.__name__, value.__module__, _constraints(value), options)
    options["default"] = value.__default__
    return make_variable, (type(value), value.__name__, value.__module__, _constraints(value), options)


def _has_default(value: Any) -> bool:
    return bool(getattr(value, "has_default", lambda: False)())


def _constraints(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, "__constraints__", ()))


def _reduce_variables(value: Any, reducing: Reducing) -> Any:
    if _named(value, reducing):
        return value.__name__
    options = {"default": value.__default__} if _has_default(value) else {}
    return make_variable, (type(value), value.__name__, value.__module__, (), options)


def make_variable(kind: Any, name: str, module: str, constraints: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A type variable, parameter specification or the like, made again."""
    value = kind(name, *constraints, **options)
    try:
        value.__module__ = module
    except AttributeError:  # a newer Python sets it from the caller, and only there
        pass
    return value


def _reduce_new_type(value: Any, reducing: Reducing) -> Any:
    if _named(value, reducing):
        return value.__qualname__
    return make_new_type, (value.__qualname__, value.__module__, value.__supertype__)


def make_new_type(qualname: str, module: str, supertype: Any) -> Any:
    """A `typing.NewType` made again."""
    kind: Any = typing.NewType
    value = kind(qualname.rpartition(".")[2], supertype)
    value.__qualname__, value.__module__ = qualname, module
    return value


def _reduce_alias(value: Any, reducing: Reducing) -> Any:
    if _named(value, reducing):
        return value.__name__
    return make_alias, (value.__name__, value.__value__, value.__type_params__)


def make_alias(name: str, value: Any, parameters: tuple[Any, ...]) -> Any:
    """A ``type X = …`` made again."""
    kind: Any = typing.TypeAliasType  # type: ignore[attr-defined]
    return kind(name, value, type_params=parameters)


ROUTES: dict[type, Any] = {
    typing.TypeVar: _reduce_variable,
    typing.ParamSpec: _reduce_variable,
    typing.TypeVarTuple: _reduce_variables,
    typing.NewType: _reduce_new_type,
}
if hasattr(typing, "TypeAliasType"):
    ROUTES[typing.TypeAliasType] = _reduce_alias
