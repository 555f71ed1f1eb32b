"""The story: six chapters, each from runs made while it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbexp.errors import NbexpError
from nbexp.records import STAGE_MIME
from nbexp.runs.ledger import CellRun, Run, stage_cells
from nbexp.runs.notebook import read_notebook
from nbexp.ui.demo import sabotage, sources
from nbexp.ui.demo.folder import Folder
from nbexp.views.line import duration
from nbexp.views.text import cell_text


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter: its title, the lines that tell it, and what was found, as plain data."""

    title: str
    lines: tuple[str, ...]
    facts: dict[str, Any]


def tell(folder: Folder) -> Iterator[Chapter]:
    """The chapters, each as soon as it has happened.

    Raises:
        NbexpError: Something did not happen as the story says.
    """
    first = folder.run()
    yield _cold(first)
    yield _again(folder, first)
    values = {stage: folder.value(stage) for stage in sources.STAGES}
    memory = folder.run_memory()
    folder.edit_helpers()
    yield _edited(folder, values)
    yield _memory(folder, memory)
    yield _damaged(folder)
    yield _planted(folder)


def _cold(run: Run) -> Chapter:
    lines = [_line(cell, duration(cell.seconds)) for cell in stage_cells(run)]
    lines.append(f"In all {duration(run.seconds)}, with the kernel's start and the imports.")
    return Chapter("A notebook of five stages, for the first time", tuple(lines), _facts(run))


def _again(folder: Folder, first: Run) -> Chapter:
    second, third = folder.run(), folder.run()
    _expect(set(_became(second).values()) == {"restored"}, "not all stages were restored")
    _expect(_outputs(first) == _outputs(second), "the outputs differ")
    identical = Path(second.output).read_bytes() == Path(third.output).read_bytes()
    _expect(identical, "two replays differ")
    ran, restored = (sum(cell.seconds for cell in stage_cells(run)) for run in (first, second))
    lines = (
        f"All stages restored, in {restored:.2f} s instead of {duration(ran)}; in all {duration(second.seconds)}.",
        "What they show is equal, and the notebook of a third run is byte for byte that of the second.",
    )
    facts = _facts(second) | {"outputs_equal": True, "byte_identical": identical}
    return Chapter("The same in a new kernel", lines, facts)


def _edited(folder: Folder, before: dict[str, str]) -> Chapter:
    run = folder.run()
    became = _became(run)
    same = {stage: folder.value(stage) == before[stage] for stage, status in became.items() if status == "ran"}
    _expect(same.get(sources.SAME) is True, f'"{sources.SAME}" did not recompute to the same value')
    _expect(same.get(sources.OTHER) is False, f'"{sources.OTHER}" did not change')
    _expect(became[sources.SLOW] == "restored", f'"{sources.SLOW}" was not restored')
    notes = {stage: "-> the same value" if equal else "-> another value" for stage, equal in same.items()}
    lines = [
        f"`highest` in helpers.py: {sources.EDIT[0]}  ->  {sources.EDIT[1]}",
        *(_line(cell, notes.get(cell.stage, "")) for cell in stage_cells(run)),
        f"`{sources.SLOW}` reads `{sources.SAME}`, which is what it was: nothing below it had to run.",
    ]
    return Chapter("A helper function is edited", tuple(lines), _facts(run) | {"same_value": same})


def _memory(folder: Folder, before: str) -> Chapter:
    after, true = folder.run_memory(), folder.newest(sources.OTHER).variables[0].preview
    lines = (
        f"before           {before}",
        f"joblib.Memory    {after}   the decorated function is as it was; what it calls is not looked at",
        f"nbexp            {true}   `brightness` calls `highest`: that function is in the key",
    )
    facts = {"before": before, "joblib": after, "nbexp": true}
    return Chapter("The same edit under joblib.Memory", lines, facts)


def _damaged(folder: Folder) -> Chapter:
    blob = sabotage.flip_bit(folder)
    run = folder.run()
    noticed = [cell for cell in stage_cells(run) if any(reason.kind == "damaged" for reason in cell.reasons)]
    _expect(bool(noticed), "the flipped bit was not noticed")
    lines = [f"One bit of blob {blob.name[:12]} is flipped, and the file's times put back.", *map(_line, noticed)]
    lines.append("What was computed again is what it had been: the stages below were restored.")
    facts = _facts(run) | {"noticed": [cell.stage for cell in noticed]}
    return Chapter("The store is damaged", tuple(lines), facts)


def _planted(folder: Folder) -> Chapter:
    canary = sabotage.plant(folder, sources.SAME)
    run = folder.run()
    cell = next(cell for cell in stage_cells(run) if cell.stage == sources.SAME)
    refused = cell.status == "ran" and any(reason.kind == "untrusted" for reason in cell.reasons)
    _expect(refused and not canary.exists(), "the planted record was not refused")
    lines = (
        f"A stranger's record takes the place of `{sources.SAME}`; its pickle would write a file when it is loaded.",
        _line(cell),
        "There is no such file: what no trusted key signed is never unpickled.",
    )
    return Chapter("A pickle is planted in the store", lines, _facts(run) | {"pickle_ran": canary.exists()})


def _expect(held: bool, otherwise: str) -> None:
    """Hold the story to what it says."""
    if not held:
        raise NbexpError(
            f"the demo did not go as it should: {otherwise}", "This is a fault of nbexp: please report it."
        )


def _became(run: Run) -> dict[str, str]:
    return {cell.stage: cell.status for cell in stage_cells(run)}


def _facts(run: Run) -> dict[str, Any]:
    return {"seconds": run.seconds, "stages": _became(run)}


def _line(cell: CellRun, note: str = "") -> str:
    return f"{cell.stage:<11} {cell_text(cell)}  {note}".rstrip()


def _outputs(run: Run) -> list[Any]:
    """What the cells show, without nbexp's own lines, which say ran or restored."""
    notebook = read_notebook(Path(run.output))
    return [[o for o in cell.get("outputs", ()) if STAGE_MIME not in o.get("data", {})] for cell in notebook.cells]
