"""How fast fingerprints are, against `joblib.hash` and plain blake3, measured side by side.

python -m tests.benchmarks.bench_fingerprint [WORD ...]      only the cases whose name has a word
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import joblib

from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.hashing import digest_buffer
from tests.benchmarks.table import NONE, head, row, side_by_side, times_faster

ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """A value and what it is compared with.

    Attributes:
        target: The ratio aimed at, 10 unless the kind of value is a rare one; None where there is none.
        peer: What the other way does with the value. peer_name: what it is called.
    """

    name: str
    make: Callable[[], Any]
    target: float | None = 10
    peer: Callable[[Any], Any] = joblib.hash
    peer_name: str = "joblib.hash"


@dataclass
class Row:
    id: int
    text: str
    tags: list[Any]


def chat_rows(count: int = 20_000) -> list[dict[str, Any]]:
    rng = random.Random(0)
    words = [f"w{i}" for i in range(5000)]

    def message(role: str) -> dict[str, str]:
        return {"role": role, "content": " ".join(rng.choices(words, k=12))}

    roles = ("system", "user", "assistant")
    return [{"id": i, "messages": [message(r) for r in roles], "score": rng.random()} for i in range(count)]


def fresh(value: Any) -> Any:
    """An equal value whose strings are objects of their own, as after reading JSON lines."""
    if isinstance(value, dict):
        return {"".join(list(k)): fresh(v) for k, v in value.items()}
    if isinstance(value, list):
        return [fresh(v) for v in value]
    return "".join(list(value)) if isinstance(value, str) else value


def tangled(count: int = 20_000) -> list[Row]:
    rows = [Row(i, f"t{i}", []) for i in range(count)]
    for i, made in enumerate(rows):
        made.tags = [rows[i // 2], rows[i // 3]]
    return rows


def blake3_of_arrays(value: Any) -> None:
    for array in value.values() if isinstance(value, dict) else [value]:
        digest_buffer(array)


def cases() -> Iterator[Case]:
    yield Case("20k chat rows", chat_rows)
    yield Case("20k chat rows, nothing interned", lambda: fresh(chat_rows()), 5)
    yield Case("1e5 small lists", lambda: [[i, i + 1, f"a{i}"] for i in range(100_000)])
    yield Case("1e6 ints", lambda: list(range(1_000_000)))
    yield Case("1e6 strs", lambda: [f"name {i}" for i in range(1_000_000)])
    yield Case("1e6 floats", lambda: [i * 0.37 for i in range(1_000_000)])
    yield Case("1e5 small tuples", lambda: [(i, "x") for i in range(100_000)])
    yield Case("1e5 tuples of tuples", lambda: [((i, "x"), (1.0, (i,))) for i in range(100_000)], 5)
    yield Case("tuple of 1e6 ints", lambda: tuple(range(1_000_000)), 5)
    yield Case("dict 1e5 str -> float", lambda: {f"k{i}": i * 0.5 for i in range(100_000)})
    yield Case("dict 1e5 tuple -> list", lambda: {(i, "k"): [i] for i in range(100_000)})
    yield Case("100k-str set", lambda: {f"k{i}" for i in range(100_000)}, 2)
    yield Case("1e5 mixed small sets", lambda: [{i, f"a{i % 7}"} for i in range(100_000)])
    yield Case("set of 1e5 tuples", lambda: {(i, f"a{i % 7}") for i in range(100_000)}, 1.5)
    yield Case("one shared list x 1e5", lambda: [["a", "b"]] * 100_000, 2)
    yield Case("2e4 lists, each twice", lambda: (lambda r: r + r)([[i, "x"] for i in range(20_000)]), 2)
    yield Case("20k dataclasses", lambda: [Row(i, f"text {i}", ["a", i]) for i in range(20_000)], 5)
    yield Case("20k dataclasses, tangled", tangled, 2)
    yield Case("1e5 datetimes", lambda: [datetime(2026, 1, 1) + timedelta(seconds=i) for i in range(100_000)], 2)
    yield from array_cases()


def array_cases() -> Iterator[Case]:
    import numpy as np

    rng = np.random.default_rng(0)
    blake3 = (0.8, blake3_of_arrays, "blake3, as many threads")
    yield Case("80 MB array", lambda: rng.random(10_000_000), *blake3)
    weights = lambda: {f"l{i}.w": rng.random((512, 512)).astype("f4") for i in range(100)}
    yield Case("100 MB dict of arrays", weights, *blake3)
    yield Case("80 MB array", lambda: rng.random(10_000_000), 3)
    yield Case("1e4 small arrays", lambda: [rng.random(8) for _ in range(10_000)], None)
    yield Case("1e5 numpy scalars", lambda: list(rng.random(100_000)), 3)


def microseconds(value: Any, count: int = 20_000) -> float:
    """Seconds for one fingerprint of a small value."""
    start = time.perf_counter()
    for _ in range(count):
        fingerprint(value)
    return (time.perf_counter() - start) / count


def main(words: list[str]) -> None:
    """Print the table."""
    head("Fingerprints")
    for case in cases():
        if not words or any(word in case.name for word in words):
            ours, peer = side_by_side(fingerprint, case.peer, case.make(), ROUNDS)
            row(case.name, ours, peer, case.peer_name, NONE if case.target is None else times_faster(case.target))
    for value in (7, 0.5, "adam", (1, 2), [1, 2], {"lr": 0.1, "layers": [1, 2]}):
        if not words:
            row(f"{value!r}", microseconds(value), None, "", NONE)


if __name__ == "__main__":
    main(sys.argv[1:])
