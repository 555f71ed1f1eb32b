"""The stages of a notebook file, found without running it, and which of them a run shall run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbexp.errors import BadUse, closest
from nbexp.runs.notebook import code_cells, python_tree
from nbexp.runs.parameters import INJECTED_ID

_MAGIC = "%%stage"


@dataclass(frozen=True, slots=True)
class NotebookStage:
    """One stage cell: its position among all cells, its id (``""`` without ids) and its name."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Range:
    """What a run executes.

    Attributes:
        last: The position of the last cell; None for all.
        restored: Names of stages that must be restored, not run.
        forced: Names of stages that run although a result is stored.
    """

    last: int | None = None
    restored: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()


def check_cells(notebook: Any, path: Path) -> tuple[NotebookStage, ...]:
    """The notebook's stages, top to bottom, once every cell is known to be sound.

    Raises:
        BadUse: A cell has a syntax error, or a stage's header cannot be understood.
    """
    from nbexp.stage.analysis import analyse
    from nbexp.stage.spec import default_name, parse_spec

    found: list[NotebookStage] = []
    taken: dict[str, int] = {}
    for number, (index, cell) in enumerate(_own_cells(notebook), start=1):
        header, body = split_header(cell.source)
        if header is None and split_header(cell.source.lstrip(" \t"))[0] is not None:
            raise BadUse(f'{_MAGIC} is indented in cell {number} of "{path}"', "Take away the blanks before it.")
        try:
            spec = parse_spec(header) if header is not None else None
            tree = python_tree(body)
        except BadUse as error:
            raise BadUse(f'cell {number} of "{path}": {error.what}', error.advice) from None
        except SyntaxError as error:
            raise _syntax(error, number, path, 1 if header is not None else 0) from None
        if spec is not None:
            name = spec.name or _numbered(default_name(analyse(tree, body)), taken)
            found.append(NotebookStage(index, cell.get("id", ""), name))
    return tuple(found)


def _own_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    """The code cells without the one that sets parameters: the user's file does not have it, and it is sound."""
    return ((index, cell) for index, cell in code_cells(notebook) if cell.get("id") != INJECTED_ID)


def split_header(source: str) -> tuple[str | None, str]:
    """A cell's `%%stage` header, None if it has none, and the rest."""
    first, _, rest = source.partition("\n")
    if first == _MAGIC or first.startswith((_MAGIC + " ", _MAGIC + "\t")):
        return first[len(_MAGIC) :].strip(), rest
    return None, source


def _syntax(error: SyntaxError, number: int, path: Path, above: int) -> BadUse:
    line = (error.lineno or 1) + above
    text = f": `{error.text.strip()}`" if error.text and error.text.strip() else ""
    return BadUse(
        f'cell {number} of "{path}" has a syntax error in line {line}: {error.msg}{text}',
        "Correct that cell; nothing was run.",
    )


def _numbered(label: str, taken: dict[str, int]) -> str:
    """The label itself the first time, ``label-2`` in the next cell that would have it too."""
    taken[label] = taken.get(label, 0) + 1
    return label if taken[label] == 1 else f"{label}-{taken[label]}"


def choose(
    stages: Sequence[NotebookStage],
    path: Path,
    *,
    until: str = "",
    start: str = "",
    only: str = "",
    force: Iterable[str] = (),
) -> Range:
    """What to execute, by the names of stages: plain cells above always run, stages above `start` are restored.

    Args:
        until: Nothing below this stage is executed.
        start: Stages above this one are restored, never run.
        only: Both.
        force: Stages that run although a result is stored.

    Raises:
        BadUse: No stage has that name (with the closest one), or the range is empty.
    """
    if only and (until or start):
        raise BadUse("--only cannot be joined with --until or --from", "--only STAGE means both.")
    first = _position(stages, only or start, path, last=False)
    last = _position(stages, only or until, path, last=True)
    forced = tuple(stages[_position(stages, name, path, last=False) or 0].name for name in force)
    if first is not None and last is not None and first > last:
        raise BadUse(f'stage "{start}" stands below stage "{until}"', "Name them the other way round.")
    above = stages[: first if first is not None else 0]
    return Range(
        last=stages[last].index if last is not None else None,
        restored=tuple(dict.fromkeys(stage.name for stage in above)),
        forced=forced,
    )


def _position(stages: Sequence[NotebookStage], name: str, path: Path, *, last: bool) -> int | None:
    """The place of the first (or last) stage called `name` among the stages; None for no name."""
    if not name:
        return None
    places = [place for place, stage in enumerate(stages) if stage.name == name]
    if not places:
        raise unknown_stage(name, [stage.name for stage in stages], path)
    return places[-1] if last else places[0]


def unknown_stage(name: str, known: Sequence[str], path: Path) -> BadUse:
    """The error for a stage that the notebook does not have, with the closest name."""
    if not known:
        return BadUse(f'"{path}" has no stage "{name}": it has no stages', "Put %%stage in a cell's first line.")
    return BadUse(f'"{path}" has no stage "{name}"', closest(name, known))
