"""The demo's project: a folder of its own, made anew each time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nbexp.config import STORE_NAME
from nbexp.errors import BadUse, NbexpError
from nbexp.records import Record
from nbexp.runs.execute import Request, prepare, run_notebook
from nbexp.runs.ledger import Run
from nbexp.runs.notebook import write_notebook
from nbexp.store import Store
from nbexp.ui.demo import sources

#: Tells a folder that the demo made, and may make anew, from one that only has its name.
_MARK = ".made-by-nbexp-demo"


@dataclass(frozen=True, slots=True)
class Folder:
    """The demo's files, below `root`."""

    root: Path

    @property
    def notebook(self) -> Path:
        """The notebook."""
        return self.root / "digits.ipynb"

    @property
    def helpers(self) -> Path:
        """The module that chapter 3 edits."""
        return self.root / "helpers.py"

    def run(self) -> Run:
        """Run the notebook in a new kernel.

        Raises:
            NbexpError: It did not complete: the demo's story would not be true.
        """
        run = run_notebook(prepare(Request(self.notebook)))
        if run.status != "completed":
            raise NbexpError(f"the demo's notebook {run.status}: {run.error}", f"See {run.output}.")
        return run

    def newest(self, stage: str) -> Record:
        """The stage's newest record; each stage cell has its stage's name as id."""
        return Store.open(self.root).heads(self.notebook.name, stage, stage)[0]

    def value(self, stage: str) -> str:
        """The fingerprint of the first output of the stage's newest record."""
        return self.newest(stage).variables[0].fingerprint

    def edit_helpers(self) -> None:
        """The edit of chapter 3."""
        self.helpers.write_text(self.helpers.read_text(encoding="utf-8").replace(*sources.EDIT), encoding="utf-8")

    def run_memory(self) -> str:
        """Run the script that uses `joblib.Memory`, in a process of its own; what it prints."""
        done = subprocess.run(
            [sys.executable, "memory.py"], cwd=self.root, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise NbexpError(f"the demo's joblib script failed: {done.stderr.strip()[-200:]}", f"See {self.root}.")
        return done.stdout.strip()


def make(place: Path) -> Folder:
    """The demo's project at `place`, with an empty store; what an earlier demo left there is removed.

    Raises:
        BadUse: Something else has that name.
    """
    if place.exists():
        if not (place / _MARK).exists():
            raise BadUse(f'"{place}" is there already and is not of the demo', "Name another: nbexp demo FOLDER")
        shutil.rmtree(place)
    (place / STORE_NAME).mkdir(parents=True)
    (place / _MARK).touch()
    folder = Folder(place.resolve())
    folder.helpers.write_text(sources.HELPERS, encoding="utf-8")
    (place / "memory.py").write_text(sources.MEMORY, encoding="utf-8")
    write_notebook(_notebook(), folder.notebook)
    return folder


def _notebook() -> object:
    import nbformat

    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for identity, source in sources.CELLS:
        cell = nbformat.v4.new_code_cell(source)
        cell["id"] = identity
        notebook.cells.append(cell)
    return notebook
