"""What became of a cell, read from its outputs: the stage's status display, or an error."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from nbexp.records import Reason
from nbexp.runs.ledger import CellRun

#: The display by which a stage says what became of it (see `nbexp.views.line`).
STAGE_MIME = "application/vnd.nbexp.stage+json"

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def cell_run(planned: CellRun, cell: Any, seconds: float, well: bool) -> CellRun:
    """`planned` with what its execution gave.

    Args:
        cell: The executed cell, with its outputs.
        well: Whether it ended without an error that stops the run.
    """
    done = replace(planned, seconds=seconds, status="done" if well else "failed")
    status = stage_status(cell)
    if status is not None:
        done = replace(
            done,
            stage=status.get("stage", planned.stage),
            status=status.get("status", done.status) if well else "failed",
            reasons=tuple(Reason(r["kind"], r["name"], r["text"]) for r in status.get("reasons", ())),
            key=status.get("key", ""),
            ran_at=status.get("ran_at", ""),
        )
    return done if well else _failed(done, cell)


def _failed(done: CellRun, cell: Any) -> CellRun:
    error = next((output for output in reversed(cell.outputs) if output.output_type == "error"), None)
    if error is None:
        return replace(done, error="it failed without a message")
    if error.ename == "DeadKernelError":
        return replace(done, status="died", error="the kernel died")
    # One line: an error's first line says what happened, its last lines often what to do.
    lines = _COLOURS.sub("", str(error.evalue)).strip().splitlines()
    return replace(done, error=f"{error.ename}: {lines[0]}" if lines else error.ename)


def stage_status(cell: Any) -> dict[str, Any] | None:
    """The last status display among the cell's outputs."""
    for output in reversed(cell.get("outputs", [])):
        if output.output_type == "display_data" and STAGE_MIME in output.data:
            return dict(output.data[STAGE_MIME])
    return None


def without_lines(notebook: Any, line: str) -> Any:
    """The notebook without the status displays that the user does not want to see.

    A run needs them all and asks the kernel for all; here the setting ``line`` (all, changes, off) is kept.
    """
    hidden = {"all": (), "changes": ("restored",), "off": ("ran", "restored", "failed", "unstored")}[line]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _word(output) not in hidden]
    return notebook


def _word(output: Any) -> str:
    return str(output.get("data", {}).get(STAGE_MIME, {}).get("status", ""))
