"""Values for the tests of fingerprints: makers of fresh ones, and random ones that are the same in any process."""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import logging
import operator
import pathlib
import pickle
import random
import re
import threading
import types
import typing
import uuid
import weakref
import zoneinfo
from collections.abc import Callable
from typing import Any

from nbexp.fingerprints.fingerprint import fingerprint


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Row:
    id: int
    text: str
    tags: list[Any]


@dataclasses.dataclass(frozen=True)
class Frozen:
    tags: list[Any]


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any) -> None:
        self.a = a


class SlottedChild(Slotted):
    __slots__ = ("a", "c")


class Names(list):  # type: ignore[type-arg]
    pass


class Text(str):
    __slots__ = ()


class Celsius(float):
    unit = "C"


class Bag(dict):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        raise AssertionError("a fingerprint runs no code of the value's class")


class Members(set):  # type: ignore[type-arg]
    pass


class Point(typing.NamedTuple):
    x: int
    y: Any


class Holder:
    """Keeps a field from pickle."""

    def __init__(self, hidden: Any = 0) -> None:
        self.shown, self.hidden = [1], hidden

    def __getstate__(self) -> dict[str, Any]:
        return {"shown": self.shown}


class Locked:
    def __init__(self) -> None:
        self.lock, self.value = threading.RLock(), 1


