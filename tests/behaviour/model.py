"""Behaviour as data: what is done in a notebook, what each stage cell shall answer, and what shall be there at the end.

    case(
        "comment", "source", HIT,
        stage("y = 1", RAN), restart(), stage("y = 1  # one", RESTORED), final("y", 1),
    )

The same steps run in an in-process IPython shell (`in_process.py`) and in a real kernel (`in_kernel.py`). Beside what
a case states, one thing is held of every restored cell: it shows what a cell that ran in the same case showed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

RAN, RESTORED, FAILED, UNSTORED = "ran", "restored", "failed", "unstored"

#: What a case is mainly there to show: that a harmless change is a hit, that a real one is a miss, or that something is
#: said or left alone.
HIT, MISS, OTHER = "hit", "miss", "other"


@dataclass(frozen=True)
class Step:
    """One thing done: see the functions below."""


@dataclass(frozen=True)
class Cell(Step):
    """A cell.

    Attributes:
        source: Its text. id: its id, as a front end sends it.
        status: What a stage cell answers. error: The exception's name that it raises.
        why: Text in one of its reasons. output: text that it prints or shows. without: text that it does not.
        interrupt: The kernel is interrupted when the cell has printed this.
        at: Which of the kernels on the project's store runs it; the first one has no name.
        stale: Text in one of the reasons for which its result is stale; empty if it must not be.
    """

    source: str
    status: str | None = None
    error: str | None = None
    id: str | None = None
    why: str | None = None
    output: str | None = None
    without: str | None = None
    interrupt: str | None = None
    at: str = ""
    stale: str | None = None


@dataclass(frozen=True)
class Restart(Step):
    """A new kernel in the same folder, with the store as it is; another working directory or hash seed if given."""

    cwd: str = "."
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Write(Step):
    """A file of the project."""

    path: str
    content: str | bytes


@dataclass(frozen=True)
class Remove(Step):
    """A file of the project, removed."""

    path: str


@dataclass(frozen=True)
class Damage(Step):
    """Something happens to each stored file beneath `place` (``blobs``, ``records``): flipped, cut or deleted."""

    how: str
    place: str


@dataclass(frozen=True)
class Final(Step):
    """An expression over the namespace whose ``repr`` is that of `value`."""

    expression: str
    value: Any
    at: str = ""


@dataclass(frozen=True)
class Case:
    """One behaviour.

    Attributes:
        shows: What it is there for: `HIT`, `MISS` or `OTHER`.
        needs: Modules without which it is skipped.
        kernel: It can only be shown in a real kernel.
        order: Law L1 will change its answer.
        known: Why the engine does not answer like this yet; the case must fail as long as this stands.
    """

    name: str
    category: str
    shows: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    kernel: bool = False
    order: bool = False
    known: str = ""

    @property
    def id(self) -> str:
        return f"{self.category}/{self.name}"

    def count(self, status: str) -> int:
        """How many stage cells are expected to answer `status`."""
        return sum(isinstance(step, Cell) and step.status == status for step in self.steps)


def case(
    name: str,
    category: str,
    shows: str,
    *steps: Step,
    needs: str = "",
    kernel: bool = False,
    order: bool = False,
    known: str = "",
) -> Case:
    """A case; `needs` names modules, separated by spaces; the rest as in `Case`."""
    return Case(name, category, shows, tuple(with_ids(steps)), tuple(needs.split()), kernel, order, known)


def with_ids(steps: Sequence[Step]) -> Iterator[Step]:
    """In each kernel, a cell without an id is one of its own, below those before it; an empty id stays empty."""
    number = 0
    for step in steps:
        number = 0 if isinstance(step, Restart) else number + 1
        yield replace(step, id=f"cell-{number}") if isinstance(step, Cell) and step.id is None else step


def twins(
    name: str,
    category: str,
    *,
    setup: str = "",
    source: str,
    miss: str | tuple[str, str],
    hit: str | tuple[str, str],
    value: tuple[str, Any, Any] | None = None,
    needs: str = "",
    kernel: bool = False,
    known: str = "",
) -> list[Case]:
    """Two cases: in a new kernel one change must be a miss, and its nearest harmless neighbour a hit.

    Args:
        setup: The cell above the stage. source: the stage.
        miss, hit: The changed setup, or the changed ``(setup, source)``.
        value: An expression, its value after the miss, and after the hit.
        known: ``"miss: why"`` or ``"hit: why"``, for the one of the two that is not so yet.
    """
    made = []
    for shows, change, status in ((MISS, miss, RAN), (HIT, hit, RESTORED)):
        new_setup, new_source = (change, source) if isinstance(change, str) else change
        end = () if value is None else (final(value[0], value[1] if shows == MISS else value[2]),)
        made.append(
            case(
                f"{name}: {shows}", category, shows,
                *((cell(setup),) if setup else ()), stage(source, RAN), restart(),
                *((cell(new_setup),) if new_setup else ()), stage(new_source, status), *end,
                needs=needs, kernel=kernel,
                known=known.removeprefix(f"{shows}: ") if known.startswith(f"{shows}: ") else "",
            )
        )  # fmt: skip
    return made


def replayed(
    name: str,
    category: str,
    setup: str,
    source: str,
    *ends: Step,
    needs: str = "",
    kernel: bool = False,
    known: str = "",
) -> Case:
    """In a new kernel a hit must leave behind what the run left; `ends` look at it."""
    above = (cell(setup),) if setup else ()
    return case(
        name, category, HIT, *above, stage(source, RAN), restart(), *above, stage(source, RESTORED), *ends,
        needs=needs, kernel=kernel, known=known,
    )  # fmt: skip


def looked_at(
    category: str, name: str, above: str, source: str, look: str, other: str = "", *, needs: str, end: str = ""
) -> Case:
    """`look` at what a stage left sees in a new kernel what it saw when the stage ran; after a cell `other` it runs.

    Args:
        category: The case's.
        name: The case's.
        above: The cell before the stage.
        source: The stage's.
        look: An expression, or several.
        other: A cell that changes what the stage reads; empty for none.
        needs: Modules without which the case is skipped.
        end: What the stage does last.
    """
    setup, run = cell(above), f"{source}\nseen = repr(({look})){end}"
    misses = (restart(), setup, cell(other), stage(run, RAN)) if other else ()
    return case(
        name, category, HIT,
        setup, stage(run, RAN), restart(), setup, stage(run, RESTORED), final(f"repr(({look})) == seen", True), *misses,
        needs=needs,
    )  # fmt: skip


def cell(
    source: str,
    *,
    error: str | None = None,
    id: str | None = None,
    output: str | None = None,
    without: str | None = None,
    interrupt: str | None = None,
    at: str = "",
) -> Cell:
    """A plain cell."""
    return Cell(source, None, error, id, None, output, without, interrupt, at)


def stage(
    source: str,
    status: str | None,
    *,
    name: str = "s",
    options: str = "",
    error: str | None = None,
    id: str | None = None,
    why: str | None = None,
    output: str | None = None,
    without: str | None = None,
    interrupt: str | None = None,
    at: str = "",
    stale: str | None = None,
) -> Cell:
    """A stage cell and what it answers."""
    header = " ".join(filter(None, ("%%stage", name, options)))
    return Cell(f"{header}\n{source}", status, error, id, why, output, without, interrupt, at, stale)


def restart(cwd: str = ".", **environment: str) -> Restart:
    """A new kernel."""
    return Restart(cwd, environment)


def write(path: str, content: str | bytes) -> Write:
    """Write a file of the project (also a module)."""
    return Write(path, content)


def remove(path: str) -> Remove:
    """Remove a file of the project."""
    return Remove(path)


def damage(how: str, place: str) -> Damage:
    """Do something to every stored file beneath `place`: ``flip`` a byte, ``cut`` it in half, ``delete`` it."""
    return Damage(how, place)


def final(expression: str, value: Any, at: str = "") -> Final:
    """What shall be there."""
    return Final(expression, value, at)
