"""``nbexp demo``: what nbexp does, told from real runs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from nbexp.errors import BadUse
from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json
from nbexp.views.line import duration

_NEEDED = ("sklearn", "pandas")

_FOLDER = Path("nbexp-demo")


def demo(
    place: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where its notebook is written.")] = _FOLDER,
    json: Json = False,
) -> int:
    """Show what nbexp does, in under a minute.

    A small notebook on real data is run, run again, edited, damaged and attacked; each line says what happened.

    Example: nbexp demo
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise BadUse(f"the demo's data are not installed: no {', no '.join(missing)}", 'pip install "nbexp[demo]"')
    from nbexp.ui.demo import folder
    from nbexp.ui.demo.chapters import tell

    start, out, chapters = time.perf_counter(), console(), []
    made = folder.make(place)
    for number, chapter in enumerate(tell(made), start=1):
        chapters.append(chapter)
        if not json:
            out.print(f"\n{number}  {chapter.title}", style="bold")
            for line in chapter.lines:
                out.print(f"   {line}")
    if json:
        rows = [{"title": chapter.title, **chapter.facts} for chapter in chapters]
        print_json("demo", {"notebook": str(made.notebook), "chapters": rows})
        return 0
    out.print(
        f"\nAll of this took {duration(time.perf_counter() - start)}. Its notebook: {made.notebook}", style="bold"
    )
    nbexp = command()
    out.print(f"   Go on with it     {nbexp} run {place / made.notebook.name} -p trees=200")
    out.print(f"   With your own     %load_ext nbexp in its first cell, %%stage in a slow one, then {nbexp} run NB")
    return 0


def command() -> str:
    """How this very program is called from here: ``nbexp``, or its path where that word leads elsewhere or nowhere."""
    own, found = shutil.which(sys.argv[0]), shutil.which("nbexp")
    if own is None or Path(own).stem != "nbexp" or (found and Path(found).resolve() == Path(own).resolve()):
        return "nbexp"
    relative = os.path.relpath(own)
    return own if relative.startswith("..") else relative
