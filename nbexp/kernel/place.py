"""Which notebook the kernel runs, and which project and store it belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbexp.config import find_root


@dataclass(frozen=True, slots=True)
class Place:
    """Where the session's notebook lies.

    Attributes:
        notebook: Its path relative to the project with forward slashes, or ``""`` if the front end does not tell it.
        root: The project's folder, in which ``.nbexp`` lies.
    """

    notebook: str
    root: Path

    @property
    def file(self) -> str | None:
        """The notebook's file, if the front end tells it."""
        return os.fspath(self.root / self.notebook) if self.notebook else None


def find_place(namespace: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Place:
    """The place of the running kernel.

    The notebook is told by nbexp's own runs (``NBEXP_NOTEBOOK``), by Jupyter's server (``JPY_SESSION_NAME``) or by
    VS Code (a variable in the notebook's namespace); where none does, the working directory stands for its folder.
    """
    path = environ.get("NBEXP_NOTEBOOK") or _vs_code(namespace) or _jupyter(environ)
    if not path:
        return Place("", find_root(Path.cwd(), environ))
    notebook = Path(path).absolute()
    root = find_root(notebook.parent, environ)
    try:
        return Place(notebook.relative_to(root).as_posix(), root)
    except ValueError:  # NBEXP_HOME may lie elsewhere
        return Place(notebook.as_posix(), root)


def _vs_code(namespace: Mapping[str, Any]) -> str:
    path = namespace.get("__vsc_ipynb_file__")
    return path if isinstance(path, str) else ""


def _jupyter(environ: Mapping[str, str]) -> str:
    """The session's name is the notebook's path; for a console it is only a name."""
    name = environ.get("JPY_SESSION_NAME", "")
    return name if name.endswith(".ipynb") and os.path.isfile(name) else ""
