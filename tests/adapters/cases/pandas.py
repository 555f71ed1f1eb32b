from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from tests.adapters.conformance import Case

# -- frames ------------------------------------------------------------------------------------------------------------


def mixed(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "whole": [1, 2, 3],
        "real": [0.5, float("nan"), -0.0],
        "text": ["a", None, "ccc"],
        "flag": [True, False, True],
        "kind": pd.Categorical(["x", "y", "x"], categories=["y", "x"]),
        "when": pd.to_datetime(["2020-01-01", None, "2021-05-05"]),
        "zoned": pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin"),
        "maybe": pd.array([1, None, 3], dtype="Int64"),
        "thing": [[1], {"a": 2}, None],
    }
    return pd.DataFrame({**columns, **changes})


def unconsolidated() -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    frame["b"] = [3.0, 4.0]
    frame["c"] = [5.0, 6.0]
    return frame


def consolidated() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, 6.0]})


def with_attrs(attrs: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = attrs
    return frame


def read_only() -> pd.Series:
    memory = np.array([1.0, 2.0])
    memory.flags.writeable = False
    return pd.Series(memory, copy=False)


def set_first(frame: pd.DataFrame) -> None:
    frame.iloc[0, 0] = 77


def add_column(frame: pd.DataFrame) -> None:
    frame["added"] = 1.5


def wide(columns: int, rows: int) -> np.ndarray[Any, Any]:
    return np.arange(columns * rows, dtype=float).reshape(rows, columns) / 7


def shared_cell() -> pd.DataFrame:
    cell = [1]
    return pd.DataFrame({"a": [cell, cell]})


def named(index: Any, name: Any) -> Any:
    return index.rename(name)


class Labelled(pd.DataFrame):
    """A frame of the project's own, with a property that pandas hands on."""

    _metadata = ["unit"]

    @property
    def _constructor(self) -> Callable[..., Labelled]:
        return Labelled


def labelled(unit: str) -> Labelled:
    frame = Labelled({"a": [1, 2]})
    frame.unit = unit
    return frame


def big() -> pd.DataFrame:
    frame = pd.DataFrame(wide(3, 5000))
    frame["text"] = [f"row {i}" for i in range(5000)]
    return frame


FRAMES = (
    Case(
        "mixed frame",
        mixed,
        same=(lambda: mixed().copy(), lambda: mixed()[list(mixed().columns)], lambda: mixed().iloc[[0, 1, 2]]),
        different=(
            lambda: mixed(whole=[1, 2, 4]),
            lambda: mixed(whole=[1.0, 2.0, 3.0]),
            lambda: mixed(whole=pd.array([1, 2, 3], dtype="int32")),
            lambda: mixed(real=[0.5, float("nan"), 0.0]),
            lambda: mixed(text=["a", "", "ccc"]),
            lambda: mixed(text=pd.Series(["a", None, "ccc"], dtype=object)),
            lambda: mixed(text=pd.array(["a", None, "ccc"], dtype="string")),
            lambda: mixed(kind=pd.Categorical(["x", "y", "x"], categories=["x", "y"])),
            lambda: mixed(kind=pd.Categorical(["x", "y", "x"], categories=["y", "x"], ordered=True)),
            lambda: mixed(kind=["x", "y", "x"]),
            lambda: mixed(when=pd.to_datetime(["2020-01-01", None, "2021-05-05"]).astype("datetime64[ns]")),
            lambda: mixed(zoned=pd.date_range("2020-01-01", periods=3, tz="Europe/Paris")),
            lambda: mixed(thing=[[1], {"a": 3}, None]),
            lambda: mixed(maybe=pd.array([1, 2, 3], dtype="Int64")),
            lambda: mixed()[list(reversed(mixed().columns))],
            lambda: mixed().rename(columns={"whole": "Whole"}),
            lambda: mixed().set_axis([0, 1, 3], axis=0),
            lambda: mixed().iloc[::-1],
            lambda: mixed().rename_axis("row"),
            lambda: mixed().rename_axis("column", axis=1),
        ),
        mutate=set_first,
    ),
    Case("blocks", consolidated, same=(unconsolidated, lambda: unconsolidated().copy()), mutate=add_column),
    Case(
        "rows in memory order",
        lambda: pd.DataFrame(wide(3, 5), copy=False),
        different=(lambda: pd.DataFrame(wide(3, 5)), lambda: pd.DataFrame(wide(3, 5)[:, ::-1], copy=False)),
        mutate=set_first,
        copied=False,  # pandas puts the columns of a copy together
    ),
    Case(
        "whole numbers add up in any order",
        lambda: pd.DataFrame(np.arange(6).reshape(3, 2), copy=False),
        same=(lambda: pd.DataFrame({0: [0, 2, 4], 1: [1, 3, 5]}),),
    ),
    Case(
        "many columns",
        lambda: pd.DataFrame(wide(40, 3)),
        same=(lambda: pd.DataFrame(dict(enumerate(wide(40, 3).T))).set_axis(pd.RangeIndex(40), axis=1),),
        different=(lambda: pd.DataFrame(wide(40, 3)[:, ::-1].copy()), lambda: pd.DataFrame(wide(3, 40))),
        mutate=set_first,
    ),
    Case("large", big, mutate=set_first),
    Case(
        "nothing in it",
        pd.DataFrame,
        different=(
            lambda: pd.DataFrame(index=[1]),
            lambda: pd.DataFrame(columns=["a"]),
            lambda: pd.DataFrame({"a": pd.Series([], dtype=float)}),
            lambda: pd.DataFrame({"a": pd.Series([], dtype=int)}),
        ),
    ),
    Case(
        "columns of one name",
        lambda: pd.DataFrame([[1, 2.0, "a"]], columns=["x", "x", "x"]),
        different=(lambda: pd.DataFrame([[1, 2.0, "a"]], columns=["x", "x", "y"]),),
    ),
    Case(
        "attrs",
        lambda: with_attrs({"unit": "m"}),
        different=(lambda: with_attrs({}), lambda: with_attrs({"unit": "km"})),
        mutate=lambda frame: frame.attrs.update(unit="cm"),
    ),
    Case(
        "flags",
        lambda: pd.DataFrame({"b": [1]}).set_flags(allows_duplicate_labels=False),
        different=(lambda: pd.DataFrame({"b": [1]}),),
    ),
    Case("an object twice", shared_cell, different=(lambda: pd.DataFrame({"a": [[1], [1]]}),)),
    Case(
        "subclass",
        lambda: labelled("m"),
        different=(lambda: labelled("km"), lambda: pd.DataFrame({"a": [1, 2]})),
        mutate=lambda frame: setattr(frame, "unit", "cm"),
    ),
    Case(
        "two frames of one index",
        lambda: [frame := pd.DataFrame({"a": [1]}), frame, pd.DataFrame({"a": [1]})],
        different=(lambda: [pd.DataFrame({"a": [1]}) for _ in range(3)],),
        mutate=lambda frames: set_first(frames[0]),
    ),
    Case(
        "copy-on-write is no sharing",
        lambda: [frame := pd.DataFrame({"a": [1.5, 2]}), frame.copy(deep=False)],
        same=(lambda: [pd.DataFrame({"a": [1.5, 2]}), pd.DataFrame({"a": [1.5, 2]})],),
        mutate=lambda frames: set_first(frames[0]),
    ),
)

# -- series and indexes ------------------------------------------------------------------------------------------------

SERIES = (
    Case(
        "series",
        lambda: pd.Series([1.0, 2.0], name="s"),
        same=(
            lambda: pd.DataFrame({"s": [1.0, 2.0]})["s"],
            lambda: pd.Series([1.0, 9.0, 2.0], name="s").iloc[[0, 2]].reset_index(drop=True),
        ),
        different=(
            lambda: pd.Series([1.0, 2.0]),
            lambda: pd.Series([1.0, 2.0], name="t"),
            lambda: pd.Series([1.0, 2.0], name=("s",)),
            lambda: pd.Series([1, 2], name="s"),
            lambda: pd.Series([2.0, 1.0], name="s"),
            lambda: pd.Series([1.0, 2.0], name="s", index=[1, 2]),
            lambda: pd.Series([1.0, 2.0], name="s", dtype="Float64"),
            lambda: pd.Series([1.0, 2.0], name="s", dtype="float64[pyarrow]"),
            lambda: pd.DataFrame({"s": [1.0, 2.0]}),
        ),
        mutate=lambda series: series.__setitem__(0, 5.0),
    ),
    Case(
        "strings",
        lambda: pd.Series(["ab", None, ""]),
        same=(
            lambda: pd.Series(["x", "ab", None, "", "y"]).iloc[1:4].reset_index(drop=True),
            lambda: pd.concat([pd.Series(["ab"]), pd.Series([None, ""], dtype="str")], ignore_index=True),
        ),
        different=(
            lambda: pd.Series(["a", "b", ""]),
            lambda: pd.Series(["a", None, "b"]),
            lambda: pd.Series(["ab", None, ""], dtype="string"),
            lambda: pd.Series(["ab", None, ""], dtype=pd.StringDtype("python", na_value=np.nan)),
            lambda: pd.Series(["ab", None, ""], dtype=object),
        ),
        mutate=lambda series: series.__setitem__(0, "z"),
    ),
    Case("read-only memory", read_only, different=(lambda: pd.Series([1.0, 2.0]),), copied=False),
    Case(
        "sparse",
        lambda: pd.Series(pd.arrays.SparseArray([0, 0, 5], kind="block")),
        different=(
            lambda: pd.Series(pd.arrays.SparseArray([0, 0, 5], kind="integer")),
            lambda: pd.Series(pd.arrays.SparseArray([0, 0, 5], fill_value=5)),
            lambda: pd.Series([0, 0, 5]),
        ),
    ),
    Case(
        "periods",
        lambda: pd.Series(pd.period_range("2020-01", periods=2, freq="M")),
        different=(lambda: pd.Series(pd.period_range("2020-01", periods=2, freq="D")),),
    ),
    Case(
        "intervals",
        lambda: pd.Series(pd.interval_range(0, 3)),
        different=(lambda: pd.Series(pd.interval_range(0, 3, closed="left")),),
    ),
    Case(
        "time steps",
        lambda: pd.Series(pd.to_timedelta([1, 2], unit="s")),
        mutate=lambda s: s.__setitem__(0, pd.Timedelta(0)),
    ),
)

INDEXES = (
    Case(
        "range index",
        lambda: pd.RangeIndex(3),
        different=(lambda: pd.RangeIndex(0, 6, 2), lambda: pd.Index([0, 1, 2])),
        mutate=lambda index: setattr(index, "name", "n"),
    ),
    Case(
        "index",
        lambda: pd.Index([1.5, 2.5], name="n"),
        same=(lambda: pd.Index([0.0, 1.5, 2.5], name="n")[1:],),
        different=(
            lambda: pd.Index([1.5, 2.5]),
            lambda: pd.Index([1.5, 2.5], name="n", dtype=object),
            lambda: pd.Index([1.5, 3.5], name="n"),
        ),
        mutate=lambda index: setattr(index, "name", "m"),
    ),
    Case(
        "levels",
        lambda: pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["n", None]),
        different=(
            lambda: pd.MultiIndex.from_product([[1, 2], ["a", "b"]]),
            lambda: pd.MultiIndex.from_product([[1, 2], ["b", "a"]], names=["n", None]),
            lambda: pd.MultiIndex.from_product([[2, 1], ["a", "b"]], names=["n", None]),
        ),
        mutate=lambda index: setattr(index, "names", ["x", "y"]),
    ),
    Case(
        "dates",
        lambda: pd.date_range("2020-01-01", periods=3, tz="UTC"),
        different=(
            lambda: pd.date_range("2020-01-01", periods=3),
            lambda: pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin"),
            lambda: pd.DatetimeIndex(list(pd.date_range("2020-01-01", periods=3, tz="UTC"))),
            lambda: pd.date_range("2020-01-01", periods=3, freq="h", tz="UTC"),
        ),
    ),
    Case(
        "steps", lambda: pd.timedelta_range("1h", periods=2), different=(lambda: pd.timedelta_range("2h", periods=2),)
    ),
    Case(
        "period index",
        lambda: pd.period_range("2020", periods=2, freq="Y"),
        different=(lambda: pd.period_range("2020", periods=2, freq="M"),),
    ),
    Case("interval index", lambda: pd.interval_range(0, 2), different=(lambda: pd.interval_range(0.0, 2.0),)),
    Case(
        "category index",
        lambda: pd.CategoricalIndex(["a", "b"]),
        different=(lambda: pd.CategoricalIndex(["a", "b"], ordered=True),),
    ),
    Case(
        "tuple labels",
        lambda: pd.Index([(1, 2), (3,)], tupleize_cols=False),
        different=(lambda: pd.Index([(1, 2), (3, 4)], tupleize_cols=False),),
    ),
)

