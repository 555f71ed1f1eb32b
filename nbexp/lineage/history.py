"""What each cell's last run read and wrote, and what a top-to-bottom run would find in the same places (L1).

A *place* holds a value that outlives a cell: a variable, a random generator's state, a setting, a file. A *version*
is what one run of one cell left in a place. The value that a cell has to read is the version left by the nearest cell
above it that writes the place, whatever the kernel holds; a cell that read another version, or whose source is not what
ran, is stale, and so is what reads from it. Nothing here looks at values or runs anything: versions are told apart by
digest where that is known, else by who wrote them.

The statuses are kept, and only those are worked out anew that a change can reach: a cell run below all others costs
what it reads and writes, not what the notebook is long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nbexp.records import Reason

#: The cell that stands for all that was there before the first cell ran.
BEFORE = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Something that cells read and write: ``variable`` x, ``rng`` numpy, ``state`` pandas, ``file`` data.csv."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"`{self.name}`" if self.kind == "variable" else f"{_NOUNS.get(self.kind, self.kind)} {self.name}"


_NOUNS = {"rng": "the random state of", "state": "the settings of"}


@dataclass(frozen=True, slots=True)
class Version:
    """What one run of a cell left in a place.

    Attributes:
        cell: The cell's id, `BEFORE` for what was there from the start. run: A number that no other run has.
    """

    place: Place
    cell: str
    run: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What one run of a cell read and wrote.

    Attributes:
        cell: Its id. run: Its number. source: What ran, as text.
        reads: For each place that it read, the version that it found there; None if nothing was there.
        writes: For each place that it wrote or may have changed, what it left; None where it took away what was there.
        links: Places of whose objects it left some elsewhere: what it made holds them.
        shares: Versions that share objects when it is over, at least one of each two its own.
        failed: Whether it ended with an error. would: Places that its source writes, whether it came to that or not.
    """

    cell: str
    run: int
    source: str
    reads: Mapping[Place, Version | None] = field(default_factory=dict)
    writes: Mapping[Place, Version | None] = field(default_factory=dict)
    links: frozenset[Place] = frozenset()
    shares: frozenset[tuple[Version, Version]] = frozenset()
    failed: bool = False
    would: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the document.

    Attributes:
        id: Its id. source: Its text now; None if only what ran is known.
        writes: Places that it would write, from its source; asked only of a cell that has not run as it is.
        reads: Likewise, places that it would read.
    """

    id: str
    source: str | None = None
    writes: frozenset[Place] = frozenset()
    reads: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Above:
    """What stands above a cell in a place.

    Attributes:
        version: What a top-to-bottom run would find there, as far as it is known; None for nothing.
        cell: The cell that wrote it. doubts: Why a top-to-bottom run may find something else.
    """

    version: Version | None
    cell: str = BEFORE
    doubts: tuple[Reason, ...] = ()


class History:
    """The last run of each cell of one notebook, in the order of the document."""

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._positions: dict[str, int] = {}
        self._traces: dict[str, Trace] = {}
        self._digests: dict[Version, str] = {}
        self._objects: dict[Version, Version] = {}
        self._shares: dict[Version, set[Version]] = {}
        self._initial: dict[Place, Version] = {}
        self._writers: dict[Place, list[int]] = {}
        self._readers: dict[Place, set[int]] = {}
        self._stale: list[tuple[Reason, ...]] = []  # of the first cells: those whose status is known
        self._unsure: dict[Place, list[int]] = {}  # of these, the stale ones that may write a place when they run again

    # --- what happens -------------------------------------------------------------------------------------------------

    def arrange(self, cells: Sequence[Cell]) -> None:
        """The document is these cells now, top to bottom. What cells did that are not among them is kept."""
        self._cells = list(cells)
        self._positions = {cell.id: position for position, cell in enumerate(cells)}
        self._writers, self._readers = {}, {}
        for position, cell in enumerate(cells):
            for place in self._read_by(cell):
                self._readers.setdefault(place, set()).add(position)
            for place in self._written_by(cell):
                self._writers.setdefault(place, []).append(position)
        self._forget(0)

    def append(self, cell: Cell) -> None:
        """A new cell stands below all others: costs the same however many there are."""
        self._positions[cell.id] = len(self._cells)
        self._cells.append(cell)

    def is_arranged(self, cells: Sequence[str]) -> bool:
        """Whether the document is these cells, top to bottom."""
        return list(self._positions) == list(cells)

    def position(self, cell: str) -> int:
        """Where a cell stands, from 0."""
        return self._positions[cell]

    def trace(self, cell: str) -> Trace | None:
        """What the last run of a cell read and wrote; None if it never ran."""
        return self._traces.get(cell)

    def places(self) -> list[Place]:
        """All places that any cell has written, or would write."""
        return [place for place, positions in self._writers.items() if positions]

    def is_written(self, place: Place) -> bool:
        """Whether any cell writes a place, or it was there from the start."""
        return place in self._initial or bool(self._writers.get(place))

    def is_there(self, cell: str) -> bool:
        """Whether a cell is in the document; what was there before the first cell always is."""
        return cell == BEFORE or cell in self._positions

    def is_above(self, one: str, other: str) -> bool:
        """Whether one cell of the document stands above another; what was there before the first cell is above all."""
        if one == BEFORE:
            return True
        return one in self._positions and self._positions[one] < self._positions.get(other, 0)

    def began_with(self, versions: Iterable[Version]) -> None:
        """These were there before the first cell ran."""
        self._initial |= {version.place: version for version in versions}
        self._forget(0)

    def note(self, trace: Trace) -> None:
        """A cell of the document has run."""
        position = self._positions[trace.cell]
        for place in self._written_by(self._cells[position]):
            self._writers[place].remove(position)
        for place in self._read_by(self._cells[position]):
            self._readers[place].discard(position)
        self._traces[trace.cell] = trace
        for one, other in trace.shares:
            self._shares.setdefault(self._object(one), set()).add(other)
            self._shares.setdefault(self._object(other), set()).add(one)
        for place in trace.reads:
            self._readers.setdefault(place, set()).add(position)
        for place in self._written_by(self._cells[position]):
            positions = self._writers.setdefault(place, [])
            positions.insert(bisect_left(positions, position), position)
        self._forget(position)

    def know(self, version: Version, digest: str) -> None:
        """What is in a version, by digest."""
        if self._digests.get(version) != digest:
            self._digests[version] = digest
            first = min(self._readers.get(version.place, ()), default=len(self._stale))  # above its writer, too
            self._forget(first)

    def is_object_of(self, version: Version, other: Version) -> None:
        """A version is the very objects that another one was, and these hold the same."""
        self._objects[version] = self._objects.get(other, other)

    # --- what can be asked --------------------------------------------------------------------------------------------

    def digest(self, version: Version) -> str:
        """The digest of a version; ``""`` where it is not known."""
        return self._digests.get(version, "")

    def same(self, one: Version | None, other: Version | None) -> bool:
        """Whether two versions surely hold the same."""
        if one is None or other is None or one == other:
            return one == other
        digest = self._digests.get(one, "")
        return digest != "" and digest == self._digests.get(other)

    def same_objects(self, one: Version | None, other: Version | None) -> bool:
        """Whether two versions are known to be the very same objects, and hold the same."""
        if one is None or other is None:
            return one == other
        return self._object(one) == self._object(other)

    def sharing(self, place: Place, cell: str | None) -> Iterator[Place]:
        """The places that share objects with one, itself included, when a top-to-bottom run comes to `cell`: what is
        done to one of them is done to the others."""
        found, pending = {place}, [place]
        while pending:
            at = pending.pop()
            yield at
            version = self.above(at, cell).version
            for other in self._shares.get(self._object(version), ()) if version is not None else ():
                if other.place not in found and self.same_objects(self.above(other.place, cell).version, other):
                    found.add(other.place)
                    pending.append(other.place)

    def above(self, place: Place, cell: str | None) -> Above:
        """What a top-to-bottom run would find in `place` when it comes to `cell`; for None, when it is over."""
        positions = self._writers.get(place, [])
        below = len(self._cells) if cell is None else self._positions[cell]
        self._settle(below)
        unrun: list[Reason] = []
        for position in reversed(positions[: bisect_left(positions, below)]):
            writer = self._cells[position]
            trace = self._traces.get(writer.id)
            if trace is not None and place in trace.writes:
                doubts = (*unrun, *self._may_be_written(place, position + 1, below), *self._doubts(trace, place))
                return Above(trace.writes[place], writer.id, doubts)
            since = "has not run" if trace is None else "failed" if trace.failed else "was edited and has not run since"
            unrun.append(Reason("unrun", writer.id, f"{self.named(writer.id)}, which writes {place}, {since}"))
        return Above(self._initial.get(place), BEFORE, (*unrun, *self._may_be_written(place, 0, below)))

    def stale(self, cell: str) -> tuple[Reason, ...]:
        """Why the last run of a cell is not what a top-to-bottom run would do now; empty if it is, or never ran."""
        position = self._positions[cell]
        self._settle(position + 1)
        return self._stale[position]

    def doubts(
        self, cell: str, reads: Mapping[Place, Version | None], links: Collection[Place] = ()
    ) -> Iterator[Reason]:
        """Why a run of a cell that reads these versions may not be what a top-to-bottom run gives; `links` as in
        `Trace`."""
        for place, read in reads.items():
            above = self.above(place, cell)
            if self.same(above.version, read):
                yield from above.doubts
                if place in links and not self.same_objects(above.version, read):
                    yield Reason("anew", place.name, f"{place} was made anew since; what it made holds the one before")
            else:
                yield self._moved(cell, place, read, above)

    def _object(self, version: Version) -> Version:
        return self._objects.get(version, version)

    def named(self, cell: str) -> str:
        """What people call a cell: its number in the document."""
        return f"cell {self._positions[cell] + 1}" if cell in self._positions else "a deleted cell"

    # --- inside -------------------------------------------------------------------------------------------------------

    def _written_by(self, cell: Cell) -> Iterable[Place]:
        """Places that a cell has written, or would write if it ran now."""
        trace = self._traces.get(cell.id)
        if trace is None:
            return cell.writes
        would = cell.writes if _edited(cell, trace) else trace.would if trace.failed else ()
        return trace.writes.keys() | would if would else trace.writes

    def _read_by(self, cell: Cell) -> Iterable[Place]:
        trace = self._traces.get(cell.id)
        return trace.reads if trace is not None else ()

    def _settle(self, end: int) -> None:
        """Work out the statuses of the first `end` cells, top to bottom."""
        while (position := len(self._stale)) < end:
            cell = self._cells[position]
            self._stale.append(())  # asked for while it is worked out, it is not stale: only cells above it count
            self._stale[position] = reasons = tuple(self._reasons(cell))
            for place in self._may_write(cell) if reasons else ():
                self._unsure.setdefault(place, []).append(position)

    def _forget(self, first: int) -> None:
        """Nothing is known of the statuses from this cell on."""
        del self._stale[first:]
        for positions in self._unsure.values():
            del positions[bisect_left(positions, first) :]

    def _may_write(self, cell: Cell) -> Iterable[Place]:
        """What a stale cell may write when it runs again, beside what it has written: what its source binds, and what
        shares objects by then with those that it changed in place."""
        trace = self._traces[cell.id]
        changed = {place for place in trace.reads.keys() & trace.writes.keys() if place.kind == "variable"}
        return (trace.would | self._may_share(changed, cell)) - trace.writes.keys()

    def _may_share(self, places: set[Place], cell: Cell) -> set[Place]:
        """What may share objects with these when the cells above `cell` have run as they should."""
        found = {other for place in places for other in self.sharing(place, cell.id)}
        unsure = [
            {*self._written_by(above), *self._read_by(above), *above.reads}
            for position, above in enumerate(self._cells[: self._positions[cell.id]])
            if self._stale[position] or self._is_unrun(above)
        ]
        while found and (more := [touched for touched in unsure if not touched.isdisjoint(found)]):
            found.update(*more)
            unsure = [touched for touched in unsure if touched.isdisjoint(found)]
        return found

    def _is_unrun(self, cell: Cell) -> bool:
        trace = self._traces.get(cell.id)
        return (trace is None and bool(cell.writes)) or (trace is not None and trace.failed)

    def _may_be_written(self, place: Place, start: int, end: int) -> Iterator[Reason]:
        """Stale cells between two positions that may write a place when they run again."""
        for position in self._unsure.get(place, ()):
            if start <= position < end:
                cell = self._cells[position].id
                yield Reason("upstream", cell, f"{self.named(cell)}, which may change {place}, is stale")

    def _doubts(self, trace: Trace, place: Place) -> Iterator[Reason]:
        name = self.named(trace.cell)
        if trace.failed:
            yield Reason("failed", trace.cell, f"{name}, which writes {place}, failed")
        elif self.stale(trace.cell):
            yield Reason("upstream", trace.cell, f"{name}, which writes {place}, is stale")

    def _reasons(self, cell: Cell) -> Iterator[Reason]:
        trace = self._traces.get(cell.id)
        if trace is None:
            return
        if _edited(cell, trace):
            yield Reason("edited", "", "it was edited and has not run since")
        yield from self.doubts(cell.id, trace.reads, trace.links)
        for place in trace.reads.keys() & trace.writes.keys():
            for other in self.sharing(place, cell.id):
                if other not in trace.reads:
                    there = self.named(self.above(other, cell.id).cell)
                    text = f"it changed {place}, of which {other} holds objects since {there} ran"
                    yield Reason("shared", other.name, text)

    def _moved(self, cell: str, place: Place, read: Version | None, above: Above) -> Reason:
        """It read another version than that above it."""
        there = self.named(above.cell)
        if read is None:
            text = f"{place} was not there when it ran; {there} writes it"
        elif read.cell == cell:
            text = f"it read {place} as it had left it itself"
        elif above.cell != BEFORE and above.version is None:
            text = f"{there} has deleted {place} since"
        elif read.cell == above.cell:
            text = f"{there} has written {place} since"
        elif read.cell != BEFORE and read.cell not in self._positions:
            text = f"it read {place} of a cell that was deleted"
        elif above.cell != BEFORE:
            text = f"it read {place} of {self._source_of(read)}, not of {there}"
        elif above.version is not None:
            text = f"it read {place} of {self._source_of(read)}, not what was there before the first cell"
        elif self._positions[read.cell] > self._positions[cell]:
            text = f"it read {place} of {self.named(read.cell)}, below it"
        else:
            text = f"{self.named(read.cell)}, of which it read {place}, does not write it any more"
        return Reason("moved", place.name, text)

    def _source_of(self, read: Version) -> str:
        return self.named(read.cell) if read.cell != BEFORE else "before the first cell"


def _edited(cell: Cell, trace: Trace) -> bool:
    return cell.source is not None and cell.source != trace.source
