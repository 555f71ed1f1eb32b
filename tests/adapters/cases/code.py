from __future__ import annotations

import abc
import functools
import json
import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tests.adapters.conformance import Case

T = TypeVar("T")


def importable(a: int) -> int:
    return a + 1


def adding(amount: float) -> Callable[[float], float]:
    return lambda a: a + amount


def subtracting(amount: float) -> Callable[[float], float]:
    return lambda a: a - amount


def with_default(default: object) -> Callable[..., object]:
    def inner(a: object = default) -> object:
        return a

    return inner


def documented(text: str) -> Callable[[], None]:
    def inner() -> None:
        return None

    inner.__doc__ = text
    return inner


def counting() -> list[Callable[[], int]]:
    count = 0

    def up() -> int:
        nonlocal count
        count += 1
        return count

    def now() -> int:
        return count

    return [up, now]


def factorial() -> Callable[[int], int]:
    def inner(n: int) -> int:
        return 1 if n < 2 else n * inner(n - 1)

    return inner


def wrapped() -> Callable[[float], float]:
    @functools.wraps(math.sin)
    def inner(a: float) -> float:
        return math.sin(a)

    return inner


def local_class(amount: int, base: type = object) -> type:
    class Local(base):  # type: ignore[misc]
        step = amount

        def go(self) -> int:
            return self.step

    return Local


def abstract() -> type:
    class Local(abc.ABC):
        @property
        def size(self) -> int:
            return 1

        @staticmethod
        def make() -> int:
            return 2

        @abc.abstractmethod
        def go(self) -> int: ...

    return Local


def generic() -> type:
    class Local(Generic[T]):
        def go(self, a: T) -> T:
            return a

    return Local


def cached(maxsize: int) -> Any:
    @functools.lru_cache(maxsize=maxsize)
    def inner(a: int) -> int:
        return a

    inner(1)
    return inner


def instance(amount: int) -> object:
    held: Any = local_class(amount)()
    held.a = [1]
    return held


CASES = (
    Case("function by name", lambda: importable, different=(lambda: adding, lambda: subtracting)),
    Case("lambda", lambda: adding(1), different=(lambda: subtracting(1), lambda: adding(2), lambda: adding(1.0))),
    Case(
        "default",
        lambda: with_default([1]),
        different=(lambda: with_default([2]), lambda: with_default((1,))),
        copied=False,
    ),
    Case("docstring", lambda: documented("a"), different=(lambda: documented("b"),), copied=False),
    Case(
        "two functions of one cell",
        counting,
        different=(lambda: [counting()[0], counting()[1]],),
        mutate=lambda both: both[0](),
        copied=False,
    ),
    Case("recursion", factorial, copied=False),
    Case("wrapped", wrapped, copied=False),
    Case("built-in function", lambda: math.sin, different=(lambda: math.cos, lambda: json.dumps, lambda: len)),
    Case("method of an object", lambda: [1, 2].append, different=(lambda: [1, 3].append, lambda: [1, 2].extend)),
    Case("cache", lambda: cached(2), same=(lambda: cached(2),), different=(lambda: cached(3),), copied=False),
    Case("class by name", lambda: Case, different=(lambda: dict, lambda: abc.ABC)),
    Case(
        "local class",
        lambda: local_class(1),
        different=(lambda: local_class(2), lambda: local_class(1, dict)),
        copied=False,
    ),
    Case("abstract class", abstract, copied=False),
    Case("generic class", generic, copied=False),
    Case(
        "instance of a local class",
        lambda: instance(1),
        different=(lambda: instance(2),),
        mutate=lambda held: held.a.append(2),
        copied=False,
    ),
    Case("module", lambda: json, different=(lambda: math,), copied=False),
)
