"""What goes wrong in the store is told: on the next line of any kind, and at the end of the session. Nothing leaks."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbexp.kernel.active import active_session, finish_storing
from nbexp.kernel.session import Session
from nbexp.snapshot.modules import import_watch
from nbexp.store import Store, publication
from nbexp.store.temporary import Temporary
from nbexp.store.writer import THREAD_NAME
from nbexp.views.line import line_text
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path) as made:
        made.start()
        yield made


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the disk is full: empty it, and it is not. It says so when somebody waits for it, and no sooner."""
    is_full: list[bool] = []
    waited_for = threading.Event()
    drain = Store.drain
    original = publication.sync

    def sync(temporary: Temporary) -> None:
        if is_full:
            assert waited_for.wait(60)
            raise OSError(errno.ENOSPC, "No space left on device")
        original(temporary)

    def wait(store: Store, timeout: float | None = None) -> bool:
        waited_for.set()
        try:
            return drain(store, timeout)
        finally:
            waited_for.clear()

    monkeypatch.setattr(publication, "sync", sync)
    monkeypatch.setattr(Store, "drain", wait)
    return is_full


def session() -> Session:
    found = active_session()
    assert found is not None
    return found


def run(project: Project, source: str) -> str:
    """Run a stage; its line."""
    project.run(Cell(source))
    session().store.drain()
    return line_text(session().statuses[-1])


def lose(project: Project, full: list[bool], source: str) -> None:
    """Run a stage whose result is lost after its line was shown."""
    full.append(True)
    run(project, source)
    assert session().statuses[-1].status == "ran"
    full.clear()


LOST = '; the result of "a" was not stored'


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("%%stage b\ny = 1", "restored"),
        ("%%stage c\nz = 1", "ran"),
        ("%%stage c\n1 / 0", "failed"),
        ("%%stage c\nz = iter([1, 2])\nimport os; os.environ['HOME']", "unstored"),
    ],
)
def test_a_lost_result_is_told_on_the_next_line_of_any_kind(
    project: Project, full: list[bool], source: str, status: str
) -> None:
    run(project, "%%stage b\ny = 1")
    lose(project, full, "%%stage a\nx = 1")
    assert LOST in run(project, source)
    assert session().statuses[-1].status == status
    assert LOST not in run(project, "%%stage b\ny = 1")


def test_each_result_that_is_lost_is_told(project: Project, full: list[bool]) -> None:
    for _ in range(2):
        lose(project, full, "%%stage a --force\nx = 1")
        assert LOST in run(project, "%%stage b\ny = 1")
    full.append(True)
    run(project, "%%stage a --force\nx = 1")
    assert '; the result of "a" was not stored' in run(project, "%%stage b2\ny = 2")
    full.clear()
    assert '; the result of "b2" was not stored' in run(project, "%%stage b\ny = 1")


def test_what_no_line_has_told_is_told_at_the_end(
    project: Project, full: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    lose(project, full, "%%stage a\nx = 1")
    (told,) = finish_storing()
    assert told.startswith('the result of "a" was not stored: the disk') and "Free some space" in told
    assert finish_storing() == []
    lose(project, full, "%%stage a\nx = 1")
    project.stop()
    assert 'the result of "a" was not stored' in capsys.readouterr().err


AT_EXIT = """
from IPython.core.interactiveshell import InteractiveShell
from nbexp.store import Store, publication
def sync(temporary):
    raise OSError(28, "No space left on device")
publication.sync = sync
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "nbexp")
shell.run_cell("%%stage a\\nx = 1")
"""


def test_what_is_lost_when_the_process_ends_is_told(tmp_path: Path) -> None:
    (tmp_path / ".nbexp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr.startswith('the result of "a" was not stored: the disk'), done.stderr


def test_without_lines_all_is_told_at_the_end(project: Project, full: list[bool]) -> None:
    project.start(environment={"NBEXP_LINE": "off"})
    lose(project, full, "%%stage a\nx = 1")
    lose(project, full, "%%stage b\nx = 1")
    assert len(finish_storing()) == 2


def test_a_record_that_was_passed_over_is_told_though_another_was_found(project: Project, tmp_path: Path) -> None:
    for _ in range(2):
        run(project, "%%stage a --force\nx = 1")
    newest = max((tmp_path / ".nbexp/records").glob("*/*/*"), key=lambda path: path.stat().st_mtime_ns)
    newest.chmod(0o644)
    newest.write_bytes(newest.read_bytes()[:-1])
    told = run(project, "%%stage a\nx = 1")
    assert told.startswith("a: restored") and "was cut short" in told


def test_only_the_latest_of_a_stage_is_kept(project: Project) -> None:
    for number in range(3):
        run(project, f"%%stage a\nx = {number}")
        run(project, f"%%stage b\ny = {number}")
    assert [status.stage for status in session().statuses] == ["a", "b"]
    run(project, "%%stage a\nx = 1")
    assert [(status.stage, status.status) for status in session().statuses] == [("b", "ran"), ("a", "restored")]


def test_loading_again_leaves_no_thread_and_no_callback(project: Project) -> None:
    others = set(threading.enumerate())

    def threads() -> int:
        return sum(thread.name == THREAD_NAME for thread in set(threading.enumerate()) - others)

    def callbacks() -> int:
        return sum(map(len, import_watch()._callbacks.values()))

    run(project, "%%stage a\nx = 1")
    assert threads() == 1
    before = callbacks()
    for number in range(3):
        project.run(Cell("%reload_ext nbexp"))
        run(project, f"%%stage a\nx = {number + 2}")
        assert (threads(), callbacks()) == (1, before)
    project.run(Cell("%unload_ext nbexp"))
    assert threads() == 0
    assert "nbexp" in sys.modules
