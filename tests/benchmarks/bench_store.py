"""What storing and finding cost: in the calling thread, beside joblib for large arrays, and in a store of 100,000.

Run it by hand: ``python tests/benchmarks/bench_store.py [small] [arrays] [many]`` (all by default).
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


def line(name: str, seconds: float, aim: str, met: bool) -> None:
    print(f"{name:52} {seconds * 1e3:10.3f} ms   {aim:28} {'' if met else 'NOT MET'}")


def small(root: Path) -> None:
    """One small result: what the calling thread pays."""
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
    line("commit a small result, nothing waiting", statistics.median(cost), "< 0.5 ms", statistics.median(cost) < 5e-4)
    start = time.perf_counter()
    for _ in range(200):
        commit()
    submitted = (time.perf_counter() - start) / 200
    store.drain()
    durable = (time.perf_counter() - start) / 200
    line("commit 200 in a row, each", submitted, "< 0.5 ms + disk's share", submitted < 2e-3)
    line("... until durable, each", durable, "", True)
    keys = [key_of(("one", number)) for number in range(300)]
    cost = []
    for key in keys:
        start = time.perf_counter()
        store.load(store.candidates(key)[0])
        cost.append(time.perf_counter() - start)
    line("candidates() and load()", statistics.median(cost), "< 0.3 ms", statistics.median(cost) < 3e-4)
    line("candidates() of a key without records", timed(lambda: store.candidates(first.key.digest), 100), "", True)
    line(
        "heads(): the last 20 records of a stage", timed(lambda: store.heads("a.ipynb", "train", "cell"), 50), "", True
    )


def arrays(root: Path) -> None:
    """A gigabyte in ten arrays, beside joblib."""
    import joblib
    import numpy as np

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
    line("1 GB: commit (hashed and copied)", committed, f"joblib.dump {dumped * 1e3:.0f} ms", committed < 2 * dumped)
    line("1 GB: until checked and durable", durable, "", True)

    def ours() -> Any:
        content = store.load(store.candidates(key_of("arrays"))[0])
        return pickle.loads(content.graph, buffers=content.buffers)

    def mapped() -> Any:
        return joblib.load(root / "joblib", mmap_mode="c")

    def sums(load: Callable[[], Any]) -> list[float]:
        return [float(array.sum()) for array in load()]

    assert sums(ours) == [float(array.sum()) for array in made]
    peer, own = timed(mapped), timed(ours)
    line("1 GB: restore, mapped", own, f"<= 1.2 x {peer * 1e3:.2f} ms (mmap c)", own <= 1.2 * peer)
    peer, own = timed(lambda: sums(mapped), 3), timed(lambda: sums(ours), 3)
    line("1 GB: restore and sum", own, f"<= 1.2 x {peer * 1e3:.0f} ms (mmap c)", own <= 1.2 * peer)
    line("1 GB: joblib.load, whole", timed(lambda: joblib.load(root / "joblib"), 3), "", True)
    start = time.perf_counter()
    store.commit(record("again"), graph, buffers)
    line("1 GB: commit of equal content", time.perf_counter() - start, "", True)
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
            journal.append(place, journal.Entry(True, made.key.digest, encoded.id))


def many(root: Path) -> None:
    """A store of 100,000 records beside one of 100."""
    stores = {count: Store.open(root / str(count)) for count in (100, MANY)}
    for count, store in stores.items():
        fill(store, count)
        start = time.perf_counter()
        store.catalog()
        print(f"index of {count} records made in {time.perf_counter() - start:.1f} s")
    pick = random.Random(1)
    questions: dict[str, Callable[[Store, int], Any]] = {
        "lookup: candidates and load": lambda s, n: s.load(s.candidates(key_of(pick.randrange(n)))[0]),
        "lookup that misses": lambda s, n: s.candidates(key_of(("none", pick.random()))),
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
        line(f"{MANY} records: {name}", lot, f"<= {few * 1e3:.2f} + 50 ms", lot <= few + 0.05)


def main(chosen: Sequence[str]) -> None:
    """The command."""
    for part in (small, arrays, many):
        if not chosen or part.__name__ in chosen:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
                part(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
