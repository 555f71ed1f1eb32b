"""``nbexp get``: a stored value as a file, or on the screen."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from nbexp.errors import BadUse, NbexpError
from nbexp.store import Stored
from nbexp.store.references import ID_DIGITS
from nbexp.ui.console import console, print_json
from nbexp.ui.exporting import export, suffixes
from nbexp.ui.project import Address, Json, Project, locate


def get(
    ref: Annotated[str, typer.Argument(metavar="REF", help="An id's beginning, last, last~1, NB or NB:STAGE.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STAGE] NAME", help="A variable, a named result or a written file; STAGE as in NB:STAGE."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help=f"Write it there: {suffixes()}.")
    ] = None,
    json: Json = False,
) -> int:
    """Take a value out of the store.

    It is printed, or written in the format that the file's suffix names.

    Example: nbexp get train.ipynb:evaluate scores -o scores.csv
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise BadUse(f'there is no folder "{output.absolute().parent}"', "Make it first.")
    *stage, name = words or [""]
    if len(stage) > 1:
        raise BadUse(f'"{name}" is one word too many', "Write nbexp get NB STAGE NAME.")
    address = locate(ref, *stage)
    found = _find(address, name)
    if isinstance(found.content, Path):
        output = output or Path(Path(name).name)
        shutil.copyfile(found.content, output)
    elif output is not None:
        export(found.content, output)
    if json:
        print_json(
            "get", {"record": found.stored.id, "stage": found.stored.record.stage, "name": name} | _plain(found, output)
        )
    else:
        console().print(found.content if output is None else str(output))
    return 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What a name leads to: a value, or the path of a stored file's content."""

    stored: Stored
    content: Any


def _find(address: Address, name: str) -> _Found:
    """A variable first, then a named result, then a file that the stage wrote."""
    from nbexp.runs.values import find_value, load_value

    project, ref = address.project, address.ref
    project.refuse_run(ref)
    if not name:
        raise _nameless(ref, project.store.find(ref))
    try:
        named = find_value(project.store, ref, name)
    except BadUse as unknown:
        if not (address.stage or address.is_record) and (stored := _stage(project, f"{ref}:{name}")) is not None:
            raise _nameless(f"{ref}:{name}", stored) from unknown
        return _result(project, project.store.find(ref), name, unknown)
    try:
        return _Found(named.stored, load_value(project.store, named))
    except NbexpError:
        raise
    except Exception as error:
        # The bytes are as they were written: what fails is the surroundings (a class or package that is not here).
        raise NbexpError(
            f'"{name}" of "{named.stored.record.stage}" cannot be loaded here: {error!r}',
            "If its class is defined in the notebook, use nbexp.load in that notebook.",
        ) from error


def _stage(project: Project, ref: str) -> Stored | None:
    """The stored stage that ``NB NAME`` means if NAME is none of the notebook's values; None if there is none."""
    try:
        return project.store.find(ref)
    except BadUse:
        return None


def _nameless(ref: str, stored: Stored) -> BadUse:
    """The error for a value that was not named: what there is."""
    record = stored.record
    known = [variable.name for variable in record.variables if variable.role != "deleted"]
    known += [result.name for result in record.results] + [file.path for file in record.files]
    return BadUse(f'which value of "{ref}"?', f"It has: {', '.join(known) or 'none'}.")


def _result(project: Project, stored: Stored, name: str, unknown: BadUse) -> _Found:
    for result in stored.record.results:
        if result.name == name:
            return _Found(stored, result.value)
    for file in stored.record.files:
        if name in (file.path, Path(file.path).name):
            return _Found(stored, project.store.file(stored, file))
    if points := [metric for metric in stored.record.metrics if name in metric.values]:
        raise BadUse(
            f'"{name}" is a metric, logged {len(points)} times; the last value is {points[-1].values[name]:.6g}',
            f"All of them: nbexp show {stored.id[:ID_DIGITS]} --json.",
        )
    raise unknown


def _plain(found: _Found, output: Path | None) -> dict[str, Any]:
    """The value itself where JSON can hold it and it was not written to a file."""
    value = found.content
    plain = isinstance(value, (str, int, float, bool, list, dict, type(None))) and output is None
    return {
        "type": type(value).__qualname__,
        "file": str(output) if output else None,
        "value": value if plain else None,
    }
