"""Notebooks made by chance show and leave the same with their stages and without (L2)."""

from __future__ import annotations

import gc
import hashlib
import io
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import NbexpError
from nbexp.fingerprints.fingerprint import fingerprint
from tests.behaviour.checking import Ran, alter
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell, Restart, Step
from tests.behaviour.random_notebooks import LIBRARIES, PLAIN, Words, story
from tests.behaviour.test_twice import state

pytest.importorskip("pandas")

_OTHER_EACH_TIME = re.compile(r"<ipython-input-\d+-\w+>|0x[0-9a-f]+")


def after_each(steps: Sequence[Step], root: Path, staged: bool) -> Iterator[tuple[str | None, Any]]:
    """What each step shows and leaves; first what became of it as a stage."""
    root.mkdir()
    with project_in(root, staged) as project:
        for step in steps:
            if isinstance(step, Restart):
                project.start()
            elif isinstance(step, Cell):
                ran = project.run(step)
                yield ran.status, (_shown(ran), left(project))
            else:
                alter(project.root, step)


def _shown(ran: Ran) -> Any:
    """All but addresses and what has the cell's own text, with or without header: tracebacks, its code's name."""
    return ran.error, [(kind, _OTHER_EACH_TIME.sub("...", text)) for kind, text in ran.shown if not ran.error]


def left(project: Project) -> dict[str, Any]:
    """Everything that a cell below could see, and what the variables share with each other."""
    assert project.shell is not None
    found, namespace = state(project), project.shell.user_ns
    held = {name: value for name, value in sorted(namespace.items()) if len(name) == 1 and name != "_"}
    # Artists share constants of matplotlib's (paths of markers), of which a restored figure has its own: they are
    # compared by what they draw.
    drawn = {n: value for n, value in held.items() if _is_drawn(value)}
    found.update({n: _png(value) if type(value).__name__ == "Figure" else type(value) for n, value in drawn.items()})
    shown = {n: value for n, value in namespace["Out"].items() if _is_drawn(value)}
    found["Out"] |= {n: type(value) for n, value in shown.items()}
    if _is_drawn(namespace.get("_")):
        found["_"] = type(namespace["_"])
    told = {n for n, value in held.items() if n not in drawn and _is_told(value)}
    found["together"] = fingerprint(
        {name: held[name] for name in told if name in held} | {"A": namespace.get("A")}
    ).digest
    return found


def _is_drawn(value: Any) -> bool:
    pending, seen = [value], set[int]()
    while pending:
        each = pending.pop()
        if type(each).__module__.startswith("matplotlib"):
            return True
        if type(each) in (list, tuple) and id(each) not in seen:  # a list may hold itself
            seen.add(id(each))
            pending += each
    return False


def _png(figure: Any) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=30)
    return hashlib.sha256(file.getvalue()).hexdigest()


def _is_told(value: Any) -> bool:
    try:
        fingerprint(value)
    except NbexpError:
        return False
    return True


def difference(steps: Sequence[Step], folder: Path, counted: Counter[str | None] | None = None) -> str:
    """The first cell after which something is another than without stages, and what; empty if none is."""
    number = len(list(folder.iterdir()))
    plain = list(after_each(steps, folder / f"{number} plain", False))
    cells = [step for step in steps if isinstance(step, Cell)]
    staged = after_each(steps, folder / f"{number} staged", True)
    for cell, (_, expected), (status, found) in zip(cells, plain, staged, strict=True):
        if counted is not None:
            counted[status] += 1
        if found != expected:
            names = {
                name: (found[1].get(name), expected[1].get(name))
                for name in {*found[1], *expected[1]}
                if found[1].get(name) != expected[1].get(name)
            }
            return f"{cell.source}\n-> {status}, shows {found[0]}, not {expected[0]}; leaves {names}"
    return ""


def _begins(steps: Sequence[Step]) -> bool:
    """Whether a kernel is there before the first cell."""
    return isinstance(next((step for step in steps if isinstance(step, (Restart, Cell))), None), Restart)


def smallest(steps: list[Step], folder: Path) -> list[Step]:
    """As few of the steps as still differ; each try leaves out a run of them."""
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if _begins(fewer) and difference(fewer, folder):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


def judge(seeds: Sequence[int], folder: Path, words: Words = PLAIN) -> Counter[str | None]:
    """Tell each seed's story twice; what became of the stages, counted."""
    counted: Counter[str | None] = Counter()
    for seed in seeds:
        steps = story(seed, words)
        if difference(steps, folder, counted):
            fewer = smallest(steps, folder)
            text = "\n\n".join(str(getattr(step, "source", step)) for step in fewer)
            pytest.fail(f"seed {seed}:\n{text}\n\n{difference(fewer, folder)}", pytrace=False)
        shutil.rmtree(folder)
        folder.mkdir()
        gc.collect()
    return counted


@pytest.mark.slow
def test_a_few(tmp_path: Path) -> None:
    counted = judge(range(20), tmp_path)
    assert counted["restored"] > 50
    assert counted["ran"] > 50


@pytest.mark.slow
def test_a_few_with_libraries(tmp_path: Path) -> None:
    _needs_libraries()
    counted = judge(range(4), tmp_path, LIBRARIES)
    assert counted["restored"] > 10


def _needs_libraries() -> None:
    for library in ("torch", "sklearn", "matplotlib"):
        pytest.importorskip(library)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("hundred", range(6))
def test_many(hundred: int, tmp_path: Path) -> None:
    judge(range(1000 + 100 * hundred, 1100 + 100 * hundred), tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("ten", range(6))
def test_many_with_libraries(ten: int, tmp_path: Path) -> None:
    _needs_libraries()
    judge(range(1000 + 10 * ten, 1010 + 10 * ten), tmp_path, LIBRARIES)
