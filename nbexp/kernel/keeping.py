"""Where the value of a version can be had again when the kernel does not hold it any more (L1, D6, D7).

What cannot be changed in place is held. Small values of plain cells are copied when the cell is over, those that share
something in one piece. What a stage made is in its record, which is then replayed aside. All of it gives copies: what
the user holds now is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nbexp.adapters.base import Name
from nbexp.adapters.code import is_code
from nbexp.code.origin import NOTEBOOK
from nbexp.errors import NbexpError
from nbexp.fingerprints.fingerprint import Fingerprint
from nbexp.graphs.graph import Dumped, dump, load
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
    """Values as they were when a plain cell was over: all that share something, in one piece.

    Attributes:
        versions: By name, what each of them is.
    """

    versions: Mapping[str, Version]
    dumped: Dumped

    def load(self, _of: Loader) -> Mapping[Version, Any]:
        """The values, by version."""
        values = load(self.dumped.graph, [bytearray(buffer) for buffer in self.dumped.buffers])
        return {version: values[name] for name, version in self.versions.items()}


@dataclass(frozen=True, eq=False)
class Made:
    """What a stage made: its record, and what it read, on which the record's values build.

    Attributes:
        versions: By name, what it made. reads: By name, what it read.
        code: Makes the source of the code of the stage's cell.
        links: Versions that it read and whose objects what it made holds.
    """

    versions: Mapping[str, Version]
    reads: Mapping[str, Version]
    store: Store
    key: Key
    record: str
    code: Callable[[], CodeSource]
    links: frozenset[Version]

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


@dataclass
class Kept:
    """The sources of one session's versions.

    Attributes:
        same: Whether two versions surely hold the same: one is then as good as the other.
    """

    same: Callable[[Version, Version], bool]
    held: dict[Version, Any] = field(default_factory=dict)
    _sources: dict[Version, list[Source]] = field(default_factory=dict)
    _linked: dict[Version, list[Made]] = field(default_factory=dict)
    _renamed: dict[Version, Version] = field(default_factory=dict)

    def hold(self, version: Version, value: Any) -> None:
        """Keep a value that nothing can change in place, or that nobody else holds."""
        self.held[version] = value

    def copy(self, values: Mapping[str, Any], versions: Mapping[str, Version]) -> bool:
        """Copy small values, which may share objects; whether that could be done."""
        try:
            dumped = dump(dict(values))
        except (NbexpError, RecursionError):
            return False
        if len(dumped.graph) + sum(buffer.nbytes for buffer in dumped.buffers) > MOST_BYTES:
            return False
        whole = tuple(memoryview(bytes(buffer)) for buffer in dumped.buffers)
        self.add(Copied(dict(versions), Dumped(dumped.graph, whole)))
        return True

    def add(self, source: Source) -> None:
        """Another place where versions can be had."""
        for version in source.versions.values():
            self._sources.setdefault(version, []).append(source)
        if isinstance(source, Made):
            for version in source.links:
                self._linked.setdefault(version, []).append(source)

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
            self._linked.pop(version, None)

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

    def is_held(self, version: Version) -> bool:
        """Whether the value is in memory, and nothing can have changed it."""
        return version in self.held

    def together(self, version: Version, live: Container[Version] = ()) -> frozenset[Version]:
        """The versions that may share objects with this one where it is had from; those that are `live` stay so."""
        if self.equal(version) in self.held:
            return frozenset()
        source = self.source(self.equal(version))
        found = set(source.versions.values()) if source is not None else set()
        if isinstance(source, Made):
            found.update(each for each in source.links if each not in live)
        for made in self._linked.get(version, ()):
            found.update(made.versions.values())
        return frozenset(found)

    def source(self, version: Version) -> Source | None:
        """The last of several: it has what shares with the value in all of them."""
        sources = self._sources.get(version)
        return sources[-1] if sources else None

    def loader(self, live: Mapping[Version, Any] = MappingProxyType({})) -> Loader:
        """Gives values, each object once; those that stages have linked to objects that are `live` hold these."""
        return Loader(self, live)


class Loader:
    """Brings versions back for one cell: what shared objects shares them again."""

    def __init__(self, kept: Kept, live: Mapping[Version, Any], loading: frozenset[Source] = frozenset()) -> None:
        self._kept, self._live = kept, live
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
        return Loader(self._kept, {}, self._loading)

    def linked(self, version: Version) -> Any:
        """What a value that holds objects of this version shall hold."""
        return self._live[version] if version in self._live else self(version)

    def _value(self, version: Version) -> Any:
        if version in self._kept.held:
            return self._kept.held[version]
        if version not in self._found:
            source = self._kept.source(version)
            if source is None or source in self._loading:  # what it needs may be equal to what it makes
                raise Unavailable(str(version.place))
            before, self._loading = self._loading, self._loading | {source}
            try:
                self._found |= source.load(self)
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
