"""Which adapter serves a type. Adapters are found when a value of their library is first met, never before.

The order, first match wins:

1. what the user registered for exactly this type;
2. the library's own module (`LIBRARIES`), if the type or one of its bases comes from that library;
3. the modules for plain containers, for code, and for what ships with Python (`COMMON`);
4. the general route, which asks the object itself (``__reduce_ex__``).

An adapter module states ``ADAPTERS``, exact types (or their full names, so that naming a type loads nothing), and
optionally ``BASES``, pairs of a base class and the adapter of all its subclasses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from nbexp.adapters.base import Adapter

#: Import root of a library -> the module with its adapters; loaded only once the library is.
LIBRARIES = {
    "numpy": "nbexp.adapters.numpy",
    "pandas": "nbexp.adapters.pandas",
    "pyarrow": "nbexp.adapters.pyarrow",
    "sklearn": "nbexp.adapters.sklearn",
    "matplotlib": "nbexp.adapters.matplotlib",
    "contourpy": "nbexp.adapters.constructed",
    "torch": "nbexp.adapters.torch",
    "scipy": "nbexp.adapters.scipy",
    "plotly": "nbexp.adapters.plotly",
}

#: Asked for every type, after the libraries.
COMMON = (
    "nbexp.adapters.builtins",
    "nbexp.adapters.code",
    "nbexp.adapters.containers",
    "nbexp.adapters.files",
    "nbexp.adapters.stdlib",
)

_GENERAL = "nbexp.adapters.general"

_registered: WeakKeyDictionary[type, Adapter] = WeakKeyDictionary()
_found: WeakKeyDictionary[type, Adapter] = WeakKeyDictionary()


def adapter_for(tp: type) -> Adapter:
    """The adapter of values whose exact type is `tp`; the general route if there is no other."""
    adapter = _found.get(tp)
    if adapter is None:
        _found[tp] = adapter = _registered.get(tp) or _built_in(tp)
    return adapter


def register(
    tp: type,
    *,
    describe: Callable[[Any], Any] | None = None,
    reduce: Callable[[Any], Any] | None = None,
    patch: Callable[[Any, Any], None] | None = None,
    preview: Callable[[Any], str] | None = None,
    adapter: Adapter | None = None,
) -> None:
    """Say how values of exactly the type `tp` are fingerprinted, stored, patched and previewed (`nbexp.register`).

    Give a ready `adapter`, or functions for what the adapter found so far does not do well enough.

    Args:
        tp: The type; its subclasses are not meant.
        describe: Gives everything that makes two values differ, as any object that can be fingerprinted.
        reduce: Gives what ``__reduce_ex__`` may return: usually a callable and its arguments.
        patch: Gives its first argument the content of its second, in place.
        preview: Gives one short line for people.
        adapter: A whole `Adapter`, instead of functions.

    Example:
        >>> class Grid:
        ...     def __init__(self, cells): self._native = cells
        >>> register(Grid, describe=lambda grid: grid._native, reduce=lambda grid: (Grid, (grid._native,)))
    """
    if adapter is None:
        from nbexp.adapters.registered import Functions

        adapter = Functions(_built_in(tp), describe, reduce, patch, preview)
    _registered[tp] = adapter
    _found.clear()


def _built_in(tp: type) -> Adapter:
    modules = [*_library_modules(tp), *map(import_module, COMMON)]
    for module in modules:
        if (adapter := _exact(module.ADAPTERS, tp)) is not None:
            return adapter
    for module in modules:
        for base, adapter in getattr(module, "BASES", ()):
            if issubclass(tp, base):
                return adapter  # type: ignore[no-any-return]
    return import_module(_GENERAL).fallback(tp)  # type: ignore[no-any-return]


def _library_modules(tp: type) -> Iterator[Any]:
    roots = dict.fromkeys(str(base.__module__).partition(".")[0] for base in tp.__mro__)
    for root in roots:
        if root in LIBRARIES and root in sys.modules:
            yield import_module(LIBRARIES[root])


def _exact(adapters: dict[type | str, Adapter], tp: type) -> Adapter | None:
    if (adapter := adapters.get(tp)) is not None:
        return adapter
    adapter = adapters.get(f"{tp.__module__}.{tp.__qualname__}")
    return adapter if adapter is not None and _resolves_to(tp) else None


def _resolves_to(tp: type) -> bool:
    """Whether the type's full name really leads to it: a class may claim any ``__module__``."""
    found: Any = sys.modules.get(tp.__module__)
    for piece in tp.__qualname__.split("."):
        found = getattr(found, piece, None)
    return found is tp
