"""Runs a case in IPython shells in this process: fast, and as close to a kernel as a process allows.

A restart is a new shell, with the modules of the project forgotten, random generators, the settings of
libraries and the environment as in a new process.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import io
import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbexp.kernel.active import active_session
from nbexp.snapshot.modules import loaded_project_modules
from nbexp.snapshot.state import apply_state, state_differences
from nbexp.ui.magics import load_extension, unload_extension
from tests.behaviour.checking import Ran, Seen, Told, alter, check_cell, check_value
from tests.behaviour.model import Case, Cell, Final, Restart


class Project:
    """A folder with a store, and one shell after the other in it.

    Args:
        root: An empty folder. staged: Whether `%%stage` headers are obeyed; else every cell is a plain one.
    """

    def __init__(self, root: Path, staged: bool = True) -> None:
        self.root = root
        self.staged = staged
        (root / ".nbexp").mkdir()
        self.shell: InteractiveShell | None = None
        self._environment = dict(os.environ)
        self._generators = _generator_states()
        self._logging = _Logging()
        self._streams = {name: _Stream(name) for name in ("stdout", "stderr")}
        self._main = sys.modules["__main__"]

    def start(self, cwd: str = ".", environment: dict[str, str] | None = None) -> None:
        """A new kernel."""
        self.stop()
        os.chdir(self.root / cwd)
        os.environ.update({"NBEXP_KEEP": "always", **(environment or {})})
        logging.root.handlers.clear()  # pytest's: a kernel has none
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell.instance(config=config)
        self.shell.run_cell(f"import sys; sys.path.insert(0, {str(self.root)!r})", store_history=False, silent=True)
        _restore_generators(self._generators)
        if self.staged:
            load_extension(self.shell)
            _nothing_is_patched()

    def stop(self) -> None:
        """The kernel ends."""
        if self.shell is None:
            return
        if self.staged:
            unload_extension(self.shell)
        atexit.unregister(self.shell.atexit_operations)
        self.shell.displayhook.flush = lambda: None  # it would look through all objects of the test process
        self.shell.atexit_operations()
        self.shell = None
        InteractiveShell.clear_instance()
        sys.modules["__main__"] = self._main
        self._forget_modules()
        for probe in state_differences():
            apply_state(probe, {})
        _no_warning_filters()
        self._logging.put_back()
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        os.environ.clear()
        os.environ.update(self._environment)

    def _forget_modules(self) -> None:
        for name, module in list(sys.modules.items()):
            known = getattr(module, "__dict__", {})
            places = [known.get("__file__") or "", *(known.get("__path__") or ())]
            if any(str(place).startswith(str(self.root)) for place in places):
                del sys.modules[name]
        sys.path[:] = [path for path in sys.path if not path.startswith(str(self.root))]
        importlib.invalidate_caches()

    def run(self, cell: Cell) -> Ran:
        """One cell."""
        assert self.shell is not None
        seen = Seen()
        source = cell.source
        if not self.staged and source.startswith("%%stage"):
            body = source.partition("\n")[2]
            source = body if body.startswith("%%") else f"# no stage\n{body}"  # its lines keep their numbers
        with _captured(self.shell, seen, self._streams):
            result = self.shell.run_cell(source, store_history=True, cell_id=cell.id)
        error = result.error_before_exec or result.error_in_exec
        return seen.ran(type(error).__name__ if error else None)


def _no_warning_filters() -> None:
    """As `warnings.resetwarnings`, which would count as the notebook's doing."""
    warnings.filters.clear()  # type: ignore[attr-defined]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _nothing_is_patched() -> None:
    """A new session looks through all loaded modules: 0.1 s with every library there, in which no shell of this process
    has left anything."""
    patches = active_session().patches
    patches._look, patches._count = False, len(sys.modules)
    patches._modules = frozenset(loaded_project_modules())


