"""What became of a cell, read from its outputs: the stage's status display, or an error."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from nbexp import errors
from nbexp.records import STAGE_MIME, Reason
from nbexp.runs.ledger import CellRun

#: Errors whose text says what happened and, in a second line, what to do; IPython shows some of them as its own.
_TWO_LINES = frozenset(name for name, kind in vars(errors).items() if isinstance(kind, type)) | {"UsageError"}

#: Of a stage that ended without its status: nobody knows what it depends on.
_UNSEEN = Reason("unseen", "", "nbexp did not see it: %load_ext nbexp above it is missing or failed")

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Failure:
    """What ended a cell: the exception's name and text, as the kernel sent them, or the kernel's death."""

    name: str
    text: str
    died: bool = False

    def __str__(self) -> str:
        """One line; an error of nbexp itself says what happened without its class."""
        lines = self._lines()
        if not lines:
            return self.name
        return lines[0] if self.died or self.name in _TWO_LINES else f"{self.name}: {lines[0]}"

    @property
    def advice(self) -> str:
        """What to do, if the error says it."""
        lines = self._lines()
        return lines[1] if self.name in _TWO_LINES and len(lines) > 1 else ""

    def _lines(self) -> list[str]:
        return _COLOURS.sub("", str(self.text)).strip().splitlines()


def cell_run(planned: CellRun, cell: Any, seconds: float, failure: Failure | None) -> CellRun:
    """`planned` with what its execution gave: `cell` is the executed cell, `failure` what stopped it, if anything."""
    done = replace(planned, seconds=seconds, status="done")
    status = stage_status(cell)
    if status is not None:
        done = replace(
            done,
            stage=status.get("stage", planned.stage),
            status=status.get("status", done.status),
            reasons=tuple(Reason(r["kind"], r["name"], r["text"]) for r in status.get("reasons", ())),
            key=status.get("key", ""),
            ran_at=status.get("ran_at", ""),
        )
    if failure is None:
        return done if status is not None or not planned.stage else replace(done, status="unstored", reasons=(_UNSEEN,))
    return replace(done, status="died" if failure.died else "failed", error=str(failure), advice=failure.advice)


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
