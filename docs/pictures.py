"""Makes the pictures of the documentation from real runs: ``python docs/pictures.py`` writes ``docs/run.svg``.

A notebook is run, run again, and run once more after a helper was edited; what the terminal showed is the picture.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
NOTEBOOK = DOCS.parent / "example_notebooks" / "01_first_stage.ipynb"
EDIT = ("images / darkest", "images / (darkest - 1)")
WIDTH = 92


def run(folder: Path, *arguments: str) -> str:
    """What ``nbexp`` prints on a terminal, with its colours."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "NBEXP_HOME": str(folder)}
    command = [sys.executable, "-m", "nbexp", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def main() -> None:
    """Run the notebook three times and write the picture."""
    shown = Console(record=True, width=WIDTH, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        for edited in (False, False, True):
            if edited:
                for cell in notebook.cells:
                    cell.source = cell.source.replace(*EDIT)
                shown.print(f"\n[dim]# edit the helper: {EDIT[0]}  ->  {EDIT[1]}[/dim]", highlight=False)
            nbformat.write(notebook, folder / "digits.ipynb")
            shown.print("[bold]$ nbexp run digits.ipynb[/bold]")
            lines = run(folder, "run", "digits.ipynb").splitlines()
            shown.print(Text.from_ansi("\n".join(line for line in lines[1:] if "(run " not in line)))
    svg = shown.export_svg(title="nbexp")
    # The viewer's own monospace font will do: a picture loads nothing.
    (DOCS / "run.svg").write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
