"""Runs a case in real kernels: each restart is a new process."""

from __future__ import annotations

import os
import queue
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from tests.behaviour.checking import Ran, Seen, Told, alter, check_cell, check_value
from tests.behaviour.model import Case, Cell, Final, Restart

Messages = list[tuple[str, dict[str, Any]]]

_DISPLAYS = {"display_data": "display", "update_display_data": "update", "execute_result": "result"}

#: Longest time for one cell, in seconds: reaching it fails the case.
PATIENCE = 120

#: Waits until all that a kernel stores is in the store.
DRAIN = "__import__('nbexp.kernel.active', fromlist=['active']).active_session().store.drain()"


class Kernel:
    """One kernel process with nbexp loaded, in a project folder."""

    def __init__(
        self, root: Path, cwd: str = ".", environment: dict[str, str] | None = None, load: bool = True
    ) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.kernel_spec.argv[0] = sys.executable
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(root), str(Path(__file__).parents[2])]),
            "JPY_SESSION_NAME": "",
            "OMP_NUM_THREADS": "1",
            "NBEXP_KEEP": "always",
            **(environment or {}),
        }
        env.pop("PYTEST_CURRENT_TEST", None)  # a kernel that sees it leaves file descriptors alone
        self._manager.start_kernel(cwd=str(root / cwd), env=env)
        self.client = self._manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=PATIENCE)
        except BaseException:  # no socket is left for another test to stumble over
            self.kill()
            raise
        if load:
            self._text(Cell("%load_ext nbexp"))  # the notebook's history begins with its own first cell

    def stop(self) -> None:
        """Shut the kernel down as a front end does."""
        self.client.stop_channels()
        self._manager.shutdown_kernel()

    def kill(self) -> None:
        """``kill -9``."""
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return bool(self._manager.is_alive())

    def interrupt(self) -> None:
        """What the stop button does."""
        self._manager.interrupt_kernel()

    def send(self, cell: Cell, silent: bool = False) -> str:
        """Start a cell; see `collect`."""
        message = self.client.session.msg(
            "execute_request",
            {
                "code": cell.source, "silent": silent, "store_history": not silent, "user_expressions": {},
                "allow_stdin": False, "stop_on_error": False,
            },
        )  # fmt: skip
        if cell.id:
            message["metadata"]["cellId"] = cell.id
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def collect(self, message_id: str, interrupt: str | None = None) -> tuple[Messages, dict[str, Any]]:
        """All that a cell published, as (type, content), and its reply.

        Args:
            interrupt: Interrupt the kernel when this has been printed.
        """
        published: Messages = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                assert self.is_alive(), "the kernel died"
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            published.append((message["msg_type"], message["content"]))
            if interrupt and interrupt in message["content"].get("text", ""):
                self.interrupt()
                interrupt = None
        else:
            raise TimeoutError("the cell did not end")
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message_id:
                return published, reply["content"]

    def run(self, cell: Cell) -> Ran:
        """One cell, from start to end."""
        return as_ran(*self.collect(self.send(cell), cell.interrupt))

    def value(self, expression: str) -> str:
        """The ``repr`` of an expression over the namespace; the notebook's history knows nothing of it."""
        return self._text(Cell(f"print(repr(({expression})), end='')"))

    def _text(self, cell: Cell) -> str:
        return as_ran(*self.collect(self.send(cell, silent=True))).text


def as_ran(published: Messages, reply: dict[str, Any]) -> Ran:
    """What a cell published and replied, as a case sees it."""
    seen = Seen()
    for kind, content in published:
        if kind == "stream":
            seen.stream(content["name"], content["text"])
        elif kind in _DISPLAYS:
            seen.display(_DISPLAYS[kind], content["data"], content["metadata"], content.get("transient", {}))
        elif kind == "clear_output":
            seen.clear(content["wait"])
        elif kind == "error":
            seen.traceback("\n".join(content["traceback"]))
    return seen.ran(reply.get("ename") if reply["status"] == "error" else None)


def run_case(case: Case, root: Path) -> list[str]:
    """Run `case` in the empty folder `root`; what was not as expected, in words."""
    (root / ".nbexp").mkdir()
    kernels: dict[str, Kernel] = {"": Kernel(root)}
    wrong: list[str] = []
    told = Told()
    try:
        for number, step in enumerate(case.steps):
            wrong += [f"step {number + 1}: {text}" for text in _do(kernels, root, step, told)]
    finally:
        for kernel in kernels.values():
            kernel.stop()
    return wrong


def _do(kernels: dict[str, Kernel], root: Path, step: Any, told: Told) -> list[str]:
    if isinstance(step, Restart):
        for name in list(kernels):
            kernels.pop(name).stop()
        kernels[""] = Kernel(root, step.cwd, step.environment)
        return []
    if not isinstance(step, Cell | Final):
        alter(root, step)
        return []
    if step.at not in kernels:
        kernels[step.at] = Kernel(root)
    if isinstance(step, Cell):
        for name, kernel in kernels.items():
            if name != step.at:  # what another kernel stores may still be on its way to the disk
                kernel.value(DRAIN)
        return check_cell(step, kernels[step.at].run(step), told)
    return check_value(step, kernels[step.at].value(step.expression))
