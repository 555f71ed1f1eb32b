from __future__ import annotations

from typing import Any

import polars as pl

from tests.adapters.conformance import Case


def frame(**changes: Any) -> pl.DataFrame:
    return pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"], "c": [1.5, 2.5, 3.5], **changes})


CASES = (
    Case(
        "frame",
        frame,
        same=(lambda: pl.concat([frame(), frame()])[3:].rechunk(),),
        different=(lambda: frame(a=[1, 2, 3]), lambda: frame(b=["x", "", "z"]), lambda: frame().select("b", "a", "c")),
    ),
    Case(
        "series",
        lambda: pl.Series("s", [1, 2]),
        different=(lambda: pl.Series("t", [1, 2]), lambda: pl.Series("s", [1.0, 2.0])),
    ),
    Case("lists", lambda: pl.Series([[1], [2, 3]]), different=(lambda: pl.Series([[1, 2], [3]]),)),
    Case("expression", lambda: pl.col("a") + 1, different=(lambda: pl.col("a") + 2, lambda: pl.col("b") + 1)),
    Case("type", lambda: pl.Int64(), different=(lambda: pl.Int32(), lambda: pl.List(pl.Int64))),
)
