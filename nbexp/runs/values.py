"""Values of stored records, by REF and name: what ``nbexp.load`` and ``nbexp get`` give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbexp.errors import BadUse, NbexpError, Unfingerprintable, closest
from nbexp.fingerprints.fingerprint import mutables
from nbexp.graphs.graph import Live, load
from nbexp.records import Variable
from nbexp.stage.restore import NAMES, PATCHES
from nbexp.store import Store, Stored
from nbexp.store.references import resolve


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

    Raises:
        NbexpError: It was not kept, or it is kept as a change to an object that only the notebook has.
    """
    content = store.load(named.stored)
    graph = load(content.graph, content.buffers, live=_Elsewhere)
    value = _value(graph, named.variable.name)
    try:
        mutables(value)
    except Unfingerprintable as error:
        if error.type_name == _Elsewhere.__qualname__:
            raise NbexpError(
                f'"{named.variable.name}" shares objects with the inputs of its stage, which the store does not hold',
                "Run the notebook (its stages are restored) and take the value there.",
            ) from error
    return value


def _value(graph: Any, name: str) -> Any:
    if name in graph[NAMES]:
        return graph[NAMES][name]
    return next(content for live, content in graph[PATCHES] if live == Live(name, 0))


class _Elsewhere:
    """Stands for an object that only the notebook's kernel has."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Unfingerprintable("", type(self).__qualname__, f"it is an input ({self.live.root})")
