"""One execution of one stage cell, from its header to its stored record."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbexp.adapters.base import Name
from nbexp.graphs.codetable import CodeTable
from nbexp.kernel.memos import Memo
from nbexp.kernel.namespace import Before
from nbexp.kernel.order import Turn
from nbexp.kernel.patching import Standing
from nbexp.kernel.recording import NothingToSee, Recording
from nbexp.kernel.rewinding import Rewound
from nbexp.records import Metric, Part, Reason, Record, Result
from nbexp.stage.analysis import Analysis
from nbexp.stage.key import Inputs
from nbexp.stage.restore import Restored
from nbexp.stage.spec import Spec

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell


@dataclass(slots=True)
class Execution:
    """What is known of the stage cell that runs now; filled in as it goes.

    Attributes:
        info: IPython's description of the cell. tree: its body without the header.
        name, spec, analysis: The stage's name, header and what its source says.
        inputs: What it reads, or None if that could not be told.
        hit: The stored result to restore, or None: then the cell runs and `recording` watches it.
        stored: The stored result that it is compared with when it has run (``--recheck``).
        reasons: Why it runs. unstored: Why it will not be stored.
        before, settings: The names and kernel settings before it ran.
        turn: Its turn in the order of cells, None if it has none. rewound: what it finds in place of what the kernel
            held. outcome: What it did, when it was restored or stored. record: The id of that record in the store.
        links: Variables that it read and whose objects what it made holds.
        replaced: What stood under the names that a hit has bound.
        names_before: The user's names before it ran, as it finds them.
        bound: The names that it bound, as far as that was found out; None if it was not.
        registered: What the user has registered with IPython before it ran (`Registered.by_user`).
        formatters: What decided how values are shown, as a dependency; formatters_now: what decides it when called.
        asked: What it asked nbexp for while it ran (parameters, values of other records), as dependencies.
        standing: What stood, before it ran, where sources set things in packages (`Patches.standing`).
        metrics, results: What it logged. memos: Functions that it reaches and that have cached something.
        printed: Whether it may have written text: the line then has to wait for the text to be sent.
    """

    info: ExecutionInfo
    tree: ast.Module
    name: str
    spec: Spec
    analysis: Analysis
    inputs: Inputs | None = None
    hit: Restored | None = None
    stored: Restored | None = None
    recording: Recording | NothingToSee | None = None
    reasons: tuple[Reason, ...] = ()
    unstored: list[Reason] = field(default_factory=list)
    before: Before | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    turn: Turn | None = None
    rewound: Rewound = field(default_factory=Rewound)
    outcome: Record | None = None
    record: str = ""
    links: Collection[str] = ()
    replaced: dict[str, Any] = field(default_factory=dict)
    names_before: list[str] = field(default_factory=list)
    bound: Collection[str] | None = None
    registered: list[tuple[str, Any]] = field(default_factory=list)
    formatters: Part | None = None
    formatters_now: Callable[[], Part | None] = lambda: None
    asked: dict[tuple[str, str], Part] = field(default_factory=dict)
    standing: Mapping[Name, Standing] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    memos: list[Memo] = field(default_factory=list)
    printed: bool = True

    @property
    def cell(self) -> str:
        """The cell's id, or ``""``."""
        return str(getattr(self.info, "cell_id", None) or "")

    def check_outputs(self, namespace: Mapping[str, Any]) -> None:
        """``--out``: each variable named there is defined now.

        Raises:
            UsageError: One is not.
        """
        missing = [name for name in self.spec.outs or () if name not in namespace]
        if missing:
            raise UsageError(
                f'the stage "{self.name}" does not define "{missing[0]}", which --out promises\n'
                f"Define {missing[0]}, or take it out of --out."
            )

    def unstorable(self, kind: str, name: str, text: str) -> None:
        """Note one more reason for not storing."""
        self.unstored.append(Reason(kind, name, text))


def code_of_cell(shell: InteractiveShell, execution: Execution) -> Callable[[], CodeTable]:
    """Makes the table of the current cell's code, compiled when asked for with the cell's file name and flags (D16)."""

    def compile_cell() -> CodeTable:
        # IPython compiles each statement on its own.
        flag = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0) if shell.autoawait else 0
        name = file_name(shell, execution.info)
        compiler: Any = shell.compile
        with compiler.extra_flags(flag):
            return CodeTable([compiler(ast.Module([node], []), name, "exec") for node in execution.tree.body])

    return compile_cell


def file_name(shell: InteractiveShell, info: ExecutionInfo) -> str:
    """The name under which IPython compiles this cell and keeps its lines for tracebacks."""
    number = shell.execution_count - 1 if info.store_history else shell.execution_count
    return shell.compile.get_code_name(info.raw_cell or "", info.transformed_cell or "", number)


def file_names_in(execution: Execution) -> Iterator[str]:
    """Strings in the cell and among its inputs that may be names of files."""
    yield from execution.analysis.strings
    if execution.inputs is not None:
        for root in execution.inputs.roots.values():
            if isinstance(root.value, str | os.PathLike):
                yield os.fspath(root.value)
