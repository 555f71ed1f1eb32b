"""The runs of a project: one folder each, ``.nbexp/runs/ID``, with ``run.json`` and the executed notebook.

Everything that differs between two executions of an unchanged notebook (times above all) is here and not in the
notebook.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbexp import platform
from nbexp._version import __version__
from nbexp.errors import StoreError
from nbexp.records import Reason, spelled

#: The version of ``run.json``; a reader takes older ones and leaves newer ones alone.
RUN_SCHEMA = 1

RUN_FILE = "run.json"

#: What the kernel's process wrote past Jupyter's channels (a crash of C code …); kept only if there is something.
LOG_FILE = "kernel.log"


@dataclass(frozen=True, slots=True)
class CellRun:
    """What became of one code cell in a run.

    Attributes:
        index: Its position among all cells, from 0. id: its id, ``""`` in a notebook without ids.
        status: ``done`` (a plain cell), ``ran``, ``restored``, ``unstored`` (a stage), ``failed``, ``died``,
            ``not run`` (below `--until`, or after a failure).
        stage: The stage's name, ``""`` for a plain cell.
        reasons: Why a stage ran, or was not stored.
        key: The stage's static key. ran_at: when its result was computed.
        seconds: Wall time here. error: one line, for a cell that failed; advice: what to do, if it says so.
    """

    index: int
    id: str = ""
    status: str = "not run"
    stage: str = ""
    reasons: tuple[Reason, ...] = ()
    key: str = ""
    ran_at: str = ""
    seconds: float = 0.0
    error: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a notebook.

    Attributes:
        id: Hexadecimal. notebook: the source, relative to the project if it lies inside it.
        output: The executed notebook. project: the folder that holds ``.nbexp``.
        status: ``running``, ``completed``, ``failed`` (a cell raised), ``died`` (the kernel or the run itself),
            ``interrupted``.
        started: ISO 8601 in UTC. seconds: wall time.
        parameters: What was set. options: ranges and switches, as given.
        error: What ended it, one line. problems: what the store met that no cell says: results that were lost.
        process: pid and space of the running process, to tell a dead one.
    """

    id: str
    notebook: str
    output: str
    started: str
    status: str = "running"
    seconds: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    cells: tuple[CellRun, ...] = ()
    error: str = ""
    problems: tuple[str, ...] = ()
    author: str = ""
    python: str = ""
    nbexp: str = __version__
    process: tuple[int, str] = (0, "")
    schema: int = RUN_SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Run:
        """The run that `to_json` gave; fields unknown here are left out."""
        plain = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        plain["cells"] = tuple(_cell(row) for row in data.get("cells", ()))
        plain["problems"] = tuple(data.get("problems", ()))
        plain["process"] = tuple(data.get("process", (0, "")))
        return cls(**plain)


def _cell(row: dict[str, Any]) -> CellRun:
    plain = {f.name: row[f.name] for f in fields(CellRun) if f.name in row}
    plain["reasons"] = tuple(Reason(**reason) for reason in row.get("reasons", ()))
    return CellRun(**plain)


def new_run(notebook: str, *, parameters: dict[str, Any], options: dict[str, Any]) -> Run:
    """A run that starts now, not yet written."""
    return Run(
        id=secrets.token_hex(6),
        notebook=notebook,
        output="",
        started=datetime.now(UTC).isoformat(timespec="microseconds"),
        parameters=parameters,
        options=options,
        author=platform.author(),
        python=".".join(map(str, sys.version_info[:3])),
        process=(os.getpid(), platform.process_space()),
    )


def runs_folder(store: Path) -> Path:
    """Where the runs of the store at `store` (``.nbexp``) lie."""
    return store / "runs"


def write_run(store: Path, run: Run) -> None:
    """Write a run's record, at its start and at its end.

    Raises:
        StoreError: The store cannot be written.
    """
    folder = runs_folder(store) / run.id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _hide_from_git(store)
        text = json.dumps(spelled(run.to_json()), indent=1, default=str) + "\n"
        platform.replace_file(os.fspath(folder / RUN_FILE), text.encode(), mode=0o644)
    except OSError as error:
        raise StoreError(
            f'the run cannot be written to "{folder}": {error.strerror}',
            "Make the folder writable, or set NBEXP_HOME to one that is.",
        ) from error


def _hide_from_git(store: Path) -> None:
    ignore = store / ".gitignore"
    if not ignore.exists():
        platform.replace_file(os.fspath(ignore), b"*\n", mode=0o644, durable=False)


def read_runs(store: Path) -> list[Run]:
    """All runs of the store, newest first. A folder without a sound ``run.json`` is none (it is left alone)."""
    folder = runs_folder(store)
    if not folder.is_dir():
        return []
    found = [run for entry in folder.iterdir() if (run := _read(entry / RUN_FILE)) is not None]
    return sorted(found, key=lambda run: (run.started, run.id), reverse=True)


def _read(path: Path) -> Run | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] > RUN_SCHEMA:
            return None
        return _alive(Run.from_json(data))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _alive(run: Run) -> Run:
    """A run whose process is gone did not complete, whatever was written last."""
    pid, space = run.process
    if run.status != "running" or space != platform.process_space() or platform.process_alive(pid):
        return run
    return replace(run, status="died", error="the process that ran it was ended")


def numbered(cells: Iterable[CellRun]) -> dict[int, int]:
    """Index of each cell -> its number for people: its place among the code cells, from 1, as in ``In [1]``."""
    return {cell.index: number for number, cell in enumerate(cells, start=1)}


def stage_cells(run: Run) -> Sequence[CellRun]:
    """The cells of a run that are stages and were reached."""
    return [cell for cell in run.cells if cell.stage]
