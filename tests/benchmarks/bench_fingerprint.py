"""How fast fingerprints are, against `joblib.hash` and plain blake3, measured side by side.

Run it by hand: ``python tests/benchmarks/bench_fingerprint.py [WORD ...]`` (only cases whose name has a word).
Each round times both ways in turn, so that a busy machine slows both; the table gives medians.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import joblib

from nbexp.adapters.fingerprint import fingerprint
from nbexp.hashing import digest_buffer

ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """A value and what it is compared with.

    Attributes:
        target: The ratio aimed at; None where there is none.
        peer: What the other way does with the value.
    """

    name: str
    make: Callable[[], Any]
    target: float | None = 10
    peer: Callable[[Any], Any] = joblib.hash


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
    for i, row in enumerate(rows):
        row.tags = [rows[i // 2], rows[i // 3]]
    return rows


def blake3_of_arrays(value: Any) -> None:
    for array in value.values() if isinstance(value, dict) else [value]:
        digest_buffer(array)


def cases() -> Iterator[Case]:
    yield Case("20k chat rows", chat_rows)
    yield Case("20k chat rows, nothing interned", lambda: fresh(chat_rows()))
    yield Case("1e5 small lists", lambda: [[i, i + 1, f"a{i}"] for i in range(100_000)])
    yield Case("1e6 ints", lambda: list(range(1_000_000)))
    yield Case("1e6 strs", lambda: [f"name {i}" for i in range(1_000_000)])
    yield Case("1e6 floats", lambda: [i * 0.37 for i in range(1_000_000)])
    yield Case("1e5 small tuples", lambda: [(i, "x") for i in range(100_000)])
    yield Case("1e5 tuples of tuples", lambda: [((i, "x"), (1.0, (i,))) for i in range(100_000)])
    yield Case("tuple of 1e6 ints", lambda: tuple(range(1_000_000)))
    yield Case("dict 1e5 str -> float", lambda: {f"k{i}": i * 0.5 for i in range(100_000)})
    yield Case("dict 1e5 tuple -> list", lambda: {(i, "k"): [i] for i in range(100_000)})
    yield Case("100k-str set", lambda: {f"k{i}" for i in range(100_000)}, 2)
    yield Case("1e5 mixed small sets", lambda: [{i, f"a{i % 7}"} for i in range(100_000)])
    yield Case("set of 1e5 tuples", lambda: {(i, f"a{i % 7}") for i in range(100_000)}, 2)
    yield Case("one shared list x 1e5", lambda: [["a", "b"]] * 100_000, 2)
    yield Case("2e4 lists, each twice", lambda: (lambda r: r + r)([[i, "x"] for i in range(20_000)]), 2)
    yield Case("20k dataclasses", lambda: [Row(i, f"text {i}", ["a", i]) for i in range(20_000)])
    yield Case("20k dataclasses, tangled", tangled, 2)
    yield Case("1e5 datetimes", lambda: [datetime(2026, 1, 1) + timedelta(seconds=i) for i in range(100_000)], 2)
    yield from array_cases()


def array_cases() -> Iterator[Case]:
    import numpy as np

    rng = np.random.default_rng(0)
    yield Case("80 MB array | blake3", lambda: rng.random(10_000_000), 0.8, blake3_of_arrays)
    yield Case(
        "100 MB dict of arrays | blake3",
        lambda: {f"l{i}.w": rng.random((512, 512)).astype("f4") for i in range(100)},
        0.8,
        blake3_of_arrays,
    )
    yield Case("80 MB array", lambda: rng.random(10_000_000), 3)
    yield Case("1e4 small arrays", lambda: [rng.random(8) for _ in range(10_000)], None)
    yield Case("1e5 numpy scalars", lambda: list(rng.random(100_000)), 3)


def milliseconds(function: Callable[[Any], Any], value: Any) -> float:
    start = time.perf_counter()
    function(value)
    return (time.perf_counter() - start) * 1e3


def measure(case: Case) -> tuple[float, float]:
    value = case.make()
    fingerprint(value)
    pairs = [(milliseconds(case.peer, value), milliseconds(fingerprint, value)) for _ in range(ROUNDS)]
    return statistics.median(p for p, _ in pairs), statistics.median(o for _, o in pairs)


def microseconds(value: Any, count: int = 20_000) -> float:
    start = time.perf_counter()
    for _ in range(count):
        fingerprint(value)
    return (time.perf_counter() - start) / count * 1e6


def main(words: list[str]) -> None:
    print(f"{'case':34s} {'peer ms':>9s} {'ours ms':>9s} {'ratio':>7s} {'target':>7s}")
    for case in cases():
        if words and not any(word in case.name for word in words):
            continue
        peer, ours = measure(case)
        mark = "" if case.target is None or peer / ours >= case.target else "  MISSED"
        print(f"{case.name:34s} {peer:9.1f} {ours:9.1f} {peer / ours:6.1f}x {case.target or 0:6.1f}x{mark}", flush=True)
    for value in (7, 0.5, "adam", (1, 2), [1, 2], {"lr": 0.1, "layers": [1, 2]}):
        print(f"{value!r:34s} {microseconds(value):9.1f} us")


if __name__ == "__main__":
    main(sys.argv[1:])
