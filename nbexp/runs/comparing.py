"""Are the outputs saved in a notebook those that it gives when it is run from top to bottom?

Compared is what a reader sees: printed text, displays, last values, errors. Not compared is what differs between any
two runs or machines: standard error, addresses of objects, random ids in HTML, times that ``%time`` shows, how an image
file is packed (where Pillow can unpack it), and the lines of stages. Cells that nbval is told to leave alone are left
alone here, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from nbexp.runs.appearance import Appearance, appearances, in_words
from nbexp.runs.ledger import Run, numbered
from nbexp.runs.notebook import code_cells
from nbexp.runs.tidy import tidy

#: What a cell says, in a tag or a comment, so that its outputs are not compared: nbval's words.
_IGNORE = ("nbval-ignore-output", "nbval-skip", "NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP")


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell whose saved outputs are not those of the run.

    Attributes:
        cell: Its number among the code cells, from 1. index: its position among all cells, from 0. id: its id.
        kind: ``differs``, ``missing`` (the file has no output where the run has), ``failed``, ``not reached`` (an
            earlier cell failed).
        saved, now: The first output that differs, as text: in the file, in the run.
    """

    cell: int
    index: int
    id: str
    kind: str
    saved: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found: the cells compared and left alone, by number, and the differences."""

    compared: int
    ignored: tuple[int, ...]
    differences: tuple[CellDifference, ...]


def compare(saved: Any, executed: Any, run: Run) -> Verdict:
    """Hold the outputs of `saved`, a notebook as read, against `executed`, the same as `run` left it."""
    before, after = tidy(saved), tidy(executed)
    places, ignored, differences, compared = numbered(run.cells), [], [], 0
    for cell in run.cells:
        old, new = before.cells[cell.index], after.cells[cell.index]
        if _is_ignored(old):
            ignored.append(places[cell.index])
            continue
        compared += 1
        found = _compare_cell(old, new, cell.status, cell.error)
        if found is not None:
            kind, was, now = found
            differences.append(CellDifference(places[cell.index], cell.index, cell.id, kind, was, now))
    return Verdict(compared, tuple(ignored), tuple(differences))


def _compare_cell(old: Any, new: Any, status: str, error: str) -> tuple[str, str, str] | None:
    """What kind of difference a cell shows, and the outputs that differ as text."""
    was, now = list(appearances(old.outputs)), list(appearances(new.outputs))
    first = in_words(was[0]) if was else ""
    if status == "not run":
        return "not reached", first, ""
    if was == now:
        return None
    if status in ("failed", "died"):
        return "failed", first, error
    old_one, new_one = next(pair for pair in zip_longest(was, now) if pair[0] != pair[1])
    return "differs" if was else "missing", *_pair_in_words(old_one, new_one)


def _is_ignored(cell: Any) -> bool:
    first = cell.source.lstrip().partition("\n")[0]
    comments = [line for line in cell.source.splitlines() if line.lstrip().startswith("#")]
    tags = cell.metadata.get("tags", ())
    if first.startswith("%nbexp"):  # it tells of the session, and no two are the same
        return True
    return any(word in tags or any(word in line for line in comments) for word in _IGNORE)


def _pair_in_words(old: Appearance | None, new: Appearance | None) -> tuple[str, str]:
    """Two outputs that differ, for people."""
    was, now = (in_words(each) if each is not None else "" for each in (old, new))
    if was == now and old is not None and new is not None and old.kind == new.kind == "display":
        kinds = [kind for kind in {**old.content, **new.content} if old.content.get(kind) != new.content.get(kind)]
        now = f"another {', '.join(kinds)}"
    return was, now


def was_run(notebook: Any) -> bool:
    """Whether the file shows that any of its cells was ever run."""
    return any(cell.get("outputs") or cell.get("execution_count") for _, cell in code_cells(notebook))


def out_of_order(notebook: Any) -> tuple[int, int] | None:
    """The first cell that the saved execution counts say ran before one above it: both their numbers, or None."""
    highest, where = 0, 0
    for number, (_, cell) in enumerate(code_cells(notebook), start=1):
        count = cell.get("execution_count") or 0
        if count and count < highest:
            return where, number
        if count > highest:
            highest, where = count, number
    return None
