"""What a cell of a case did, and whether it is what the case expects; steps that change the project's files."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbexp.records import STAGE_MIME
from tests.behaviour.model import RAN, RESTORED, Cell, Damage, Final, Remove, Step, Write

_PROMPT = re.compile(r"Out\[\d+\]: ")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass
class Ran:
    """What one cell did: `shown` is everything it published but the stage line, in order; `text` has no colours."""

    status: str | None
    error: str | None
    text: str
    reasons: list[str] = field(default_factory=list)
    shown: tuple[tuple[str, str], ...] = ()
    stale: list[str] = field(default_factory=list)


class Seen:
    """Collects what one cell publishes, in order; adjacent texts of one stream are one."""

    def __init__(self) -> None:
        self._shown: list[tuple[str, str]] = []
        self._texts: list[str] = []
        self._lines: list[dict[str, Any]] = []

    def stream(self, name: str, text: str) -> None:
        """Text written to ``stdout`` or ``stderr``."""
        if not text:
            return
        self._texts.append(text)
        before = ""
        if self._shown and self._shown[-1][0] == name:
            before = self._shown.pop()[1]
        self._shown.append((name, before + text))

    def display(self, kind: str, data: dict[str, Any], metadata: Any, transient: Any) -> None:
        """A rich display, or a last value: ``display``, ``update``, ``result``."""
        if STAGE_MIME in data:
            self._lines.append(data[STAGE_MIME])
            return
        self._texts.append(data.get("text/plain", "") + "\n")
        self._shown.append((kind, json.dumps([data, metadata, transient], sort_keys=True, default=repr)))

    def clear(self, wait: bool) -> None:
        """The output was cleared."""
        self._shown.append(("clear", str(wait)))

    def traceback(self, text: str) -> None:
        """An error as a kernel sends it; a shell prints it."""
        self._texts.append(text)

    def ran(self, error: str | None) -> Ran:
        """All of it, when the cell is over."""
        assert len(self._lines) <= 1, self._lines
        line = self._lines[0] if self._lines else {}
        reasons = [reason["text"] for reason in line.get("reasons", [])]
        shown = tuple((kind, _PROMPT.sub("Out[]: ", text)) for kind, text in self._shown)
        stale = [reason["text"] for reason in line.get("stale", [])]
        return Ran(line.get("status"), error, _COLOUR.sub("", "".join(self._texts)), reasons, shown, stale)


@dataclass
class Told:
    """What the stage cells that ran in a case have shown, by the stage's name."""

    shown: dict[str, list[tuple[tuple[str, str], ...]]] = field(default_factory=dict)

    def note(self, cell: Cell, ran: Ran) -> list[str]:
        """Keep what a cell that ran has shown; hold a restored one to it."""
        name = (cell.source.partition("\n")[0].split() + [""])[1]
        before = self.shown.setdefault(name, [])
        if ran.status == RAN:
            before.append(ran.shown)
        elif ran.status == RESTORED and not any(ran.shown in shown for shown in self.shown.values()):
            return [f"{cell.source!r} showed {ran.shown}, where the run had shown {before}"]
        return []


def check_cell(cell: Cell, ran: Ran, told: Told) -> list[str]:
    """What a cell did that it should not have."""
    wrong = told.note(cell, ran)
    if ran.error != cell.error:
        wrong.append(f"{cell.source!r} raised {ran.error}, not {cell.error}: {ran.text[-500:]}")
    if ran.status != cell.status:
        wrong.append(f"{cell.source!r} is {ran.status}, not {cell.status} {ran.reasons} {ran.text[-300:]}")
    if cell.why is not None and not any(cell.why in reason for reason in ran.reasons):
        wrong.append(f"{cell.source!r}: no reason says {cell.why!r}: {ran.reasons}")
    if cell.stale is not None and not _says(cell.stale, ran.stale):
        wrong.append(f"{cell.source!r} is stale because {ran.stale}, not {cell.stale!r}")
    if cell.output is not None and cell.output not in ran.text:
        wrong.append(f"{cell.source!r} wrote {ran.text!r}, without {cell.output!r}")
    if cell.without is not None and cell.without in ran.text:
        wrong.append(f"{cell.source!r} wrote {ran.text!r}, with {cell.without!r}")
    return wrong


def _says(wanted: str, reasons: list[str]) -> bool:
    """Whether one of the reasons has this text; of none, whether there are none."""
    return any(wanted in reason for reason in reasons) if wanted else not reasons


def check_value(step: Final, found: str) -> list[str]:
    """Whether the ``repr`` of an expression is what it should be."""
    return [] if found == repr(step.value) else [f"{step.expression} is {found}, not {step.value!r}"]


def alter(root: Path, step: Step) -> None:
    """Do a step that changes files of the project or its store."""
    if isinstance(step, Write):
        write_file(root / step.path, step.content)
    elif isinstance(step, Remove):
        (root / step.path).unlink()
    elif isinstance(step, Damage):
        files = [path for path in (root / ".nbexp" / step.place).rglob("*") if path.is_file()]
        assert files, f"nothing is stored beneath {step.place}"
        for path in files:
            _damage(path, step.how)
    else:
        raise TypeError(step)


def _damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    path.unlink()
    if how == "flip":
        content[len(content) // 2] ^= 1
    elif how == "cut":
        del content[len(content) // 2 :]
    if how != "delete":
        path.write_bytes(content)


def write_file(path: Path, content: str | bytes) -> None:
    """A project file, and no stale bytecode of what it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if path.suffix == ".py":
        for cached in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            cached.unlink()
    importlib.invalidate_caches()
