"""Small notebooks for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat


def write(path: Path, *sources: str, tags: dict[int, str] | None = None, minor: int = 5) -> Path:
    """A notebook of code cells with the ids ``c0``, ``c1`` …; `tags` by position."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for index, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source)
        cell["id"] = f"c{index}"
        if tags and index in tags:
            cell.metadata["tags"] = [tags[index]]
        if minor < 5:
            del cell["id"]
        notebook.cells.append(cell)
    notebook.nbformat_minor = minor
    nbformat.write(notebook, path)
    return path


def write_with_text(path: Path, *sources: str) -> Path:
    """The same with a text cell above each code cell."""
    notebook = read(write(path, *sources))
    notebook.cells = [
        cell for code in notebook.cells for cell in (nbformat.v4.new_markdown_cell("text", id=f"t-{code['id']}"), code)
    ]
    nbformat.write(notebook, path)
    return path


def read(path: Path) -> Any:
    """The notebook at `path`, as it is written."""
    return nbformat.read(path, as_version=4)
