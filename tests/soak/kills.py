"""Killing at every named point of storing and anywhere, and the table of what came of it."""

from __future__ import annotations

import collections
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from nbexp.store import faults

#: At each named point, and at random.
DEFAULT_KILLS = (10, 50)


@dataclass
class Outcome:
    """What kills at one place led to; a soak counts more in a subclass.

    Attributes:
        fell: Where the victim was when it died.
    """

    kills: int = 0
    lost: int = 0
    wrong: int = 0
    crashes: int = 0
    fell: collections.Counter[str] = field(default_factory=collections.Counter)


Row = TypeVar("Row", bound=Outcome)


class Kill(Protocol[Row]):
    """Kills once, at a named point or after a time in seconds, and counts in `row` what was left."""

    def __call__(self, row: Row, *, fault: str = "", delay: float = 0.0) -> None: ...


def kill_everywhere(
    kill: Kill[Row],
    row: Callable[[], Row],
    times: Sequence[int],
    *,
    hits: Callable[[int], int],
    longest: float,
) -> dict[str, Row]:
    """Kill at every point of `nbexp.store.faults` and at random moments; what came of it, by place.

    Args:
        kill: What kills.
        row: Makes an empty row.
        times: How often at each named point, and how often at random.
        hits: The victim of the n-th turn dies when it comes to the point for this time.
        longest: The longest delay of a kill at random, in seconds.
    """
    each, at_random = times
    rows: dict[str, Row] = {}
    seed = random.Random(2)
    for point in faults.POINTS:
        rows[point] = row()
        for turn in range(each):
            kill(rows[point], fault=f"{point}:{hits(turn)}")
    rows["at random"] = row()
    for _ in range(at_random):
        kill(rows["at random"], delay=seed.uniform(0, longest))
    return rows


def table(rows: dict[str, Row], columns: Iterable[str], meaning: str) -> str:
    """The rows as text.

    Args:
        rows: From `kill_everywhere`.
        columns: The fields of a row to show.
        meaning: What the columns are.
    """
    names = list(columns)
    lines = [f"{'killed':14}" + "".join(f"{name:>10}" for name in names)]
    lines += [f"{place:14}" + "".join(f"{getattr(row, name):>10}" for name in names) for place, row in rows.items()]
    fell = ", ".join(f"{place} {count}" for place, count in rows["at random"].fell.most_common())
    return "\n".join([*lines, f"where the random ones fell: {fell}", meaning])


def command(arguments: list[str], soak: Callable[[Sequence[int], Path], str]) -> None:
    """Run a soak by hand with ``[KILLS_AT_EACH_POINT] [KILLS_AT_RANDOM]`` and print its table."""
    with tempfile.TemporaryDirectory() as folder:
        print(soak([*map(int, arguments), *DEFAULT_KILLS[len(arguments) :]], Path(folder)))
