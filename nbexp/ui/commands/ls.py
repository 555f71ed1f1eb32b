"""``nbexp ls``: what the project has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nbexp.errors import BadUse, closest
from nbexp.store.references import find_notebook, newest
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, Project, open_project
from nbexp.views.tables import Table, records_table, results_table, runs_table, stages_table

_EMPTY = {
    "stages": "No stages yet: put %load_ext nbexp in a first cell, and %%stage in the first line of a slow one.",
    "records": "No records yet: see `nbexp ls stages`.",
    "runs": "No runs yet: nbexp run NB",
    "results": 'No named results yet: nbexp.result("accuracy", 0.93) in a stage names one.',
}


def ls(
    what: Annotated[str, typer.Argument(metavar="[stages|records|runs|results]", help="What to list.")] = "stages",
    notebook: Annotated[Path | None, typer.Option("--notebook", metavar="NB", help="Only of this notebook.")] = None,
    number: Annotated[int, typer.Option("-n", metavar="N", min=1, help="At most so many, the newest.")] = 20,
    json: Json = False,
) -> int:
    """List stages, records, runs or results.

    The newest come first.

    Example: nbexp ls runs -n 5
    """
    if what not in _EMPTY:
        raise BadUse(f'"{what}" is nothing that can be listed', closest(what, _EMPTY))
    project = open_project(notebook.absolute().parent if notebook else None)
    found = _table(project, what, _known(project, notebook) if notebook else None, number)
    if json:
        print_json("ls", {"store": str(project.path), what: found.to_json()})
    elif found.rows:
        print_table(found)
    else:
        console().print(_EMPTY[what])
        console().print(f"  (the store is {project.path})", style="dim")
    return 0


def _known(project: Project, notebook: Path) -> str:
    """The notebook as the project names it: a file, or one that is gone and has left results or runs.

    Raises:
        BadUse: It is neither.
    """
    from nbexp.runs.ledger import read_runs
    from nbexp.runs.notebook import no_notebook

    name = project.relative(notebook)
    if notebook.is_file() or any(run.notebook == name for run in read_runs(project.path)):
        return name
    if found := find_notebook(project.store, name):
        return found
    raise no_notebook(notebook)


def _table(project: Project, what: str, notebook: str | None, number: int) -> Table:
    if what == "runs":
        from nbexp.runs.ledger import read_runs

        runs = [run for run in read_runs(project.path) if notebook in (None, run.notebook)]
        return runs_table(runs[:number])
    if what == "stages":
        return stages_table(project.store.catalog().stages(notebook)[:number])
    records = newest(project.store, number, notebook)
    return records_table(records) if what == "records" else results_table(records)
