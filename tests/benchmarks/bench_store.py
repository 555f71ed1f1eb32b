"""What storing and finding cost: in the calling thread, beside joblib for large arrays, and in a store of 100,000.

python -m tests.benchmarks.bench_store [small] [arrays] [many]      all by default
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import os
import pickle
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from nbexp.records import Artifact, Key, Message, Part, Record, Span, Variable
from nbexp.store import Store, journal, records
from tests.benchmarks.table import NONE, at_most, head, row, side_by_side, within

ROUNDS = 7

GIGABYTE = 1 << 30

MANY = 100_000

RECORDS_PER_STAGE = 20

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def key_of(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()


def record(name: object, stage: str = "train") -> Record:
    """A record as a stage with twenty inputs makes it."""
    parts = tuple(Part("input", f"x{n}", key_of(n), "0.01") for n in range(20))
    return Record(
        stage,
        "a.ipynb",
        "cell",
        Key(key_of(name), parts),
        messages=(Message("stream", "stdout", "epoch 1\n"),),
        variables=(Variable("model", "new", "Model", "Model(3 layers)"),),
    )


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Median seconds of `work`; what it returns is dropped after the clock stopped."""
    seconds = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
        del result
    return statistics.median(seconds)


def small(root: Path) -> None:
    """One small result: what the calling thread pays."""
    head("One small result")
    store = Store.open(root)
    numbers = itertools.count()

    def commit() -> None:
        store.commit(record(next(numbers)), b"x" * 2000)

    commit()
    store.drain()
    first = record("warm")
    cost = []
    for number in range(300):
        made = record(("one", number))
        start = time.perf_counter()
        store.commit(made, b"x" * 2000)
        cost.append(time.perf_counter() - start)
        store.drain()
    row("commit, nothing waiting", statistics.median(cost), None, "", within(5e-4))
    start = time.perf_counter()
    for _ in range(200):
        commit()
    submitted = (time.perf_counter() - start) / 200
    store.drain()
    durable = (time.perf_counter() - start) / 200
    row("commit 200 in a row, each", submitted, None, "", within(2e-3))
    row("... until durable, each", durable, None, "", NONE)
    keys = [key_of(("one", number)) for number in range(300)]
    cost = []
    for key in keys:
        start = time.perf_counter()
        store.load(next(store.candidates(key)))
        cost.append(time.perf_counter() - start)
    row("look up and load", statistics.median(cost), None, "", within(3e-4))
    row("look up what is not there", timed(lambda: list(store.candidates(first.key.digest)), 100), None, "", NONE)
    row("the last 20 records of a stage", timed(lambda: store.heads("a.ipynb", "train", "cell"), 50), None, "", NONE)


def arrays(root: Path) -> None:
    """A gigabyte in ten arrays, beside joblib."""
    import joblib
    import numpy as np

    head("1 GB of arrays")
    made = [np.random.default_rng(n).random(GIGABYTE // 80) for n in range(10)]
    buffers: list[pickle.PickleBuffer] = []
    graph = pickle.dumps(made, 5, buffer_callback=buffers.append)
    store = Store.open(root)
    start = time.perf_counter()
    store.commit(record("arrays"), graph, buffers)
    committed = time.perf_counter() - start
    store.drain()
    durable = time.perf_counter() - start
    start = time.perf_counter()
    joblib.dump(made, root / "joblib")
    dumped = time.perf_counter() - start
    row("commit: hashed and copied", committed, dumped, "joblib.dump", at_most(2))
    row("... until checked and durable", durable, dumped, "joblib.dump", NONE)

    def ours() -> Any:
        content = store.load(next(store.candidates(key_of("arrays"))))
        return pickle.loads(content.graph, buffers=content.buffers)

    def mapped() -> Any:
        return joblib.load(root / "joblib", mmap_mode="c")

    def sums(load: Callable[[], Any]) -> list[float]:
        return [float(array.sum()) for array in load()]

    assert sums(ours) == [float(array.sum()) for array in made]
    own, peer = side_by_side(lambda _: ours(), lambda _: mapped(), None, 15)
    row("restore, mapped", own, peer, 'joblib, mmap_mode="c"', at_most(1.2))
    row("restore, mapped", own, timed(lambda: joblib.load(root / "joblib"), 3), "joblib.load", NONE)
    own, peer = side_by_side(lambda _: sums(ours), lambda _: sums(mapped), None, 3)
    row("restore and sum every array", own, peer, 'joblib, mmap_mode="c"', at_most(1.2))
    whole = timed(lambda: sums(lambda: joblib.load(root / "joblib")), 3)
    row("restore and sum every array", own, whole, "joblib.load", NONE)
    start = time.perf_counter()
    store.commit(record("again"), graph, buffers)
    row("commit equal content again", time.perf_counter() - start, None, "", NONE)
    store.drain()


def fill(store: Store, count: int) -> None:
    """Many records, written straight to their files: no fsync, no thread."""
    place = os.fspath(store.path)
    store.commit(record("first"), b"x")
    store.drain()
    for number in range(count):
        when = (DAY_ONE + timedelta(seconds=number)).isoformat()
        made = replace(
            record(number, f"stage{number // RECORDS_PER_STAGE}"), created=when, artifact=Artifact(Span("", 0, 500))
        )
        encoded = records.encode(made, b"x" * 500)
        folder = records.folder(place, made.key.digest)
        os.makedirs(folder)
        seal = store.keys.seal(bytes.fromhex(encoded.id), "me@here")
        with open(os.path.join(folder, encoded.id), "wb") as file:
            file.write(records.frame(encoded, seal))
        if number >= count - 100:
            journal.append(place, journal.Entry("+", made.key.digest, encoded.id))


def many(root: Path) -> None:
    """A store of 100,000 records beside one of 100."""
    stores = {count: Store.open(root / str(count)) for count in (100, MANY)}
    for count, store in stores.items():
        fill(store, count)
        start = time.perf_counter()
        store.catalog()
        print(f"the index of {count} records was made in {time.perf_counter() - start:.1f} s")
    head(f"A store of {MANY:,} records beside one of 100")
    pick = random.Random(1)
    questions: dict[str, Callable[[Store, int], Any]] = {
        "lookup: candidates and load": lambda s, n: s.load(next(s.candidates(key_of(pick.randrange(n))))),
        "lookup that misses": lambda s, n: list(s.candidates(key_of(("none", pick.random())))),
        "why: heads of a stage": lambda s, n: s.heads("a.ipynb", "train", "cell"),
        "ls: open the index, 50 newest": lambda s, n: s.catalog().recent(50),
        "ls of one stage": lambda s, n: s.catalog().recent(50, notebook="a.ipynb", stage=f"stage{n // 40}"),
        "ls of stages": lambda s, n: s.catalog().stages()[:50],
        "ls with an output nobody has": lambda s, n: s.catalog().recent(50, output="nobody"),
        "REF: the beginning of an id": lambda s, n: s.catalog().starting_with(key_of(pick.random())[:6]),
        "REF: last": lambda s, n: s.find("last"),
    }
    for name, ask in questions.items():
        few, lot = (timed(partial(ask, store, count), 20) for count, store in stores.items())
        row(name, lot, few, "100 records", at_most(plus=0.05))


def main(chosen: Sequence[str]) -> None:
    """The command."""
    for part in (small, arrays, many):
        if not chosen or part.__name__ in chosen:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
                part(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
