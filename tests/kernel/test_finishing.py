"""What is noted of a stage that is over: a restored one is known by the names under which it was restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbexp.kernel.active import active_session
from nbexp.views.line import line_text
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        yield made


def line(project: Project, source: str) -> str:
    session = active_session()
    assert session is not None
    project.run(Cell(source))
    session.store.drain()
    return line_text(session.statuses[-1]) if session.statuses else ""


@pytest.mark.parametrize("before", ["a.ipynb", ""], ids=["renamed", "run by papermill"])
def test_a_stage_is_known_in_the_notebook_that_restored_it(project: Project, before: str) -> None:
    project.start(environment={"NBEXP_NOTEBOOK": str(project.root / before) if before else ""})
    assert line(project, "%%stage clean\ndata = [1, 2]").startswith("clean: ran")
    project.start(environment={"NBEXP_NOTEBOOK": str(project.root / "b.ipynb")})
    assert line(project, "%%stage prepare\ndata = [1, 2]").startswith("prepare: restored")
    line(project, "import nbexp\nloaded = nbexp.load('b.ipynb:prepare', 'data')")
    assert project.shell is not None
    assert project.shell.user_ns["loaded"] == [1, 2]


def test_a_miss_in_a_copy_is_explained_by_what_was_restored_there(project: Project) -> None:
    project.start(environment={"NBEXP_NOTEBOOK": str(project.root / "a.ipynb")})
    line(project, "n = 1")
    line(project, "%%stage clean\ndata = [n]")
    project.start(environment={"NBEXP_NOTEBOOK": str(project.root / "b.ipynb")})
    line(project, "n = 1")
    line(project, "%%stage clean\ndata = [n]")
    line(project, "n = 2")
    assert line(project, "%%stage clean --live\ndata = [n]").startswith(
        "clean: ran (input `n`: 1 -> 2); stale: it read"
    )
