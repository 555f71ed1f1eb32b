"""``nbexp why``: what made a stage run the last time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nbexp.records import Reason, Record
from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json, open_project
from nbexp.views.line import duration, moment


def why(
    notebook: Annotated[Path, typer.Argument(metavar="NB", help="The notebook.")],
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="The stage's name.")],
    json: Json = False,
) -> int:
    """Say why a stage last ran.

    What had changed since the nearest earlier record: an input, a function, a file, a package.

    Example: nbexp why train.ipynb evaluate
    """
    from nbexp.runs.notebook import read_notebook
    from nbexp.runs.stages import check_cells, unknown_stage
    from nbexp.stage.explain import reasons_for_miss

    project = open_project(notebook.absolute().parent)
    loaded = read_notebook(notebook)
    stages = check_cells(loaded, notebook)
    found = next((one for one in stages if one.name == stage), None)
    records = project.store.heads(project.relative(notebook), stage, found.id if found else "")
    if found is None and not records:
        raise unknown_stage(stage, [one.name for one in stages], notebook)
    reasons = reasons_for_miss(records[0].key, records[1:]) if records else ()
    if json:
        print_json("why", {"notebook": str(notebook), "stage": stage, **_plain(records, reasons)})
    else:
        _print(stage, records, reasons)
    return 0


def _plain(records: list[Record], reasons: tuple[Reason, ...]) -> dict[str, Any]:
    rows = [{"kind": reason.kind, "name": reason.name, "text": reason.text} for reason in reasons]
    if not records:
        return {"ran_at": None, "reasons": rows}
    return {"ran_at": records[0].created, "seconds": records[0].seconds, "reasons": rows}


def _print(stage: str, records: list[Record], reasons: tuple[Reason, ...]) -> None:
    out = console()
    if not records:
        out.print(f"{stage}: nothing is stored; it will run")
        return
    newest = records[0]
    out.print(f"{stage}: ran {moment(newest.created)}, {duration(newest.seconds)}")
    for reason in reasons:
        out.print(f"  {reason.text}")
