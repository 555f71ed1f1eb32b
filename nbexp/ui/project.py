"""The project that a command works on: found from a notebook or from the working directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.config import STORE_NAME, find_root, load_config
from nbexp.errors import BadUse, StoreError
from nbexp.runs.ledger import Run, read_runs
from nbexp.store.store import Store
from nbexp.ui.console import print_error
from nbexp.views.text import ambiguous

if TYPE_CHECKING:
    from nbexp.store.catalog import Row
    from nbexp.store.records import Stored

_HEX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)

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

    def stored(self, row: Row) -> Stored | None:
        """The record of a row of the index; None, and a message, if it can no longer be used."""
        try:
            return self.store.record(row.key, row.id)
        except StoreError as error:
            print_error(error.what, error.advice)
            return None

    def find(self, ref: str, output: str = "") -> Run | Stored:
        """The record or the run that `ref` names; a run by the beginning of its id alone.

        Raises:
            BadUse: None does, or more than one.
        """
        runs = self._runs(ref)
        records = self.store.catalog().starting_with(ref) if runs else []
        if len(runs) + len(records) == 1 and runs:
            return runs[0]
        if runs:
            candidates = [(run.id, f"run of {run.notebook}") for run in runs]
            raise ambiguous(ref, candidates + [(row.id, f"{row.notebook}:{row.stage}") for row in records])
        return self.store.find(ref, output)

    def refuse_run(self, ref: str) -> None:
        """Say so where `ref` is a run and a record is meant.

        Raises:
            BadUse: It is one.
        """
        if runs := self._runs(ref):
            raise BadUse(f'"{ref}" is a run, which has many stages', f"Name one: {runs[0].notebook}:STAGE.")

    def _runs(self, ref: str) -> list[Run]:
        if not _HEX.fullmatch(ref):
            return []
        return [run for run in read_runs(self.path) if run.id.startswith(ref)]

    def relative(self, notebook: Path) -> str:
        """A notebook as records name it: its path from the project's folder, or absolute if it lies elsewhere."""
        path = notebook.absolute()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def open_project(start: Path | None = None) -> Project:
    """The project around `start` (a notebook or a folder; by default the working directory).

    What is found damaged on the way is said on standard error.

    Raises:
        BadUse: Its settings cannot be understood.
    """
    root = find_root(start or Path.cwd())
    store = Store.open(root, config=load_config(root), report=lambda problem: print_error(problem.what, problem.advice))
    return Project(root, store)
