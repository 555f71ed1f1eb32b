"""A stage that has just run, turned into a record and kept."""

from __future__ import annotations

import platform as python_platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbexp.code.origin import NOTEBOOK
from nbexp.errors import Lost, StoreError, Unstorable
from nbexp.graphs.graph import Dumped, dump, load
from nbexp.kernel.afterwards import Afterwards
from nbexp.kernel.execution import Execution, code_of_cell
from nbexp.kernel.figures import figures_part
from nbexp.kernel.namespace import changed_since
from nbexp.kernel.plugins import modules_part
from nbexp.kernel.recording import Observed, Recording
from nbexp.kernel.registered import reaches_formatters
from nbexp.kernel.seen import FileUse, signature
from nbexp.kernel.verification import names_of, rng_part
from nbexp.records import Part, Record
from nbexp.snapshot.data import DigestCache, file_part, folder_part, listing_part, status_part
from nbexp.snapshot.modules import import_part
from nbexp.snapshot.state import capture, state_differences
from nbexp.stage.capture import Outputs, gather, mark_of
from nbexp.stage.restore import ATTRIBUTES, GENERATORS, IMPORTS, LAST, NAMES, PATCHES, SETTINGS, LazyCode
from nbexp.stage.scopes import imported_modules
from nbexp.stage.unpickled import unpickled_parts
from nbexp.store.artifacts import PAYLOAD_BYTES

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexp.store import Store

#: What a disk gives back in a second, for the rule of what is worth keeping: an artifact that takes longer to read than
#: the stage took to run is not kept (D38).
RESTORED_BYTES_PER_SECOND = 500_000_000

#: Artifacts below this are always kept.
SMALL_BYTES = 1 << 20


def keep(
    shell: InteractiveShell,
    store: Store,
    execution: Execution,
    observed: Observed,
    last: Any,
    notebook: str,
    cache: DigestCache,
    afterwards: Afterwards,
    keep_all: bool,
) -> Record:
    """Store what the stage made.

    Args:
        last: The last value that the cell showed, or None. notebook: the notebook's path in the project.
        cache: Known digests of files. afterwards: What is done when the cell is over.
        keep_all: Keep artifacts that are cheaper to recompute too.

    Returns:
        The record, as it was handed to the store; without an artifact if the values were not worth keeping.

    Raises:
        Unstorable, Unfingerprintable: A value cannot be kept; it is named. StoreError: The store cannot take it.
    """
    outputs = gather_outputs(shell, execution, observed, last)
    dumped = _dump(shell, execution, observed, outputs, last)
    worth = keep_all or dumped.size < SMALL_BYTES or observed.seconds > dumped.size / RESTORED_BYTES_PER_SECOND
    record = describe(execution, observed, outputs, notebook, cache)
    files = {use.path: Path(use.resolved) for use in observed.effects.results}
    # the first one is handed over at once: that a store cannot be made belongs on that stage's own line
    if worth and not files and _is_small(record, dumped) and store.has_committed:
        buffers = tuple(memoryview(bytes(buffer)) for buffer in dumped.buffers)
        afterwards.add(partial(_commit, store, record, dumped.graph, buffers))
    elif worth:
        store.commit(record, dumped.graph, dumped.buffers, files, hold=True)
    else:
        store.commit(record, files=files, hold=True)
    afterwards.add(store.resume)
    return record


def _is_small(record: Record, dumped: Dumped) -> bool:
    """Whether a result lies in its record's own file, and all in it is plain: it is copied in a moment, and can be
    written."""
    plain = all(message.kind == "stream" for message in record.messages) and not (record.metrics or record.results)
    return plain and dumped.size < PAYLOAD_BYTES


def _commit(store: Store, record: Record, graph: bytes, buffers: tuple[memoryview, ...]) -> None:
    """Hand over a small result after its line was shown: what goes wrong is told on the next one."""
    try:
        store.commit(record, graph, buffers, hold=True)
    except StoreError as error:
        store.tell(Lost(f'the result of "{record.stage}" was not stored: {error.what}', error.advice))


def gather_outputs(shell: InteractiveShell, execution: Execution, observed: Observed, last: Any) -> Outputs:
    """What a stage that has just run left behind.

    Raises:
        Unstorable, Unfingerprintable: A value cannot be kept; it is named.
    """
    assert execution.inputs is not None and execution.before is not None
    change = changed_since(execution.before, shell.user_ns, shell.user_ns_hidden)
    execution.bound = change.bound
    return gather(execution.inputs, change.bound, change.deleted, shell.user_ns, [last], observed.imported)


def describe(execution: Execution, observed: Observed, outputs: Outputs, notebook: str, cache: DigestCache) -> Record:
    """The record of a stage that has just run, as yet without its values and files; arguments as `keep`'s.

    Raises:
        Unstorable: Something that it read is not as it was any more.
    """
    assert execution.inputs is not None
    return Record(
        stage=execution.name,
        notebook=notebook,
        cell=execution.cell,
        key=execution.inputs.key,
        dependencies=tuple(_dependencies(execution, observed, cache)),
        variables=outputs.variables,
        messages=observed.messages,
        metrics=tuple(execution.metrics),
        results=tuple(execution.results),
        reasons=execution.reasons,
        options={"ignore": list(execution.spec.ignore)} if execution.spec.ignore else {},
        source=execution.info.raw_cell or "",
        seconds=observed.seconds,
        python=python_platform.python_version(),
    )


