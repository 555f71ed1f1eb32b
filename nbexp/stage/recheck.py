"""A stage run again beside its stored result: is it deterministic? (``--recheck``)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from nbexp.fingerprints.difference import first_difference
from nbexp.records import Message, Reason, Record, spelled

#: The kinds of the reasons given here.
SAME, DIFFERS = "rechecked", "nondeterministic"


def recheck(old: Record, new: Record, before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What sets a run apart from the stored one with the same key; one reason that says so if nothing does.

    Args:
        old, new: Their records, with their files. before, now: The variables that they bound: the stored values and the
            live ones.
    """
    found = tuple(_differences(old, new, before, now))
    return found or (Reason(SAME, "", "the same again"),)


def _differences(old: Record, new: Record, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Reason]:
    stored = {variable.name: variable for variable in old.variables}
    for variable in new.variables:
        was = stored.pop(variable.name, None)
        if was is None or was.fingerprint != variable.fingerprint:
            yield _variable(variable.name, before, now)
    for name in stored:
        yield Reason(DIFFERS, name, f"not the same again: `{name}` is not bound this time")
    if _shown(old.messages) != _shown(new.messages):
        yield Reason(DIFFERS, "output", "not the same again: what it prints or displays")
    for what in ("results", "metrics", "files"):
        if spelled(_plain(getattr(old, what))) != spelled(_plain(getattr(new, what))):
            yield Reason(DIFFERS, what, f"not the same again: its {what}")


def _variable(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Reason:
    """A variable that differs: where first, as far as that can be told."""
    try:
        found = first_difference(name, before[name], now[name]) if name in before and name in now else None
    except Exception:  # noqa: BLE001 - that it differs is sure; where, is a courtesy, and values may compare as they like
        found = None
    if found is None:
        return Reason(DIFFERS, name, f"not the same again: `{name}`")
    return Reason(DIFFERS, name, f"not the same again: `{found.path}` is {found.new}, was {found.old}")


def _plain(rows: Iterable[Any]) -> list[Any]:
    """Dataclasses as plain data: NaN is then a text, and equal to itself."""
    return [asdict(row) for row in rows]


def _shown(messages: tuple[Message, ...]) -> list[tuple[str, Any]]:
    """What was shown, without the ids of displays."""
    return [(each.kind, each.text or each.data) for each in messages]
