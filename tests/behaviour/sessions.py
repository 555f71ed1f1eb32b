"""Random notebooks and random sessions with them: cells are run in any order, edited, moved, deleted, and run again.

What a session has to give is told by running the cells that stand at its end from top to bottom, without nbexp.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.kernel.active import active_session
from nbexp.kernel.rerun import run_stale
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell

#: Statements, and what each has of the things that go wrong; `X` and `Y` are variables, `K` a number, `F` a function.
STATEMENTS = {
    "X = [K]": "",
    "X = [*Y, K]": "",
    "X = Y": "alias",
    "X = [Y, Y]": "alias",
    "X = {'y': Y}['y']": "alias",
    "X.append(K)": "mutation",
    "X += [K]": "mutation",
    "X[0] = K": "mutation",
    "X[0] = Y": "alias mutation",
    "X = [len(X), K]": "redefinition",
    "X = sorted(map(str, X))": "redefinition",
    "if len(Y) > 1:\n    X = [K]": "branch",
    "for each in Y:\n    X = [each]": "branch",
    "try:\n    X = [Y[2]]\nexcept IndexError:\n    pass": "branch",
    "def F(v):\n    v.append(len(Y))\n    return v": "function",
    "def F(v):\n    return [K, *v, *Y]": "function",
    "X = F(Y)": "call",
    "X = F(list(Y))": "call",
    "del X": "delete",
    "X = [random.randrange(100)]": "draw",
    "random.seed(K)\nX = [random.random()]": "draw",
    "X = [globals().get('Y', K)]": "dynamic",
}

_NAMES, _FUNCTIONS = ("a", "b", "c", "d"), ("f", "g")


@dataclass(frozen=True)
class Written:
    """A cell of the notebook."""

    id: str
    body: str
    stage: bool

    @property
    def source(self) -> str:
        """As it stands in the notebook."""
        return f"%%stage {self.id}\n{self.body}" if self.stage else self.body


@dataclass
class Outcome:
    """What went wrong in a session, and what it held."""

    wrong: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    restored: int = 0


def statement(chance: random.Random, held: set[str]) -> str:
    """A random statement."""
    text, kinds = chance.choice(list(STATEMENTS.items()))
    held.update(kinds.split())
    for letter, names in (("X", _NAMES), ("Y", _NAMES), ("F", _FUNCTIONS), ("K", range(10))):
        text = text.replace(letter, str(chance.choice(list(names))))
    return text


def body(chance: random.Random, held: set[str]) -> str:
    """The source of a random cell: it shows what it left."""
    lines = [statement(chance, held) for _ in range(chance.randint(1, 3))]
    return "\n".join(
        [*lines, f"print(globals().get('{chance.choice(_NAMES)}'))" if chance.random() < 0.3 else "print(X)"]
    )


def top_to_bottom(cells: list[Written]) -> tuple[dict[str, str], dict[str, Any], str]:
    """What each cell prints, the variables at the end, and the cell that failed, or ``""``."""
    shown: dict[str, str] = {}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    state = random.getstate()
    try:
        for cell in cells:
            text = io.StringIO()
            try:
                with contextlib.redirect_stdout(text):
                    exec(compile(cell.body, cell.id, "exec"), namespace)
            except Exception:  # noqa: BLE001 - a cell may do anything
                return shown, namespace, cell.id
            shown[cell.id] = text.getvalue()
    finally:
        random.setstate(state)
    return shown, namespace, ""


class Session:
    """One random session."""

    def __init__(self, seed: int, project: Project) -> None:
        self.chance = random.Random(seed)
        self.project = project
        self.outcome = Outcome()
        self.cells: list[Written] = [
            Written("top", "import random\nrandom.seed(0)\na = [1]\nb = [2]\nc = [3]\nd = [4]", False)
        ]
        self.shown: dict[str, str] = {}
        self.count = 0
        self.saves = 0
        for _ in range(self.chance.randint(3, 6)):
            self.insert(len(self.cells))
        self.start()

    # --- what a user does ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new kernel."""
        self.save()
        self.project.start(environment={"NBEXP_NOTEBOOK": str(self.path)})
        self.shown = {}

    @property
    def path(self) -> Path:
        return self.project.root / "n.ipynb"

    def save(self) -> None:
        """The notebook is saved."""
        cells = [{"cell_type": "code", "id": cell.id, "source": cell.source} for cell in self.cells]
        self.path.write_text(json.dumps({"nbformat": 4, "cells": cells}))
        self.saves += 1
        os.utime(self.path, (self.saves, self.saves))

    def new_body(self) -> str:
        """A source that does not fail where it stands, if chance gives one."""
        made = body(self.chance, self.outcome.held)
        return made.replace("print(X)", f"print({self.chance.choice(_NAMES)})")

    def insert(self, place: int) -> None:
        """A new cell that runs without error below those above it."""
        for _ in range(20):
            cell = Written(f"c{self.count}", self.new_body(), self.chance.random() < 0.6)
            if not top_to_bottom([*self.cells[:place], cell])[2]:
                self.count += 1
                self.cells.insert(place, cell)
                return

    def step(self) -> None:
        """One thing that users do."""
        chance = self.chance.random()
        place = self.chance.randrange(1, len(self.cells)) if len(self.cells) > 1 else 0
        if chance < 0.6 or not place:
            self.run(self.cells[self.chance.randrange(len(self.cells))])
        elif chance < 0.75:
            self.edit(place)
        elif chance < 0.82:
            self.log("move", self.cells[place].id)
            self.cells.insert(self.chance.randrange(1, len(self.cells)), self.cells.pop(place))
        elif chance < 0.88:
            self.log("delete", self.cells.pop(place).id)
        elif chance < 0.94:
            self.insert(place)
            self.log("insert", self.cells[place].id)
        else:
            self.log("restart", "")
            self.start()
        self.save()

    def edit(self, place: int) -> None:
        """A cell gets another source; most users run it then."""
        for _ in range(20):
            cell = replace(self.cells[place], body=self.new_body())
            if not top_to_bottom([*self.cells[:place], cell])[2]:
                self.cells[place] = cell
                self.log("edit", f"{cell.id}: {cell.source!r}")
                break
        self.save()
        if self.chance.random() < 0.7:
            self.run(self.cells[place])

    def run(self, cell: Written) -> bool:
        """A cell is run."""
        ran = self.project.run(Cell(cell.source, id=cell.id))
        self.log("run", f"{cell.id} {ran.status or 'plain'} {ran.error or ''} {ran.text.strip()!r} {ran.reasons}")
        self.shown[cell.id] = ran.text if ran.error is None else f"failed {ran.error}"
        self.outcome.restored += ran.status == "restored"
        if "Error in callback" in ran.text:
            self.outcome.wrong.append(f"a fault: {ran.text}")
        return ran.error is None

    def log(self, what: str, about: str) -> None:
        """For people who look for a fault."""
        self.outcome.log.append(f"{what} {about}")
        self.outcome.held.add(what)

    # --- what is held of it -------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Each wrong text on screen is marked stale; after ``run-stale`` all is as from top to bottom."""
        while failing := top_to_bottom(self.cells)[2]:
            self.log("delete", failing)
            self.cells = [cell for cell in self.cells if cell.id != failing]
        self.save()
        for cell in self.cells:
            if cell.id not in self.shown:
                self.run(cell)
        shown, namespace, _ = top_to_bottom(self.cells)
        order = active_session().order
        order.refresh()
        stale = dict(order.stale())
        for cell in self.cells:
            if self.shown[cell.id] != shown[cell.id] and cell.id not in stale:
                self.outcome.wrong.append(f"{cell.id} shows {self.shown[cell.id]!r}, not {shown[cell.id]!r}, unmarked")
        self.log("stale", repr({cell: reasons[0].text for cell, reasons in stale.items()}))
        self.catch_up()
        for cell in self.cells:
            if self.shown[cell.id] != shown[cell.id]:
                self.outcome.wrong.append(
                    f"after run-stale {cell.id} shows {self.shown[cell.id]!r}, not {shown[cell.id]!r}"
                )
        self._compare(namespace)
        if left := dict(order.stale()):
            self.outcome.wrong.append(f"still stale: { {cell: reasons[0].text for cell, reasons in left.items()} }")

    def catch_up(self) -> None:
        """``%nbexp run-stale``."""
        session, cells = active_session(), {cell.id: cell for cell in self.cells}
        session.catching_up = True
        try:
            run_stale(session.order, lambda cell: self.run(cells[cell]))
        finally:
            session.catching_up = False

    def _compare(self, namespace: dict[str, Any]) -> None:
        assert self.project.shell is not None
        live = self.project.shell.user_ns
        expected = {name: namespace[name] for name in _NAMES if name in namespace}
        found = {name: live[name] for name in expected if name in live}
        if fingerprint(expected).digest != fingerprint(found).digest:
            self.outcome.wrong.append(f"the variables are {found}, not {expected}")


def play(seed: int, root: Path, steps: int = 14) -> Outcome:
    """One session; its outcome."""
    with project_in(root) as project:
        session = Session(seed, project)
        for _ in range(steps):
            session.step()
        session.judge()
        notebook = "\n".join(f"--- {cell.id}\n{cell.source}" for cell in session.cells)
        session.outcome.log.append(notebook)
        return session.outcome
