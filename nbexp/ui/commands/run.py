"""``nbexp run``: notebooks executed in new kernels, a line for each cell."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbexp.errors import BadUse
from nbexp.runs.ledger import numbered
from nbexp.stage.recheck import DIFFERS, SAME
from nbexp.ui.console import console, print_error, print_json
from nbexp.ui.project import Json
from nbexp.views.line import duration
from nbexp.views.text import cell_text, plural, run_counts

if TYPE_CHECKING:
    from nbexp.runs.execute import Prepared, Request
    from nbexp.runs.ledger import CellRun, Run

#: From this many seconds on a cell is worth a stage.
SLOW_SECONDS = 1.0

_COLOURS = {"restored": "green", "ran": "yellow", "unstored": "magenta", "failed": "red", "died": "red"}


def run(
    notebooks: Annotated[list[Path], typer.Argument(metavar="NB...", help="The notebooks, run in this order.")],
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="Set a parameter, by its type.")
    ] = None,
    until: Annotated[str, typer.Option(metavar="STAGE", help="Execute nothing below this stage.")] = "",
    start: Annotated[
        str, typer.Option("--from", metavar="STAGE", help="Restore the stages above, never run them.")
    ] = "",
    only: Annotated[str, typer.Option(metavar="STAGE", help="--from and --until this stage.")] = "",
    force: Annotated[
        list[str] | None, typer.Option(metavar="STAGE", help="Run this stage even if its result is stored.")
    ] = None,
    no_read: Annotated[bool, typer.Option("--no-read", help="Use no stored result.")] = False,
    no_write: Annotated[bool, typer.Option("--no-write", help="Store no result.")] = False,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Run stages though stored, and name those that give something else.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write the executed notebook here, too.")
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write it over the notebook, as a whole.")] = False,
    json: Json = False,
) -> int:
    """Run notebooks in new kernels, restoring stages.

    Stages whose dependencies have not changed are restored, all other cells run. The notebook's file stays as it is;
    the executed one is written to .nbexp/runs/ID.

    Example: nbexp run train.ipynb -p lr=0.01 --until evaluate
    """
    from nbexp.runs.execute import Request, prepare

    requests = [
        Request(
            notebook=notebook,
            parameters=parameters or (),
            until=until,
            start=start,
            only=only,
            force=force or (),
            read=not no_read,
            write=not no_write,
            recheck=recheck,
            output=output,
            in_place=in_place,
        )
        for notebook in notebooks
    ]
    _check_options(requests)
    # All are checked before the first one runs: a mistake in the last one costs nothing.
    prepared = [prepare(request) for request in requests]
    runs = _run_all(prepared, quiet=json)
    if json:
        print_json("run", {"runs": [one.to_json() for one in runs]})
    complete = len(runs) == len(prepared) and all(one.status == "completed" for one in runs)
    return 0 if complete and not any(_nondeterministic(one) for one in runs) else 1


def _check_options(requests: Sequence[Request]) -> None:
    """Options that exclude each other, and those that mean one notebook where there are more.

    Raises:
        BadUse: There are such.
    """
    one = requests[0]  # they differ in the notebook alone
    if one.recheck and (not one.read or one.only or one.start or one.force):
        advice = "Drop --no-read, --only, --from and --force."
        raise BadUse("--recheck runs all stages and compares them with what is stored", advice)
    if len(requests) > 1 and (one.until or one.start or one.only or one.force or one.output):
        raise BadUse("a range, --force or -o names something in one notebook", "Run the notebooks one by one.")


def _nondeterministic(run: Run) -> list[CellRun]:
    """The stages that gave something else than what was stored of them (``--recheck``)."""
    return [cell for cell in run.cells if any(reason.kind == DIFFERS for reason in cell.reasons)]


def _run_all(prepared: Sequence[Prepared], *, quiet: bool) -> list[Run]:
    """The runs, up to the first that does not complete: a later notebook may build on what an earlier one makes."""
    from nbexp.runs.execute import run_notebook

    runs: list[Run] = []
    for one in prepared:
        with ExitStack() as stack:
            watch = None if quiet else _watch(one, stack)
            runs.append(run_notebook(one, watch))
        if not quiet:
            _print_end(one, runs[-1])
        if runs[-1].status != "completed":
            break
    return runs


def _watch(one: Prepared, stack: ExitStack) -> Any:
    """A line for each cell that ended and, on a terminal, what runs now below them."""
    from nbexp.runs.execute import Watch

    out = console()
    out.print(str(one.request.notebook), style="bold")
    width = max([len(_label(one, cell)) for cell in one.planned()], default=0)
    spinner = stack.enter_context(out.status("starting the kernel")) if sys.stdout.isatty() else None
    places = numbered(one.planned())

    def started(cell: CellRun, total: int) -> None:
        if spinner is not None:
            spinner.update(f"{places[cell.index]}/{total}  {_label(one, cell)}")

    def ended(cell: CellRun, total: int) -> None:
        _print_cell(out, cell, f"{places[cell.index]:>{len(str(total))}}/{total}", _label(one, cell), width)

    return Watch(started, ended)


def _print_cell(out: Any, cell: CellRun, place: str, label: str, width: int) -> None:
    from rich.text import Text

    plain = not cell.stage
    line = Text(f"  {place}  ", style="dim")
    line.append(f"{label:<{width}}", style="dim" if plain else "bold")
    line.append(f"  {cell_text(cell)}", style=_COLOURS.get(cell.status, "dim" if plain else ""))
    line.append(f"  {duration(cell.seconds)}", style="dim")
    out.print(line)


def _label(one: Prepared, cell: CellRun) -> str:
    """A stage's name; of a plain cell the beginning of its first line of code."""
    if cell.stage:
        return cell.stage
    lines = [line.strip() for line in one.notebook.cells[cell.index].source.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), next(iter(lines), ""))
    return first if len(first) <= 32 else first[:31] + "…"


