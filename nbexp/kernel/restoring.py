"""The bodies that take the place of a stage cell's own, and the door through which they call back."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbexp import platform
from nbexp.errors import NbexpError
from nbexp.hashing import digest_file
from nbexp.kernel.hook import calls
from nbexp.kernel.replay import replay
from nbexp.records import ResultFile
from nbexp.snapshot.state import apply_state, restore

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexp.kernel.execution import Execution


class Door:
    """What a swapped body calls.

    Args:
        current: Gives the execution of the cell that runs in this thread.
        restore: Applies its hit. check: Holds it to ``--out``.
    """

    def __init__(
        self, current: Callable[[], Execution], restore: Callable[[Execution], None], check: Callable[[Execution], None]
    ) -> None:
        self._current = current
        self._restore = restore
        self._check = check
        self._error: BaseException = NbexpError("nothing is being restored")

    def restore(self) -> None:
        """Bring the stored result of the current cell back."""
        self._restore(self._current())

    def last(self) -> Any:
        """The last value of the restored cell: what the display hook shows and binds to ``_``."""
        hit = self._current().hit
        return hit.last if hit is not None else None

    def fail(self) -> None:
        """Raise the error that was met before the cell's body began."""
        error, self._error = self._error, NbexpError("nothing failed")
        raise error

    def check(self) -> None:
        """Hold the cell to its contract: ``--out``."""
        self._check(self._current())

    def will_fail(self, error: BaseException) -> None:
        """Keep `error` for `fail`."""
        self._error = error


def body_of_hit(execution: Execution) -> ast.Module:
    """The body that restores, and shows the last value if the cell did."""
    hit = execution.hit
    assert hit is not None
    return calls("restore", "last") if hit.last is not None else calls("restore")


def body_of_failure() -> ast.Module:
    """The body that raises what was met before the cell began."""
    return calls("fail")


def with_output_check(tree: ast.Module, shows_last: bool) -> ast.Module:
    """The cell's body with the check of ``--out`` before its last expression, so that what it shows stays last."""
    check = calls("check").body
    at = len(tree.body) - 1 if shows_last else len(tree.body)
    for node in check:
        ast.copy_location(node, tree.body[-1]) if tree.body else None
    return ast.fix_missing_locations(ast.Module([*tree.body[:at], *check, *tree.body[at:]], tree.type_ignores))


def apply_hit(shell: InteractiveShell, execution: Execution) -> None:
    """Bring a stored result back: files, values, random states, settings, then what was shown."""
    hit = execution.hit
    assert hit is not None
    for file, source in hit.files:
        write_result(file, source)
    execution.replaced = {name: shell.user_ns[name] for name in hit.names if name in shell.user_ns}
    hit.apply(shell.user_ns)
    execution.bound = hit.names.keys()
    for name, state in hit.generators.items():
        restore(name, state)
    for probe, tree in hit.settings.items():
        apply_state(probe, tree)
    replay(shell, hit.record.messages)
    execution.check_outputs(shell.user_ns)


def write_result(file: ResultFile, source: Path) -> None:
    """Write a result file as the stage did, whole or not at all; one that is there already with this content stays.

    A link stays a link, and a file that is there keeps its permissions; folders are made as the stage may have made
    them, and a new file gets what this process's umask leaves.

    Args:
        file: Where, and with what content. source: The store's copy.
    """
    target = Path(file.path).resolve()
    if target.is_file() and target.stat().st_size == file.size and digest_file(target).hex() == file.blob:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o7777 if target.exists() else None
    platform.copy_file(os.fspath(source), os.fspath(target), mode)
