"""Where the value of a version can be had again when the kernel does not hold it any more (L1, D6, D7).

What cannot be changed in place is held. Small values of plain cells are copied when the cell is over, those that share
something in one piece. What a stage made is in its record, which is then replayed aside. All of it gives copies: what
the user holds now is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nbexp.adapters.base import Name
from nbexp.adapters.code import is_code
from nbexp.code.origin import NOTEBOOK
from nbexp.errors import NbexpError
from nbexp.fingerprints.fingerprint import Fingerprint, mutables
from nbexp.graphs.graph import ITSELF, Dumped, Live, dump, held, load
from nbexp.graphs.patch import patch
from nbexp.lineage.history import Place, Version
from nbexp.records import Key
from nbexp.stage.key import Inputs
from nbexp.stage.reach import Root
from nbexp.stage.restore import prepare

if TYPE_CHECKING:
    from nbexp.graphs.graph import CodeSource
    from nbexp.store import Store

#: A piece of memory larger than this is not kept beside the value itself.
MOST_BYTES = 1 << 20


class Unavailable(Exception):
    """The value of a version cannot be had again."""


@dataclass(frozen=True, eq=False)
class Copied:
    """Values as they were when a cell was over: all that share something, in one piece.

    Attributes:
        cell: The cell. versions: By name, what each of them is.
    """

    cell: str
    versions: Mapping[str, Version]
    dumped: Dumped

    def load(self, of: Loader) -> Mapping[Version, Any]:
        """The values, by version; what shares with values that stay as they are shares with these."""
        values = load(self.dumped.graph, [bytearray(buffer) for buffer in self.dumped.buffers])
        stays = {name: of.stays(version) for name, version in self.versions.items() if of.is_there(version)}
        if stays:
            values = _grafted(values, stays)
        return {version: values[name] for name, version in self.versions.items()}


def _grafted(values: dict[str, Any], onto: Mapping[str, Any]) -> dict[str, Any]:
    """These values, made of the objects of equal ones in place of their own."""
    own = {name: mutables(values[name]) for name in onto}
    there = {name: mutables(value) for name, value in onto.items()}
    if any(len(own[name]) != len(there[name]) for name in onto):
        raise Unavailable("what it shares objects with has changed")

    def live(link: Live) -> object:
        return onto[link.root] if link.number == ITSELF else there[link.root][link.number]

    rest = dump({name: value for name, value in values.items() if name not in onto}, held=held(own))
    return {**load(rest.graph, [bytearray(buffer) for buffer in rest.buffers], live=live), **onto}


@dataclass(frozen=True, eq=False)
class Made:
    """What a stage made: its record, and what it read, on which the record's values build.

    Attributes:
        cell: Its cell. versions: By name, what it made. reads: By name, what it read.
        code: Makes the source of the code of the stage's cell.
    """

    cell: str
    versions: Mapping[str, Version]
    reads: Mapping[str, Version]
    store: Store
    key: Key
    record: str
    code: Callable[[], CodeSource]

    def load(self, of: Loader) -> Mapping[Version, Any]:
        """The values, by version."""
        stored = self.store.record(self.key.digest, self.record)
        changed = {each.name for each in stored.record.variables if each.role == "mutated"}
        apart = of.apart()  # as it was before, somebody else may need it
        inputs = Inputs(self.key, _Roots(self.reads, changed, of, apart))
        found = prepare(self.store, stored, inputs, self.code)
        for live, new in found.patches:  # what `of` gave is a copy
            patch(live, new)
        values = dict(found.names)
        for name in self.versions.keys() - values.keys():  # changed in place
            values[name] = apart(self.reads[name])
        return {version: values[name] for name, version in self.versions.items()}


class _Roots(Mapping[str, Root]):
    """The inputs of a stage, each brought back when a record refers to it."""

    def __init__(self, reads: Mapping[str, Version], changed: Collection[str], of: Loader, apart: Loader) -> None:
        self._reads, self._changed = reads, changed
        self._of, self._apart = of, apart

    def __getitem__(self, label: str) -> Root:
        version = self._reads.get(label)
        if version is None:
            raise Unavailable(label)
        value = self._apart(version) if label in self._changed else self._of.linked(version)
        return Root(Name(NOTEBOOK, (label,)), label, value, Fingerprint(b""), is_code(value))

    def __iter__(self) -> Any:
        return iter(self._reads)

    def __len__(self) -> int:
        return len(self._reads)


Source = Copied | Made

#: Which of several places a version is had from.
Choose = Callable[[Sequence[Source]], Source]


def _last(sources: Sequence[Source]) -> Source:
    return sources[-1]


@dataclass
class Kept:
    """The sources of one session's versions.

    Attributes:
        same: Whether two versions surely hold the same: one is then as good as the other.
    """

    same: Callable[[Version, Version], bool]
    held: dict[Version, Any] = field(default_factory=dict)
    _sources: dict[Version, list[Source]] = field(default_factory=dict)
    _renamed: dict[Version, Version] = field(default_factory=dict)

    def hold(self, version: Version, value: Any) -> None:
        """Keep a value that nothing can change in place, or that nobody else holds."""
        self.held[version] = value

    def copy(self, cell: str, values: Mapping[str, Any], versions: Mapping[str, Version]) -> bool:
        """Copy small values as a cell left them, which may share objects; whether that could be done."""
        try:
            dumped = dump(dict(values))
        except (NbexpError, RecursionError):
            return False
        if len(dumped.graph) + sum(buffer.nbytes for buffer in dumped.buffers) > MOST_BYTES:
            return False
        whole = tuple(memoryview(bytes(buffer)) for buffer in dumped.buffers)
        self.add(Copied(cell, dict(versions), Dumped(dumped.graph, whole)))
        return True

    def add(self, source: Source) -> None:
        """Another place where versions can be had."""
        for version in source.versions.values():
            self._sources.setdefault(version, []).append(source)

    def rename(self, old: Version, new: Version) -> None:
        """A new version is what an old one is, which is kept as long as the new one is."""
        self._renamed[new] = self._renamed.get(old, old)

    def forget(self, versions: Iterable[Version]) -> None:
        """These are not needed any more."""
        gone = set(versions)
        for version in gone:
            self._renamed.pop(version, None)
        for version in gone.difference(self._renamed.values()):
            self.held.pop(version, None)
            self._sources.pop(version, None)

    def has(self, version: Version) -> bool:
        """Whether there is a place to look at; what is in it may have been lost."""
        version = self.equal(version)
        return version in self.held or version in self._sources

    def equal(self, version: Version) -> Version:
        """This version, or another one that holds the same and can be had."""
        return next(self.equals(version), version)

    def equals(self, version: Version) -> Iterator[Version]:
        """The versions that can be had and hold the same, this one first."""
        version = self._renamed.get(version, version)
        if version in self.held or version in self._sources:
            yield version
        for each in (*self.held, *self._sources):
            if each != version and each.place == version.place and self.same(each, version):
                yield each

    def source(self, version: Version, choose: Choose) -> Source | None:
        """Where a version is had from; None if from nowhere."""
        sources = self._sources.get(version)
        return choose(sources) if sources else None

    def loader(
        self,
        choose: Choose = _last,
        live: Mapping[Version, Any] = MappingProxyType({}),
        replaced: Iterable[Place] = (),
    ) -> Loader:
        """Gives values, each object once.

        Args:
            choose: Which of several places a version is had from.
            live: What stages have linked to these versions holds their objects, unless what stands in their places is
                about to be `replaced` by what the loader gives.
        """
        return Loader(self, choose, live, frozenset(replaced))


class Loader:
    """Brings versions back for one cell: what shared objects shares them again."""

    def __init__(
        self,
        kept: Kept,
        choose: Choose,
        live: Mapping[Version, Any],
        replaced: frozenset[Place] = frozenset(),
        loading: frozenset[Source] = frozenset(),
    ) -> None:
        self._kept, self._choose, self._live, self._replaced = kept, choose, live, replaced
        self._found: dict[Version, Any] = {}
        self._loading = loading

    def __call__(self, version: Version) -> Any:
        """The value of a version, the same object each time.

        Raises:
            Unavailable: It cannot be had.
        """
        why = Unavailable(str(version.place))
        for one in self._kept.equals(version):
            try:
                return self._value(one)
            except Unavailable as error:
                why = error
        raise why

    def apart(self) -> Loader:
        """One that gives other objects."""
        return Loader(self._kept, self._choose, {}, loading=self._loading)

    def is_there(self, version: Version) -> bool:
        """Whether the kernel holds this version and goes on to, or it has been brought back."""
        return version in self._found or (version.place not in self._replaced and version in self._live)

    def stays(self, version: Version) -> Any:
        """What is there."""
        return self._found[version] if version in self._found else self._live[version]

    def linked(self, version: Version) -> Any:
        """What a value that holds objects of this version shall hold."""
        return self.stays(version) if self.is_there(version) else self(version)

    def in_order(self, wanted: Mapping[str, Version]) -> Iterator[str]:
        """Names of what is wanted, each when it is its turn: what shares most with what is there comes first."""
        left = dict(sorted(wanted.items()))
        while left:
            name = max(left, key=lambda name: self._ties(left[name]))
            del left[name]
            yield name

    def _ties(self, version: Version) -> int:
        source = self._kept.source(self._kept.equal(version), self._choose)
        return sum(map(self.is_there, source.versions.values())) if source is not None else 0

    def _value(self, version: Version) -> Any:
        if version in self._kept.held:
            return self._kept.held[version]
        if version not in self._found:
            source = self._kept.source(version, self._choose)
            if source is None or source in self._loading:  # what it needs may be equal to what it makes
                raise Unavailable(str(version.place))
            before, self._loading = self._loading, self._loading | {source}
            try:
                self._found = {**source.load(self), **self._found}
            except Unavailable:
                raise
            except Exception as error:
                raise Unavailable(f"{version.place}: {error}") from error
            finally:
                self._loading = before
        return self._found[version]


def variable(name: str) -> Place:
    """The place of a variable of the notebook."""
    return Place("variable", name)
