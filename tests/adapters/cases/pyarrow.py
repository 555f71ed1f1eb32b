from __future__ import annotations

import datetime
import decimal
from typing import Any

import pyarrow as pa

from tests.adapters.conformance import Case


def cut(array: Any) -> Any:
    """The same values, cut out of a longer array."""
    return pa.concat_arrays([array, array, array])[len(array) : 2 * len(array)]


def array_case(kind: Any, values: list[Any], other: list[Any]) -> Case:
    return Case(
        str(kind),
        lambda: pa.array(values, kind),
        same=(lambda: cut(pa.array(values, kind)),),
        different=(
            lambda: pa.array(other, kind),
            lambda: pa.array(values[:1], kind),
            lambda: pa.chunked_array([pa.array(values, kind)]),
        ),
        copied=False,  # some types cannot be copied, and nothing is gained: arrays are immutable
    )


ARRAYS = tuple(
    array_case(*row)
    for row in (
        (pa.int64(), [1, None, 3], [1, 0, 3]),
        (pa.float32(), [1.5, None], [1.5, 0.0]),
        (pa.bool_(), [True, None, False], [True, False, False]),
        (pa.string(), ["a", None, "bc"], ["a", "", "bc"]),
        (pa.large_string(), ["ab", "c"], ["a", "bc"]),
        (pa.string_view(), ["ab", "c"], ["a", "bc"]),
        (pa.binary(), [b"a", None], [b"a", b""]),
        (pa.binary(2), [b"ab", None], [b"ac", None]),
        (pa.decimal128(5, 2), [decimal.Decimal("1.5"), None], [decimal.Decimal("2.5"), None]),
        (pa.timestamp("us", "UTC"), [datetime.datetime(2020, 1, 1), None], [datetime.datetime(2020, 1, 2), None]),
        (pa.duration("ms"), [datetime.timedelta(1), None], [datetime.timedelta(2), None]),
        (pa.list_(pa.int64()), [[1], None, [2, 3]], [[1], [], [2, 3]]),
        (pa.large_list(pa.string()), [["a"], ["b", "c"]], [["a", "b"], ["c"]]),
        (pa.list_(pa.int64(), 2), [[1, 2], None], [[1, 3], None]),
        (pa.struct([("a", pa.int64())]), [{"a": 1}, None], [{"a": 1}, {"a": None}]),
        (pa.map_(pa.string(), pa.int64()), [[("k", 1)], None], [[("k", 2)], None]),
        (pa.null(), [None, None], [None, None, None]),
    )
)


def table(**columns: Any) -> Any:
    return pa.table({"a": [1, 2], "b": ["x", None], **columns})


CASES = (
    *ARRAYS,
    Case(
        "dictionary",
        lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
        different=(lambda: pa.array(["a", "b", "a"]),),
        copied=False,
    ),
    Case(
        "chunks of text",
        lambda: pa.chunked_array([["a", "b"], ["c"]]),
        same=(
            lambda: pa.chunked_array([["a"], [], ["b", "c"]], pa.string()),
            lambda: pa.chunked_array([["a", "b", "c"]]),
        ),
    ),
    Case(
        "chunks of floats add up in another order",
        lambda: pa.chunked_array([[1.0, 2.0], [3.0]]),
        different=(lambda: pa.chunked_array([[1.0], [2.0, 3.0]]), lambda: pa.chunked_array([[1.0, 2.0, 3.0]])),
    ),
    Case("no chunk", lambda: pa.chunked_array([], pa.string()), same=(lambda: pa.chunked_array([[]], pa.string()),)),
    Case(
        "table",
        table,
        same=(lambda: pa.concat_tables([table(), table()])[2:],),
        different=(
            lambda: table(a=[1, 3]),
            lambda: table().rename_columns(["a", "c"]),
            lambda: table().replace_schema_metadata({"k": "v"}),
            lambda: table().select(["b", "a"]),
        ),
    ),
    Case(
        "record batch",
        lambda: pa.record_batch({"a": [1]}),
        different=(lambda: pa.table({"a": [1]}), lambda: pa.record_batch({"a": [2]})),
    ),
    Case("type", lambda: pa.int64(), different=(lambda: pa.int32(), lambda: pa.list_(pa.int64()))),
    Case(
        "schema",
        lambda: pa.schema([("a", pa.int64())]),
        different=(lambda: pa.schema([("b", pa.int64())]), lambda: pa.field("a", pa.int64())),
    ),
    Case("scalar", lambda: pa.scalar(1), different=(lambda: pa.scalar(1, pa.int8()), lambda: pa.scalar(2), lambda: 1)),
    Case("buffer", lambda: pa.py_buffer(b"ab"), different=(lambda: pa.py_buffer(b"ac"), lambda: b"ab"), copied=False),
)
