"""One notebook, executed in a new kernel: checked first, then run, and its record and output written."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nbexp.config import STORE_NAME, find_root, load_config
from nbexp.errors import BadUse, closest
from nbexp.runs import ledger, parameters
from nbexp.runs.ledger import CellRun, Run
from nbexp.runs.notebook import code_cells, read_notebook, write_notebook
from nbexp.runs.outcome import Failure, cell_run, without_lines
from nbexp.runs.stages import NotebookStage, Range, check_cells, choose
from nbexp.runs.tidy import tidy

if TYPE_CHECKING:
    from nbexp.runs.engine import Execution

#: What `nbexp run` says to the kernel; taken out of the kernel's environment when not said.
KERNEL_VARIABLES = frozenset(
    {
        "NBEXP_NOTEBOOK",
        "NBEXP_FORCE",
        "NBEXP_RECHECK",
        "NBEXP_RESTORE_ONLY",
        "NBEXP_NO_READ",
        "NBEXP_NO_WRITE",
        "NBEXP_LINE",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks of a run; see ``nbexp run --help`` for each."""

    notebook: Path
    parameters: Sequence[str] = ()
    until: str = ""
    start: str = ""
    only: str = ""
    force: Sequence[str] = ()
    read: bool = True
    write: bool = True
    recheck: bool = False
    output: Path | None = None
    in_place: bool = False

    def options(self) -> dict[str, Any]:
        """Ranges and switches as they stand in the run's record, those that were given."""
        given: dict[str, Any] = {"until": self.until, "from": self.start, "only": self.only, "force": list(self.force)}
        given |= {"no_read": not self.read, "no_write": not self.write, "recheck": self.recheck}
        return {key: value for key, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can start: everything was checked and nothing written.

    Attributes:
        source: The notebook's absolute path. root: the folder that holds the store. kernel: the kernel's name.
        notebook: The notebook as it will be executed. stages: its stages.
        values: The parameters that are set. range: what is executed. line: the setting of the status line.
    """

    request: Request
    source: Path
    root: Path
    kernel: str
    notebook: Any
    stages: tuple[NotebookStage, ...]
    values: Mapping[str, Any]
    range: Range
    line: str

    @property
    def store(self) -> Path:
        """The store's folder."""
        return self.root / STORE_NAME

    def planned(self) -> tuple[CellRun, ...]:
        """The code cells, none of them run yet."""
        names = {stage.index: stage.name for stage in self.stages}
        return tuple(
            CellRun(index, cell.get("id", ""), stage=names.get(index, "")) for index, cell in code_cells(self.notebook)
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows a run: called when a cell starts and when it has ended. `total` cells will be executed."""

    started: Callable[[CellRun, int], None] = lambda cell, total: None
    ended: Callable[[CellRun, int], None] = lambda cell, total: None


def prepare(request: Request) -> Prepared:
    """Check everything that can be wrong before a kernel is started.

    Raises:
        BadUse: The notebook, a parameter, a stage's name, the output path or the settings.
    """
    source = request.notebook.absolute()
    notebook = read_notebook(request.notebook)
    _check_output(request, source)
    values = parameters.parse_assignments(notebook, request.parameters, where=str(request.notebook))
    if values:
        parameters.inject(notebook, values)
    stages = check_cells(notebook, request.notebook)
    chosen = choose(
        stages, request.notebook, until=request.until, start=request.start, only=request.only, force=request.force
    )
    root = find_root(source.parent)
    config = load_config(root)
    return Prepared(request, source, root, _kernel(notebook), notebook, stages, values, chosen, config.line)


_TAKE_OUT = "Name an .ipynb; nbexp get takes a value out as a file."


def _check_output(request: Request, source: Path) -> None:
    if request.in_place and request.output:
        raise BadUse("--in-place cannot be joined with -o", "Give one of the two.")
    if request.output is None:
        return
    if request.output.is_dir():
        raise BadUse(f'"{request.output}" is a folder', f"Give the file: -o {request.output / source.name}.")
    if request.output.absolute().resolve() == source.resolve():
        raise BadUse(f'"{request.output}" is the notebook itself', "Use --in-place to write over it.")
    if request.output.suffix != ".ipynb":
        raise BadUse(f'-o writes the executed notebook, and "{request.output}" is no .ipynb', _TAKE_OUT)
    if not request.output.absolute().parent.is_dir():
        raise BadUse(f'there is no folder "{request.output.absolute().parent}"', "Make it first.")


def _kernel(notebook: Any) -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    name = notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    known = sorted(KernelSpecManager().find_kernel_specs())
    if name not in known:
        raise BadUse(f'the notebook asks for the kernel "{name}", which is not installed', closest(name, known))
    return str(name)


def run_notebook(prepared: Prepared, watch: Watch | None = None) -> Run:
    """Execute the notebook, write what it gave and return the run's record. A failed run returns; it does not raise.

    Raises:
        StoreError: The run's folder cannot be written.
    """
    run = ledger.new_run(
        _relative(prepared.source, prepared.root), parameters=dict(prepared.values), options=prepared.request.options()
    )
    folder = ledger.runs_folder(prepared.store) / run.id
    run = replace(run, output=str(folder / prepared.source.name), cells=prepared.planned())
    ledger.write_run(prepared.store, run)
    start = time.perf_counter()
    follower = _Follower(prepared, watch or Watch(), list(run.cells))
    with open(folder / ledger.LOG_FILE, "w+", encoding="utf-8", errors="replace") as log:
        status, error = _execute(prepared, run, follower, log)
    _drop_empty(folder / ledger.LOG_FILE)
    notebook = without_lines(tidy(prepared.notebook), prepared.line)
    outputs = [Path(run.output), *([prepared.request.output.absolute()] if prepared.request.output else [])]
    outputs += [prepared.source] if prepared.request.in_place else []
    for output in outputs:
        write_notebook(notebook, output)
    run = replace(
        run,
        status=status,
        error=error,
        seconds=time.perf_counter() - start,
        cells=tuple(follower.cells),
        problems=tuple(follower.problems),
        output=str(outputs[-1]),
    )
    ledger.write_run(prepared.store, run)
    return run


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


class _Follower:
    """Turns what the engine tells into the records of cells."""

    def __init__(self, prepared: Prepared, watch: Watch, cells: list[CellRun]) -> None:
        self.cells, self._watch = cells, watch
        self.problems: list[str] = []
        self._places = {cell.index: place for place, cell in enumerate(cells)}
        last = prepared.range.last
        self._total = sum(last is None or cell.index <= last for cell in cells)

    def started(self, index: int) -> None:
        if index in self._places:
            self._watch.started(self.cells[self._places[index]], self._total)

    def ended(self, index: int, cell: Any, seconds: float, failure: Failure | None) -> None:
        if index not in self._places:
            return
        place = self._places[index]
        self.cells[place] = cell_run(self.cells[place], cell, seconds, failure)
        self._watch.ended(self.cells[place], self._total)

    @property
    def failure(self) -> CellRun | None:
        """The cell that ended the run."""
        return next((cell for cell in self.cells if cell.status in ("failed", "died")), None)


def _execute(prepared: Prepared, run: Run, follower: _Follower, log: IO[str]) -> tuple[str, str]:
    """Execute in place; the run's status and, if it did not complete, one line that says why."""
    from nbclient.exceptions import DeadKernelError
    from papermill.engines import papermill_engines

    from nbexp.runs.engine import ENGINE_NAME, Execution

    execution = Execution(
        env=kernel_environment(prepared),
        unset=KERNEL_VARIABLES,
        cwd=str(prepared.source.parent),
        last=prepared.range.last,
        log=log.fileno(),
        started=follower.started,
        ended=follower.ended,
        problems=follower.problems,
    )
    try:
        papermill_engines.execute_notebook_with_engine(
            ENGINE_NAME, prepared.notebook, prepared.kernel, output_path=run.output, execution=execution
        )
    except DeadKernelError:
        return "died", _ending(follower, "the kernel died", log)
    except KeyboardInterrupt:
        return "interrupted", "interrupted"
    except (RuntimeError, OSError) as error:
        # nbclient raises RuntimeError for a kernel that does not start or answer
        return "died", _ending(follower, f"the kernel does not answer: {error}", log)
    return _status(execution, follower)


def _status(execution: Execution, follower: _Follower) -> tuple[str, str]:
    failure = follower.failure
    if execution.interrupted:
        return "interrupted", failure.error if failure else "interrupted"
    return ("failed", failure.error) if failure else ("completed", "")


def _ending(follower: _Follower, what: str, log: IO[str]) -> str:
    """What ended the run, with the last line that the kernel's process wrote."""
    log.seek(0)
    lines = [line.strip() for line in log.read().splitlines() if line.strip()]
    where = follower.failure
    place = f" in cell {ledger.numbered(follower.cells)[where.index]}" if where else ""
    return f"{what}{place}" + (f" ({lines[-1]})" if lines else "")


def kernel_environment(prepared: Prepared) -> dict[str, str]:
    """The variables by which the kernel knows what it is part of."""
    request, chosen = prepared.request, prepared.range
    env = {"NBEXP_NOTEBOOK": str(prepared.source), "NBEXP_LINE": "all"}
    if chosen.forced:
        env["NBEXP_FORCE"] = json.dumps(chosen.forced)
    if request.recheck:
        env["NBEXP_RECHECK"] = "1"
    if chosen.restored:
        env["NBEXP_RESTORE_ONLY"] = json.dumps(chosen.restored)
    for variable, wanted in (("NBEXP_NO_READ", request.read), ("NBEXP_NO_WRITE", request.write)):
        if not wanted or os.environ.get(variable):
            env[variable] = "1" if not wanted else os.environ[variable]
    return env


#: What a kernel says when it is interrupted between two cells, as Jupyter does to each before it ends.
_ENDING = re.compile(r"(?:.*KeyboardInterrupt caught in kernel\.\s*)*")


def _drop_empty(path: Path) -> None:
    if _ENDING.fullmatch(path.read_text(encoding="utf-8", errors="replace")):
        path.unlink()