class Node:
    """May link to itself."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


def holder_of(tp: type, **fields: Any) -> Any:
    value = tp()
    vars(value).update(fields)
    return value


def raised(text: str) -> Exception:
    try:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(text) from error
    except ValueError as error:
        return error


def walked(stream: Any, places: int) -> Any:
    stream.seek(places)
    return stream


def drawn(seed: int, draws: int = 0) -> random.Random:
    generator = random.Random(seed)
    for _ in range(draws):
        generator.random()
    return generator


def ring(length: int) -> Node:
    nodes = [Node(i=i) for i in range(length)]
    for i, node in enumerate(nodes):
        node.next = nodes[(i + 1) % length]  # type: ignore[attr-defined]
    return nodes[0]


UTC = datetime.UTC

#: Values, each different from every other; each maker gives a new object.
SAMPLES: dict[str, Callable[[], Any]] = {
    "date": lambda: datetime.date(2026, 1, 2),
    "datetime": lambda: datetime.datetime(2026, 1, 2),
    "datetime fold": lambda: datetime.datetime(2026, 1, 2, fold=1),
    "datetime utc": lambda: datetime.datetime(2026, 1, 2, tzinfo=UTC),
    "datetime zone": lambda: datetime.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
    "time": lambda: datetime.time(1, 2),
    "timedelta": lambda: datetime.timedelta(1, 2),
    "timezone": lambda: datetime.timezone(datetime.timedelta(hours=1)),
    "timezone named": lambda: datetime.timezone(datetime.timedelta(hours=1), "A"),
    "decimal": lambda: decimal.Decimal("1.5"),
    "decimal digits": lambda: decimal.Decimal("1.50"),
    "decimal nan": lambda: decimal.Decimal("nan"),
    "fraction": lambda: fractions.Fraction(1, 3),
    "uuid": lambda: uuid.UUID(int=5),
    "path": lambda: pathlib.PurePosixPath("/a/b"),
    "windows path": lambda: pathlib.PureWindowsPath("/a/b"),
    "pattern": lambda: re.compile("a+"),
    "pattern flags": lambda: re.compile("a+", re.IGNORECASE),
    "bytes pattern": lambda: re.compile(b"a+"),
    "range": lambda: range(0, 3, 2),
    "range stop": lambda: range(0, 4, 2),
    "slice": lambda: slice(1, None),
    "slice of list": lambda: slice(1, [2]),
    "not implemented": lambda: NotImplemented,
    "enum": lambda: Colour.RED,
    "enum other": lambda: Colour.BLUE,
    "flags": lambda: Access.READ | Access.WRITE,
    "dataclass": lambda: Row(1, "a", [2]),
    "dataclass field": lambda: Row(1, "b", [2]),
    "frozen": lambda: Frozen([1]),
    "fields in order": lambda: Node(a=1, b=2),
    "fields in another order": lambda: Node(b=2, a=1),
    "slots": lambda: Slotted([1]),
    "slots of a child": lambda: SlottedChild([1]),
    "list subclass": lambda: Names([1, 2]),
    "list subclass with field": lambda: _with_field(Names([1, 2])),
    "str subclass": lambda: Text("abc"),
    "float subclass": lambda: Celsius(1.5),
    "dict subclass": lambda: Bag(a=[1]),
    "set subclass": lambda: Members({"a", "b"}),
    "named tuple": lambda: Point(1, [2]),
    "ordered dict": lambda: collections.OrderedDict(a=1, b=2),
    "ordered dict moved": lambda: _moved(collections.OrderedDict(a=1, b=2)),
    "default dict": lambda: collections.defaultdict(list, a=[1]),
    "default dict factory": lambda: collections.defaultdict(dict, a=[1]),
    "deque": lambda: collections.deque([1, 2]),
    "deque maxlen": lambda: collections.deque([1, 2], 2),
    "counter": lambda: collections.Counter("aab"),
    "chain map": lambda: collections.ChainMap({1: 2}, {3: 4}),
    "user dict": lambda: collections.UserDict(a=1),
    "array": lambda: array.array("i", [1, 2]),
    "array of longs": lambda: array.array("q", [1, 2]),
    "namespace": lambda: types.SimpleNamespace(a=[1]),
    "mapping proxy": lambda: types.MappingProxyType({1: [2]}),
    "memory of bytes": lambda: memoryview(b"abc"),
    "memory of bytearray": lambda: memoryview(bytearray(b"abc")),
    "partial": lambda: functools.partial(int, base=2),
    "partial of partial": lambda: functools.partial(functools.partial(int, base=2), "1"),
    "getter": lambda: operator.itemgetter(1),
    "getters": lambda: operator.itemgetter(1, 2),
    "attribute getter": lambda: operator.attrgetter("a"),
    "text stream": lambda: io.StringIO("abc"),
    "text stream read": lambda: walked(io.StringIO("abc"), 1),
    "bytes stream": lambda: io.BytesIO(b"abc"),
    "random": lambda: drawn(1),
    "random drawn": lambda: drawn(1, 1),
    "exception": lambda: raised("a"),
    "exception text": lambda: raised("b"),
    "logger": lambda: logging.getLogger("nbexp.a"),
    "logger b": lambda: logging.getLogger("nbexp.b"),
    "alias": lambda: list[int],
    "alias of typing": lambda: typing.List[int],  # noqa: UP006 - the old form is what is tested
    "optional": lambda: typing.Optional[int],  # noqa: UP045 - as above
    "union": lambda: int | str,
    "literal": lambda: typing.Literal["a", 1],
    "any": lambda: typing.Any,
    "hidden field": lambda: Holder(1),
    "hidden field 2": lambda: Holder(2),
    "locked": Locked,
    "ring": lambda: ring(3),
    "ring of 4": lambda: ring(4),
    "set of enums": lambda: {Colour.RED, Colour.BLUE},
    "set of paths": lambda: {pathlib.PurePosixPath(c) for c in "abcdef"},
    "set of objects": lambda: {Slotted(1), "a", 3.0, Slotted(2), Slotted(None)},
    "set of linked objects": lambda: set(_linked(5)),
    "list of dates": lambda: [datetime.date(2026, 1, day) for day in range(1, 9)],
}


def _with_field(value: Any) -> Any:
    value.note = "x"
    return value


def _moved(value: Any) -> Any:
    value.move_to_end("a")
    return value


def _linked(count: int) -> list[Node]:
    nodes = [Node(i=i) for i in range(count)]
    for i, node in enumerate(nodes):
        node.others = set(nodes[:i])  # type: ignore[attr-defined]
    return nodes


#: Values without a fingerprint, and a word of the reason.
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "generator": (lambda: (i for i in ()), "generator"),
    "zip": (lambda: zip([1], strict=True), "iterator"),
    "list iterator": (lambda: iter([1, 2]), "iterator"),
    "lock": (threading.Lock, "lock"),
    "thread": (threading.current_thread, "running"),
    "weak reference": (lambda: weakref.ref(Colour), "weak"),
    "part of memory": (lambda: memoryview(bytearray(3))[1:], "part"),
    "thread local": (threading.local, "running"),
    "dict view": (lambda: {}.keys(), "taken apart"),
}

_LEAVES: list[Any] = [
    *(0, 1, -1, 255, 256, 2**31, 2**70, True, False, None, 0.0, -0.0, 1.0, float("nan"), float("inf"), 1j, -0.0j),
    *("", "a", "abab", "é", "\ud800", "\U0001f600", b"", b"ab", ..., (), frozenset()),
]


def nested(rng: random.Random, depth: int, pool: list[Any]) -> Any:
    """A random value of exact built-in types; objects of `pool` may be in it more than once."""
    choice = rng.random()
    if pool and choice < 0.12:
        return rng.choice(pool)
    if depth == 0 or choice < 0.45:
        return rng.choice(_LEAVES)
    value = _container(rng, depth, pool, choice)
    pool.append(value)
    return value


def _container(rng: random.Random, depth: int, pool: list[Any], choice: float) -> Any:
    count = rng.randint(0, 4)
    if choice < 0.62:
        return [nested(rng, depth - 1, pool) for _ in range(count)]
    if choice < 0.78:
        keys = (f"k{count}", count, (count, "x"), b"k", frozenset([count]))
        return {rng.choice(keys): nested(rng, depth - 1, pool) for _ in range(count)}
    if choice < 0.9:
        return tuple(nested(rng, depth - 1, pool) for _ in range(count))
    if choice < 0.96:
        return {rng.choice([f"s{i}", i, (i, "z"), frozenset([i, "q"]), ((i,), 1.5)]) for i in range(count)}
    return bytearray(b"x" * count)


def random_values(count: int, seed: int = 0) -> list[Any]:
    rng = random.Random(seed)
    return [nested(rng, 5, []) for _ in range(count)]


def fresh(value: Any) -> Any:
    """The same value, of new objects: strings and tuples too; mutable objects are shared as they were."""
    made: dict[int, Any] = {}

    def go(o: Any) -> Any:
        tp = type(o)
        if tp is str:
            return "".join(list(o)) if len(o) > 1 else o
        if tp is bytes:
            return bytes(bytearray(o))
        if tp in (tuple, frozenset):
            return tp([go(item) for item in o])
        if id(o) not in made and tp in (list, dict, set, bytearray):
            made[id(o)] = new = tp()
            if tp is dict:
                new.update((go(key), go(item)) for key, item in o.items())
            elif tp is set:
                new.update(reversed([go(item) for item in o]))
            else:
                new.extend(o if tp is bytearray else map(go, o))
        return made.get(id(o), o)

    return go(value)


def copies(value: Any) -> list[Any]:
    """`value` copied in the ways Python has."""
    return [copy.deepcopy(value), pickle.loads(pickle.dumps(value, 5))]


def digests(seed: int) -> list[str]:
    """The fingerprints of random values and of all samples."""
    values = [*random_values(400, seed), *(make() for make in SAMPLES.values())]
    return [fingerprint(value).digest.hex() for value in values]
