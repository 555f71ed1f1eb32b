"""The figures that README and docs state, each with the command that measures it: rows of ``docs/evidence.md``.

A text that states a figure carries ``<!-- evidence: ID -->`` after it, on the same line. `unproven` finds the texts
whose figure no row has.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence.md"

_HEAD = """\
# Evidence

Each figure that README and docs state, as last measured. Written by the commands themselves; not to be edited by hand.

"""

#: How often to try to be the one that writes, 10 ms apart.
LOCK_TRIES = 500

_MARK = re.compile(r"(?<!`)<!-- evidence: ([\w.-]+) -->")  # in quotes, it is spoken of
_ID = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        id: What texts call it. figure: as texts state it, word for word.
        command: What measures it again. date: the day, in UTC. commit: what was measured, ``+`` if with changes.
        machine: where.
    """

    id: str
    figure: str
    command: str
    date: str
    commit: str
    machine: str


def note(id: str, figure: str, command: str, path: Path = EVIDENCE) -> Row:
    """Write a measurement in the place of the one before.

    Args:
        id: Letters, digits, ``.``, ``-``. figure: ``0 wrong, 0 lost of 100 kills``. command: ``make soak``.
        path: The file of the rows.

    Raises:
        ValueError: The id has other characters, or a text would not fit in a table's cell.
    """
    if not _ID.fullmatch(id):
        raise ValueError(f'"{id}" is no id for a figure')
    if any(mark in text for text in (figure, command) for mark in "|\n") or not figure:
        raise ValueError(f"{figure!r}, {command!r}: no cell of a table")
    row = Row(id, figure, command, datetime.now(UTC).date().isoformat(), commit(), machine())
    path.parent.mkdir(exist_ok=True)
    with _alone(path):
        _write({**rows_in(path), id: row}, path)
    return row


def _write(rows: dict[str, Row], path: Path) -> None:
    names = [field.name for field in fields(Row)]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(getattr(rows[key], name) for name in names)} |" for key in sorted(rows)]
    temporary = path.with_suffix(".new")
    temporary.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Soaks run in several processes; what one that was killed has left behind holds nobody up for long."""
    lock = path.with_suffix(".lock")
    for _ in range(LOCK_TRIES):
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.rmdir()


def rows_in(path: Path = EVIDENCE) -> dict[str, Row]:
    """The rows of a file, by id; none if there is no file."""
    if not path.exists():
        return {}
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: Row(*row) for row in cells[1:]}


def unproven(text: str, rows: dict[str, Row]) -> Iterator[str]:
    """What a text states without a row that has its figure, in words."""
    for number, line in enumerate(text.splitlines(), 1):
        start = 0
        for mark in _MARK.finditer(line):
            row = rows.get(mark[1])
            if row is None:
                yield f'line {number}: no evidence "{mark[1]}"'
            elif row.figure not in line[start : mark.start()]:
                yield f'line {number}: the evidence "{mark[1]}" is "{row.figure}", which the line does not state'
            start = mark.end()


def commit() -> str:
    """The checked-out commit, with ``+`` if tracked files differ, evidence aside; ``unknown`` outside a checkout."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/evidence.md")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + "+" * bool(changed)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    """Processors, memory, Python and system."""
    try:
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        memory = "memory unknown"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} CPUs, {memory}, Python {platform.python_version()}, {platform.system()}"
