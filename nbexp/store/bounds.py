"""What a store gives up when it would grow over its budget: the values that are worth least (L12).

Given up are values, never what is known of them: a record keeps its metrics, results and what it printed, and a mark
says that its values are gone, so that the stage runs again when it is asked for. What a result is worth is
the time to compute it again, for each byte that would be free without it and each day since it was last used: the rule
of cost by size of Cao and Irani, "Cost-aware WWW proxy caching algorithms" (1997), with days for its clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from nbexp import platform
from nbexp.errors import Damaged, Evicted
from nbexp.store import records
from nbexp.store.temporary import make_folder

#: Folders of marks, one for each record: that its values were given up, and when they were restored last.
_EVICTED, _USED = "evicted", "used"

#: A blob that no record names may belong to one that is being stored; after so long it does not.
GRACE_SECONDS = 3600.0

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Holding:
    """A record whose values lie in blobs.

    Attributes:
        key, id, notebook, stage, seconds: As in the record. used: When it was last made or restored, seconds since the
            epoch. blobs: Names and sizes of the files that it needs.
    """

    key: str
    id: str
    notebook: str
    stage: str
    seconds: float
    used: float
    blobs: Mapping[str, int]

    @property
    def size(self) -> int:
        """Bytes of its values, with those that others need, too."""
        return sum(self.blobs.values())


@dataclass(frozen=True, slots=True)
class Survey:
    """All that a store holds.

    Attributes:
        holdings: The records that have values in blobs. records, record_bytes: How many records there are, and how
            large their files are. sizes: Name and size of each blob. orphans: Blobs that no record needs.
    """

    holdings: tuple[Holding, ...] = ()
    records: int = 0
    record_bytes: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    orphans: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Bytes of all blobs: what a budget is for. Records are small, and stay."""
        return sum(self.sizes.values())

    @property
    def saved(self) -> int:
        """Bytes that are not there twice because equal content is stored once."""
        needed = Counter(name for holding in self.holdings for name in holding.blobs)
        return sum((count - 1) * self.sizes.get(name, 0) for name, count in needed.items())


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be given up.

    Attributes:
        evicted: Records whose values go, those worth least first. blobs: Names of the files that go. size: Their bytes.
    """

    evicted: tuple[Holding, ...] = ()
    blobs: tuple[str, ...] = ()
    size: int = 0


def survey(store: str, now: float) -> Survey:
    """Look at every record and blob of the store in this folder.

    Args:
        now: Seconds since the epoch.

    Raises:
        StoreError: A record cannot be read now: nobody knows then which blobs are needed.
    """
    entries = _blobs(store)
    sizes = {name: size for name, (size, _) in entries.items()}
    young = {name for name, (_, written) in entries.items() if written > now - GRACE_SECONDS}
    holdings, count, size, foreign = [], 0, 0, False
    for key, name in records.all_ids(store):
        try:
            content = records.split(records.path_of(store, key, name))
        except Damaged:
            continue
        except records.OtherFormat:
            foreign = True
            continue
        count, size = count + 1, size + sum(map(len, content))
        holding = _holding(key, name, content[0])
        if holding is not None and not is_evicted(store, name):
            holdings.append(replace(holding, used=max(holding.used, _touched(_mark(store, _USED, name)))))
    needed = {name for holding in holdings for name in holding.blobs}
    # what records of another format need, nobody here can tell
    orphans = frozenset() if foreign else frozenset(sizes.keys() - needed - young)
    return Survey(tuple(holdings), count, size, sizes, orphans)


def plan(
    found: Survey, budget: int, pinned: Collection[str], now: float, needed: Collection[str] = frozenset()
) -> Plan:
    """What has to go so that the store is within `budget` bytes, if that can be reached.

    Args:
        pinned: Ids of records that keep their values. now: Seconds since the epoch.
        needed: Names of blobs that stay, whoever holds them.
    """
    holders = Counter([name for holding in found.holdings for name in holding.blobs] + list(needed))
    orphans = found.orphans - set(needed)
    left = found.size - sum(found.sizes[name] for name in orphans)
    gone, evicted = sorted(orphans), []
    worth = {holding.id: _worth(holding, holders, now) for holding in found.holdings}
    for holding in sorted(found.holdings, key=lambda one: (worth[one.id], one.id)):
        if left <= budget:
            break
        if holding.id in pinned:
            continue
        evicted.append(holding)
        for name in holding.blobs:
            holders[name] -= 1
            if not holders[name] and name in found.sizes:
                gone.append(name)
                left -= found.sizes[name]
    # one all of whose blobs stay for the sake of others would be given up for nothing
    freed = set(gone)
    evicted = [holding for holding in evicted if freed.intersection(holding.blobs)]
    return Plan(tuple(evicted), tuple(gone), sum(found.sizes[name] for name in gone))


def carry_out(store: str, what: Plan) -> int:
    """Give up what was planned; the bytes that are free now. What cannot be removed is left alone."""
    kept: set[str] = set()
    for holding in what.evicted:
        try:
            _note_evicted(store, holding.id)
        except OSError:  # without its mark, a missing blob would be taken for damage
            kept.update(holding.blobs)
    freed = 0
    for name in what.blobs:
        if name in kept:
            continue
        path = os.path.join(store, "blobs", name[:2], name)
        with contextlib.suppress(OSError):
            size = os.lstat(path).st_size
            freed += size if platform.remove(path) else 0
    return freed


def is_evicted(store: str, record_id: str) -> bool:
    """Whether the values of a record were given up."""
    return os.path.lexists(_mark(store, _EVICTED, record_id))


def refuse_evicted(store: str, stored: records.Stored) -> None:
    """Raises `Evicted` if the values of a record were given up: that they are missing is then no damage."""
    if is_evicted(store, stored.id):
        raise Evicted(
            f'the values of "{stored.record.stage}" were given up to keep the store within its budget',
            "Run the stage again; `nbexp pin` keeps what must stay.",
        )


def note_use(store: str, stored: records.Stored) -> None:
    """The values of a record were restored: that is known to the day."""
    if stored.record.artifact is None or not (stored.record.artifact.blobs or stored.record.files):
        return
    path = _mark(store, _USED, stored.id)
    if time.time() - _touched(path) > _DAY:
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644))
            os.utime(path)


def _touched(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _note_evicted(store: str, record_id: str) -> None:
    path = _mark(store, _EVICTED, record_id)
    make_folder(os.path.dirname(path))
    platform.replace_file(path, b"", mode=0o644)


def _mark(store: str, kind: str, record_id: str) -> str:
    return os.path.join(store, kind, record_id[:2], record_id)


def _worth(holding: Holding, holders: Mapping[str, int], now: float) -> float:
    size = sum(size / holders[name] for name, size in holding.blobs.items())
    return holding.seconds / max(size, 1.0) / (1 + max(now - holding.used, 0.0) / _DAY)


def _holding(key: str, name: str, content: bytes) -> Holding | None:
    """What a record holds in blobs, by its content, unchecked; None if that is nothing, or no record's content."""
    try:
        body = json.loads(content)
        blobs = dict(_needed(body))
        about = str(body["notebook"]), str(body["stage"]), float(body["seconds"])
        return Holding(key, name, *about, _epoch(body["created"]), blobs) if blobs else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _needed(body: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Names and sizes of the blobs that a record needs."""
    artifact = body.get("artifact") or {}
    spans = [artifact.get("graph") or {}, *(artifact.get("buffers") or ())]
    for span in spans:
        if name := span.get("blob"):
            yield str(name), int(span["offset"]) + int(span["size"])
    for file in body.get("files") or ():
        yield str(file["blob"]), int(file["size"])


def blob_sizes(store: str) -> dict[str, int]:
    """Name and size of each blob."""
    return {name: size for name, (size, _) in _blobs(store).items()}


def _blobs(store: str) -> dict[str, tuple[int, float]]:
    """Name of each blob, its size, and when it was written."""
    found: dict[str, tuple[int, float]] = {}
    folder = os.path.join(store, "blobs")
    for shard in records.names(folder):
        with contextlib.suppress(OSError), os.scandir(os.path.join(folder, shard)) as entries:
            for entry in entries:
                if records.is_id(entry.name):
                    info = entry.stat(follow_symlinks=False)
                    found[entry.name] = info.st_size, info.st_mtime
    return found


def _epoch(moment: str) -> float:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0
