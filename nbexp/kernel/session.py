"""One shell's session: decides for each stage cell whether it is restored or runs, and stores what ran.

Whatever fails in here, the user's cell still runs and its result is kept: it is then not stored, and the line says why.
"""

from __future__ import annotations

import ast
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbexp.config import Config, load_config
from nbexp.errors import BadUse, Damaged, NbexpError, StoreError, Unfingerprintable, Unstorable, Untrusted
from nbexp.kernel.blocking import blocking_reasons
from nbexp.kernel.effects import Recorder
from nbexp.kernel.execution import Execution, code_of_cell, file_names_in
from nbexp.kernel.namespace import remember, user_names
from nbexp.kernel.naming import Names
from nbexp.kernel.parameters import names_part, parameter_part, parameters_in
from nbexp.kernel.patching import Patches
from nbexp.kernel.place import Place, find_place
from nbexp.kernel.recording import Recording
from nbexp.kernel.restoring import Door, apply_hit, body_of_failure, body_of_hit, with_output_check
from nbexp.kernel.storing import keep
from nbexp.kernel.verification import Verifier
from nbexp.records import Metric, Part, Reason, Result, Status
from nbexp.snapshot.state import state_differences
from nbexp.stage.analysis import analyse
from nbexp.stage.explain import reasons_for_miss
from nbexp.stage.key import make_inputs
from nbexp.stage.lookup import look_up
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

#: How many earlier records a miss is compared with.
COMPARED = 3


