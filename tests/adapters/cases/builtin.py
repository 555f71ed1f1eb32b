from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import math
import operator
import pathlib
import random
import re
import types
import uuid
from array import array
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.adapters.conformance import Case


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Row:
    name: str
    values: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: int
    b: object = None


class Plain:
    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


class Listed(list[int]):
    """A list with fields."""


class Hiding:
    """Leaves a field out of its pickles."""

    def __init__(self, shown: int, hidden: int) -> None:
        self.shown, self.hidden = shown, hidden

    def __getstate__(self) -> dict[str, int]:
        return {"shown": self.shown}

    def __setstate__(self, state: dict[str, int]) -> None:
        self.shown, self.hidden = state["shown"], 0


def cycle() -> list[Any]:
    held: list[Any] = [1]
    held.append(held)
    return held


def shared() -> list[Any]:
    inner = [1]
    return [inner, inner]


def deep(levels: int) -> list[Any]:
    held: list[Any] = []
    for _ in range(levels):
        held = [held]
    return held


def listed(note: str) -> Listed:
    held = Listed([1, 2])
    held.note = note  # type: ignore[attr-defined]
    return held


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def text(content: str) -> io.StringIO:
    stream = io.StringIO()
    stream.write(content)
    return stream


CASES = (
    Case(
        "none",
        lambda: None,
        different=(lambda: False, lambda: 0, lambda: "", lambda: (), list, lambda: 0.0, lambda: -0.0),
    ),
    Case("whole number", lambda: 2**70, different=(lambda: 2**70 + 1, lambda: float(2**70), lambda: True, lambda: 1)),
    Case("not a number", lambda: [float("nan")], same=(lambda: [math.nan],)),
    Case(
        "string",
        lambda: "äöü\ud800",
        same=(lambda: "".join(["äöü", "\ud800"]),),
        different=(lambda: b"abc", lambda: "abc"),
    ),
    Case(
        "nested",
        lambda: {"a": [1, 2.5, (None, "x")], "b": {"c": {1, 2}}},
        same=(lambda: {"".join("a"): [1, 2.5, (None, "x")], "b": {"c": {2, 1}}},),
        different=(
            lambda: {"b": {"c": {1, 2}}, "a": [1, 2.5, (None, "x")]},
            lambda: {"a": [1, 2.5, [None, "x"]], "b": {"c": {1, 2}}},
            lambda: {"a": [1, 2.5, (None, "x")], "b": {"c": frozenset({1, 2})}},
            lambda: {"a": [True, 2.5, (None, "x")], "b": {"c": {1, 2}}},
        ),
        mutate=lambda held: held["a"].append(3),
    ),
    Case(
        "list",
        lambda: [1, [2]],
        different=(lambda: [1, 2], lambda: [[1], 2], lambda: (1, [2])),
        mutate=lambda held: held.append(0),
    ),
    Case(
        "dict",
        lambda: {"a": 1, 2: None},
        different=(lambda: {2: None, "a": 1}, lambda: {"a": 1, "2": None}),
        mutate=lambda held: held.update(b=2),
    ),
    Case(
        "set",
        lambda: {"a", "b", 3},
        same=(lambda: {3, "b", "a"},),
        different=(lambda: {"a", "b"}, lambda: frozenset({"a", "b", 3})),
        mutate=lambda held: held.add(4),
    ),
    Case(
        "bytearray",
        lambda: bytearray(b"ab"),
        different=(lambda: b"ab", lambda: bytearray(b"ac")),
        mutate=lambda held: held.extend(b"c"),
    ),
    Case("shared list", shared, different=(lambda: [[1], [1]],), mutate=lambda held: held[0].append(2)),
    Case("tuples have no identity", lambda: [(pair := (1, 2)), pair], same=(lambda: [(1, 2), (1, 2)],)),
    Case(
        "cycle",
        cycle,
        different=(lambda: [1, cycle()], lambda: [1, [1]]),
        mutate=lambda held: held.append(2),
    ),
    Case("deep", lambda: deep(5000), different=(lambda: deep(4999),), copied=False),
    Case("enum", lambda: Colour.RED, different=(lambda: Colour.BLUE, lambda: 1)),
    Case("named tuple", lambda: Point(1, 2), different=(lambda: Point(2, 1), lambda: (1, 2))),
    Case(
        "dataclass",
        lambda: Row("a", [1]),
        different=(lambda: Row("a", [2]), lambda: {"name": "a", "values": [1]}),
        mutate=lambda row: setattr(row, "name", "b"),
    ),
    Case("slots", lambda: Slotted(1, [2]), different=(lambda: Slotted(1, [3]),)),
    Case(
        "instance",
        lambda: Plain(a=1, b=[2]),
        different=(lambda: Plain(a=1), lambda: Plain(a=1, b=(2,))),
        mutate=lambda held: setattr(held, "a", 2),
    ),
    Case(
        "list with fields",
        lambda: listed("x"),
        different=(lambda: listed("y"), lambda: [1, 2], lambda: Listed([1, 2])),
        mutate=lambda held: held.append(3),
    ),
    Case("hidden field", lambda: Hiding(1, 2), different=(lambda: Hiding(1, 3),), stored=False, copied=False),
    Case(
        "ordered dict",
        lambda: collections.OrderedDict(a=1, b=2),
        different=(lambda: collections.OrderedDict(b=2, a=1), lambda: {"a": 1, "b": 2}),
        mutate=lambda held: held.move_to_end("a"),
    ),
    Case(
        "default dict",
        lambda: collections.defaultdict(list, a=[1]),
        different=(lambda: collections.defaultdict(set, a=[1]),),
        mutate=lambda held: held["b"],
    ),
    Case(
        "counter",
        lambda: collections.Counter("aab"),
        different=(lambda: {"a": 2, "b": 1},),
        mutate=lambda held: held.update("c"),
    ),
    Case(
        "deque",
        lambda: collections.deque([1, 2], maxlen=3),
        different=(lambda: collections.deque([1, 2]), lambda: [1, 2]),
        mutate=lambda held: held.append(3),
    ),
    Case(
        "chain map",
        lambda: collections.ChainMap({"a": 1}, {"b": 2}),
        different=(lambda: collections.ChainMap({"b": 2}, {"a": 1}),),
    ),
    Case(
        "array",
        lambda: array("d", [1.0, 2.0]),
        different=(lambda: array("f", [1.0, 2.0]), lambda: array("d", [2.0])),
        mutate=lambda held: held.append(3.0),
    ),
    Case("range", lambda: range(0, 10, 2), different=(lambda: range(0, 10, 3), lambda: [0, 2, 4, 6, 8])),
    Case("slice", lambda: slice(1, None, 2), different=(lambda: slice(1, None),)),
    Case(
        "date and time",
        lambda: datetime.datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")),
        different=(
            lambda: datetime.datetime(2020, 1, 1),
            lambda: datetime.date(2020, 1, 1),
            lambda: datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
            lambda: datetime.timedelta(1),
        ),
    ),
    Case("decimal", lambda: decimal.Decimal("1.50"), different=(lambda: decimal.Decimal("1.5"), lambda: 1.5)),
    Case(
        "fraction",
        lambda: fractions.Fraction(1, 3),
        same=(lambda: fractions.Fraction(2, 6),),
        different=(lambda: fractions.Fraction(1, 2),),
    ),
    Case("identifier", lambda: uuid.UUID(int=7), different=(lambda: uuid.UUID(int=8), lambda: 7)),
    Case(
        "path",
        lambda: pathlib.PurePosixPath("a/b"),
        different=(lambda: pathlib.PurePosixPath("a/c"), lambda: pathlib.PureWindowsPath("a/b"), lambda: "a/b"),
    ),
    Case("pattern", lambda: re.compile("a+", re.I), different=(lambda: re.compile("a+"), lambda: "a+")),
    Case(
        "namespace",
        lambda: types.SimpleNamespace(a=1),
        different=(lambda: types.SimpleNamespace(a=2),),
        mutate=lambda held: setattr(held, "a", 3),
    ),
    Case("generic type", lambda: list[int], different=(lambda: list[str], lambda: int | str)),
    Case(
        "random state", lambda: seeded(1), different=(lambda: seeded(2),), mutate=lambda generator: generator.random()
    ),
    Case(
        "text stream",
        lambda: text("ab"),
        different=(lambda: text("ac"), lambda: io.StringIO("ab")),
        mutate=lambda stream: stream.write("c"),
    ),
    Case("error", lambda: ValueError("a", 1), different=(lambda: ValueError("a"), lambda: TypeError("a", 1))),
    Case("partial", lambda: functools.partial(int, base=2), different=(lambda: functools.partial(int, base=3),)),
    Case(
        "getter",
        lambda: operator.itemgetter(1, 2),
        different=(lambda: operator.itemgetter(1), lambda: operator.attrgetter("a")),
    ),
)
