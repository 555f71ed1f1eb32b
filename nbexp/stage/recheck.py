"""A stage run again beside its stored result: is it deterministic? (``--recheck``)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbexp.errors import NbexpError
from nbexp.fingerprints.difference import first_difference
from nbexp.records import Message, Reason, Record

#: The kinds of the reasons given here.
SAME, DIFFERS = "rechecked", "nondeterministic"


def recheck(old: Record, new: Record, before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What sets a run apart from the stored one with the same key; one reason that says so if nothing does.

    Args:
        old, new: Their records. before, now: The variables that they bound: the stored values and the live ones.
    """
    found = tuple(_differences(old, new, before, now))
    return found or (Reason(SAME, "", "rechecked: the same as stored"),)


def _differences(old: Record, new: Record, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Reason]:
    stored = {variable.name: variable for variable in old.variables}
    for variable in new.variables:
        was = stored.pop(variable.name, None)
        if was is None or was.fingerprint != variable.fingerprint:
            yield _variable(variable.name, before, now)
    for name in stored:
        yield Reason(DIFFERS, name, f"rechecked: `{name}` is not bound this time")
    if _shown(old.messages) != _shown(new.messages):
        yield Reason(DIFFERS, "output", "rechecked: what it prints or displays differs")
    for what in ("results", "metrics", "files"):
        if getattr(old, what) != getattr(new, what):
            yield Reason(DIFFERS, what, f"rechecked: its {what} differ")


def _variable(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Reason:
    """A variable that differs: where first, as far as that can be told."""
    try:
        found = first_difference(name, before[name], now[name]) if name in before and name in now else None
    except NbexpError:
        found = None
    if found is None:
        return Reason(DIFFERS, name, f"rechecked: `{name}` differs")
    return Reason(DIFFERS, name, f"rechecked: `{found.path}` differs: {found.old} -> {found.new}")


def _shown(messages: tuple[Message, ...]) -> list[tuple[str, Any]]:
    """What was shown, without the ids of displays."""
    return [(each.kind, each.text or each.data) for each in messages]
