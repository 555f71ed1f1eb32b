"""``nbexp why``: what made stages run the last time, and what kept them from being stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from nbexp.errors import BadUse
from nbexp.records import Reason, Record
from nbexp.runs.ledger import CellRun, Run, read_runs
from nbexp.store.references import find_notebook
from nbexp.ui.console import console, print_json
from nbexp.ui.project import Address, Json, locate
from nbexp.views.line import head_text


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a stage's last execution.

    Attributes:
        status: ``ran``, ``unstored``, ``failed``; ``""`` for a stage that has not run.
        ran_at: When, ISO 8601 in UTC. seconds: how long. reasons: why it was not stored, and why it ran.
        error: What a stage that failed raised. advice: What to do about it, where it says so.
        origin: ``NB:STAGE`` of the record, if that is another: it was restored here.
    """

    stage: str
    status: str = ""
    ran_at: str = ""
    seconds: float = 0.0
    reasons: tuple[Reason, ...] = ()
    error: str = ""
    advice: str = ""
    origin: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        rows = [{"kind": reason.kind, "name": reason.name, "text": reason.text} for reason in self.reasons]
        known = {"status": self.status or "not run", "ran_at": self.ran_at or None, "seconds": self.seconds}
        told = {"error": self.error, "advice": self.advice, "origin": self.origin}
        return {"stage": self.stage, **known, "reasons": rows, **told}


def why(
    ref: Annotated[str, typer.Argument(metavar="NB", help="The notebook; NB:STAGE, or a record's id.")],
    stage: Annotated[str, typer.Argument(metavar="[STAGE]", help="The stage's name; all stages without it.")] = "",
    json: Json = False,
) -> int:
    """Say why stages last ran.

    What had changed since the nearest earlier record (an input, a function, a file, a package), and what kept a stage
    from being stored.

    Example: nbexp why train.ipynb evaluate
    """
    address = locate(ref, stage)
    told = list(_of_record(address) if address.is_record else _of_notebook(address))
    if json:
        print_json("why", {"notebook": address.name, "stages": [one.to_json() for one in told]})
    else:
        _print(told)
    return 0


def _print(told: list[Told]) -> None:
    out = console()
    for one in told:
        if not one.status:
            out.print(f"{one.stage}: nothing is stored; it will run")
            continue
        out.print(f"{one.stage}: {head_text(one.status, one.seconds, one.ran_at)}")
        origin = f"it ran as {one.origin}, and was restored here" if one.origin else ""
        if one.origin.startswith(":"):
            origin = "one of this name ran in a kernel that was not told its notebook (papermill needs --engine nbexp)"
        for text in filter(None, (origin, one.error, one.advice, *(reason.text for reason in one.reasons))):
            out.print(f"  {text}")


def _of_notebook(address: Address) -> Iterator[Told]:
    """The stage that is named, or all stages of the notebook, from top to bottom."""
    from nbexp.runs.stages import unknown_stage

    notebook, cells = _stages(address)
    runs = [run for run in read_runs(address.project.path) if run.notebook == notebook]
    if not address.stage and not cells:
        raise BadUse(f'"{address.notebook}" has no stages', "Put %%stage in a cell's first line.")
    for name in [address.stage] if address.stage else cells:
        told = _told(notebook, name, _heads(address, notebook, name, cells.get(name, "")), runs)
        if not told.status and name not in cells:
            raise unknown_stage(name, list(cells), address.notebook or Path(notebook))
        yield told


def _heads(address: Address, notebook: str, stage: str, cell: str) -> list[Record]:
    """The last records of a stage; if it has none, those of a kernel that was not told its notebook."""
    store = address.project.store
    return store.heads(notebook, stage, cell) or store.heads("", stage, cell)


def _stages(address: Address) -> tuple[str, dict[str, str]]:
    """The notebook as records name it, and the ids of its stages' cells; of a file that is gone, what is stored."""
    from nbexp.runs.notebook import read_notebook
    from nbexp.runs.stages import check_cells

    store = address.project.store
    if not address.name:
        return "", {row.stage: "" for row in reversed(store.catalog().stages(""))}
    if address.notebook is None and (gone := find_notebook(store, address.name)):
        return gone, {row.stage: "" for row in reversed(store.catalog().stages(gone))}
    if address.notebook is None and not address.stage:
        _refuse_stage(address)
    path = address.notebook or Path(address.name)
    return address.project.relative(path), {one.name: one.id for one in check_cells(read_notebook(path), path)}


def _refuse_stage(address: Address) -> None:
    """Say so where a stage's name alone is given."""
    named = [row for row in address.project.store.catalog().stages() if row.stage == address.name]
    if named:
        place = f"{named[0].notebook}:{address.name}"
        raise BadUse(f'"{address.name}" is a stage, and no notebook', f"Name both: {place}.")


def _told(notebook: str, stage: str, records: list[Record], runs: list[Run]) -> Told:
    """The last that is known: a record, or a run in which the stage failed or was not stored."""
    newest = max(records, key=lambda record: record.created, default=None)
    run, cell = _last_cell(stage, runs)
    if (
        run
        and cell
        and cell.status in ("unstored", "failed", "died")
        and run.started > (newest.created if newest else "")
    ):
        status = "unstored" if cell.status == "unstored" else "failed"
        return Told(stage, status, run.started, cell.seconds, cell.reasons, cell.error, cell.advice)
    if newest is None:
        return Told(stage)
    other = (newest.notebook, newest.stage) != (notebook, stage)
    return replace(_of(newest, records), stage=stage, origin=f"{newest.notebook}:{newest.stage}" if other else "")


def _last_cell(stage: str, runs: list[Run]) -> tuple[Run | None, CellRun | None]:
    """The stage in the newest run that reached it."""
    reached = ((run, cell) for run in runs for cell in run.cells if cell.stage == stage and cell.status != "not run")
    return next(reached, (None, None))


def _of(record: Record, others: list[Record]) -> Told:
    from nbexp.stage.explain import reasons_for_run

    earlier = sorted((one for one in others if one.created < record.created), key=lambda one: one.created, reverse=True)
    return Told(record.stage, "ran", record.created, record.seconds, reasons_for_run(record, earlier))


def _of_record(address: Address) -> Iterator[Told]:
    """The record that an id or ``last`` names."""
    project = address.project
    project.refuse_run(address.ref)
    record = project.store.find(address.ref).record
    yield _of(record, project.store.heads(record.notebook, record.stage, record.cell))
