"""Is there a stored result for this stage as it stands now? (D31)

The static key finds candidates; what each of them was seen to read while it ran is verified, newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbexp.errors import Damaged, NbexpError, StoreError, Unloadable, Untrusted
from nbexp.records import Part, Reason
from nbexp.stage.key import Inputs
from nbexp.stage.restore import Restored, prepare

if TYPE_CHECKING:
    from nbexp.graphs.graph import CodeSource
    from nbexp.store import Store, Stored


@dataclass(frozen=True, slots=True)
class Found:
    """What the store had.

    Attributes:
        hit: The result, loaded and ready; None on a miss.
        moved: On a miss, dependencies of the newest candidate that are not as they were, as they are now.
        reasons: On a miss, what kept candidates from being used: damaged, untrusted, not kept, not loadable …
    """

    hit: Restored | None
    moved: tuple[Part, ...] = ()
    reasons: tuple[Reason, ...] = ()


def look_up(
    store: Store,
    inputs: Inputs,
    now: Callable[[Part], Part],
    code: Callable[[], CodeSource],
    quiet: Callable[[], AbstractContextManager[None]],
) -> Found:
    """The stored result that a run would give now.

    Args:
        store: Where to look. inputs: The stage's inputs.
        now: A dependency as it is now, from how it was.
        code: Makes the source of code objects of the current cell.
        quiet: Around the loading of values, which may import modules: what these print is part of the record.
    """
    moved: tuple[Part, ...] = ()
    reasons: list[Reason] = []

    def skipped(problem: NbexpError) -> None:
        reasons.append(reason_of(problem))

    for stored in store.candidates(inputs.key.digest, skipped):
        changed = _changed(stored.record.dependencies, now)
        if changed:
            moved = moved or changed
            continue
        with quiet():
            restored = _loaded(store, stored, inputs, code, reasons)
        if restored is not None:
            return Found(restored)
    return Found(None, moved, tuple(reasons))


def _changed(dependencies: Sequence[Part], now: Callable[[Part], Part]) -> tuple[Part, ...]:
    current = [(part, now(part)) for part in dependencies]
    # An empty digest says that it could not be told: it equals nothing, not even another one.
    return tuple(after for before, after in current if not after.digest or after.digest != before.digest)


def _loaded(
    store: Store, stored: Stored, inputs: Inputs, code: Callable[[], CodeSource], reasons: list[Reason]
) -> Restored | None:
    if stored.record.artifact is None:
        reasons.append(Reason("gone", "", "its values were not kept: running is cheaper than restoring"))
        return None
    try:
        return prepare(store, stored, inputs, code)
    except NbexpError as error:
        reasons.append(reason_of(error))
        if isinstance(error, StoreError) and not isinstance(error, Unloadable):
            store.tell(error)
    return None


def reason_of(problem: NbexpError) -> Reason:
    """What kept a result from being used or stored, as a reason."""
    kinds = ((Damaged, "damaged"), (Untrusted, "untrusted"), (Unloadable, "gone"), (StoreError, "store"))
    kind = next((kind for error, kind in kinds if isinstance(problem, error)), "unstorable")
    return Reason(kind, "", problem.what)
