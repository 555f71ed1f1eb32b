"""Immutable values of the standard library that hold nothing: dates, decimals, paths, patterns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.builtins import shortened
from nbexp.adapters.leaf import Leaf
from nbexp.errors import Unfingerprintable


@dataclass(frozen=True, slots=True)
class Value(Leaf):
    """A leaf told by what a function gives.

    Attributes:
        tag: As `Node.tag`. of: Gives the content.
    """

    tag: str
    of: Callable[[Any], Any]

    def content(self, value: Any) -> Any:
        return self.of(value)

    def preview(self, value: Any) -> str:
        return shortened(str(value))


@dataclass(frozen=True, slots=True)
class _Clock(Leaf):
    """`datetime` and `time`: a leaf, unless the time zone is an object of another library or the user's own."""

    tag: str
    of: Callable[[Any], tuple[Any, ...]]

    def content(self, value: Any) -> Any:
        zone = value.tzinfo
        if zone is None:
            return self.of(value)
        known = _ZONES.get(f"{type(zone).__module__}.{type(zone).__qualname__}")
        return NotImplemented if known is None else (*self.of(value), known(zone))

    def describe(self, value: Any) -> Node:
        if (content := self.content(value)) is not NotImplemented:
            return Node(self.tag, content, mutable=False)
        return Node(self.tag, self.of(value), children=(value.tzinfo,), labels=(".tzinfo",), mutable=False)

    def preview(self, value: Any) -> str:
        return shortened(str(value))


def _datetime(value: Any) -> tuple[Any, ...]:
    return (value.year, value.month, value.day, *_time(value))


def _time(value: Any) -> tuple[Any, ...]:
    return value.hour, value.minute, value.second, value.microsecond, value.fold


def _timezone(value: Any) -> tuple[Any, ...]:
    offset, *name = value.__getinitargs__()
    return "timezone", offset.days, offset.seconds, offset.microseconds, *name


def _zoneinfo(value: Any) -> tuple[Any, ...]:
    if value.key is None:
        raise Unfingerprintable("", "zoneinfo.ZoneInfo", "it was read from a file and has no key", "Use ZoneInfo(key).")
    return "ZoneInfo", value.key


_ZONES: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "datetime.timezone": _timezone,
    "zoneinfo.ZoneInfo": _zoneinfo,
}


def _decimal(value: Any) -> tuple[Any, ...]:
    sign, digits, exponent = value.as_tuple()
    return sign, bytes(digits), exponent


def _pattern(value: Any) -> Any:
    if type(value.pattern) not in (str, bytes):
        return NotImplemented
    return value.pattern, value.flags


def _pattern_node(value: Any) -> Node:
    return Node("re.Pattern", (value.flags,), children=(value.pattern,), labels=(".pattern",), mutable=False)


@dataclass(frozen=True, slots=True)
class _Pattern(Value):
    def describe(self, value: Any) -> Node:
        content = self.content(value)
        return _pattern_node(value) if content is NotImplemented else Node(self.tag, content, mutable=False)


def _path(name: str) -> Adapter:
    return Value(f"pathlib.{name}", str)


_PATHS = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")

#: Adapters by full name: nothing is loaded to name them. ``pathlib`` and ``re`` moved their classes between versions.
ADAPTERS: dict[type | str, Adapter] = {
    "datetime.date": Value("datetime.date", lambda value: (value.year, value.month, value.day)),
    "datetime.datetime": _Clock("datetime.datetime", _datetime),
    "datetime.time": _Clock("datetime.time", _time),
    "datetime.timedelta": Value("datetime.timedelta", lambda v: (v.days, v.seconds, v.microseconds)),
    "datetime.timezone": Value("tzinfo", _timezone),
    "zoneinfo.ZoneInfo": Value("tzinfo", _zoneinfo),
    "decimal.Decimal": Value("decimal.Decimal", _decimal),
    "fractions.Fraction": Value("fractions.Fraction", lambda value: (value.numerator, value.denominator)),
    "uuid.UUID": Value("uuid.UUID", lambda value: (value.int, value.is_safe.value)),
    "ipaddress.IPv4Address": Value("ipaddress.IPv4Address", int),
    "re.Pattern": _Pattern("re.Pattern", _pattern),
    range: Value("range", lambda value: (value.start, value.stop, value.step)),
    type(NotImplemented): Value("NotImplemented", lambda value: None),
    **{f"{module}.{name}": _path(name) for module in ("pathlib", "pathlib._local") for name in _PATHS},
}
