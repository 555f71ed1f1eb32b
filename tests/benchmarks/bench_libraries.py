"""Values of libraries: fingerprints against `joblib.hash` and blake3, storing against pickle 5 out of band.

python -m tests.benchmarks.bench_libraries [WORD ...]      only the cases whose name has a word
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier

from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.graphs.graph import dump, load
from nbexp.hashing import digest_buffer
from tests.benchmarks.table import head, row, side_by_side, times_faster

ROUNDS = 9
ROWS = 100_000
RANDOM = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """A value, and the ratio aimed at: the other way's time divided by ours.

    Attributes:
        ours, peer: What is timed, both with what `make` gives. peer_name: the other way, for people.
    """

    name: str
    make: Callable[[], Any]
    target: float
    ours: Callable[[Any], Any] = fingerprint
    peer: Callable[[Any], Any] = joblib.hash
    peer_name: str = "joblib.hash"


def floats(rows: int = ROWS) -> pd.DataFrame:
    return pd.DataFrame(RANDOM.random((rows, 10)))


def texts(count: int = 1) -> pd.DataFrame:
    words = [f"row {number} says {number * 7}" for number in range(ROWS)]
    return pd.DataFrame({str(column): words for column in range(count)})


def mixed() -> pd.DataFrame:
    frame = texts()
    frame["when"] = pd.date_range("2020-01-01", periods=ROWS, freq="s")
    frame["kind"] = pd.Categorical(frame["0"].str[-1])
    frame["maybe"] = pd.array(np.arange(ROWS), dtype="Int64")
    return frame


def forest() -> RandomForestClassifier:
    rows = RANDOM.random((2000, 10))
    return RandomForestClassifier(100, random_state=0, n_jobs=1).fit(rows, rows[:, 0] > 0.5)


def bytes_of_floats(frame: pd.DataFrame) -> bytes:
    return digest_buffer(np.ascontiguousarray(frame._mgr.blocks[0].values).view(np.uint8).reshape(-1))


def pickled(value: Any) -> tuple[bytes, list[memoryview]]:
    buffers: list[pickle.PickleBuffer] = []
    graph = pickle.dumps(value, 5, buffer_callback=buffers.append)
    return graph, [memoryview(bytearray(buffer.raw())) for buffer in buffers]


def dumped(value: Any) -> tuple[bytes, list[memoryview]]:
    stored = dump(value)
    return stored.graph, [memoryview(bytearray(buffer)) for buffer in stored.buffers]


def pickled_and_back(value: Any) -> Any:
    graph, buffers = pickled(value)
    return pickle.loads(graph, buffers=buffers)


def dumped_and_back(value: Any) -> Any:
    return load(*dumped(value))


PICKLE = "pickle 5, out of band"

CASES = (
    Case(
        "float frame, 80 MB", lambda: floats(10 * ROWS), 0.8, peer=bytes_of_floats, peer_name="blake3, as many threads"
    ),
    Case("float frame, 8 MB", floats, 3),
    Case("1e5 strings in a frame, without pyarrow", lambda: texts().astype(pd.StringDtype("python", np.nan)), 10),
    Case("1e5 strings in a frame, object dtype", lambda: texts().astype(object), 10),
    # here joblib hashes memory too, with md5: blake3 alone takes half of our time
    Case("1e5 strings in a frame, Arrow-backed", texts, 5),
    Case("mixed frame", mixed, 3),
    Case("1,000 columns", lambda: pd.DataFrame(RANDOM.random((100, 1000))), 1),
    Case("small frame", lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), 1),
    Case("arrow table", lambda: pa.Table.from_pandas(texts()), 5),
    Case("polars frame", lambda: pl.from_pandas(texts()), 1),
    Case("sparse matrix", lambda: sparse.random(10_000, 1000, 0.01, "csr", rng=0), 2),
    Case("forest", forest, 1),
    Case("store and restore floats", floats, 0.5, dumped_and_back, pickled_and_back, PICKLE),
    Case("store and restore text", texts, 0.5, dumped_and_back, pickled_and_back, PICKLE),
    Case("store and restore a mixed frame", mixed, 0.5, dumped_and_back, pickled_and_back, PICKLE),
    Case(
        "store and restore a polars frame",
        lambda: pl.from_pandas(texts()),
        0.5,
        dumped_and_back,
        pickled_and_back,
        PICKLE,
    ),
    Case("store and restore a forest", forest, 0.3, dumped_and_back, pickled_and_back, PICKLE),
)


def main(words: list[str]) -> None:
    """Print the table."""
    head("Values of libraries")
    for case in CASES:
        if not words or any(word in case.name for word in words):
            value = case.make()
            ours, peer = side_by_side(case.ours, case.peer, value, ROUNDS)
            row(case.name, ours, peer, case.peer_name, times_faster(case.target))


if __name__ == "__main__":
    main(sys.argv[1:])
