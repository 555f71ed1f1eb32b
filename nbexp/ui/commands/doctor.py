"""``nbexp doctor``: is everything in place, is what is stored sound, and what in a notebook stands in its way?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nbexp.errors import BadUse
from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json, open_project
from nbexp.views.text import plural

_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("BAD ", "red")}


def doctor(
    notebooks: Annotated[
        list[Path] | None, typer.Argument(metavar="[NB...]", help="Read these; without any, the environment and store.")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read and verify every record and every blob.")] = False,
    json: Json = False,
) -> int:
    """Check the environment and the store, or read notebooks.

    The exit code is 1 if something is wrong with environment or store. Of a notebook, what may keep its results from
    being made again is named by cell and line: paths of this machine, installations, draws that nothing seeds,
    parameters that are set again, names that no cell above makes, secrets. These are remarks; the exit code is 0.

    Example: nbexp doctor train.ipynb
    """
    if notebooks:
        if deep:
            raise BadUse("--deep is for the store", "Drop it, or the notebooks.")
        return _read(notebooks, json=json)
    from nbexp.ui.diagnosis import diagnose

    project = open_project()
    findings = []
    out = console()
    for finding in diagnose(project, deep=deep):
        findings.append(finding)
        if not json:
            mark, colour = _MARKS[finding.verdict]
            out.print(mark, style=colour, end="  ")
            out.print(f"{finding.subject}: {finding.text}")
            if finding.advice:
                out.print(f"      {finding.advice}", style="dim")
    if json:
        rows = [{"verdict": f.verdict, "subject": f.subject, "text": f.text, "advice": f.advice} for f in findings]
        print_json("doctor", {"store": str(project.path), "findings": rows})
    return 1 if any(finding.verdict == "bad" for finding in findings) else 0


def _read(notebooks: list[Path], *, json: bool) -> int:
    from nbexp.runs.notebook import read_notebook
    from nbexp.runs.review import review

    remarks = {str(path): review(read_notebook(path)) for path in notebooks}
    if json:
        rows = [{"notebook": name, "remarks": [asdict(each) for each in found]} for name, found in remarks.items()]
        print_json("doctor", {"notebooks": rows})
        return 0
    out = console()
    for name, found in remarks.items():
        out.print(f"{name}: {plural(len(found), 'remark')}", style="bold")
        for each in found:
            out.print(f"  cell {each.cell}, line {each.line}  ", style="yellow", end="")
            out.print(each.text)
            out.print(f"      {each.advice}", style="dim")
    return 0
