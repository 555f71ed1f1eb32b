"""Bare ``nbexp``: what the project has, and the next sensible command."""

from __future__ import annotations

from pathlib import Path

from nbexp._version import __version__
from nbexp.runs.ledger import Run, read_runs
from nbexp.ui.console import console
from nbexp.ui.project import open_project
from nbexp.views.line import moment
from nbexp.views.text import plural, run_counts


def overview() -> None:
    """Print it."""
    project = open_project()
    out = console()
    runs = read_runs(project.path)
    stored = project.path.is_dir()
    stages = project.store.catalog().stages() if stored else []
    records = sum(stage.records for stage in stages)
    out.print(f"nbexp {__version__}  {project.root}", style="bold")
    if stages:
        out.print(f"{plural(len(stages), 'stage')}, {plural(records, 'record')}, {plural(len(runs), 'run')}")
    if runs:
        out.print(f"last run: {runs[0].notebook} {moment(runs[0].started)}, {runs[0].status} ({run_counts(runs[0])})")
    out.print(_next(runs, bool(stages)))
    out.print("all commands: nbexp --help", style="dim")


def _next(runs: list[Run], stages: bool) -> str:
    if runs and runs[0].status != "completed":
        return f"next: nbexp show {runs[0].id[:6]}"
    notebooks = sorted(path.name for path in Path.cwd().glob("*.ipynb"))
    if not stages and not notebooks:
        return "next: nbexp demo"
    if runs:
        return f"next: nbexp show {runs[0].id[:6]}, or nbexp ls"
    return f"next: nbexp run {notebooks[0]}" if notebooks else "next: nbexp ls"