def _print_end(one: Prepared, run: Run) -> None:
    out = console()
    failed = next((cell for cell in run.cells if cell.status in ("failed", "died")), None)
    out.print(f"{run.status} in {duration(run.seconds)}: {run_counts(run)}")
    out.print(f"  {run.output}  (run {run.id})", style="dim")
    if any(cell.status == "unstored" for cell in run.cells):
        out.print(f"  What keeps a stage from being stored: nbexp why {one.request.notebook}", style="dim")
    if one.request.recheck and run.status == "completed":
        _print_recheck(run)
    for problem in run.problems:
        print_error(problem, "")
    if run.status != "completed":
        if failed and run.status == "failed":
            print_error(*_failure(one, run, failed))
        else:
            print_error(run.error, _advice(run, failed))
    elif not one.stages:
        _print_hint(one, run)


def _print_recheck(run: Run) -> None:
    kinds = [reason.kind for cell in run.cells for reason in cell.reasons[:1]]
    different, out = _nondeterministic(run), console()
    out.print(f"{plural(kinds.count(SAME), 'stage')} gave the same again, {len(different)} did not.")
    for cell in different:
        for reason in cell.reasons:
            out.print(f"  {cell.stage}: {reason.text}", style="red")
    if different:
        out.print("  A stage that draws without a seed is one: %%stage --seed N.", style="dim")


def _failure(one: Prepared, run: Run, failed: CellRun) -> tuple[str, str]:
    """What failed, and what to do."""
    place = f"cell {numbered(run.cells)[failed.index]}"
    if failed.stage in one.range.restored and failed.error.startswith(f'"{failed.stage}" must run'):
        only = one.request.only
        return failed.error, f"Drop --only, or use --until {only}." if only else "Drop --from."
    if failed.stage:
        place = f'stage "{failed.stage}" ({place})'
    return f"{place} failed: {failed.error}", _advice(run, failed)


def _advice(run: Run, failed: CellRun | None) -> str:
    if failed is not None and "Line magic function `%%stage` not found" in failed.error:
        return "Put %%stage on the first line of its cell, above comments too."
    if failed is not None and "`%%stage` not found" in failed.error:
        return "Add a cell with %load_ext nbexp above it."
    if failed is not None and failed.advice:
        return failed.advice
    if run.status == "died":
        return "Often it was out of memory; the cells that ended are in the executed notebook."
    return f"The traceback is in {run.output}."


def _print_hint(one: Prepared, run: Run) -> None:
    """For a notebook without stages: the cell that is worth one."""
    worth = [cell for cell in run.cells if cell.status == "done" and _computes(one.notebook.cells[cell.index].source)]
    slowest = max(worth, key=lambda cell: cell.seconds, default=None)
    out = console()
    if slowest is None or slowest.seconds < SLOW_SECONDS:
        out.print(f"No stages here, and no cell that takes {SLOW_SECONDS:.0f} s: there is little to save.")
        return
    number = numbered(run.cells)[slowest.index]
    out.print(f"No stages here. Cell {number} took {duration(slowest.seconds)}: `{_label(one, slowest)}`")
    out.print("  Put %%stage in its first line, and %load_ext nbexp in a cell above; the next run restores it.")


def _computes(source: str) -> bool:
    """Whether a cell does more than import and define: such a cell always runs, stage or not."""
    from nbexp.runs.notebook import python_tree

    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(not isinstance(statement, kinds) for statement in python_tree(source).body)