# -- arrays and single values ------------------------------------------------------------------------------------------


def first_to(value: Any) -> Callable[[Any], None]:
    return lambda array: array.__setitem__(0, value)


def viewed() -> list[Any]:
    array = pd.array([1, 2, 3])
    return [array, array[:2]]


ARRAYS = (
    Case(
        "nullable whole numbers",
        lambda: pd.array([1, None]),
        different=(lambda: pd.array([1, 2]), lambda: pd.array([1, None], dtype="Int8")),
        mutate=first_to(9),
    ),
    Case(
        "nullable reals",
        lambda: pd.array([1.5, None]),
        different=(lambda: pd.array([1.5, None], dtype="Float32"),),
        mutate=first_to(9.0),
    ),
    Case(
        "nullable flags",
        lambda: pd.array([True, None]),
        same=(lambda: pd.arrays.BooleanArray(np.array([True, True]), np.array([False, True])),),
        different=(lambda: pd.array([None, True]),),
        mutate=first_to(False),
    ),
    Case(
        "categorical",
        lambda: pd.Categorical(["a", "b"]),
        different=(lambda: pd.Categorical(["b", "a"]),),
        mutate=first_to("b"),
    ),
    Case(
        "arrow strings",
        lambda: pd.array(["a", "b"], dtype="str"),
        different=(lambda: pd.array(["a", "c"], dtype="str"),),
        mutate=first_to("z"),
    ),
    Case("python strings", lambda: pd.array(["a", "b"], dtype=pd.StringDtype("python")), mutate=first_to("z")),
    Case("arrow list", lambda: pd.array([[1], [2, 3], None], dtype=pd.ArrowDtype(_list_type()))),
    Case(
        "dates array", lambda: pd.array(pd.date_range("2020", periods=2)), mutate=first_to(pd.Timestamp("1999-01-01"))
    ),
    Case("sparse array", lambda: pd.arrays.SparseArray([0, 1]), different=(lambda: pd.arrays.SparseArray([0, 2]),)),
    Case("interval array", lambda: pd.arrays.IntervalArray.from_breaks([0, 1, 2])),
    Case(
        "period array",
        lambda: pd.array(pd.period_range("2020", periods=2, freq="D")),
        mutate=first_to(pd.Period("1999-01-01", "D")),
    ),
    Case(
        "views of one array",
        viewed,
        different=(lambda: [pd.array([1, 2, 3]), pd.array([1, 2])],),
        copied=False,
        mutate=lambda pair: pair[0].__setitem__(0, 5),
    ),
)


