"""What has changed in a module since it was imported: globals bound anew, and mutable ones with another content."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from nbexp import hashing
from nbexp.adapters.code import code_fingerprint
from nbexp.code.reference import is_of_compiler
from nbexp.fingerprints.fingerprint import fingerprint

#: The state of each global by name: what two states of an unchanged global have in common.
Globals = Mapping[str, tuple[Any, ...]]


def globals_of(module: ModuleType) -> Globals:
    """The state of a module's globals now; to be taken right after its import."""
    return {name: _state(value, module) for name, value in _own(module)}


def changed(module: ModuleType, before: Globals | None) -> Iterator[tuple[str, bytes]]:
    """Globals of `module` that are not as they were: the name, and a digest of what is there now.

    Args:
        module: A loaded module.
        before: Its globals after its import; None if these are not known, then every global counts.

    Raises:
        Unfingerprintable: What is there now cannot be told for sure.
    """
    present = dict(_own(module))
    for name, value in present.items():
        known = None if before is None else before.get(name)
        if known is None or not _same(known, _state(value, module)):
            yield name, code_fingerprint(value, label=f"{module.__name__}.{name}").digest
    for name in before or ():
        if name not in present:
            yield name, hashing.digest("deleted global")


def _own(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Globals without submodules and imported modules (bound by whoever imports them) and what import and torch's
    compiler put there."""
    for name, value in list(vars(module).items()):
        is_dunder = name.startswith("__") and name.endswith("__")
        if not (is_dunder or is_of_compiler(name) or isinstance(value, ModuleType)):
            yield name, value


def _state(value: Any, module: ModuleType) -> tuple[Any, ...]:
    """Objects that are the same, one by one, as long as nothing has changed."""
    if isinstance(value, FunctionType):
        closure = value.__closure__ or ()
        return (value, value.__code__, value.__defaults__, value.__kwdefaults__, *closure)
    if isinstance(value, type) and value.__module__ != module.__name__:
        return (This(value),)
    try:
        mark = code_fingerprint(value) if isinstance(value, type) else fingerprint(value)
    except Exception:  # noqa: BLE001 - a lock, or whatever its own code raises: the same for as long as the same object
        return (This(value),)
    return (mark.digest,)


class This:
    """One object, which is not kept alive if that can be helped; equal to another `This` of the same object."""

    __slots__ = ("_get",)

    def __init__(self, value: Any) -> None:
        try:
            self._get: Callable[[], Any] = weakref.ref(value)
        except TypeError:
            self._get = lambda: value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, This) and (value := self._get()) is not None and value is other._get()

    __hash__ = None  # type: ignore[assignment]


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(_is_same(a, b) for a, b in zip(one, other, strict=True))


def _is_same(one: Any, other: Any) -> bool:
    return one == other if type(one) is type(other) and isinstance(one, (bytes, This)) else one is other
