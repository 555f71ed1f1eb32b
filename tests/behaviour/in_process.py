"""Runs a case in IPython shells in this process: fast, and as close to a kernel as a process allows.

A restart is a new shell, with the modules of the project forgotten and the random generators as in a new process.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import io
import os
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbexp.records import STAGE_MIME
from nbexp.ui.magics import load_extension, unload_extension
from tests.behaviour.model import Case, Cell, Final, Remove, Restart, Write


@dataclass
class Ran:
    """What one cell did."""

    status: str | None
    error: str | None
    text: str
    reasons: list[str] = field(default_factory=list)


class Project:
    """A folder with a store, and one shell after the other in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".nbexp").mkdir()
        self.shell: InteractiveShell | None = None
        self._generators = _generator_states()

    def start(self, cwd: str = ".", environment: dict[str, str] | None = None) -> None:
        """A new kernel."""
        self.stop()
        os.chdir(self.root / cwd)
        os.environ.update({"NBEXP_KEEP": "always", **(environment or {})})
        _restore_generators(self._generators)
        config = Config()
        config.HistoryManager.enabled = False
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell(config=config)
        self.shell.run_cell(f"import sys; sys.path.insert(0, {str(self.root)!r})", store_history=False, silent=True)
        load_extension(self.shell)

    def stop(self) -> None:
        """The kernel ends."""
        if self.shell is None:
            return
        unload_extension(self.shell)
        atexit.unregister(self.shell.atexit_operations)
        self.shell.atexit_operations()
        self.shell = None
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(self.root)):
                del sys.modules[name]
        sys.path[:] = [path for path in sys.path if path != str(self.root)]
        importlib.invalidate_caches()

    def run(self, cell: Cell) -> Ran:
        """One cell."""
        assert self.shell is not None
        shown: list[dict[str, Any]] = []
        out = io.StringIO()
        with _capture(self.shell, shown, out):
            result = self.shell.run_cell(cell.source, store_history=True, cell_id=cell.id)
        error = result.error_before_exec or result.error_in_exec
        lines = [data[STAGE_MIME] for data in shown if STAGE_MIME in data]
        assert len(lines) <= 1, lines
        line = lines[0] if lines else {}
        return Ran(
            line.get("status"),
            type(error).__name__ if error else None,
            out.getvalue(),
            [reason["text"] for reason in line.get("reasons", [])],
        )


@contextlib.contextmanager
def _capture(shell: InteractiveShell, shown: list[dict[str, Any]], out: io.StringIO) -> Iterator[None]:
    publish = shell.display_pub.publish

    def record(data: dict[str, Any], *arguments: Any, **named: Any) -> None:
        shown.append(data)
        if STAGE_MIME not in data:
            out.write(data.get("text/plain", "") + "\n")

    shell.display_pub.publish = record
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            yield
    finally:
        shell.display_pub.publish = publish


def run_case(case: Case, root: Path) -> list[str]:
    """Run `case` in the empty folder `root`; what was not as expected, in words."""
    before, environment = os.getcwd(), dict(os.environ)
    project = Project(root)
    wrong: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            project.start()
            for number, step in enumerate(case.steps):
                wrong += [f"step {number + 1}: {text}" for text in _do(project, step)]
    finally:
        project.stop()
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)
    return wrong


def _do(project: Project, step: Any) -> list[str]:
    if isinstance(step, Cell):
        return check_cell(step, project.run(step))
    if isinstance(step, Restart):
        project.start(step.cwd, step.environment)
    elif isinstance(step, Write):
        write_file(project.root / step.path, step.content)
    elif isinstance(step, Remove):
        (project.root / step.path).unlink()
    elif isinstance(step, Final):
        assert project.shell is not None
        namespace = project.shell.user_ns
        found = repr(eval(step.expression, namespace))
        if found != repr(step.value):
            return [f"{step.expression} is {found}, not {step.value!r}"]
    return []


def check_cell(cell: Cell, ran: Ran) -> list[str]:
    """What a cell did that it should not have."""
    wrong = []
    if ran.error != cell.error:
        wrong.append(f"{cell.source!r} raised {ran.error}, not {cell.error}: {ran.text[-500:]}")
    if ran.status != cell.status:
        wrong.append(f"{cell.source!r} is {ran.status}, not {cell.status} {ran.reasons} {ran.text[-300:]}")
    if cell.why is not None and not any(cell.why in reason for reason in ran.reasons):
        wrong.append(f"{cell.source!r}: no reason says {cell.why!r}: {ran.reasons}")
    if cell.output is not None and cell.output not in ran.text:
        wrong.append(f"{cell.source!r} wrote {ran.text!r}, without {cell.output!r}")
    return wrong


def write_file(path: Path, content: str | bytes) -> None:
    """A project file, and no stale bytecode of what it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if path.suffix == ".py":
        for cached in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            cached.unlink()
    importlib.invalidate_caches()


def _generator_states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate()}
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    return states


def _restore_generators(states: dict[str, Any]) -> None:
    random.setstate(states["random"])
    if "numpy" in states:
        sys.modules["numpy"].random.set_state(states["numpy"])
