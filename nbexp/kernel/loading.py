"""Values of other records, loaded by the notebook: for a stage they are dependencies, resolved again before a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbexp.errors import NbexpError
from nbexp.records import Part
from nbexp.runs.values import find_value, load_value

if TYPE_CHECKING:
    from nbexp.kernel.session import Session


def load_named(session: Session, ref: str, name: str) -> Any:
    """The value that `ref` and `name` lead to now; noted with the stage that runs."""
    session.store.drain()
    named = find_value(session.store, ref, name)
    session.note_dependency(_part(ref, name, named.variable.fingerprint))
    return load_value(session.store, named)


def load_part(session: Session, place: str) -> Part:
    """The dependency noted by `load_named`, as it is now; one that leads nowhere equals nothing."""
    ref, _, name = place.rpartition(" ")
    try:
        return _part(ref, name, find_value(session.store, ref, name).variable.fingerprint)
    except NbexpError:
        return _part(ref, name, "")


def _part(ref: str, name: str, fingerprint: str) -> Part:
    return Part("load", f"{ref} {name}", fingerprint)
