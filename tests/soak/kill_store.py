"""Kill -9 while results are stored, at every named point and at random, again and again on one store.

Run it by hand: ``python tests/soak/kill_store.py [KILLS_AT_EACH_POINT] [KILLS_AT_RANDOM]``. A worker stores values and
lists them; it is killed; then a fresh process looks everything up. The table says where the kills fell and what was
found: a wrong value, a crash of the next load, or a loss of what had been durable is what never may be.

A kill leaves what the operating system has taken over: this says nothing about power failures.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]
if str(PACKAGE) not in sys.path:
    sys.path.insert(0, str(PACKAGE))

from nbexp.records import Key, Part, Record, Variable  # noqa: E402
from nbexp.store import Store, faults  # noqa: E402
from tests.soak.kills import Outcome, command, kill_everywhere, table  # noqa: E402

#: Sizes of the graph and of the buffers of the value with a number: every layout an artifact can have.
SHAPES = [
    (200, []),
    (200, [100, 5000]),
    (100_000, []),
    (100_000, [100, 5000, 200_000]),
    (200, [1 << 20]),
    (200, [3 << 20, (1 << 20) + 7, 10]),
]


def key_of(number: int) -> str:
    """The static key of the value with this number."""
    return hashlib.sha256(b"key %d" % number).hexdigest()


def content(number: int, piece: int, size: int) -> bytes:
    """Bytes that no other value has: what a wrong load would show."""
    return random.Random(number * 100 + piece).randbytes(size)


def value(number: int) -> tuple[bytes, list[bytes]]:
    """Graph and buffers of the value with this number; half of the large buffers are shared by neighbours."""
    graph, buffers = SHAPES[number % len(SHAPES)]
    pieces = [content(number // 12 if size >= 1 << 20 else number, at, size) for at, size in enumerate(buffers)]
    return pickle.dumps(content(number, 99, graph)), pieces


def record(number: int) -> Record:
    """A record of the value with this number, with a name of its own."""
    parts = tuple(Part("input", f"x{n}", "ab" * 32, "1") for n in range(10))
    return Record(f"stage{number % 7}", "a.ipynb", "", Key(key_of(number), parts), variables=(Variable("x", "new"),))


# --- the worker that is killed ----------------------------------------------------------------------------------------


def work(root: Path, start: int, log: Path) -> None:
    """Store values from `start` on until killed, noting in `log` where it is and what is durable."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(line: str) -> None:
        os.write(fd, f"{line}\n".encode())

    _trace(note)
    store = Store.open(root)
    for number in range(start, start + 100_000):
        note("commit")
        graph, buffers = value(number)
        store.commit(record(number), graph, buffers)
        if number % 3 == 0:
            note("drain")
            store.drain()
            note(f"durable {number}")
        if number % 5 == 0:
            note("index")
            store.catalog().recent(5)
        note("read")
        for stored in store.candidates(key_of(number)):
            store.load(stored)


def _trace(note: Any) -> None:
    from nbexp.store import journal, temporary

    def traced(point: str) -> None:
        note(f"after {point}")
        faults.fault(point)

    temporary.fault = traced  # type: ignore[attr-defined]
    journal.fault = traced  # type: ignore[attr-defined]


# --- the process that looks afterwards --------------------------------------------------------------------------------


def check(root: Path, upto: int) -> None:
    """Look up every value below `upto` and print what was found, as JSON."""
    store = Store.open(root)
    found: list[int] = []
    wrong: list[int] = []
    problems: list[str] = []
    for number in range(upto):
        for stored in store.candidates(key_of(number)):
            try:
                loaded = store.load(stored)
            except Exception as error:  # noqa: BLE001 - every kind of failure is counted
                problems.append(f"{type(error).__name__}: {error}")
                continue
            same = (bytes(loaded.graph), [bytes(buffer) for buffer in loaded.buffers]) == value(number)
            (found if same else wrong).append(number)
    problems += [f"{type(problem).__name__}: {problem}" for problem in store.take_problems()]
    indexed = {row.key for row in store.catalog().recent(upto + 1000)}
    unlisted = [number for number in found if key_of(number) not in indexed]
    print(json.dumps({"found": found, "wrong": wrong, "problems": problems, "unlisted": unlisted}))


# --- the one that kills -----------------------------------------------------------------------------------------------


@dataclass
class Row(Outcome):
    """Counted by values: found right for the first time, lost although right before or durable, not in the index."""

    found: int = 0
    problems: int = 0
    unlisted: int = 0

    @property
    def failed(self) -> bool:
        """Whether anything came out that never may."""
        return bool(self.wrong or self.crashes or self.lost or self.unlisted)


@dataclass
class Soak:
    """One store that is killed again and again."""

    root: Path
    durable: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)
    next: int = 0

    def kill(self, row: Row, *, fault: str = "", delay: float = 0.0) -> None:
        """Run a worker until it dies, and look at what it left."""
        log = self.root / "log"
        log.unlink(missing_ok=True)
        worker = self._start("work", str(self.next), str(log), NBEXP_FAULT=fault)
        if not fault:
            self._wait_for_work(log)
            time.sleep(delay)
            worker.kill()
        worker.communicate(timeout=120)
        if worker.returncode not in (-9, 137):
            raise SystemExit(f"the worker ended by itself ({worker.returncode}) for {fault!r}")
        lines = log.read_text().splitlines()
        self.durable |= {int(line.split()[1]) for line in lines if line.startswith("durable")}
        self.next += sum(line == "commit" for line in lines)
        row.kills += 1
        row.fell[fault.partition(":")[0] or lines[-1].partition(" 1")[0]] += 1
        self._look(row)

    def _look(self, row: Row) -> None:
        checker = self._start("check", str(self.next))
        out, err = checker.communicate(timeout=300)
        if checker.returncode:
            row.crashes += 1
            print(err, file=sys.stderr)
            return
        seen = json.loads(out)
        found = set(seen["found"])
        row.found += len(found - self.known)
        row.lost += len((self.durable | self.known) - found)
        row.wrong += len(seen["wrong"])
        row.problems += len(seen["problems"])
        row.unlisted += len(seen["unlisted"])
        for problem in seen["problems"]:
            print("reported:", problem, file=sys.stderr)
        self.known |= found

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, arguments[0], str(self.root), *arguments[1:]]
        places = {"XDG_CONFIG_HOME": str(self.root / "config"), "XDG_CACHE_HOME": str(self.root / "cache")}
        return subprocess.Popen(
            command, env=os.environ | places | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @staticmethod
    def _wait_for_work(log: Path) -> None:
        for _ in range(60_000):
            if log.exists() and log.stat().st_size:
                return
            time.sleep(0.001)
        raise SystemExit("the worker did not start")


def soak(times: Sequence[int], root: Path) -> dict[str, Row]:
    """Kill as `kill_everywhere` says, with a store in `root`."""
    return kill_everywhere(Soak(root).kill, Row, times, hits=lambda turn: 1 + turn * 2, longest=0.4)


def shown(rows: dict[str, Row]) -> str:
    """The rows as text."""
    columns = ("kills", "found", "lost", "wrong", "crashes", "problems", "unlisted")
    return table(
        rows,
        columns,
        "found: new values that are right; lost: right before, or durable, and gone; unlisted: not in the index",
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["work", root, start, log]:
            work(Path(root), int(start), Path(log))
        case ["check", root, upto]:
            check(Path(root), int(upto))
        case arguments:
            command(arguments, lambda times, folder: shown(soak(times, folder)))
