"""The papermill engine of nbexp: ``papermill --engine nbexp`` and `nbexp run`.

What it does otherwise than papermill's own (see the facts in CONTRIBUTING.md, "Why"):

- sends each cell's id with the cell, as JupyterLab does, so that stages know which cell runs;
- gives the kernel an environment and a working directory without touching those of this process;
- writes no times into the notebook, and never calls a cell of a dead kernel completed.
"""

from __future__ import annotations

import ast
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from nbexp.runs.notebook import write_notebook
from nbexp.runs.outcome import Failure

ENGINE_NAME = "nbexp"

#: A notebook that is being executed is saved at most this often: writing a large one takes time itself.
SAVE_SECONDS = 10.0

#: Asks the kernel to finish storing, before it is told to leave: one that is slow to leave is killed after seconds. An
#: expression, for it must not bind a name in the notebook's namespace; it says what could not be stored after all.
_FINISH_STORING = (
    "(lambda module: module.finish_storing() if module else [])(__import__('sys').modules.get('nbexp.kernel.active'))"
)

#: Right after an error a kernel may refuse what was sent meanwhile.
_TRIES = 5


def _nothing(*_: Any) -> None:
    """The callback of an execution that nobody watches."""


@dataclass(slots=True)
class Execution:
    """What a run tells the engine, and what the engine answers.

    Attributes:
        env: Variables set for the kernel beside those of this process. unset: variables taken away.
        cwd: The kernel's working directory; None for that of this process.
        last: The position of the last cell to execute; None for all.
        log: A descriptor for what the kernel's process writes past Jupyter's channels; None for this process's own.
        started: Called with the position of a cell before it runs.
        ended: Called with the position, the cell, its seconds and the failure that ended it, None if it went well.
        problems: What the store has met that no cell's output says, when the notebook is over.
        interrupted: Set when the user asked for the end (Ctrl-C, SIGTERM).
    """

    env: Mapping[str, str] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    cwd: str | None = None
    last: int | None = None
    log: int | None = None
    started: Callable[[int], None] = _nothing
    ended: Callable[[int, Any, float, Failure | None], None] = _nothing
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False

    def start_options(self) -> dict[str, Any]:
        """The arguments of the kernel's start."""
        options: dict[str, Any] = {"env": {k: v for k, v in os.environ.items() if k not in self.unset} | dict(self.env)}
        if self.cwd is not None:
            options["cwd"] = self.cwd
        if self.log is not None:
            options |= {"stdout": self.log, "stderr": self.log}
        return options


class StageClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Executes the cells in order, each with its id, until one fails or the kernel dies."""

    def __init__(self, manager: StageManager, execution: Execution, **options: Any) -> None:
        super().__init__(manager, record_timing=False, **options)
        self.execution = execution

    def create_kernel_manager(self) -> Any:
        """A manager whose kernel does not fill the log with what is normal here."""
        manager = super().create_kernel_manager()
        if manager.ipykernel:
            # below an error it only says, each time, that the sockets are those of this machine
            self.extra_arguments = ["--log-level=ERROR"]
        return manager

    def papermill_execute_cells(self) -> None:
        """Execute the cells; called by papermill once the kernel is there."""
        with _interrupts(self):
            for index, cell in enumerate(self.nb.cells):
                if self.execution.last is not None and index > self.execution.last:
                    break
                if not self._execute_one(index, cell):
                    break
            self._finish_storing()

    def _finish_storing(self) -> None:
        for _ in range(_TRIES):
            asked = self.kc.execute(
                "", silent=True, store_history=False, user_expressions={"problems": _FINISH_STORING}
            )
            reply = self.wait_for_reply(asked)
            if reply is None or reply["content"]["status"] != "aborted":
                self.execution.problems += _answer(reply)
                return

    def _execute_one(self, index: int, cell: NotebookNode) -> bool:
        self.kc.session.metadata = {"cellId": cell["id"]} if "id" in cell else {}
        self.nb_man.cell_start(cell, index)
        start = perf_counter()
        failure: Failure | None = Failure("KeyboardInterrupt", "the run was interrupted")
        self.execution.started(index)
        try:
            self.execute_cell(cell, index)
            failure = None
        except CellExecutionError as error:
            failure = Failure(error.ename, error.evalue)
            self.nb_man.cell_exception(cell, cell_index=index, exception=error)
        except DeadKernelError:
            failure = Failure("DeadKernelError", "the kernel died", died=True)
            cell.outputs.append(_death())
            raise
        finally:
            self.execution.ended(index, cell, perf_counter() - start, failure)
            self.nb_man.cell_complete(cell, cell_index=index)
        return failure is None


def _answer(reply: Any) -> list[str]:
    """What `_FINISH_STORING` gave; nothing where the kernel did not get to it."""
    answer = ((reply or {}).get("content", {}).get("user_expressions") or {}).get("problems", {})
    return list(ast.literal_eval(answer["data"]["text/plain"])) if answer.get("status") == "ok" else []


def _death() -> NotebookNode:
    """The output of a cell in which the kernel died: whoever reads the notebook sees that it has no result."""
    text = "The kernel died while this cell ran."
    return NotebookNode(output_type="error", ename="DeadKernelError", evalue=text, traceback=[text])


@contextmanager
def _interrupts(client: StageClient) -> Iterator[None]:
    """Ctrl-C and SIGTERM interrupt the cell, so that it ends as it would in Jupyter; a second one ends the run at once.

    Signals can be handled in the main thread only; elsewhere the one who started the thread handles them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        if client.execution.interrupted:
            raise KeyboardInterrupt
        client.execution.interrupted = True
        process = getattr(client.km.provisioner, "process", None)
        if process is None:
            raise KeyboardInterrupt
        process.send_signal(signal.SIGINT)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class StageManager(NotebookExecutionManager):  # type: ignore[misc]  # papermill has no types
    """Keeps the notebook in step with the execution, without times or papermill's marks in it."""

    def save(self, **options: Any) -> None:
        """Write what is there so far to the path that was given, if any: whole or not at all on this machine."""
        self.last_save_time = self.now()
        if self.output_path and "://" in self.output_path:
            super().save(**options)
        elif self.output_path:
            write_notebook(self.nb, Path(self.output_path))

    def notebook_start(self, **_: Any) -> None:
        """Clear what an earlier execution left."""
        for cell in self.nb.cells:
            for key in ("papermill", "execution"):
                cell.metadata.pop(key, None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        self.save()

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **_: Any) -> None:
        """Nothing to write: a cell that runs looks like one that has not."""

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **_: Any) -> None:
        """Nothing to write: the error is the cell's output."""

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **_: Any) -> None:
        """Save what is there so far, unless that was done a moment ago."""
        if (self.now() - self.last_save_time).total_seconds() > SAVE_SECONDS:
            self.save()

    def notebook_complete(self, **_: Any) -> None:
        """Save the end."""
        self.save()


class StageEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """The engine that papermill finds under the name ``nbexp``."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool = False,
        autosave_cell_every: int = 30,
        **options: Any,
    ) -> NotebookNode:
        """Execute `nb` in place; options as papermill's, and ``execution`` (an `Execution`)."""
        manager = StageManager(nb, output_path, progress_bar=False, autosave_cell_every=autosave_cell_every)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, **options)
        finally:
            manager.notebook_complete()
        executed: NotebookNode = manager.nb
        return executed

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: StageManager,
        kernel_name: str,
        execution: Execution | None = None,
        input_path: str | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **_: Any,
    ) -> None:
        """Start the kernel, execute, shut the kernel down."""
        if execution is None:
            execution = Execution(env={"NBEXP_NOTEBOOK": os.path.abspath(input_path)} if input_path else {})
        client = StageClient(
            nb_man,
            execution,
            kernel_name=kernel_name,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
        )
        client.execute(**execution.start_options())


papermill_engines.register(ENGINE_NAME, StageEngine)
