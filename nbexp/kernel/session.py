"""One shell's session: decides for each stage cell whether it is restored or runs, and stores what ran.

Whatever fails in here, the user's cell still runs and its result is kept: it is then not stored, and the line says why.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from IPython.core.error import UsageError

from nbexp.config import Config, load_config
from nbexp.errors import NbexpError
from nbexp.kernel.afterwards import Afterwards
from nbexp.kernel.cells import RunningCells
from nbexp.kernel.deciding import decide
from nbexp.kernel.effects import Recorder
from nbexp.kernel.execution import Execution, file_names_in
from nbexp.kernel.finishing import fault, finish, status_of
from nbexp.kernel.leftovers import Leftovers, put_back
from nbexp.kernel.lines import Lines
from nbexp.kernel.memos import Memos
from nbexp.kernel.namespace import remember, user_names
from nbexp.kernel.naming import Names
from nbexp.kernel.parameters import names_part, parameter_part, parameters_in
from nbexp.kernel.patching import Patches
from nbexp.kernel.place import Place, find_place
from nbexp.kernel.recording import NothingToSee, Recording
from nbexp.kernel.registered import Tables, changed, formatters_part
from nbexp.kernel.restoring import Door, apply_hit, body_of_failure, body_of_hit, with_output_check
from nbexp.records import Metric, Part, Reason, Result, Status
from nbexp.snapshot.data import DigestCache
from nbexp.stage.analysis import analyse
from nbexp.stage.plain import only_computes
from nbexp.stage.spec import parse_spec
from nbexp.store import Store

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

#: Magics that change IPython itself, which a hit does not: a stage that uses one runs every time.
OF_THE_SHELL = frozenset(
    {
        "%load_ext", "%unload_ext", "%reload_ext", "%config", "%precision", "%reset", "%reset_selective", "%autoreload",
        "%aimport", "%autocall", "%automagic", "%colors", "%xmode", "%pdb", "%alias", "%unalias", "%rehashx", "%macro",
        "%logstart", "%logstop", "%autoawait",
    }
)  # fmt: skip


#: The transformers of `nbexp.kernel.hook`.
_OWN_TRANSFORMERS = 2


class Session:
    """The stages of one shell.

    Args:
        shell: IPython's shell. show: Displays a status under the cell; told whether the cell may have written text.

    Attributes:
        shell: As given. place: The notebook and its project. config: The project's settings. store: Its store.
        enabled: Whether stages are looked up and stored (``%nbexp on | off``).
        parameters: Names that the notebook's parameters cells bind.
        patches: Monkeypatches of installed packages. tables: What is registered with IPython.
        files: Known digests of files. afterwards: What is done when a cell is over.

    Raises:
        NbexpError: The project's settings cannot be read.
    """

    def __init__(self, shell: InteractiveShell, show: Callable[[Status, bool], None]) -> None:
        self.shell = shell
        self.enabled = True
        self.parameters: tuple[str, ...] = ()
        self.door = Door(self._executing, self._restore, self._check_outputs)
        self.place: Place = find_place(shell.user_ns)
        self.config: Config = load_config(self.place.root)
        self.store = Store.open(self.place.root, config=self.config)
        self.patches = Patches(shell.user_ns)
        self.tables = Tables(shell)
        self.files: DigestCache = {}
        self.afterwards = Afterwards(self._failed_afterwards)
        self._lines = Lines(show, self.store, self.config.line)
        self._recorder = Recorder(own=[os.fspath(self.store.path)])
        self._names = Names()
        self._leftovers = Leftovers()
        self._cells = RunningCells()
        self._memos = Memos()

    # --- the cell's way, called by the hook ---------------------------------------------------------------------------

    def before_cell(self, info: ExecutionInfo) -> None:
        """A cell begins."""
        self.afterwards.run()  # at the latest now: this cell may be long, or kill the kernel
        self._cells.begin(info)
        self.patches.note_cell(info.transformed_cell or info.raw_cell or "")
        if not (info.raw_cell or "").startswith("%%stage"):
            self._leftovers.note_cell("", info.transformed_cell or info.raw_cell or "")
        if found := parameters_in(info):
            self.parameters = tuple(dict.fromkeys([*self.parameters, *found]))
        for cell in self._cells.elsewhere():
            if cell.execution is not None:
                cell.execution.unstorable("concurrent", "", "another cell ran at the same time")

    def enter(self, tree: ast.Module, header: str, info: ExecutionInfo) -> ast.Module:
        """The body to run for a stage cell: its own, or one that restores or fails. Nothing may escape from here."""
        try:
            return self._enter(tree, header, info)
        except KeyboardInterrupt as interrupt:
            return self._fail(info, interrupt)
        except NbexpError as error:
            return self._fail(info, UsageError(str(error)))
        except Exception as error:  # noqa: BLE001 - a fault of nbexp must not keep the user's cell from running
            self._broken(info, error)
            return tree

    def after_cell(self, result: ExecutionResult | None) -> None:
        """A cell is over. Its result is None if it was torn down."""
        cell = self._cells.end(result)
        if cell is not None and cell.execution is not None:
            self._conclude(cell.execution, result)
        else:
            self._note_inner(result)
        self._memos.note_cell(self.shell.user_ns)

    def _conclude(self, execution: Execution, result: ExecutionResult | None) -> None:
        try:
            self._check_registered(execution)
            status = finish(self, execution, result)
        except KeyboardInterrupt:
            reason = Reason("interrupted", "", "storing was interrupted")
            status = status_of(execution, "unstored", unstored=[reason])
            self._end_recording(execution)
        except Exception as error:  # noqa: BLE001 - as in `enter`; the cell has run and its result stays
            status = status_of(execution, "unstored", unstored=[fault(error)])
            self._end_recording(execution)
        finally:
            self._put_back(execution)
        self._lines.conclude(status, execution.printed)

    @property
    def statuses(self) -> list[Status]:
        """What became of each stage when it was last run in this session, the latest at the end."""
        return self._lines.statuses()

    def finish(self) -> list[NbexpError]:
        """Wait until all that was committed is durable; what the store has met that no line has shown."""
        self.afterwards.run()
        return self._lines.finish()

    def close(self, into: TextIO | None = None) -> None:
        """The end of the session: what `finish` gives is told on standard error, or `into`; no thread stays."""
        for problem in self.finish():
            print(problem.sentences, file=into or sys.stderr)
        self.store.close()

    def _note_inner(self, result: ExecutionResult | None) -> None:
        """A plain cell is over: one that a magic of a stage ran (``%%capture``) may have failed unseen."""
        outer = self._cells.enclosing()
        if outer is not None and (result is None or not result.success):
            outer.unstorable("failed", "", "what a magic ran inside it failed")

    def misplaced(self, header: str) -> None:
        """A `%%stage` header that is not on the cell's first line: it has no effect, and says so."""
        self._say(f'"{header}" is not on the first line of the cell: it was not made a stage.')

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _enter(self, tree: ast.Module, header: str, info: ExecutionInfo) -> ast.Module:
        spec = parse_spec(header)
        text = info.transformed_cell or info.raw_cell or ""
        analysis = analyse(tree, text, as_written=len(self.shell.ast_transformers) <= _OWN_TRANSFORMERS)
        cell = str(getattr(info, "cell_id", None) or "")
        inside = self._cells.enclosing() is not None
        execution = Execution(info, tree, self._names.name(spec, analysis, cell), spec, analysis)
        self._cells.add(execution)
        if inside:
            execution.unstorable("nested", "", "it ran inside another stage, which keeps what it did")
            return tree
        if not self.enabled:
            execution.unstorable("off", "", "nbexp is off (%nbexp on)")
            return tree
        if not tree.body:
            execution.unstorable("empty", "", "there is nothing to store")
            return tree
        self._set_aside(execution)
        decide(self, execution)
        if execution.hit is not None:
            return body_of_hit(execution)
        return self._begin(execution)

    def _set_aside(self, execution: Execution) -> None:
        shell, owner = self.shell, execution.cell or execution.name
        self._leftovers.note_cell(owner, execution.info.transformed_cell or "")
        execution.aside = self._leftovers.set_aside(owner, execution.tree, execution.analysis, shell.user_ns)
        execution.names_before = user_names(shell.user_ns, shell.user_ns_hidden)

    def _check_registered(self, execution: Execution) -> None:
        """A hit registers nothing with IPython: a stage that does is not stored."""
        if not isinstance(execution.recording, Recording) or execution.formatters is None:
            return
        if label := changed(execution.registered, self.tables.now().by_user()):
            why = f"it registered {label} with IPython, which a hit would not. Do it in a plain cell above."
            execution.unstorable("effect", label, why)

    def _put_back(self, execution: Execution) -> None:
        shell, owner = self.shell, execution.cell or execution.name
        aside = tuple(execution.aside)
        put_back(execution.aside, shell.user_ns)
        if execution.bound is None:
            names = user_names(shell.user_ns, shell.user_ns_hidden)
        else:
            names = [*execution.bound, *aside]
        self._leftovers.note_made(owner, execution.names_before, names, shell.user_ns)

    def _begin(self, execution: Execution) -> ast.Module:
        analysis, shell = execution.analysis, self.shell
        if self._cells.elsewhere():
            execution.unstorable("concurrent", "", "another cell ran at the same time")
            return execution.tree  # nor watched: the watches of two stages would get into each other's way
        for magic in execution.analysis.always:
            if magic in OF_THE_SHELL:
                execution.unstorable("effect", magic, f"{magic} changes IPython itself, which a hit would not")
        execution.before = remember(shell.user_ns, execution.names_before, analysis.stores | analysis.deletes)
        roots = execution.inputs.roots.values() if execution.inputs else ()
        if execution.inputs and only_computes(analysis, roots):
            execution.recording = NothingToSee()
        else:
            execution.recording = Recording(shell, self._recorder, execution.spec.seed)
        execution.memos = self._memos.begin(roots)
        execution.recording.start(file_names_in(execution), [root.value for root in roots if root.is_code])
        if execution.spec.outs is None:
            return execution.tree
        return with_output_check(execution.tree, analysis.has_last)

    # --- what the notebook calls while a cell runs --------------------------------------------------------------------

    def current(self) -> Execution | None:
        """The stage that runs now, if one does: of several, the newest one in this thread."""
        return self._cells.current()

    def note_metric(self, metric: Metric) -> None:
        """Keep a metric with the stage that runs."""
        if (execution := self.current()) is not None:
            execution.metrics.append(metric)

    def metric_display(self, names: tuple[str, ...]) -> tuple[str | None, bool]:
        """The id of the display in which the running cell shows these metrics, and whether it is there already."""
        cell = self._cells.innermost()
        if cell is None:
            return None, False
        shown = names in cell.metrics
        return cell.metrics.setdefault(names, os.urandom(16).hex()), shown

    def note_result(self, result: Result) -> None:
        """Keep a named result with the stage that runs."""
        if (execution := self.current()) is not None:
            execution.results.append(result)

    def note_dependency(self, part: Part) -> None:
        """Keep what the notebook asked nbexp for as a dependency of the stage that runs."""
        if (execution := self.current()) is not None:
            execution.asked[part.kind, part.name] = part

    def parameter(self, name: str) -> Any:
        """The value of a parameter now; noted with the stage that runs, also if there is none."""
        now = self._parameters_now()
        self.note_dependency(parameter_part(name, now))
        return now[name]

    def parameter_names(self) -> tuple[str, ...]:
        """The names of the parameters now; noted with the stage that runs."""
        now = self._parameters_now()
        self.note_dependency(names_part(now))
        return tuple(now)

    def _parameters_now(self) -> dict[str, Any]:
        return {name: self.shell.user_ns[name] for name in self.parameters if name in self.shell.user_ns}

    def asked_now(self, part: Part) -> Part:
        """A dependency noted by `note_dependency`, as it is now."""
        if part.kind == "parameter":
            return parameter_part(part.name, self._parameters_now())
        if part.kind == "parameters":
            return names_part(self._parameters_now())
        if part.kind == "formatters":
            return formatters_part(self.shell, self.tables.now())
        from nbexp.kernel.loading import load_part

        return load_part(self, part.name)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _executing(self) -> Execution:
        execution = self.current()
        if execution is None:
            raise NbexpError("no stage is running", "Run the cell again.")
        return execution

    def _restore(self, execution: Execution) -> None:
        apply_hit(self.shell, execution)

    def _check_outputs(self, execution: Execution) -> None:
        execution.check_outputs(self.shell.user_ns)

    def _fail(self, info: ExecutionInfo, error: BaseException) -> ast.Module:
        execution = self._cells.enclosing()
        if execution is not None and execution.info is info:
            self._give_up(execution)
            execution.hit = None
        self.door.will_fail(error)
        return body_of_failure()

    def _failed_afterwards(self, error: Exception) -> None:
        problem = NbexpError(fault(error).text, "The cells themselves are not touched.")
        self.store.tell(error if isinstance(error, NbexpError) else problem)

    def _give_up(self, execution: Execution) -> None:
        self._end_recording(execution)
        put_back(execution.aside, self.shell.user_ns)

    def _end_recording(self, execution: Execution) -> None:
        """Nothing of ours stays installed, whatever went wrong."""
        if execution.recording is not None:
            execution.recording.abort()
            execution.recording = None

    def _broken(self, info: ExecutionInfo, error: Exception) -> None:
        """A fault of nbexp before a stage: it runs unwatched, and its line says why it is not stored."""
        execution = self._cells.enclosing()
        if execution is None or execution.info is not info:  # not even its source could be read
            self._say(f"{fault(error).text}; the cell runs as a plain cell and is not stored.")
            return
        self._give_up(execution)
        execution.hit, execution.unstored = None, [fault(error)]

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr)
