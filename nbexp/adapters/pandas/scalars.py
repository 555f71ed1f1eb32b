"""Single times, periods, intervals, missing values, steps of time and dtypes: immutable, without an identity."""

from __future__ import annotations

import pickle
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.leaf import Leaf
from nbexp.adapters.pandas.arrays import dtype_content


class PandasLeaf(Leaf):
    """An immutable value of pandas that holds nothing."""

    def preview(self, value: Any) -> str:
        return str(value)[:80]


class TimestampAdapter(PandasLeaf):
    """A `pandas.Timestamp`: its moment in its own unit, time zone and fold."""

    tag = "pandas.timestamp"

    def content(self, value: Any) -> Any:
        return value._value, value.unit, value.fold, None if value.tzinfo is None else zone_token(value.tzinfo)


def zone_token(zone: Any) -> Any:
    """A time zone as a plain tree: by key where it has one, else by its pickle."""
    if zone is UTC:
        return "utc"
    key = getattr(zone, "key", None)
    if type(zone) is ZoneInfo and isinstance(key, str):
        return "key", key
    return type(zone).__module__, type(zone).__qualname__, pickle.dumps(zone, 4)


class TimedeltaAdapter(PandasLeaf):
    """A `pandas.Timedelta` in its own unit."""

    tag = "pandas.timedelta"

    def content(self, value: Any) -> Any:
        return value._value, value.unit


class PeriodAdapter(PandasLeaf):
    """A `pandas.Period`: its number, counted in its freq."""

    tag = "pandas.period"

    def content(self, value: Any) -> Any:
        return value.ordinal, value.freqstr


class MissingAdapter(PandasLeaf):
    """`pandas.NaT` and `pandas.NA`: one object each."""

    tag = "pandas.missing"

    def content(self, value: Any) -> Any:
        return type(value).__name__


class IntervalAdapter(Adapter):
    """A `pandas.Interval`."""

    def describe(self, value: Any) -> Node:
        sides = (value.left, value.right)
        labels = (".left", ".right")
        return Node("pandas.interval", value.closed, (), sides, labels, mutable=False)

    def preview(self, value: Any) -> str:
        return str(value)[:80]


class OffsetAdapter(Adapter):
    """A step of time such as `pandas.offsets.MonthEnd`: its class and what it is built from."""

    def describe(self, value: Any) -> Node:
        _, arguments, *rest = value.__reduce_ex__(5)
        children = (type(value), arguments, rest[0] if rest else None)
        return Node("pandas.offset", None, (), children, (".__class__", "", ""), mutable=False)

    def preview(self, value: Any) -> str:
        return repr(value)[:80]


class DtypeAdapter(Adapter):
    """A dtype of pandas or of a library that extends it."""

    def describe(self, value: Any) -> Node:
        if type(value).__module__.partition(".")[0] == "pandas":
            content = dtype_content(value)
            return Node("pandas.dtype", content.meta, content.buffers, content.children, mutable=False)
        children = (type(value), *(getattr(value, name) for name in value._metadata))
        labels = (".__class__", *(f".{name}" for name in value._metadata))
        return Node("pandas.foreign-dtype", tuple(value._metadata), (), children, labels, mutable=False)

    def preview(self, value: Any) -> str:
        return str(value)[:80]


SCALARS: dict[type | str, Adapter] = {
    pd.Timestamp: TimestampAdapter(),
    pd.Timedelta: TimedeltaAdapter(),
    pd.Period: PeriodAdapter(),
    pd.Interval: IntervalAdapter(),
    type(pd.NaT): MissingAdapter(),
    type(pd.NA): MissingAdapter(),
}
