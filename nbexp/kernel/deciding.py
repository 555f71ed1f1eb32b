"""Whether a stage cell about to run is restored: its inputs, its key, and what the store has under it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nbexp.errors import BadUse, NbexpError, Unfingerprintable, closest
from nbexp.kernel.execution import Execution, code_of_cell
from nbexp.kernel.quiet import quiet
from nbexp.kernel.registered import formatters_part, is_host, reached
from nbexp.kernel.verification import Verifier
from nbexp.records import Reason
from nbexp.snapshot.state import apply_state, state_differences
from nbexp.stage.explain import reasons_for_miss
from nbexp.stage.key import make_inputs
from nbexp.stage.lookup import look_up
from nbexp.stage.reach import Held

if TYPE_CHECKING:
    from nbexp.kernel.session import Session

#: How many earlier records a miss is compared with.
COMPARED = 3


def decide(session: Session, execution: Execution) -> None:
    """Find the inputs of a stage and its stored result, if there is one; both are kept in `execution`.

    Raises:
        BadUse: It reads what ``--in`` does not name, or that names what is no variable.
        NbexpError: It had to be restored (``nbexp run --only | --from``) and cannot be.
    """
    execution.settings = state_differences()
    _find_inputs(session, execution)
    _hold_to_inputs(execution)
    if execution.inputs is not None and _may_restore(session, execution):
        _look_up(session, execution)
    if execution.hit is None:
        _must_be_restored(execution)


def _find_inputs(session: Session, execution: Execution) -> None:
    shell, registered = session.shell, session.tables.now()
    execution.registered = registered.by_user()

    def reached_now(asks_shell: bool) -> list[Held]:
        if registered.transformers and (asks_shell or "get_ipython" in (execution.info.transformed_cell or "")):
            why = "code that its magics run goes through an AST transformer. Run that code without the magic."
            execution.unstorable("effect", "ast_transformers", why)
        return reached(registered, execution.analysis, asks_shell)

    try:
        execution.formatters = formatters_part(shell, registered)
        execution.formatters_now = lambda: formatters_part(shell, session.tables.now())
        execution.inputs = make_inputs(
            execution.analysis,
            execution.spec,
            execution.settings,
            execution.names_before,
            partial(is_host, shell),
            session.patches.now(),
            reached_now,
        )
        execution.standing = session.patches.standing()
    except Unfingerprintable as error:
        execution.unstorable("unfingerprintable", error.path, error.sentences)


def _hold_to_inputs(execution: Execution) -> None:
    """``--in``: reading any other variable is an error."""
    allowed = execution.spec.ins
    if allowed is None or execution.inputs is None:
        return
    inputs = execution.inputs.variables()
    for name in allowed:
        if name not in execution.names_before and name not in inputs:
            known = closest(name, execution.names_before)
            raise BadUse(f'there is no variable "{name}", which --in names', known)
    others = [name for name in inputs if name.partition(".")[0] not in allowed]
    if others:
        raise BadUse(
            f'the stage "{execution.name}" reads "{others[0]}", which is not among --in {",".join(allowed)}',
            f"Add {others[0]} to --in, or do not read it.",
        )


def _may_restore(session: Session, execution: Execution) -> bool:
    spec, asked = execution.spec, ""
    if spec.force or spec.always or execution.name in _listed("NBEXP_FORCE"):
        asked = "--always" if spec.always else "--force"
    elif not session.config.read:
        asked = "--no-read" if os.environ.get("NBEXP_NO_READ") else "read = false in pyproject.toml"
    if asked:
        execution.reasons = (Reason("forced", "", asked),)
    return not asked


def _put_settings_back(before: Mapping[str, Any]) -> None:
    """What a hit's imports have set counts no more than in the run, whose last settings are applied with its values."""
    now = state_differences()
    for probe in {*before, *now}:
        if now.get(probe, {}) != before.get(probe, {}):
            apply_state(probe, before.get(probe, {}))


def _look_up(session: Session, execution: Execution) -> None:
    assert execution.inputs is not None
    verifier = Verifier(session.files, session.asked_now, execution.inputs.key)
    modules = len(sys.modules)
    code = code_of_cell(session.shell, execution)
    found = look_up(session.store, execution.inputs, verifier.now, code, partial(quiet, session.shell))
    if found.hit is not None:
        if len(sys.modules) != modules:
            _put_settings_back(execution.settings)
        if execution.spec.recheck or os.environ.get("NBEXP_RECHECK"):
            execution.stored, execution.reasons = found.hit, (Reason("forced", "", "--recheck"),)
        else:
            execution.hit = found.hit
        return
    reasons = found.reasons
    if found.moved or not reasons:
        earlier = session.store.heads(session.place.notebook, execution.name, execution.cell, limit=COMPARED)
        reasons += reasons_for_miss(execution.inputs.key, earlier, found.moved, cell=execution.cell)
    execution.reasons = tuple(dict.fromkeys(reasons))


def _must_be_restored(execution: Execution) -> None:
    """``nbexp run --only | --from``: stages outside the range are restored, and it is an error if one cannot be."""
    if execution.name not in _listed("NBEXP_RESTORE_ONLY"):
        return
    why = "; ".join(reason.text for reason in (*execution.unstored, *execution.reasons)) or "it is not stored"
    raise NbexpError(f'"{execution.name}" must run ({why})', "Drop --only or --from, or use --until.")


def _listed(variable: str) -> tuple[str, ...]:
    """The names in a variable that a run has set: a JSON list, for a name may hold a comma; else one name."""
    text = os.environ.get(variable, "")
    return tuple(json.loads(text)) if text.startswith("[") else (text,) if text else ()
