"""What a stored run depended on while it ran, as it is now: compared before a hit (D31)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from nbexp.kernel.figures import figures_part
from nbexp.kernel.logparts import is_log_part, log_part_now
from nbexp.kernel.plugins import modules_part
from nbexp.records import Key, Part
from nbexp.snapshot.data import DigestCache, file_part, folder_part, listing_part, status_part
from nbexp.snapshot.modules import import_part
from nbexp.snapshot.state import RngState, rng_states
from nbexp.stage.unpickled import unpickled_part


class Verifier:
    """Looks up dependencies for one stage; random states are read once.

    Args:
        cache: Known digests of files. asked: Gives what the notebook asked nbexp for, as it is now.
        key: The stage's key: what is in it needs no second look.
    """

    def __init__(self, cache: DigestCache, asked: Callable[[Part], Part], key: Key) -> None:
        self._cache = cache
        self._asked = asked
        self._key = key

    @cached_property
    def _generators(self) -> dict[str, RngState]:
        return rng_states()

    def now(self, part: Part) -> Part:
        """The dependency `part` as it is now; of an unknown kind, one that equals nothing."""
        if part.kind == "file":
            return file_part(part.name, self._cache)
        if part.kind == "listing":
            return listing_part(part.name)
        if part.kind == "status":
            return status_part(part.name)
        if part.kind == "modules":
            return modules_part(part.name)
        if part.kind == "module":
            return import_part(part.name, names_of(self._key))
        if part.kind == "rng":
            return rng_part(part.name, self._generators.get(part.name))
        if part.kind == "folder":
            return folder_part()
        if part.kind == "figures":
            return figures_part()
        if is_log_part(part):
            return log_part_now(part)
        if part.kind == "unpickled":
            return unpickled_part(part.name, names_of(self._key))
        if part.kind in ("load", "parameter", "parameters", "formatters"):
            return self._asked(part)
        return replace(part, digest="")


def names_of(key: Key) -> set[tuple[str, str]]:
    """Kind and name of each part of a key."""
    return {(part.kind, part.name) for part in key.parts}


def rng_part(name: str, state: RngState | None) -> Part:
    """A generator's state at the start of a stage, as a dependency; one whose library is not loaded is unseeded."""
    if state is None or state.unseeded:
        return Part("rng", name, "unseeded", "unseeded")
    return Part("rng", name, state.digest)