def _list_type() -> Any:
    import pyarrow

    return pyarrow.list_(pyarrow.int64())


SCALARS = (
    Case(
        "moment",
        lambda: pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin"),
        same=(lambda: pd.Timestamp("2020-01-01 12:00", tz=ZoneInfo("Europe/Berlin")),),
        different=(
            lambda: pd.Timestamp("2020-01-01 12:00"),
            lambda: pd.Timestamp("2020-01-01 11:00", tz="UTC"),
            lambda: pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin").as_unit("ns"),
            lambda: datetime.datetime(2020, 1, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
    ),
    Case(
        "fixed zone",
        lambda: pd.Timestamp("2020-01-01 12:00+05:30"),
        different=(lambda: pd.Timestamp("2020-01-01 12:00+05:00"),),
    ),
    Case(
        "step", lambda: pd.Timedelta("1h"), different=(lambda: pd.Timedelta("2h"), lambda: datetime.timedelta(hours=1))
    ),
    Case(
        "period",
        lambda: pd.Period("2020-01", "M"),
        different=(lambda: pd.Period("2020-01-31", "D"), lambda: pd.Period("2020-01", "2M")),
    ),
    Case(
        "interval",
        lambda: pd.Interval(0, 1),
        different=(lambda: pd.Interval(0, 1, "left"), lambda: pd.Interval(0.0, 1.0)),
    ),
    Case("missing", lambda: pd.NaT, different=(lambda: pd.NA, lambda: None, lambda: float("nan"))),
    Case(
        "offset",
        lambda: pd.offsets.MonthEnd(2),
        different=(lambda: pd.offsets.MonthEnd(1), lambda: pd.offsets.MonthBegin(2)),
    ),
    Case(
        "calendar offset",
        lambda: pd.DateOffset(months=1),
        different=(lambda: pd.DateOffset(months=2), lambda: pd.DateOffset(days=1)),
    ),
    Case(
        "holidays",
        lambda: pd.offsets.CustomBusinessDay(holidays=["2020-01-01"]),
        different=(lambda: pd.offsets.CustomBusinessDay(),),
    ),
    Case(
        "category dtype",
        lambda: pd.CategoricalDtype(["a"]),
        different=(
            lambda: pd.CategoricalDtype(["a"], ordered=True),
            lambda: pd.CategoricalDtype(["b"]),
            lambda: pd.CategoricalDtype(),
        ),
    ),
    Case(
        "string dtype",
        lambda: pd.StringDtype("python"),
        different=(lambda: pd.StringDtype("pyarrow"), lambda: pd.StringDtype("python", na_value=np.nan)),
    ),
    Case(
        "zoned dtype",
        lambda: pd.DatetimeTZDtype("ns", "UTC"),
        different=(lambda: pd.DatetimeTZDtype("us", "UTC"), lambda: pd.DatetimeTZDtype("ns", "Europe/Berlin")),
    ),
    Case(
        "other dtypes", lambda: [pd.Int64Dtype(), pd.SparseDtype(float), pd.IntervalDtype("int64"), pd.PeriodDtype("M")]
    ),
)


def grouped(key: str = "k") -> Any:
    return pd.DataFrame({"k": [1, 1, 2], "j": [1, 2, 2], "v": [1.0, 2.0, 3.0]}).groupby(key)


def asked() -> Any:
    groups = grouped()
    groups.mean()
    return groups


OTHERS = (
    Case("groups", grouped, same=(asked,), different=(lambda: grouped("j"),), copied=False),
    Case(
        "rolling window",
        lambda: pd.Series([1.0, 2.0]).rolling(2),
        different=(lambda: pd.Series([1.0, 2.0]).rolling(1),),
        copied=False,  # a deep copy has two indexes where there was one
    ),
)

CASES = (*FRAMES, *SERIES, *INDEXES, *ARRAYS, *SCALARS, *OTHERS)