class Session:
    """The stages of one shell.

    Attributes:
        shell: IPython's shell. show: displays a status under the cell. place: the notebook and its project.
        config: the project's settings. store: its store.
        enabled: Whether stages are looked up and stored (``%nbexp on | off``).
        parameters: Names that the notebook's parameters cells bind.
        statuses: What became of each stage cell run in this session, newest last.
    """

    def __init__(self, shell: InteractiveShell, show: Callable[[Status], None]) -> None:
        self.shell, self.show = shell, show
        self.enabled = True
        self.parameters: tuple[str, ...] = ()
        self.statuses: list[Status] = []
        self.door = Door(self._executing, self._restore, self._check_outputs)
        self.configure()
        self._names = Names()
        self._patches = Patches()
        self._files: dict[str, list[Any]] = {}
        self._cells: list[tuple[ExecutionInfo, int]] = []  # all cells that run now, with their threads
        self._executions: list[Execution] = []

    def configure(self) -> None:
        """Find the notebook, its project, settings and store, anew."""
        self.place: Place = find_place(self.shell.user_ns)
        self.config: Config = load_config(self.place.root)
        self.store = Store.open(self.place.root, config=self.config)
        self._recorder = Recorder(own=[os.fspath(self.store.path)])

    # --- the cell's way, called by the hook ---------------------------------------------------------------------------

    def before_cell(self, info: ExecutionInfo) -> None:
        """A cell begins."""
        self._cells.append((info, threading.get_ident()))
        self._patches.note_cell(info.raw_cell or "")
        if found := parameters_in(info):
            self.parameters = tuple(dict.fromkeys([*self.parameters, *found]))
        for execution in self._executions:
            if execution.thread != threading.get_ident():
                execution.unstorable("concurrent", "", "another cell ran at the same time")

    def enter(self, tree: ast.Module, header: str, info: ExecutionInfo) -> ast.Module:
        """The body to run for a stage cell: its own, or one that restores or fails. Nothing may escape from here."""
        try:
            return self._enter(tree, header, info)
        except KeyboardInterrupt as interrupt:
            return self._fail(info, interrupt)
        except NbexpError as error:
            return self._fail(info, UsageError(str(error)))
        except Exception as error:  # noqa: BLE001 - a fault of nbexp must not keep the user's cell from running
            self._forget(info)
            self._broken(error)
            return tree

    def after_cell(self, result: ExecutionResult | None) -> None:
        """A cell is over. Its result is None if it was torn down."""
        here = [info for info, thread in self._cells if thread == threading.get_ident()]
        info = result.info if result is not None else (here[-1] if here else None)
        execution = next((one for one in self._executions if one.info is info), None)
        self._cells = [(one, thread) for one, thread in self._cells if one is not info]
        if execution is None:
            self._note_inner(result)
            return
        self._executions.remove(execution)
        try:
            status = self._finish(execution, result)
        except KeyboardInterrupt:
            status = self._status(
                execution, "unstored", unstored=[Reason("interrupted", "", "storing was interrupted")]
            )
        except Exception as error:  # noqa: BLE001 - as in `enter`; the cell has run and its result stays
            self._broken(error)
            return
        self.statuses.append(status)
        if self.config.line == "all" or (self.config.line == "changes" and status.status != "restored"):
            self.show(status)

    def _note_inner(self, result: ExecutionResult | None) -> None:
        """A plain cell is over: one that a magic of a stage ran (``%%capture``) may have failed unseen."""
        outer = next((one for one in reversed(self._executions) if one.thread == threading.get_ident()), None)
        if outer is not None and (result is None or not result.success):
            outer.unstorable("failed", "", "what a magic ran inside it failed")

    def misplaced(self, header: str) -> None:
        """A `%%stage` header that is not on the cell's first line: it has no effect, and says so."""
        self._say(f'"{header}" is not on the first line of the cell: it was not made a stage.')

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _enter(self, tree: ast.Module, header: str, info: ExecutionInfo) -> ast.Module:
        spec = parse_spec(header)
        analysis = analyse(tree, info.transformed_cell or info.raw_cell or "")
        cell = str(getattr(info, "cell_id", None) or "")
        inside = any(one.thread == threading.get_ident() for one in self._executions)
        execution = Execution(info, tree, self._names.name(spec, analysis, cell), spec, analysis)
        self._executions.append(execution)
        if inside:
            execution.unstorable("nested", "", "it ran inside another stage, which keeps what it did")
            return tree
        if not self.enabled:
            execution.unstorable("off", "", "nbexp is off (%nbexp on)")
            return tree
        execution.settings = state_differences()
        self._find_inputs(execution)
        self._hold_to_inputs(execution)
        if execution.inputs is not None and self._may_restore(execution):
            self._look_up(execution)
        if execution.hit is not None:
            return body_of_hit(execution)
        self._must_be_restored(execution)
        return self._begin(execution)

    def _find_inputs(self, execution: Execution) -> None:
        try:
            execution.inputs = make_inputs(
                execution.analysis,
                execution.spec,
                execution.settings,
                self._everything(),
                self._is_host,
                self._patches.now(),
            )
        except Unfingerprintable as error:
            execution.unstorable("unfingerprintable", error.path, str(error).replace("\n", " "))

    def _hold_to_inputs(self, execution: Execution) -> None:
        """``--in``: reading any other variable is an error."""
        allowed = execution.spec.ins
        if allowed is None or execution.inputs is None:
            return
        others = [name for name in execution.inputs.variables() if name.partition(".")[0] not in allowed]
        if others:
            raise BadUse(
                f'the stage "{execution.name}" reads "{others[0]}", which is not among --in {",".join(allowed)}',
                f"Add {others[0]} to --in, or do not read it.",
            )

    def _may_restore(self, execution: Execution) -> bool:
        spec = execution.spec
        if spec.force or spec.always or execution.name in _listed("NBEXP_FORCE"):
            execution.reasons = (Reason("forced", "", "--always" if spec.always else "--force"),)
            return False
        return True

    def _look_up(self, execution: Execution) -> None:
        assert execution.inputs is not None
        verifier = Verifier(self._files, self._asked_now, execution.inputs.key)
        found = look_up(self.store, execution.inputs, verifier.now, code_of_cell(self.shell, execution))
        execution.hit = found.hit
        problems = tuple(map(_reason_of, self.store.take_problems()))
        if found.hit is not None:
            return
        earlier = self.store.heads(self.place.notebook, execution.name, execution.cell, limit=COMPARED)
        reasons = found.reasons or problems or reasons_for_miss(execution.inputs.key, earlier, found.moved)
        execution.reasons = tuple(dict.fromkeys([*problems, *reasons]))

    def _must_be_restored(self, execution: Execution) -> None:
        """``nbexp run --only | --from``: stages outside the range are restored, and it is an error if one cannot be."""
        if execution.name not in _listed("NBEXP_RESTORE_ONLY"):
            return
        why = "; ".join(reason.text for reason in (*execution.unstored, *execution.reasons)) or "it is not stored"
        raise NbexpError(
            f'the stage "{execution.name}" cannot be restored: {why}', "Run it as well: leave out the range."
        )

    def _begin(self, execution: Execution) -> ast.Module:
        analysis, shell = execution.analysis, self.shell
        if any(thread != execution.thread for _, thread in self._cells):
            execution.unstorable("concurrent", "", "another cell ran at the same time")
            return execution.tree  # nor watched: the watches of two stages would get into each other's way
        for magic in execution.analysis.always:
            if magic in OF_THE_SHELL:
                execution.unstorable("effect", magic, f"{magic} changes IPython itself, which a hit would not")
        execution.before = remember(shell.user_ns, shell.user_ns_hidden, analysis.stores | analysis.deletes)
        execution.recording = Recording(shell, self._recorder, execution.spec.seed)
        execution.recording.start(file_names_in(execution))
        if execution.spec.outs is None:
            return execution.tree
        return with_output_check(execution.tree, analysis.has_last)

    # --- finishing ----------------------------------------------------------------------------------------------------

    def _finish(self, execution: Execution, result: ExecutionResult | None) -> Status:
        success = result is not None and result.success
        if execution.hit is not None:
            return self._status(execution, "restored" if success else "failed")
        if execution.recording is None:
            return self._status(execution, "unstored" if success else "failed")
        observed = execution.recording.stop()
        seconds = observed.seconds
        if not success:
            return self._status(execution, "failed", seconds)
        execution.unstored.extend(blocking_reasons(observed))
        spec = execution.spec
        if spec.no_store:
            execution.unstorable("option", "--no-store", "--no-store")
        if self.store.read_only:
            execution.unstorable("store", "", self.store.read_only)
        if execution.unstored or execution.inputs is None:
            return self._status(execution, "unstored", seconds)
        last = result.result if result is not None else None
        try:
            record = keep(
                self.shell, self.store, execution, observed, last, self.place.notebook, self._files,
                keep_all=self.config.keep == "always",
            )  # fmt: skip
        except (Unstorable, Unfingerprintable) as error:
            execution.unstorable("unstorable", error.path, str(error).replace("\n", " "))
            return self._status(execution, "unstored", seconds)
        except StoreError as error:
            execution.unstorable("store", "", error.what)
            return self._status(execution, "unstored", seconds)
        outputs = [variable.name for variable in record.variables if variable.role != "deleted"]
        return self._status(execution, "ran", seconds, outputs=outputs)

    def _status(
        self,
        execution: Execution,
        status: str,
        seconds: float = 0.0,
        *,
        unstored: Iterable[Reason] = (),
        outputs: Iterable[str] = (),
    ) -> Status:
        hit, inputs = execution.hit, execution.inputs
        restored = status == "restored" and hit is not None
        if hit is not None:
            outputs = [variable.name for variable in hit.record.variables if variable.role != "deleted"]
        return Status(
            stage=execution.name,
            status=status,
            reasons=() if restored else execution.reasons,
            key=inputs.key.digest if inputs is not None else "",
            inputs=inputs.variables() if inputs is not None else (),
            outputs=tuple(outputs),
            ran_at=hit.record.created if hit is not None else "",
            seconds=hit.record.seconds if hit is not None else seconds,
            unstored=(*execution.unstored, *unstored),
        )

    # --- what the notebook calls while a cell runs --------------------------------------------------------------------

    def current(self) -> Execution | None:
        """The stage that runs now, if one does: of several, the newest one in this thread."""
        own = [one for one in self._executions if one.thread == threading.get_ident()]
        return next(reversed(own or self._executions), None)

    def note_metric(self, metric: Metric) -> None:
        """Keep a metric with the stage that runs."""
        if (execution := self.current()) is not None:
            execution.metrics.append(metric)

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

    def _asked_now(self, part: Part) -> Part:
        """A dependency noted by `note_dependency`, as it is now."""
        if part.kind == "parameter":
            return parameter_part(part.name, self._parameters_now())
        if part.kind == "parameters":
            return names_part(self._parameters_now())
        from nbexp.kernel.loading import load_part

        return load_part(self, part.name)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _executing(self) -> Execution:
        execution = self.current()
        if execution is None:
            raise NbexpError("no stage is running", "Run the cell again.")
        return execution

    def _restore(self, execution: Execution) -> None:
        apply_hit(self.shell, self.store, execution)

    def _check_outputs(self, execution: Execution) -> None:
        execution.check_outputs(self.shell.user_ns)

    def _everything(self) -> list[str]:
        return user_names(self.shell.user_ns, self.shell.user_ns_hidden)

    def _is_host(self, name: str, value: Any) -> bool:
        return name in ("get_ipython", "exit", "quit") or (
            name == "open" and self.shell.user_ns_hidden.get("open") is value
        )

    def _fail(self, info: ExecutionInfo, error: BaseException) -> ast.Module:
        execution = next((one for one in self._executions if one.info is info), None)
        if execution is not None and execution.recording is not None:
            execution.recording.abort()
            execution.recording = None
        if execution is not None:
            execution.hit = None
        self.door.will_fail(error)
        return body_of_failure()

    def _forget(self, info: ExecutionInfo) -> None:
        for execution in [one for one in self._executions if one.info is info]:
            if execution.recording is not None:
                execution.recording.abort()
            self._executions.remove(execution)

    def _broken(self, error: Exception) -> None:
        self._say(f"nbexp failed ({type(error).__name__}: {error}); the cell ran as a plain cell and is not stored.")

    def _say(self, text: str) -> None:
        import sys

        print(text, file=sys.stderr)


def _listed(variable: str) -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get(variable, "").split(",")))


def _reason_of(problem: NbexpError) -> Reason:
    kinds = ((Untrusted, "untrusted"), (Damaged, "damaged"))
    kind = next((kind for error, kind in kinds if isinstance(problem, error)), "store")
    return Reason(kind, "", problem.what)
