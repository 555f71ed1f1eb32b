"""Values of stored records, by REF and name: what ``nbexp.load`` and ``nbexp get`` give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbexp.errors import BadUse, NbexpError, Unfingerprintable, closest
from nbexp.fingerprints.fingerprint import mutables
from nbexp.graphs.graph import ITSELF, Live, load
from nbexp.graphs.patch import patch
from nbexp.records import Variable
from nbexp.stage.restore import NAMES, PATCHES
from nbexp.store import Store, Stored
from nbexp.store.references import checked, resolve

#: An input is looked for in so many of the last records with an output of its name.
_RECENT = 100


@dataclass(frozen=True, slots=True)
class Named:
    """A variable of a record.

    Attributes:
        stored: The record. variable: the variable as it is described there.
    """

    stored: Stored
    variable: Variable


def find_value(store: Store, ref: str, name: str) -> Named:
    """The variable `name` of the record that `ref` names.

    Args:
        ref: An id's beginning, ``last``, ``last~1``, ``NB`` or ``NB:STAGE``.

    Raises:
        BadUse: There is no such record or variable; the closest one is named. StoreError: as `resolve`.
    """
    stored = resolve(store, ref, output=name)
    record = stored.record
    kept = {variable.name: variable for variable in record.variables if variable.role != "deleted"}
    if name not in kept:
        known = closest(name, kept, "It has no variables.")
        raise BadUse(f'"{ref}" ({record.notebook}:{record.stage}) has no variable "{name}"', known)
    return Named(stored, kept[name])


def load_value(store: Store, named: Named) -> Any:
    """The value itself, as a new object.

    A stage may leave objects of its inputs in what it makes (the index of a frame in a series), or change them: these
    are taken from the records of the stages that made them.

    Raises:
        NbexpError: It was not kept, or it needs an input that no stored stage made.
    """
    return _load(store, named, frozenset())


def _load(store: Store, named: Named, within: frozenset[str]) -> Any:
    content, inputs = store.load(named.stored), _Inputs(store, named.stored, within)
    name = named.variable.name
    try:
        graph = load(content.graph, content.buffers, live=inputs)
        for live, new in graph[PATCHES]:
            if live.root not in inputs.missing:
                patch(inputs(live), new)
    except Exception as error:
        if inputs.missing:  # a library was given what stands for an object, or that was looked into
            raise inputs.problem(named.stored.record.stage) from error
        raise
    if name in graph[NAMES]:
        value = graph[NAMES][name]
    else:
        value = inputs(Live(name, 0)) if name not in inputs.missing else _content(graph, name)
    if inputs.missing and _holds_placeholder(value):
        raise inputs.problem(named.stored.record.stage)
    return value


def _content(graph: Any, name: str) -> Any:
    """What a stage left in an input that it changed, where the input itself is not to be had."""
    return next(content for live, content in graph[PATCHES] if live == Live(name, 0))


def _holds_placeholder(value: Any) -> bool:
    try:
        mutables(value)
    except Unfingerprintable as error:
        return error.type_name == _Elsewhere.__qualname__
    return False


class _Inputs:
    """The inputs of a stored stage, from the records of the stages that made them.

    Attributes:
        missing: Labels of those that were asked for and that no record has.
    """

    def __init__(self, store: Store, stored: Stored, within: frozenset[str]) -> None:
        self.missing: dict[str, None] = {}
        self._store, self._within = store, within | {stored.id}
        self._digests = {part.name: part.digest for part in stored.record.key.parts if part.kind == "input"}
        self._nodes: dict[str, tuple[Any, tuple[object, ...]]] = {}

    def __call__(self, live: Live) -> Any:
        """The object that a link leads to, or something that stands for it."""
        if live.root not in self._nodes and live.root not in self.missing:
            self._find(live.root)
        if live.root in self.missing:
            return _Elsewhere(live)
        value, nodes = self._nodes[live.root]
        return value if live.number == ITSELF else nodes[live.number]

    def _find(self, label: str) -> None:
        made = self._maker(label)
        try:
            if made is not None:
                value = _load(self._store, made, self._within)
                self._nodes[label] = value, mutables(value)
        except NbexpError:  # it was given up, is damaged, or needs what is missing itself
            pass
        if label not in self._nodes:
            self.missing[label] = None

    def _maker(self, label: str) -> Named | None:
        """The newest record that has the input as it was."""
        for stored in checked(self._store, lambda catalog: catalog.recent(_RECENT, output=label)):
            for variable in stored.record.variables:
                same = variable.name == label and variable.fingerprint == self._digests.get(label)
                if same and variable.role != "deleted" and stored.record.artifact and stored.id not in self._within:
                    return Named(stored, variable)
        return None

    def problem(self, stage: str) -> NbexpError:
        """The error for what cannot be had without the inputs that are missing."""
        names = ", ".join(f"`{label}`" for label in self.missing)
        return NbexpError(
            f'what "{stage}" made holds objects of {names}, which the store does not have',
            "Run the notebook (its stages are restored) and take the value there, or make "
            + ("them in stages" if len(self.missing) > 1 else "it in a stage")
            + " too.",
        )


class _Elsewhere:
    """Stands for an object that only the notebook's kernel has."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Unfingerprintable("", type(self).__qualname__, f"it is an input ({self.live.root})")
