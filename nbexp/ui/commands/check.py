"""``nbexp check``: are the outputs saved in a notebook those of a top-to-bottom run?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json
from nbexp.views.line import duration
from nbexp.views.text import plural

if TYPE_CHECKING:
    from nbexp.runs.comparing import CellDifference, Verdict
    from nbexp.runs.execute import Prepared
    from nbexp.runs.ledger import Run

#: How much of an output is shown.
_WIDTH = 60

_WORDS = {
    "differs": "differs",
    "missing": "has no output in the file",
    "failed": "fails",
    "not reached": "was not reached",
}


def check(
    notebooks: Annotated[list[Path], typer.Argument(metavar="NB...", help="The notebooks; none of them is changed.")],
    cold: Annotated[bool, typer.Option("--cold", help="Use no stored result, and store none.")] = False,
    json: Json = False,
) -> int:
    """Say whether the outputs saved in notebooks are what they give.

    They are run from top to bottom in new kernels, and not changed. Any Python notebook will do, with stages or
    without. The exit code is 1 if a cell gives something else than the file shows; each such cell is named. Cells
    tagged nbval-ignore-output are not compared.

    Example: nbexp check homework/*.ipynb --cold
    """
    from nbexp.runs.comparing import compare, out_of_order, was_run
    from nbexp.runs.execute import Request, prepare, run_notebook
    from nbexp.runs.notebook import read_notebook

    prepared = [prepare(Request(notebook, read=not cold, write=not cold)) for notebook in notebooks]
    saved_ones = [read_notebook(notebook) for notebook in notebooks]  # now: a file may be saved again meanwhile
    rows, sound = [], True
    for one, saved in zip(prepared, saved_ones, strict=True):
        run = run_notebook(one)
        if run.status == "interrupted":
            raise KeyboardInterrupt
        verdict = compare(saved, read_notebook(Path(run.output)), run)
        sound = sound and not verdict.differences
        order = out_of_order(saved)
        rows.append(
            {
                "notebook": str(one.request.notebook),
                "status": run.status,
                "compared": verdict.compared,
                "ignored": list(verdict.ignored),
                "out_of_order": list(order) if order else None,
                "differences": [asdict(each) for each in verdict.differences],
                "run": run.id,
            }
        )
        if not json:
            _print(one, run, verdict, order, was_run=was_run(saved))
    if json:
        print_json("check", {"notebooks": rows})
    return 0 if sound else 1


def _print(one: Prepared, run: Run, verdict: Verdict, order: tuple[int, int] | None, *, was_run: bool) -> None:
    out = console()
    name, wrong = one.request.notebook, verdict.differences
    ignored = f", {len(verdict.ignored)} not compared" if verdict.ignored else ""
    if not wrong:
        what = f"{plural(verdict.compared, 'cell')} as saved{ignored} ({duration(run.seconds)})"
        out.print(f"ok    {name}: {what}", style="green")
        return
    if not was_run and run.status == "completed":
        out.print(f"EMPTY {name}: it was saved without having been run, so there is nothing to compare", style="yellow")
        return
    out.print(f"WRONG {name}: {len(wrong)} of {plural(verdict.compared, 'cell')} not as saved{ignored}", style="red")
    for each in wrong:
        _print_difference(each)
    if order is not None:
        out.print(f"      The file's cells ran out of order: cell {order[1]} before cell {order[0]}.", style="dim")
    out.print(f"      What the run gave: {run.output}", style="dim")


def _print_difference(each: CellDifference) -> None:
    out = console()
    out.print(f"  cell {each.cell} {_WORDS[each.kind]}", style="bold")
    if each.kind != "missing" and each.saved:
        out.print(f"      saved: {_short(each.saved)}")
    if each.now:
        out.print(f"      now:   {_short(each.now)}")


def _short(text: str) -> str:
    """The first line of an output, cut."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    line = lines[0] if len(lines[0]) <= _WIDTH else lines[0][: _WIDTH - 1] + "…"
    return line + (f"  (+{plural(len(lines) - 1, 'line')})" if len(lines) > 1 else "")
