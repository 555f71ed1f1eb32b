"""How the cells of a session take their turns: what the session tells its `Order` before and after each of them.

A fault here must not keep a cell from running or a stage from being stored: the order is then given up for this
session, and says so.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from nbexp.code.origin import NOTEBOOK
from nbexp.errors import NbexpError
from nbexp.kernel.execution import Execution, code_of_cell
from nbexp.kernel.keeping import Made, variable
from nbexp.kernel.looking import Look, look
from nbexp.kernel.order import Turn
from nbexp.kernel.rewinding import put_back, rewind
from nbexp.lineage.history import Version
from nbexp.records import Record, Status
from nbexp.stage.analysis import analyse

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo

    from nbexp.kernel.session import Session


def is_stage(info: ExecutionInfo) -> bool:
    """Whether a cell begins with the header of a stage."""
    return (info.raw_cell or "").lstrip().startswith("%%stage")


def begin_plain(session: Session, info: ExecutionInfo) -> Turn | None:
    """A plain cell begins; None if it is no Python."""
    text = info.transformed_cell or info.raw_cell or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    turn = session.order.begin(_cell_id(info), info.raw_cell or "", "", tree, analyse(tree, text))
    if session.catching_up:
        turn.rewound = rewind(session.order, turn)
    session.order.find(turn)
    return turn


def end_plain(session: Session, turn: Turn, *, failed: bool) -> None:
    """A plain cell is over."""
    session.order.end_plain(turn, failed=failed)
    if turn.rewound is not None:
        put_back(session.order, turn.rewound, _written(session, turn))


def begin_stage(session: Session, execution: Execution) -> None:
    """A stage is about to be decided: what it reads is as the cells above it left it.

    Raises:
        NbexpError: That cannot be had, and the session is strict.
    """
    info, order, spec = execution.info, session.order, execution.spec
    turn = order.begin(_cell_id(info), info.raw_cell or "", spec.name, execution.tree, execution.analysis)
    if not spec.live:
        execution.rewound = rewind(order, turn)
    try:
        order.find(turn)
        if session.strict and not spec.live:
            _refuse_doubts(session, execution, turn)
    except BaseException:
        put_back(order, execution.rewound)
        raise
    execution.turn = turn


def _refuse_doubts(session: Session, execution: Execution, turn: Turn) -> None:
    doubts = (*execution.rewound.lost, *session.order.history.doubts(turn.cell, turn.reads))
    if doubts:
        raise NbexpError(
            f'"{execution.name}" would not be what a top-to-bottom run gives: {doubts[0].text}',
            "Run the cells above it first (%nbexp run-stale), or use %nbexp strict off.",
        )


def end_stage(session: Session, execution: Execution, status: Status) -> Status:
    """A stage is over; its status, with why its result is not what a top-to-bottom run gives."""
    turn, order = execution.turn, session.order
    if turn is None or not turn.found:  # it failed before it was known what it reads
        put_back(order, execution.rewound)
        return status
    for name, digest in _read(execution):
        version = turn.reads.setdefault(variable(name), order.live.get(variable(name)))
        if version is not None:
            order.history.know(version, digest)
    record = execution.outcome
    if record is None or status.status not in ("ran", "restored"):
        order.end_plain(turn, failed=status.status == "failed")
    else:
        _note_record(session, execution, turn, record, _keep_objects(session, execution, turn, record))
    put_back(order, execution.rewound, _written(session, turn))
    stale = (*execution.rewound.lost, *order.history.stale(turn.cell))
    return replace(status, stale=tuple({reason.name: reason for reason in reversed(stale)}.values())[::-1],
                   rewound=tuple(execution.rewound.said))  # fmt: skip


def _keep_objects(session: Session, execution: Execution, turn: Turn, record: Record) -> Collection[str]:
    """The variables whose objects stay: where a cell makes again what its last run made, cells below may hold that."""
    there = execution.replaced | {name: execution.rewound.aside.get(name) for name in execution.rewound.put}
    made = {each.name: each.fingerprint for each in record.variables}
    if execution.hit is None or len(made) < len(record.variables) or not made.keys() <= there.keys():
        return ()
    versions = session.order.live | execution.rewound.versions
    if any((last := versions.get(variable(name))) is None or last.cell != turn.cell for name in made):
        return ()
    namespace = session.shell.user_ns
    new = {name: look(name, namespace[name]) for name in {*made, *execution.rewound.put} if name in namespace}
    old = {name: look(name, there[name]) for name in new}
    if not all(seen.digest and old[name].digest == seen.digest for name, seen in new.items()):
        return ()
    # what it made may hold objects that it read, and others than last time
    others = [look(name, namespace[name]) for name in turn.looks if name not in new and name in namespace]
    if any(old[name].shares(other) != seen.shares(other) for name, seen in new.items() for other in others):
        return ()
    namespace.update({name: there[name] for name in new})
    return new


def _note_record(session: Session, execution: Execution, turn: Turn, record: Record, kept: Collection[str]) -> None:
    """What a stage did is in its record, and can be had from there again."""
    order = session.order
    turn.left = order.variables.look()
    made = {each.name: each.fingerprint for each in record.variables if each.role == "new"}
    deleted = [each.name for each in record.variables if each.role == "deleted"]
    mutated = {each.name: each.fingerprint for each in record.variables if each.role == "mutated"}
    changed = {
        name: digest for name, digest in mutated.items() if name not in turn.left.new and name not in {*made, *deleted}
    }
    roots = execution.inputs.roots if execution.inputs is not None else {}
    others = order.touched(turn, [roots[name].value for name in mutated if name in roots], {*made, *changed})
    reads = {
        place.name: version for place, version in turn.reads.items() if version is not None and place.kind == "variable"
    }
    wrote = {name: _seen(session, name, digest) for name, digest in {**made, **changed}.items()} | others
    links = frozenset(variable(name) for name in execution.links if name in reads)
    before = {name: order.live.get(variable(name)) for name in made} | {
        place.name: version for place, version in execution.rewound.versions.items()
    }
    order.write(turn, wrote, deleted, links)
    for name in kept:
        if (there := before.get(name)) is not None:
            order.history.is_object_of(order.live[variable(name)], there)
    if execution.record:
        versions: dict[str, Version] = {name: order.live[variable(name)] for name in (*made, *changed)}
        # no more than its source is kept: the execution has all values that were there
        bare = Execution(execution.info, execution.tree, execution.name, execution.spec, execution.analysis)
        code = code_of_cell(session.shell, bare)
        order.kept.add(
            Made(
                turn.cell,
                versions,
                reads,
                session.store,
                record.key,
                execution.record,
                code,
            )
        )
    order.copy(turn, wrote)


def _seen(session: Session, name: str, digest: str) -> Look:
    """What is known of a value that a stage made."""
    seen = look(name, session.shell.user_ns[name])
    return Look(digest, large=True) if seen.large else seen


def _written(session: Session, turn: Turn) -> set[str]:
    trace = session.order.history.trace(turn.cell)
    return {place.name for place in trace.writes if place.kind == "variable"} if trace is not None else set()


def _read(execution: Execution) -> Iterator[tuple[str, str]]:
    """The variables that a stage read, with their digests."""
    roots = execution.inputs.roots.values() if execution.inputs is not None else ()
    for root in roots:
        if root.name.module == NOTEBOOK and len(root.name.path) == 1 and not isinstance(root.value, ModuleType):
            yield root.name.path[0], root.mark.digest.hex()


def _cell_id(info: ExecutionInfo) -> str:
    return str(getattr(info, "cell_id", None) or "")
