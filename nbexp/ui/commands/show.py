"""``nbexp show``: one record or run, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbexp.runs.ledger import Run
from nbexp.sizes import size
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, locate
from nbexp.views.line import duration, moment
from nbexp.views.tables import cells_table, metrics_table, parts_table, results_table, variables_table
from nbexp.views.text import run_counts

if TYPE_CHECKING:
    from nbexp.store.records import Stored


def show(
    ref: Annotated[
        str, typer.Argument(metavar="[REF]", help="An id's beginning, last, last~1, NB or NB:STAGE.")
    ] = "last",
    stage: Annotated[str, typer.Argument(metavar="[STAGE]", help="As in NB:STAGE.")] = "",
    json: Json = False,
) -> int:
    """Show one record or run.

    A run is named by the first digits of its id.

    Example: nbexp show train.ipynb:evaluate
    """
    address = locate(ref, stage)
    found = address.project.find(address.ref)
    if json:
        print_json("show", _run_json(found) if isinstance(found, Run) else _record_json(found))
    elif isinstance(found, Run):
        _print_run(found)
    else:
        _print_record(found)
    return 0


def _run_json(run: Run) -> dict[str, Any]:
    return {"kind": "run", **run.to_json()}


def _record_json(stored: Stored) -> dict[str, Any]:
    """The record without what only the engine reads: where in the store its bytes lie."""
    plain = stored.record.to_json()
    plain["size"] = stored.record.artifact.size if stored.record.artifact else None
    plain.pop("artifact")
    return {"kind": "record", "id": stored.id, "signer": stored.author, **plain}


def _print_run(run: Run) -> None:
    out = console()
    out.print(f"run {run.id}  {run.notebook}", style="bold")
    out.print(f"{run.status} in {duration(run.seconds)}: {run_counts(run)}")
    if run.error:
        out.print(run.error)
    for name, value in run.parameters.items():
        out.print(f"  {name} = {value!r}")
    out.print(f"started {moment(run.started)} by {run.author}, Python {run.python}, nbexp {run.nbexp}")
    out.print(f"  {run.output}", style="dim")
    print_table(cells_table(run.cells))


def _print_record(stored: Stored) -> None:
    record, out = stored.record, console()
    out.print(f"{record.stage}  {record.notebook}  record {stored.id[:12]}", style="bold")
    out.print(f"ran {moment(record.created)}, {duration(record.seconds)}, by {record.author}, Python {record.python}")
    for reason in record.reasons:
        out.print(f"  {reason.text}")
    kept = f"{size(record.artifact.size)} kept" if record.artifact else "its values were not kept"
    out.print(f"{kept}, signed by {stored.author or 'you'}")
    if record.options:
        out.print("options: " + " ".join(f"{name}={value}" for name, value in record.options.items()))
    for title, content in (
        ("outputs", variables_table(record.variables)),
        ("results", results_table([stored])),
        ("metrics", metrics_table(record.metrics)),
        ("key", parts_table(record.key.parts)),
        ("read while it ran", parts_table(record.dependencies)),
    ):
        if content.rows:
            out.print(f"\n{title}", style="bold")
            print_table(content)
    for file in record.files:
        out.print(f"\nfile written: {file.path} ({size(file.size)})")
    if record.source:
        out.print("\nsource", style="bold")
        out.print(record.source)
