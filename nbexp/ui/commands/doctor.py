"""``nbexp doctor``: is everything in place, and is what is stored sound?"""

from __future__ import annotations

from typing import Annotated

import typer

from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json, open_project

_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("BAD ", "red")}


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="Read and verify every record and every blob.")] = False,
    json: Json = False,
) -> int:
    """Check the environment and the store.

    The exit code is 1 if something is wrong.

    Example: nbexp doctor --deep
    """
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