def _dump(shell: InteractiveShell, execution: Execution, observed: Observed, outputs: Outputs, last: Any) -> Dumped:
    graph = {
        NAMES: outputs.names,
        PATCHES: outputs.patches,
        ATTRIBUTES: outputs.attributes,
        LAST: last,
        GENERATORS: {name: capture(name) for name, use in observed.generators.items() if use.moved},
        SETTINGS: _changed_settings(execution.settings) if isinstance(execution.recording, Recording) else {},
        IMPORTS: [name for name in imported_modules(execution.tree) if name in sys.modules],
    }
    own = set(outputs.names)
    code = LazyCode(code_of_cell(shell, execution))
    dumped = dump(
        graph,
        held=outputs.held,
        by_reference=lambda value: not _made_here(value, own),
        code=code,
        label="output",
        roots={**outputs.names, "last value": last},
    )
    if outputs.doubtful:
        _check_round_trip(shell.user_ns, dumped, outputs, code)
    return dumped


def _made_here(value: Any, own: set[str]) -> bool:
    """Whether a function or class is one that the stage itself defined: it comes back by value."""
    name: str = getattr(value, "__qualname__", "") or value.__name__  # a type variable has no other
    return getattr(value, "__module__", None) == NOTEBOOK and name.partition(".")[0] in own


def _check_round_trip(namespace: dict[str, Any], dumped: Dumped, outputs: Outputs, code: LazyCode) -> None:
    """Values of types without an adapter are kept only if what comes back has the same fingerprint (D30).

    What comes back stands in the notebook for that time, as after a hit: classes of the cell are told by their names.
    """
    places = {live: value for value, live in outputs.held}
    buffers = [bytearray(buffer) for buffer in dumped.buffers]
    back = load(dumped.graph, buffers, live=places.__getitem__, code=code)[NAMES]
    namespace.update(back)
    try:
        digests = {name: mark_of(name, back[name]).digest.hex() for name in outputs.doubtful}
    finally:
        namespace.update(outputs.names)
    for variable in outputs.variables:
        if variable.role == "new" and digests.get(variable.name, variable.fingerprint) != variable.fingerprint:
            raise Unstorable(
                variable.name,
                type(outputs.names[variable.name]).__qualname__,
                "what comes back from the store is not what was put in",
                "Say how it is stored with nbexp.register.",
            )


def _changed_settings(before: Mapping[str, Any]) -> dict[str, Any]:
    after = state_differences()
    return {probe: after.get(probe, {}) for probe in {*before, *after} if before.get(probe, {}) != after.get(probe, {})}


def _dependencies(execution: Execution, observed: Observed, cache: DigestCache) -> Iterator[Part]:
    assert execution.inputs is not None
    effects = observed.effects
    yield from (_file(use, cache) for use in effects.reads)
    yield from (listing_part(use.path, use.digest) for use in effects.listings)
    yield from (status_part(use.path, use.digest) for use in effects.statuses)
    yield from (modules_part(use.path, use.digest) for use in effects.modules)
    yield from (rng_part(name, use.start) for name, use in sorted(observed.generators.items()) if use.depends)
    yield from _imports(execution, observed.imported)
    yield from execution.asked.values()
    if any(message.kind in ("display", "update") for message in observed.messages):
        yield from _formatters(execution)
    if effects.folder_asked:
        yield folder_part()
    if observed.figures.asked:
        yield figures_part()
    yield from observed.logs.parts()
    found = [(module, name) for module, name in effects.unpickled if module not in observed.imported]
    own = execution.analysis.stores | execution.analysis.deletes
    yield from unpickled_parts(found, names_of(execution.inputs.key), own)


def _formatters(execution: Execution) -> Iterator[Part]:
    """What decides how the values looked that the stage displayed."""
    before = execution.formatters
    if before is None:
        return
    roots = execution.inputs.roots if execution.inputs is not None else ()
    if not reaches_formatters(roots) and execution.formatters_now() != before:
        why = "what they work with changed while the stage ran"
        raise Unstorable("display formatters", "IPython", why, "Show the value last in the cell, or in a plain cell.")
    yield before


def _file(use: FileUse, cache: DigestCache) -> Part:
    """A file that the stage read, with the content that it read: it must still be as it was then."""
    part = file_part(use.path, cache)
    if signature(use.resolved) != use.signature:
        raise Unstorable(
            use.path, "file", "something else changed it while the stage was being stored", "Run the stage again."
        )
    return part


def _imports(execution: Execution, imported: Sequence[str]) -> Iterator[Part]:
    """Modules that the stage imported by names which its source does not show."""
    assert execution.inputs is not None
    known = names_of(execution.inputs.key)
    for name in imported:
        if ("module", name) not in known:
            yield import_part(name, known, imported)
