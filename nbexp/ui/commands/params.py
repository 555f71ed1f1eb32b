"""``nbexp params``: what a notebook can be run with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nbexp.runs.notebook import read_notebook
from nbexp.runs.parameters import parameters, parameters_cell
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json
from nbexp.views.tables import parameters_table


def params(
    notebook: Annotated[Path, typer.Argument(metavar="NB", help="The notebook.")],
    json: Json = False,
) -> int:
    """List a notebook's parameters with their types and defaults.

    They stand in the cell tagged `parameters`, else in the first one that begins with the line `# parameters`.

    Example: nbexp params train.ipynb
    """
    loaded = read_notebook(notebook)
    found = parameters_table(parameters(loaded))
    if json:
        print_json("params", {"notebook": str(notebook), "parameters": found.to_json()})
    elif found.rows:
        print_table(found)
    elif parameters_cell(loaded) is None:
        console().print(f"{notebook} has no parameters cell: tag a cell `parameters`, or begin it with `# parameters`.")
    else:
        console().print(f"{notebook}: its parameters cell assigns no name.")
    return 0
