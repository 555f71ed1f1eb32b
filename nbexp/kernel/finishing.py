"""What became of a stage cell that is over, and its storing: the status that its line shows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbexp.errors import NbexpError, StoreError, Unfingerprintable, Unstorable
from nbexp.hashing import digest_file
from nbexp.kernel.blocking import blocking_reasons
from nbexp.kernel.execution import Execution
from nbexp.kernel.memos import taken_from
from nbexp.kernel.recording import Observed
from nbexp.kernel.storing import describe, gather_outputs, keep
from nbexp.records import Message, Reason, Record, ResultFile, Status
from nbexp.stage.recheck import recheck

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from nbexp.kernel.session import Session
    from nbexp.stage.restore import Restored


def finish(session: Session, execution: Execution, result: ExecutionResult | None) -> Status:
    """Store what a stage made, if it ran, may be stored, and can be.

    Args:
        result: IPython's; None if the cell was torn down.
    """
    success, error = result is not None and result.success, _raised(result)
    if execution.hit is not None:
        execution.printed = _has_text(execution.hit.record.messages)
        execution.outcome, execution.record = execution.hit.record, execution.hit.stored.id
        execution.links = execution.hit.links
        if success:
            session.store.note_used(execution.hit.stored, session.place.notebook, execution.name, execution.cell)
        return status_of(execution, "restored" if success else "failed", error=error)
    if execution.recording is None:
        return status_of(execution, "unstored" if success else "failed", error=error)
    observed = execution.recording.stop()
    execution.printed = bool(observed.unreplayable) or _has_text(observed.messages)
    if not success:
        return status_of(execution, "failed", observed.seconds, error=error)
    execution.unstored.extend(blocking_reasons(observed))
    reached = [root.value for root in execution.inputs.roots.values() if root.is_code] if execution.inputs else []
    execution.unstored.extend(session.patches.set_since(execution.standing, reached, observed.imported))
    execution.unstored.extend(taken_from(execution.memos))
    if execution.spec.no_store and execution.stored is None:
        execution.unstorable("option", "--no-store", "--no-store")
    if session.store.read_only and execution.stored is None:
        execution.unstorable("store", "", session.store.read_only)
    record = None
    if not execution.unstored and execution.inputs is not None:
        record = execution.outcome = _kept(session, execution, observed, result)
    if record is None:
        return status_of(execution, "unstored", observed.seconds)
    return status_of(execution, "ran", observed.seconds, outputs=_outputs(record))


def _kept(session: Session, execution: Execution, observed: Observed, result: ExecutionResult | None) -> Record | None:
    """The record of a stage that has run; what is only compared with its stored result (``--recheck``) is not kept."""
    last = result.result if result is not None else None
    try:
        if execution.stored is not None:
            return _rechecked(session, execution, execution.stored, observed, last)
        return keep(
            session.shell, session.store, execution, observed, last, session.place.notebook, session.files,
            keep_all=session.config.keep == "always",
        )  # fmt: skip
    except (Unstorable, Unfingerprintable) as error:
        execution.unstorable("unstorable", error.path, error.sentences)
    except StoreError as error:
        execution.unstorable("store", "", error.what)
    return None


def _rechecked(session: Session, execution: Execution, stored: Restored, observed: Observed, last: Any) -> Record:
    outputs = gather_outputs(session.shell, execution, observed, last)
    record = describe(execution, observed, outputs, session.place.notebook, session.files)
    files = tuple(
        ResultFile(use.path, digest_file(use.resolved).hex(), os.stat(use.resolved).st_size)
        for use in observed.effects.results
    )
    execution.reasons = recheck(stored.record, replace(record, files=files), stored.names, session.shell.user_ns)
    return record


def fault(error: Exception) -> Reason:
    """The reason of a stage that is not stored because nbexp itself failed."""
    return Reason("fault", "", f"nbexp failed ({type(error).__name__}: {error})")


def _raised(result: ExecutionResult | None) -> str:
    """What a cell raised, in one line; of an error that says what to do, that too."""
    error = result and (result.error_before_exec or result.error_in_exec)
    if not error:
        return ""
    lines = str(error).strip().splitlines() or [""]
    if isinstance(error, NbexpError | UsageError):
        return ". ".join(line.rstrip(".") for line in lines) + "."
    return f"{type(error).__name__}: {lines[0]}" if lines[0] else type(error).__name__


def _known(reasons: Iterable[Reason], status: str) -> tuple[Reason, ...]:
    """What is known for sure: a stage of which nothing is stored may well have run before."""
    return tuple(reason for reason in reasons if reason.kind != "never" or status == "ran")


def _has_text(messages: Iterable[Message]) -> bool:
    return any(message.kind == "stream" for message in messages)


def _outputs(record: Record) -> list[str]:
    return [variable.name for variable in record.variables if variable.role != "deleted"]


def status_of(
    execution: Execution,
    status: str,
    seconds: float = 0.0,
    *,
    unstored: Iterable[Reason] = (),
    outputs: Iterable[str] = (),
    error: str = "",
) -> Status:
    """The status of a stage cell, with all that is known of it.

    Args:
        status: ``restored ran failed unstored``. seconds: How long it ran.
        unstored: Reasons beside those that the execution has. outputs: What it made.
        error: What it raised.
    """
    hit, inputs = execution.hit, execution.inputs
    restored = status == "restored" and hit is not None
    return Status(
        stage=execution.name,
        status=status,
        reasons=() if restored else _known(execution.reasons, status),
        key=inputs.key.digest if inputs is not None else "",
        inputs=inputs.variables() if inputs is not None else (),
        outputs=tuple(outputs if hit is None else _outputs(hit.record)),
        ran_at=hit.record.created if hit is not None else "",
        seconds=hit.record.seconds if hit is not None else seconds,
        unstored=(*execution.unstored, *unstored),
        error=error,
    )
