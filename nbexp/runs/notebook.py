"""A notebook file: read and checked before anything runs, and written whole or not at all.

Everything that can be wrong with the file itself (missing, no notebook, another language, a syntax error) is a
`BadUse` here, so that a run that cannot succeed leaves no trace.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbexp.errors import BadUse, nearest
from nbexp.platform import replace_file

#: The tag that papermill and Jupyter front ends give a cell that runs give up: it is shown and not run.
SKIP_TAG = "skip-execution"


def read_notebook(path: Path) -> Any:
    """The notebook at `path`, in nbformat 4, with an id on every cell if its format has ids.

    Ids that are missing or stand twice are made from the cell's position, so that reading twice gives the same ids.

    Raises:
        BadUse: The file is missing, is no notebook, or is written for another language than Python.
    """
    import nbformat

    data = _read_json(path)
    try:
        with warnings.catch_warnings():
            # ids are completed here, and by position, where nbformat would draw them by lot
            warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
            notebook = nbformat.reader.reads(json.dumps(data))
            if data["nbformat"] < 4:
                notebook = nbformat.convert(notebook, 4)
                for cell in notebook.cells:
                    cell.pop("id", None)
        if notebook.nbformat == 4 and notebook.nbformat_minor >= 5:
            _complete_ids(notebook)
        nbformat.validate(notebook)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise BadUse(
            f'"{path}" is not a valid notebook: {lines[0]}', "Open it in Jupyter and save it again."
        ) from error
    _check_language(notebook, path)
    return notebook


def _read_json(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise no_notebook(path) from None
    except IsADirectoryError:
        raise BadUse(f'"{path}" is a folder, not a notebook', _nearest(path / "x.ipynb")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadUse(f'"{path}" cannot be read: {error}', "Check the path and its permissions.") from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadUse(f'"{path}" is not a notebook: {error}', "Give the path of an .ipynb file.") from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise BadUse(f'"{path}" is not a notebook: it has no "nbformat"', "Give the path of an .ipynb file.")
    return data


def no_notebook(path: Path) -> BadUse:
    """The error for a notebook that is not there, with the closest one in its folder."""
    return BadUse(f'there is no notebook "{path}"', _nearest(path))


def _nearest(path: Path) -> str:
    folder = path.parent
    names = sorted(p.name for p in folder.glob("*.ipynb")) if folder.is_dir() else []
    if close := nearest(path.name, names):
        return f'Did you mean "{folder / close}"?'
    return f"Notebooks there: {', '.join(names[:5])}." if names else f'There is no notebook in "{folder}".'


def _complete_ids(notebook: Any) -> None:
    seen: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        wanted = cell.get("id") or f"cell-{index}"
        number, unique = 1, wanted
        while unique in seen:
            number += 1
            unique = f"{wanted}-{number}"
        seen.add(unique)
        cell["id"] = unique


def _check_language(notebook: Any, path: Path) -> None:
    metadata = notebook.metadata
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    if language and language.lower() not in ("python", "ipython"):
        raise BadUse(f'"{path}" is written in "{language}"', "nbexp runs Python notebooks.")


def code_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    """The cells that a run executes, each with its position among all cells."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and SKIP_TAG not in cell.metadata.get("tags", ()):
            yield index, cell


def python_tree(source: str) -> ast.Module:
    """The syntax tree of a cell as IPython would run it: magics become calls, top-level ``await`` is allowed.

    Raises:
        SyntaxError: As the cell would raise it.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        # a warning about the user's code (an invalid escape …) is the kernel's to show, in the cell
        warnings.simplefilter("ignore")
        text = TransformerManager().transform_cell(source)
        tree = compile(text, "<cell>", "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        assert isinstance(tree, ast.Module)
        # a `return` outside a function and its like are found by the compiler, not by the parser
        compile(tree, "<cell>", "exec", flags, dont_inherit=True)
    return tree


def write_notebook(notebook: Any, path: Path) -> None:
    """Write `notebook` to `path` as Jupyter does; a reader sees the old file or the whole new one."""
    import nbformat

    text = nbformat.writes(notebook)
    write_text(path, text if text.endswith("\n") else text + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a small text file: a reader sees the old one or the whole new one. The folder is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
    replace_file(str(path), text.encode("utf-8", "surrogatepass"), mode)
