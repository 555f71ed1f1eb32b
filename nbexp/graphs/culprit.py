"""Which part of a value cannot be stored: found by storing its parts one by one, once the whole has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from nbexp.adapters.base import Adapter
from nbexp.errors import Unstorable, ValueProblem
from nbexp.fingerprints.kinds import ATOMS
from nbexp.registry import adapter_for

Attempt = Callable[[object], Exception | None]


class Refused(Exception):
    """An adapter refused `value`; the cause says why."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def find_unstorable(
    value: object, error: Exception, attempt: Attempt, label: str, roots: Mapping[str, object]
) -> Unstorable:
    """The innermost part of `value` that fails, with the path that leads to it.

    Args:
        value: What could not be stored. error: What was raised.
        attempt: Tries to store a part on its own and gives what was raised.
        label: The name of `value`. roots: Parts with names of their own; they are looked into first.
    """
    seen: set[int] = set()
    for name, part in roots.items():
        if (failed := attempt(part)) is not None:
            return _search(part, name, failed, attempt, seen) or _problem(part, name, failed)
    return _search(value, label, error, attempt, seen) or _problem(value, label, error)


def _search(value: object, path: str, error: Exception, attempt: Attempt, seen: set[int]) -> Unstorable | None:
    """The culprit at or below `value`; None if all that fails below was seen before (a way back to the start)."""
    trail = [(value, path, error, _failing(value, error, attempt, seen))]
    seen.add(id(value))
    while trail:
        part, path, error, below = trail[-1]
        deeper = next(below, None)
        if deeper is None:
            trail.pop()
            continue
        if isinstance(deeper, _Nothing):
            return _problem(part, path, error)
        piece, child, failed = deeper
        seen.add(id(child))
        trail.append((child, path + piece, failed, _failing(child, failed, attempt, seen)))
    return None


class _Nothing:
    """All parts of a value can be stored: it is the culprit itself."""


def _failing(
    value: object, error: Exception, attempt: Attempt, seen: set[int]
) -> Iterator[tuple[str, object, Exception] | _Nothing]:
    found = False
    if isinstance(error, Refused) and error.value is value:
        yield _Nothing()
        return
    for piece, child, failed in _bisected([part for part in _parts(value) if type(part[1]) not in ATOMS], attempt):
        found = True
        if id(child) not in seen:
            yield piece, child, failed
    if not found:
        yield _Nothing()


def _bisected(parts: list[tuple[str, object]], attempt: Attempt) -> Iterator[tuple[str, object, Exception]]:
    """Those of `parts` that fail: few among many, so they are tried together first."""
    error = attempt([child for _, child in parts]) if parts else None
    if error is None:
        return
    if len(parts) == 1:
        piece, child = parts[0]
        yield piece, child, attempt(child) or error
        return
    middle = len(parts) // 2
    yield from _bisected(parts[:middle], attempt)
    yield from _bisected(parts[middle:], attempt)


def _problem(value: object, path: str, error: Exception) -> Unstorable:
    tp = type(value)
    name = tp.__qualname__ if tp.__module__ == "builtins" else f"{tp.__module__}.{tp.__qualname__}"
    reason = error.__cause__ if isinstance(error, Refused) else error
    if isinstance(reason, ValueProblem):
        return Unstorable(path + reason.path, name, reason.why, reason.advice)
    return Unstorable(path, name, *_REASONS.get(tp.__name__, (_clause(error), _GENERAL)))


def _clause(error: Exception) -> str:
    """The first line of an error, as a clause."""
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return f"pickle says: {text}" if text else f"pickle raised {type(error).__name__}"


_GENERAL = "Keep it out of the stage's variables, or delete it at the end (`del`)."
_LOCK = ("a lock belongs to this process", "Make it where it is used, or leave it out in `__getstate__`.")
_READ_ONCE = (
    "it is read once and cannot be wound back",
    "Keep a list of its items, or make it inside the stage that uses it.",
)
_OPEN = ("it is open in this process only", "Close it in the stage, and keep its path.")
_REASONS: dict[str, tuple[str, str]] = {
    "lock": _LOCK,
    "RLock": _LOCK,
    "generator": _READ_ONCE,
    "coroutine": _READ_ONCE,
    "async_generator": _READ_ONCE,
    "TextIOWrapper": _OPEN,
    "BufferedReader": _OPEN,
    "BufferedWriter": _OPEN,
    "BufferedRandom": _OPEN,
    "FileIO": _OPEN,
    "socket": _OPEN,
    "Connection": _OPEN,
    "frame": ("a running frame cannot be stored", _GENERAL),
    "traceback": ("a traceback holds running frames", "Keep `str(error)`."),
}


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    """The objects that `value` is stored with, each with its piece of a path; some may come twice."""
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", child) for key, child in value.items())
        yield from ((f"<key {key!r}>", key) for key in value)
    if isinstance(value, list | tuple):
        yield from ((f"[{index}]", child) for index, child in enumerate(value))
    if isinstance(value, set | frozenset):
        yield from ((f"<{member!r}>", member) for member in value)
    elif isinstance(value, FunctionType):
        yield from _parts_of_function(value)
    elif isinstance(value, MethodType):
        yield from ((".__self__", value.__self__), (".__func__", value.__func__))
    elif isinstance(value, CellType):
        yield "", value.cell_contents
    elif isinstance(value, type):
        yield from ((f".{name}", child) for name, child in vars(value).items())
    elif not isinstance(value, ModuleType):
        yield from _parts_of_object(value)


def _parts_of_function(value: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        try:
            yield f".<{name}>", cell.cell_contents
        except ValueError:  # an empty cell
            pass
    yield from ((f".<default {index}>", child) for index, child in enumerate(value.__defaults__ or ()))
    yield from ((f".<default {name}>", child) for name, child in (value.__kwdefaults__ or {}).items())
    yield from ((f".{name}", child) for name, child in vars(value).items())
    yield ".__annotations__", value.__annotations__


def _parts_of_object(value: Any) -> Iterator[tuple[str, object]]:
    if type(adapter_for(type(value))).reduce is not Adapter.reduce:
        yield from _described(value)  # its fields may be no more than how a library keeps what the user knows
    fields = getattr(value, "__dict__", None)
    if isinstance(fields, dict):
        yield from ((f".{name}", child) for name, child in fields.items())
    yield from _described(value)
    yield from _reduced(value)


def _described(value: Any) -> Iterator[tuple[str, object]]:
    try:
        node = adapter_for(type(value)).describe(value)
    except Exception:  # noqa: BLE001 - what cannot be described may still be stored: other ways follow
        return
    yield from ((node.label(index), child) for index, child in enumerate(node.children))


def _reduced(value: Any) -> Iterator[tuple[str, object]]:
    try:
        reduced = value.__reduce_ex__(5)
    except Exception:  # noqa: BLE001 - then it is the culprit itself
        return
    if not isinstance(reduced, tuple):
        return
    yield from ((f".<argument {index}>", child) for index, child in enumerate(reduced[1]))
    for state in reduced[2] if len(reduced) > 2 and isinstance(reduced[2], tuple) else reduced[2:3]:
        if isinstance(state, dict):
            yield from ((f".{name}", child) for name, child in state.items())
