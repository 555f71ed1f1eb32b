"""Runs a case in real kernels: each restart is a new process."""

from __future__ import annotations

import os
import queue
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from nbexp.records import STAGE_MIME
from tests.behaviour.in_process import Ran, check_cell, write_file
from tests.behaviour.model import Case, Cell, Final, Remove, Restart, Write

#: Longest time for one cell, in seconds: reaching it fails the case.
PATIENCE = 120


class Kernel:
    """One kernel process with nbexp loaded, in a project folder."""

    def __init__(self, root: Path, cwd: str = ".", environment: dict[str, str] | None = None) -> None:
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
        self._manager.start_kernel(cwd=str(root / cwd), env=env)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.run(Cell("%load_ext nbexp"))

    def stop(self) -> None:
        """Shut the kernel down as a front end does."""
        self.client.stop_channels()
        self._manager.shutdown_kernel()

    def kill(self) -> None:
        """``kill -9``."""
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def interrupt(self) -> None:
        """What the stop button does."""
        self._manager.interrupt_kernel()

    def send(self, cell: Cell) -> str:
        """Start a cell; see `collect`."""
        message = self.client.session.msg(
            "execute_request",
            {
                "code": cell.source, "silent": False, "store_history": True, "user_expressions": {},
                "allow_stdin": False, "stop_on_error": False,
            },
        )  # fmt: skip
        if cell.id:
            message["metadata"]["cellId"] = cell.id
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def collect(self, message_id: str) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]:
        """All that a cell published, as (type, content), and its reply."""
        published = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                assert self._manager.is_alive(), "the kernel died"
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            published.append((message["msg_type"], message["content"]))
        else:
            raise TimeoutError("the cell did not end")
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message_id:
                return published, reply["content"]

    def run(self, cell: Cell) -> Ran:
        """One cell, from start to end."""
        return as_ran(*self.collect(self.send(cell)))


def as_ran(published: list[tuple[str, dict[str, Any]]], reply: dict[str, Any]) -> Ran:
    """What a cell published and replied, as a case sees it."""
    lines = [content["data"][STAGE_MIME] for _, content in published if STAGE_MIME in content.get("data", {})]
    assert len(lines) <= 1, lines
    line = lines[0] if lines else {}
    text = "".join(
        content.get("text", "") or content.get("data", {}).get("text/plain", "") + "\n"
        for kind, content in published
        if kind in ("stream", "display_data", "execute_result", "update_display_data")
        and STAGE_MIME not in content.get("data", {})
    )
    return Ran(
        line.get("status"),
        reply.get("ename") if reply["status"] == "error" else None,
        text,
        [reason["text"] for reason in line.get("reasons", [])],
    )


def run_case(case: Case, root: Path) -> list[str]:
    """Run `case` in the empty folder `root`; what was not as expected, in words."""
    (root / ".nbexp").mkdir()
    kernel = Kernel(root)
    wrong: list[str] = []
    try:
        for number, step in enumerate(case.steps):
            if isinstance(step, Restart):
                kernel.stop()
                kernel = Kernel(root, step.cwd, step.environment)
            else:
                wrong += [f"step {number + 1}: {text}" for text in _do(kernel, root, step)]
    finally:
        kernel.stop()
    return wrong


def _do(kernel: Kernel, root: Path, step: Any) -> list[str]:
    if isinstance(step, Cell):
        return check_cell(step, kernel.run(step))
    if isinstance(step, Write):
        write_file(root / step.path, step.content)
    elif isinstance(step, Remove):
        (root / step.path).unlink()
    elif isinstance(step, Final):
        ran = kernel.run(Cell(f"print(repr({step.expression}), end='')"))
        if ran.text != repr(step.value):
            return [f"{step.expression} is {ran.text}, not {step.value!r}"]
    return []
