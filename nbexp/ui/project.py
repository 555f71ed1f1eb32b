"""The project that a command works on: found from a notebook or from the working directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.config import STORE_NAME, find_root, load_config
from nbexp.errors import BadUse
from nbexp.runs.ledger import Run, read_runs
from nbexp.store.references import ambiguous, is_last, is_prefix, resolve, starting_with
from nbexp.store.store import Store
from nbexp.ui.console import print_error

if TYPE_CHECKING:
    from nbexp.store.records import Stored

#: The switch that every command has.
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document with a versioned schema.")]


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with its store."""

    root: Path
    store: Store

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self.root / STORE_NAME

    def find(self, ref: str, output: str = "") -> Run | Stored:
        """The record or the run that `ref` names; a run by the beginning of its id alone.

        Raises:
            BadUse: None does, or more than one.
        """
        runs = self._runs(ref)
        if not runs:
            return resolve(self.store, ref, output)
        records = [(one.id, f"{one.record.notebook}:{one.record.stage}") for one in starting_with(self.store, ref)]
        if len(runs) + len(records) == 1:
            return runs[0]
        raise ambiguous(ref, [(run.id, f"run of {run.notebook}") for run in runs] + records)

    def refuse_run(self, ref: str) -> None:
        """Say so where `ref` is a run and a record is meant.

        Raises:
            BadUse: It is one.
        """
        if runs := self._runs(ref):
            raise BadUse(f'"{ref}" is a run, which has many stages', f"Name one: {runs[0].notebook}:STAGE.")

    def _runs(self, ref: str) -> list[Run]:
        if not is_prefix(ref):
            return []
        return [run for run in read_runs(self.path) if run.id.startswith(ref)]

    def relative(self, notebook: Path) -> str:
        """A notebook as records name it: its path from the project's folder, or absolute if it lies elsewhere."""
        path = notebook.absolute()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


@dataclass(frozen=True, slots=True)
class Address:
    """What a command was pointed at.

    Attributes:
        project: Where it is looked up. ref: The REF in that project: ``NB STAGE`` is ``NB:STAGE``.
        name: The REF without the stage, as it was written. stage: The stage's name, ``""`` if none is named.
        notebook: The file that `name` is, None if there is none.
    """

    project: Project
    ref: str
    name: str
    stage: str = ""
    notebook: Path | None = None

    @property
    def is_record(self) -> bool:
        """Whether it can only be a record: an id's beginning, or ``last``."""
        return self.notebook is None and not self.stage and (is_prefix(self.name) or is_last(self.name))


def locate(ref: str, stage: str = "") -> Address:
    """The record, run, notebook or stage that a command's words name: ``REF``, ``NB:STAGE`` or ``NB STAGE``.

    A notebook that is a file is looked up in its own project, wherever the command is called.

    Raises:
        BadUse: A stage is named twice, or the project's settings cannot be understood.
    """
    name, colon, inside = ref.rpartition(":")
    if not colon or Path(ref).is_file():
        name, inside = ref, ""
    if inside and stage:
        raise BadUse(f'"{ref}" names a stage already, but "{stage}" follows', f"Write {name}:{inside} alone.")
    stage = inside or stage
    file = next((path for path in (Path(name), Path(f"{name}.ipynb")) if path.is_file()), None)
    project = open_project(file.absolute().parent if file else None)
    place = project.relative(file) if file else name
    return Address(project, f"{place}:{stage}" if stage else place, name, stage, file)


def open_project(start: Path | None = None) -> Project:
    """The project around `start` (a notebook or a folder; by default the working directory).

    What is found damaged on the way is said on standard error.

    Raises:
        BadUse: Its settings cannot be understood.
    """
    root = find_root(start or Path.cwd())
    store = Store.open(root, config=load_config(root), report=lambda problem: print_error(problem.what, problem.advice))
    return Project(root, store)
