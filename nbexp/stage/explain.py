"""Why a stage missed: its key against the nearest earlier record's, as values (L6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbexp.records import Key, Part, Reason, Record

#: Kinds in the order in which a person wants to hear of them.
_ORDER = (
    "source", "option", "function", "class", "input", "global", "alias", "sharing", "file", "status", "load",
    "parameter", "parameters", "formatters", "rng", "module", "package", "state", "python",
)  # fmt: skip

_RANKS = {kind: rank for rank, kind in enumerate(_ORDER)}

_CODE = ("function", "class")


def reasons_for_miss(
    key: Key, earlier: Sequence[Record], failed: Iterable[Part] = (), *, cell: str = ""
) -> tuple[Reason, ...]:
    """What sets `key` apart from the record nearest to it.

    Args:
        key: The key that found nothing.
        earlier: Records of the same stage, newest first; the one that differs in the fewest parts is compared.
        failed: Dependencies of a record with this very key that are no longer as they were, as they are *now*.
        cell: The id of the stage's cell: of another cell with its name nobody knows whether it was edited.

    Returns:
        At least one reason; the first is the most telling.
    """
    failed = tuple(failed)
    if failed:
        return tuple(_moved(part) for part in failed)
    if not earlier:
        return (Reason("never", "", "it has not run before"),)
    compared = [(_differences(key, record.key), record) for record in earlier]
    differences, nearest = min(compared, key=lambda pair: len(pair[0]))
    same = not cell or not nearest.cell or cell == nearest.cell
    found = tuple(_reason(old, new, same) for old, new in _without_consequences(differences))
    return found or (Reason("gone", "", "its stored result is gone"),)


def reasons_for_run(record: Record, earlier: Sequence[Record]) -> tuple[Reason, ...]:
    """Why a stored execution ran: what it says itself, else what sets it apart from the nearest earlier one."""
    if record.reasons:
        return record.reasons
    same = next((one for one in earlier if one.key.digest == record.key.digest), None)
    if same is None:
        return reasons_for_miss(record.key, earlier, cell=record.cell)
    before = {(part.kind, part.name): part.digest for part in same.dependencies}
    moved = [part for part in record.dependencies if before.get((part.kind, part.name), part.digest) != part.digest]
    return tuple(map(_moved, moved)) or (Reason("forced", "", "nothing had changed: it was asked to run"),)


def _differences(new: Key, old: Key) -> list[tuple[Part | None, Part | None]]:
    before = {(part.kind, part.name): part for part in old.parts}
    after = {(part.kind, part.name): part for part in new.parts}
    same = {place for place, part in after.items() if place in before and before[place].digest == part.digest}
    different = (before.keys() | after.keys()) - same
    return _without_kind_changes([(before.get(place), after.get(place)) for place in sorted(different, key=_rank)])


def _rank(place: tuple[str, str]) -> tuple[int, str]:
    kind, name = place
    return _RANKS.get(kind, len(_RANKS)), name


def _without_kind_changes(pairs: list[tuple[Part | None, Part | None]]) -> list[tuple[Part | None, Part | None]]:
    """One name that was a value and is a function now is one change, not one thing gone and another new."""
    gone = {old.name: old for old, new in pairs if old and not new}
    joined = [(gone[new.name], new) if new and not old and new.name in gone else (old, new) for old, new in pairs]
    both = {new.name for old, new in joined if old and new}
    return [(old, new) for old, new in joined if new or not old or old.name not in both]


def _without_consequences(pairs: list[tuple[Part | None, Part | None]]) -> list[tuple[Part | None, Part | None]]:
    """An edited cell reads other names: that goes without saying."""
    if not any(new.kind == "source" for _, new in pairs if new):
        return pairs
    return [(old, new) for old, new in pairs if (old and new) or not _of_cell(new or old)]


def _of_cell(part: Part | None) -> bool:
    """Whether the cell itself names it."""
    return part is not None and not part.via and part.kind not in ("state", "option")


def _reason(old: Part | None, new: Part | None, same_cell: bool) -> Reason:
    part = new or old
    assert part is not None
    if part.kind == "source":
        edited = "its source was edited" if same_cell else "its source is not that of the cell that had its name before"
        return Reason("changed", "source", edited)
    what = f"{_noun(part)} `{part.name}`"
    if part.kind == "state" and not (old and new):
        return Reason("changed", part.name, f"{what} is {new.text if new else 'what it is by default'} now")
    if part.kind == "option" and not (old and new):
        return Reason("changed", part.name, f"{what} is {'given' if new else 'no longer given'}")
    if old is None:
        return Reason("new", part.name, f"{what} is read now{_caller(part)}")
    if new is None:
        return Reason("gone", part.name, f"{what} is no longer read{_caller(part)}")
    if part.kind in _CODE and old.kind == new.kind:
        return Reason("changed", part.name, f"{what} edited{_caller(part)}")
    if old.text and new.text and old.text != new.text:
        return Reason("changed", part.name, f"{what}: {old.text} -> {new.text}{_caller(part)}")
    return Reason("changed", part.name, f"{what} changed{_caller(part)}")


def _moved(part: Part) -> Reason:
    if part.kind == "rng":
        text = f"random state of {part.name} moved since; --seed N makes it restorable"
        return Reason("changed", part.name, text)
    now = f", now {part.text}" if part.text else ""
    return Reason("changed", part.name, f"{_noun(part)} {part.name} changed{now}")


_NOUNS = {
    "global": "variable", "alias": "module", "sharing": "sharing of", "state": "setting",
    "load": "loaded value", "status": "the state of", "formatters": "the display of",
}  # fmt: skip


def _noun(part: Part) -> str:
    return _NOUNS.get(part.kind, part.kind)


def _caller(part: Part) -> str:
    verb = "called" if part.kind in _CODE else "read"
    return f", {verb} by `{part.via}`" if part.via else ""
