"""A hit changes nothing but the time (L2): a notebook of stages ends as the same notebook without them.

Every case runs once with its stages and once as plain cells; before each restart and at the end, the variables (by
fingerprint), the history, random states and settings must be the same. So each case asserts more than it says.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbexp.errors import NbexpError
from nbexp.kernel.namespace import user_names
from nbexp.snapshot.state import state_differences
from nbexp.stage.capture import mark_of
from tests.behaviour.cases import all_cases
from tests.behaviour.checking import Told
from tests.behaviour.in_process import Project, do, project_in
from tests.behaviour.model import Case, Cell, Final, Restart

#: Categories that are about nbexp itself: without it they mean nothing, or something else.
_ABOUT_NBEXP = {"options", "stores", "api", "order", "run again"}

#: Cells whose result is another each time (a search notes how long each fit took).
_OTHER_EACH_TIME = (
    "%time", "%nbexp", "%history", "mkstemp", "getpid", "SearchCV", "cross_validate", "st_mtime", "getcwd",
    "absolute()",
)  # fmt: skip

#: What docs/limits.md names: ``_`` bound by the cell itself. And what is meant to differ: a stage cell that is run
#: again begins without what its own last run left, as from top to bottom; a generator that nobody seeded. A hit does
#: not import what the stage imported by names that its source does not show. Records of a log have their time.
_KNOWN = (
    "underscore used as a throw-away name", "plugin that registers itself", "counter that begins when it is missing",
    "draw unseeded is one value", "found in packages within: hit", "found in packages within: miss",
    "found in a package's folder: hit", "found in a package's folder and edited: hit", "to a list: unstored",
)  # fmt: skip


def is_comparable(case: Case) -> bool:
    """Whether the case means the same without nbexp."""
    cells = [step.source for step in case.steps if isinstance(step, Cell)]
    headers = [source.partition("\n")[0] for source in cells if source.startswith("%%stage")]
    return (
        case.category not in _ABOUT_NBEXP
        and not (case.kernel or case.known or case.name in _KNOWN)
        and not any("--" in header for header in headers)
        and not any(word in source for source in cells for word in _OTHER_EACH_TIME)
        and not any(step.environment for step in case.steps if isinstance(step, Restart))
        and not any(isinstance(step, Cell) and step.error and step.status is None for step in case.steps)
    )


_CASES = [case for case in all_cases() if is_comparable(case)]


def state(project: Project) -> dict[str, Any]:
    """Everything that a cell below could see."""
    assert project.shell is not None
    shell = project.shell
    found: dict[str, Any] = {
        name: _told(name, shell.user_ns[name])
        for name in user_names(shell.user_ns, shell.user_ns_hidden)
        if name != "__warningregistry__"  # which warnings were shown: a hit shows them again without raising them
    }
    found["Out"] = {number: _told("Out", value) for number, value in shell.user_ns["Out"].items()}
    found["_"] = _told("_", shell.user_ns.get("_"))
    found["random"] = hash(random.getstate())
    if "numpy" in sys.modules:
        found["numpy"] = sys.modules["numpy"].random.get_state()[1].tobytes()
    if "torch" in sys.modules:
        found["torch"] = bytes(sys.modules["torch"].get_rng_state().numpy())
    found["settings"] = {name: _told(name, tree) for name, tree in state_differences().items()}
    return found


def _told(name: str, value: Any) -> str:
    if isinstance(value, InteractiveShell):
        return type(value).__name__
    try:
        return f"{type(value).__name__} {mark_of(name, value).digest.hex()[:12]}"
    except NbexpError:
        return f"{type(value).__name__}"


def states(case: Case, root: Path, staged: bool) -> list[dict[str, Any]]:
    """The state before each restart and at the end."""
    found = []
    root.mkdir()
    with project_in(root, staged) as project:
        project.start()
        for step in case.steps:
            if isinstance(step, Restart):
                found.append(state(project))
            if not isinstance(step, Final):
                do(project, step, Told())
        found.append(state(project))
    return found


def differences(case: Case, folder: Path) -> list[str]:
    """What is another after the stages than after plain cells.

    What differs is looked at once more: a library loaded by the plain cells is there already in the other kernel, which
    is none.
    """
    for module in case.needs:
        pytest.importorskip(module)
    return _differences(case, folder / "1") and _differences(case, folder / "2")


def _differences(case: Case, folder: Path) -> list[str]:
    folder.mkdir()
    pairs = zip(states(case, folder / "plain", False), states(case, folder / "staged", True), strict=True)
    return [
        f"kernel {number + 1}: {name} is {staged.get(name)}, after plain cells {plain.get(name)}"
        for number, (plain, staged) in enumerate(pairs)
        for name in sorted({*plain, *staged})
        if plain.get(name) != staged.get(name)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", _CASES[::13], ids=lambda case: case.id)
def test_a_part_ends_as_plain_cells_do(case: Case, tmp_path: Path) -> None:
    wrong = differences(case, tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.soak
@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.id)
def test_all_end_as_plain_cells_do(case: Case, tmp_path: Path) -> None:
    wrong = differences(case, tmp_path)
    assert not wrong, "\n".join(wrong)