@contextlib.contextmanager
def _captured(shell: InteractiveShell, seen: Seen, streams: dict[str, _Stream]) -> Iterator[None]:
    publisher = shell.display_pub
    publish, clear = publisher.publish, publisher.clear_output

    def record(
        data: dict[str, Any], metadata: Any = None, source: Any = None, *, transient: Any = None, update: bool = False,
        **named: Any,
    ) -> None:  # fmt: skip
        seen.display("update" if update else "display", data, metadata or {}, transient or {})

    publisher.publish = record
    publisher.clear_output = lambda wait=False: seen.clear(wait)
    for stream in streams.values():
        stream.tell = seen.stream
    try:
        with contextlib.redirect_stdout(streams["stdout"]), contextlib.redirect_stderr(streams["stderr"]):
            yield
    finally:
        publisher.publish, publisher.clear_output = publish, clear


class _Stream(io.TextIOBase):
    """One of the two streams, the same one for all cells, as in a kernel; both are joined in the order of writing."""

    tell: Callable[[str, str], None]

    __module__ = "ipykernel.iostream"  # a kernel's streams are nobody's own: libraries keep them when they are imported

    def __init__(self, name: str) -> None:
        self._name = name

    def write(self, text: str) -> int:
        self.tell(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True


class _Logging:
    """The configuration of `logging`, as it is now and to be put back; loggers of notebooks are forgotten."""

    def __init__(self) -> None:
        known = logging.root.manager.loggerDict.values()
        loggers = [logging.root, *(one for one in known if isinstance(one, logging.Logger))]
        self._state = [
            (one, one.level, one.propagate, one.disabled, [*one.handlers], [*one.filters]) for one in loggers
        ]
        self._levels = dict(logging._levelToName)

    def put_back(self) -> None:
        manager = logging.root.manager
        known = {one.name for one, *_ in self._state}
        for name, one in list(manager.loggerDict.items()):
            if name not in known and name.partition(".")[0] not in sys.modules and isinstance(one, logging.Logger):
                del manager.loggerDict[name]
        for one, level, one.propagate, one.disabled, one.handlers, one.filters in self._state:
            one.handlers, one.filters = [*one.handlers], [*one.filters]
            one.setLevel(level)
        logging.disable(logging.NOTSET)
        logging.captureWarnings(False)
        logging._levelToName.clear()
        for level, name in self._levels.items():
            logging.addLevelName(level, name)


@contextlib.contextmanager
def project_in(root: Path, staged: bool = True) -> Iterator[Project]:
    """A project whose traces in this process are gone afterwards."""
    before, environment = os.getcwd(), dict(os.environ)
    with warnings.catch_warnings():
        _no_warning_filters()
        project = Project(root, staged)
        try:
            yield project
        finally:
            project.stop()
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def run_case(case: Case, root: Path) -> list[str]:
    """Run `case` in the empty folder `root`; what was not as expected, in words."""
    wrong: list[str] = []
    told = Told()
    with project_in(root) as project:
        project.start()
        for number, step in enumerate(case.steps):
            wrong += [f"step {number + 1}: {text}" for text in do(project, step, told)]
    return wrong + [f"{owner.__name__}.{name} is still watched" for owner, name in _WATCHED if name in vars(owner)]


#: What only the watch of a running stage puts there.
_WATCHED = ((logging.Logger, "level"), (logging.Handler, "level"), (logging.Filterer, "filters"))


def do(project: Project, step: Any, told: Told) -> list[str]:
    """One step; what was not as expected."""
    if isinstance(step, Cell):
        return check_cell(step, project.run(step), told)
    if isinstance(step, Restart):
        project.start(step.cwd, step.environment)
    elif isinstance(step, Final):
        assert project.shell is not None
        return check_value(step, _repr(step.expression, project.shell.user_ns))
    else:
        alter(project.root, step)
    return []


def _repr(expression: str, namespace: dict[str, Any]) -> str:
    try:
        return repr(eval(expression, namespace))
    except Exception as error:  # noqa: BLE001 - the case says what should be there; the error is what is there
        return repr(error)


def _generator_states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate()}
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state()
    return states


def _restore_generators(states: dict[str, Any]) -> None:
    random.setstate(states["random"])
    if "numpy" in states:
        sys.modules["numpy"].random.set_state(states["numpy"])
    if "torch" in states:
        sys.modules["torch"].set_rng_state(states["torch"])
