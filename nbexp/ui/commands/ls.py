"""``nbexp ls``: what the project has."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from nbexp.errors import BadUse, closest
from nbexp.sizes import size
from nbexp.store.references import find_notebook, newest
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, Project, open_project
from nbexp.views.tables import Table, holdings_table, records_table, results_table, runs_table, stages_table
from nbexp.views.text import plural

_EMPTY = {
    "stages": "No stages yet: put %load_ext nbexp in a first cell, and %%stage in the first line of a slow one.",
    "records": "No records yet: see `nbexp ls stages`.",
    "runs": "No runs yet: nbexp run NB",
    "results": 'No named results yet: nbexp.result("accuracy", 0.93) in a stage names one.',
}

#: What is listed if nothing is named. It is no default of the argument: `--size` must know whether it was named.
_DEFAULT = "stages"


def ls(
    what: Annotated[
        str, typer.Argument(metavar="[stages|records|runs|results]", help=f"What to list. [default: {_DEFAULT}]")
    ] = "",
    notebook: Annotated[Path | None, typer.Option("--notebook", metavar="NB", help="Only of this notebook.")] = None,
    sizes: Annotated[bool, typer.Option("--size", help="What each result fills, the largest first.")] = False,
    number: Annotated[int, typer.Option("-n", metavar="N", min=1, help="At most so many, the newest.")] = 20,
    json: Json = False,
) -> int:
    """List stages, records, runs or results.

    The newest come first.

    Example: nbexp ls runs -n 5
    """
    if what and what not in _EMPTY:
        raise BadUse(f'"{what}" is nothing that can be listed', closest(what, _EMPTY))
    if what and sizes:
        raise BadUse(f'--size lists what fills the store, not "{what}"', "Give one of the two: nbexp ls --size.")
    what = what or _DEFAULT
    project = open_project(notebook.absolute().parent if notebook else None)
    known = _known(project, notebook) if notebook else None
    if sizes:
        return _list_sizes(project, known, number, json=json)
    found = _table(project, what, known, number)
    if json:
        print_json("ls", {"store": str(project.path), what: found.to_json()})
    elif found.rows:
        print_table(found)
    else:
        console().print(_EMPTY[what])
        console().print(f"  (the store is {project.path})", style="dim")
    return 0


def _list_sizes(project: Project, notebook: str | None, number: int, *, json: bool) -> int:
    """What fills the store: results by size, and what storing equal content once has saved."""
    from nbexp.store.bounds import survey

    project.store.drain()
    found = survey(str(project.path), time.time())
    holdings = [one for one in found.holdings if notebook in (None, one.notebook)]
    shown = holdings_table(sorted(holdings, key=lambda one: -one.size)[:number])
    budget = project.store.budget
    if json:
        totals = {"size": found.size, "records": found.record_bytes, "saved": found.saved, "budget": budget}
        print_json("ls", {"store": str(project.path), **totals, "results": shown.to_json()})
        return 0
    if shown.rows:
        print_table(shown)
    out = console()
    out.print(f"{size(found.size)} of values (limit {size(budget)}), {size(found.record_bytes)} of records.")
    if notebook is None and (rest := found.records - len(found.holdings)):
        out.print(f"  {plural(rest, 'result')} more: no values, or so few that the record has them", style="dim")
    out.print(f"  {size(found.saved)} saved by storing equal content once  ({project.path})", style="dim")
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
