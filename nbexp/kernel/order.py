"""Where the cells of a session stand, what each run of them read and wrote, and which versions the kernel holds (L1).

Each cell of the outermost level has a *turn*. A plain cell is only looked at when it is over: what it bound, what of
the objects within its reach is another now. Of a stage the engine tells exactly. `nbexp.lineage.history` then knows
what a top-to-bottom run would find, and `nbexp.kernel.rewinding` brings it back for the time of a stage.
"""

from __future__ import annotations

import ast
import itertools
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbexp.adapters.base import Name
from nbexp.adapters.code import resolve
from nbexp.code.origin import NOTEBOOK
from nbexp.code.reference import is_project_code
from nbexp.kernel.keeping import Choose, Copied, Kept, Source, variable
from nbexp.kernel.looking import Look, look, look_closely
from nbexp.kernel.namespace import Looked, Variables
from nbexp.lineage.document import Document
from nbexp.lineage.history import BEFORE, Cell, History, Place, Trace, Version
from nbexp.records import Reason
from nbexp.snapshot.state import capture, rng_states
from nbexp.stage.analysis import Analysis, analyse
from nbexp.stage.assumptions import Chain
from nbexp.stage.changing import changing
from nbexp.stage.seeds import seeds_first

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexp.kernel.rewinding import Rewound


@dataclass(slots=True)
class Turn:
    """One run of one cell, from its beginning to its end.

    Attributes:
        cell: Its id in the document. run: A number that no other run has. source: As typed.
        analysis: What its source says. tree: the source.
        reads: What it reads, and the versions that it found there.
        left: What it bound and deleted.
        generators: Digests of the random generators then. looks: What is known of the values that it reads.
        objects: Those of them that are small, and can be changed in place.
        found: Whether all that is known.
        rewound: What a plain cell finds in place of what the kernel held, when it runs because it was stale.
    """

    cell: str
    run: int
    source: str
    tree: ast.Module
    analysis: Analysis
    reads: dict[Place, Version | None] = field(default_factory=dict)
    left: Looked = field(default_factory=Looked)
    generators: dict[str, str] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    objects: dict[str, object] = field(default_factory=dict)
    found: bool = False
    rewound: Rewound | None = None
    _may_change: frozenset[str] | None = None

    def may_change(self, order: Order) -> frozenset[str]:
        """The names whose objects the cell may change, by its source."""
        if self._may_change is None:
            self._may_change = order.may_change(self.tree)
        return self._may_change


class LiveValues(Mapping[Version, Any]):
    """The values that the kernel holds, by version."""

    def __init__(self, live: Mapping[Place, Version], namespace: Mapping[str, Any], history: History) -> None:
        self._live, self._namespace, self._history = live, namespace, history

    def __contains__(self, version: object) -> bool:
        """Whether the kernel holds the very objects of a version."""
        if not isinstance(version, Version) or (live := self._live.get(version.place)) is None:
            return False
        return self._history.same_objects(live, version)

    def __getitem__(self, version: Version) -> Any:
        if version not in self:
            raise KeyError(version)
        return self._namespace[version.place.name]

    def __iter__(self) -> Iterator[Version]:
        return (version for version in self._live.values() if version.place.kind == "variable")

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Order:
    """The order of one shell's cells.

    Args:
        shell: IPython's. notebook: the saved notebook, or None.

    Attributes:
        document: Where cells stand. history: What they read and wrote. kept: Where values can be had again.
        live: Which version the kernel holds of each place. values: the values, by version.
        looks: What is known of the values of variables.
        wanting: Cells that made what was needed, and could not be brought back.
    """

    def __init__(self, shell: InteractiveShell, notebook: str | None) -> None:
        self.shell = shell
        self.document = Document(notebook)
        self.history = History()
        self.kept = Kept(self.history.same)
        self.wanting: set[str] = set()
        self.live: dict[Place, Version] = {}
        self.values = LiveValues(self.live, shell.user_ns, self.history)
        self.looks: dict[str, Look] = {}
        self.variables = Variables(shell.user_ns, shell.user_ns_hidden)
        self._runs = itertools.count(1)
        self._sources: dict[str, str] = {}
        self._saves = 0
        self._lowest = -1
        self._replaced: set[Version] = set()
        self._generators: dict[str, str] = {}
        self._catch_up()

    # --- a cell's turn ------------------------------------------------------------------------------------------------

    def begin(self, cell: str, source: str, stage: str, tree: ast.Module, analysis: Analysis) -> Turn:
        """A cell is about to run.

        Args:
            cell: The id that the front end sent, or ``""``. source: As typed. stage: The name in its header, or ``""``.
            tree, analysis: Of the source as IPython transformed it.
        """
        self._catch_up()
        gone = {version for version in self._replaced if self.live.get(version.place) != version}
        self.kept.forget(gone)
        self._replaced -= gone
        moved = self._refresh()
        known = len(self.document.order)
        cell = self.document.ran(cell, source, stage)
        self._sources[cell] = source
        self._arrange(cell, moved or len(self.document.order) != known)
        return Turn(cell, next(self._runs), source, tree, analysis)

    def refresh(self) -> None:
        """Look at the document as it is now, before anything is asked between two cells."""
        if self._refresh() and self.document.order:
            self._lowest = len(self.document.order)
            self.history.arrange([self._cell(each, above=True) for each in self.document.order])

    def _refresh(self) -> bool:
        moved = self.document.refresh()
        if self.document.saves != self._saves:  # what was typed is saved now
            self._saves, self._sources = self.document.saves, {}
        return moved

    def find(self, turn: Turn) -> None:
        """What the cell reads, as it finds it: what it will be compared with when it is over is noted."""
        names = self.with_sharing(self.closure(self.first_names(turn.analysis)), turn.cell)
        for name in names:
            self.learn(variable(name), turn.cell)
            turn.reads.setdefault(variable(name), self.live.get(variable(name)))
        namespace = self.shell.user_ns
        turn.looks = {name: self.look(name) for name in names if name in self.variables.names}
        turn.objects = {
            name: namespace[name] for name, seen in turn.looks.items() if not (seen.large or seen.fixed) and seen.digest
        }
        turn.generators = dict(self._generators)
        turn.found = True

    def end_plain(self, turn: Turn, *, failed: bool) -> None:
        """A plain cell is over, or a stage of which the engine could not tell what it did."""
        turn.left = self.variables.look()
        wrote = self._bound(turn)
        wrote |= self._changed(turn, wrote)
        self.write(turn, wrote, turn.left.gone, self._links(turn, wrote), failed=failed)
        self.copy(turn, wrote)

    def write(
        self,
        turn: Turn,
        wrote: Mapping[str, Look],
        deleted: Iterable[str],
        links: frozenset[Place] = frozenset(),
        *,
        failed: bool = False,
    ) -> None:
        """Note what a cell left: new versions of variables, and what it did to random generators; `links` as in
        `Trace`."""
        writes: dict[Place, Version | None] = {}
        for name, seen in wrote.items():
            place = variable(name)
            there = self.live.get(place)
            writes[place] = self.live[place] = version = Version(place, turn.cell, turn.run)
            is_same = there is not None and name not in turn.left.bound and seen.digest
            if there is not None and is_same and seen.digest == self.history.digest(there):
                self.history.is_object_of(version, there)
            self.looks[name] = seen
        for name in deleted:
            writes[variable(name)] = None
            self.live.pop(variable(name), None)
            self.looks.pop(name, None)
        self._note_generators(turn, writes)
        self._again(turn, writes)
        would = self._would_write(turn.tree, turn.analysis) if failed else turn.analysis.stores | turn.analysis.deletes
        shares, reads = frozenset(self._shares(turn, wrote, links)), dict(turn.reads)
        self.note(Trace(turn.cell, turn.run, turn.source, reads, writes, links, shares, failed, _variables(would)))
        for name, seen in wrote.items():
            version = self.live[variable(name)]
            if seen.digest:
                self.history.know(version, seen.digest)

    def _shares(
        self, turn: Turn, wrote: Mapping[str, Look], links: Collection[Place]
    ) -> Iterator[tuple[Version, Version]]:
        for name, seen in wrote.items():
            version = self.live[variable(name)]
            if seen.fixed:
                continue
            if not seen.digest or seen.large:  # what it holds was not looked at
                yield from ((version, read) for place in links if (read := turn.reads.get(place)) is not None)
                continue
            for other, there in self.looks.items():
                if other != name and seen.shares(there) and self._stands(variable(other), turn.cell):
                    yield version, self.live[variable(other)]

    def note(self, trace: Trace) -> None:
        """A run is over; what the cell left before is not needed any more when the turn is over."""
        before = self.history.trace(trace.cell)
        self.history.note(trace)
        if before is not None:
            self._replaced |= {version for version in before.writes.values() if version is not None}

    # --- what is there ------------------------------------------------------------------------------------------------

    def first_names(self, analysis: Analysis) -> set[str]:
        """The names that a cell reads by its source, or can only take away if they are there."""
        found = {chain[0] for chain in analysis.live_in | analysis.otherwise} | analysis.deletes
        return found | self.variables.names if analysis.dynamic or analysis.dynamic_with else found

    def source(self, cell: str) -> str | None:
        """The text of a cell, as it was typed or saved last."""
        return self._sources.get(cell, self.document.source(cell))

    def reads_of(self, cell: str) -> list[str]:
        """The variables that a cell would read if it ran now."""
        return self.closure(self.first_names(parsed(self.shell, self.source(cell) or "")[1]))

    def closure(self, first: Iterable[str]) -> list[str]:
        """These names, and those that the code within their values looks up, as far as they are or were there."""
        found: dict[str, None] = {}
        pending = deque(sorted(first))
        while pending:
            name = pending.popleft()
            if name in found:
                continue
            found[name] = None
            if name in self.shell.user_ns and variable(name) in self.live:
                pending.extend(sorted(self.look(name).reads))
        return list(found)

    def with_sharing(self, names: Iterable[str], cell: str) -> list[str]:
        """These names, and those that share something with them when `cell` begins."""
        found: dict[str, None] = {}
        for name in names:
            if name not in found:
                found |= dict.fromkeys(place.name for place in self.history.sharing(variable(name), cell))
        return list(found)

    def look(self, name: str) -> Look:
        """What is known of the value of a variable."""
        found = self.looks.get(name)
        if found is None:
            found = self.looks[name] = look(name, self.shell.user_ns[name])
        return found

    def learn(self, place: Place, cell: str) -> None:
        """Find out what a variable holds if that is not the version that stands above `cell`, however large it is."""
        live = self.live.get(place)
        if live is None or self.history.digest(live):
            return
        if self.history.above(place, cell).version != live:
            self.looks[place.name] = found = look_closely(place.name, self.shell.user_ns[place.name])
            if found.digest:
                self.history.know(live, found.digest)

    def holds(self, place: Place, version: Version | None) -> bool:
        """Whether the kernel holds what a version is. An object that is only like it will do if it cannot be changed,
        or that one is not to be had."""
        live = self.live.get(place)
        if not self.history.same(version, live):
            return False
        if version is None or self.history.same_objects(version, live):
            return True
        return self.look(place.name).fixed or not self.kept.has(version)

    def stale(self) -> Iterator[tuple[str, tuple[Reason, ...]]]:
        """The cells whose results are not what a top-to-bottom run would give now, and why; top to bottom."""
        for cell in self.document.order:
            if reasons := self.history.stale(cell):
                yield cell, reasons

    def generators_now(self) -> None:
        """Random generators were set: a cell that finds them so has not moved them."""
        self._generators = {name: state.digest for name, state in rng_states().items()}

    def generators(self) -> list[Place]:
        """The random generators whose states are kept."""
        return [Place("rng", name) for name in self._generators]

    def settle(self) -> None:
        """What the kernel holds now is what `live` says."""
        self.generators_now()
        self.variables.look()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _arrange(self, cell: str, moved: bool) -> None:
        order = self.document.order
        if moved and order[-1] == cell and self.history.is_arranged(order[:-1]) and not self.document.source(cell):
            self.history.append(Cell(cell, self._sources[cell]))
            self._lowest = len(order) - 1
            return
        position = order.index(cell) if moved else self.history.position(cell)
        if moved or position > self._lowest + 1 or self._is_edited(cell):
            self._lowest = position if moved else max(self._lowest, position)
            self.history.arrange([self._cell(each, number <= self._lowest) for number, each in enumerate(order)])
        else:
            self._lowest = max(self._lowest, position)

    def _is_edited(self, cell: str) -> bool:
        trace = self.history.trace(cell)
        return trace is None or trace.source != self._sources[cell]

    def _cell(self, cell: str, above: bool) -> Cell:
        """A cell of the document, with what it would write if it ran; of those below all that ran, nobody asks that."""
        source, trace = self.source(cell), self.history.trace(cell)
        if source is None or (trace is not None and _means_the_same(source, trace.source)):
            return Cell(cell, None if trace is None else trace.source)
        if not above:
            return Cell(cell, source)
        tree, analysis = parsed(self.shell, source)
        reads = self.first_names(analysis)
        return Cell(cell, source, _variables(self._would_write(tree, analysis)), _variables(reads))

    def _would_write(self, tree: ast.Module, analysis: Analysis) -> frozenset[str]:
        return analysis.stores | analysis.deletes | self.may_change(tree)

    def may_change(self, tree: ast.Module) -> frozenset[str]:
        """The names whose objects a piece of code may change."""
        return changing(tree, self._is_inert)

    def _is_inert(self, chain: Chain) -> bool:
        found = resolve(Name(NOTEBOOK, chain))
        if found.opaque or found.missing:
            root = self.shell.user_ns.get(chain[0])
            return not is_project_code(type(root))
        return not is_project_code(found.value) and not is_project_code(type(found.value))

    def _bound(self, turn: Turn) -> dict[str, Look]:
        """The variables that a cell has bound, and what is in them."""
        bound = turn.left.bound | (turn.analysis.stores & self.variables.names)
        found = {name: look(name, self.shell.user_ns[name]) for name in sorted(bound)}
        self.looks |= found
        return found

    def _links(self, turn: Turn, wrote: Mapping[str, Look]) -> frozenset[Place]:
        """What the cell read, and what it left in other variables holds objects of."""
        links = set()
        for name, read in turn.looks.items():
            for other, seen in wrote.items():
                if (other != name or name in turn.left.bound) and seen.shares(read):
                    links.add(variable(name))
        return frozenset(links)

    def _changed(self, turn: Turn, bound: Mapping[str, Look]) -> dict[str, Look]:
        """Variables whose values the cell has changed in place, or may have, by whatever name."""
        namespace = self.shell.user_ns
        there = self.variables.names - bound.keys() - turn.left.new
        found = {name: seen for name in turn.looks if name in there and (seen := self._change(turn, name)) is not None}
        objects: list[object] = [namespace[name] for name in found]
        looks = list(found.values())
        for name, value in turn.objects.items():
            now = look(name, value)
            if name not in found and now.digest != turn.looks[name].digest:
                objects.append(value)
                looks.append(now)
        if objects:
            found |= self._others(turn, objects, looks, there - turn.looks.keys())
        return found

    def _change(self, turn: Turn, name: str) -> Look | None:
        """What a variable holds now, if the cell has read it and may have changed it."""
        known = turn.looks.get(name)
        if known is None or known.fixed:
            return None
        now = look(name, self.shell.user_ns[name])
        if now.large and known.large:
            return now if name in turn.may_change(self) else None
        return now if now.digest != known.digest or not now.digest else None

    def touched(self, turn: Turn, changed: Sequence[object], known: Collection[str]) -> dict[str, Look]:
        """Variables that hold something of objects that a stage has changed in place, beside those known to."""
        if not changed:
            return {}
        now = [look_closely("value", value) for value in changed]
        return self._others(turn, changed, now, self.variables.names.difference(known))

    def _others(
        self, turn: Turn, changed: Iterable[object], looks: Sequence[Look], names: Iterable[str]
    ) -> dict[str, Look]:
        """Variables that hold something of objects that a cell has changed.

        One that is not as the cells above left it would not be there in a top-to-bottom run: the cell has not written
        it, only spoiled what the kernel holds.
        """
        namespace = self.shell.user_ns
        objects = set(map(id, changed))
        found = {}
        for name in names:
            known, now = self.looks.get(name), look(name, namespace[name])
            if now.fixed:
                continue
            told = known is not None and known.digest and now.digest
            changed_in = now.digest != known.digest if told and known else any(map(now.shares, looks))
            if changed_in or id(namespace[name]) in objects:
                if self._stands(variable(name), turn.cell):
                    found[name] = now
                else:
                    self.spoil(variable(name), now)
        return found

    def copy(self, turn: Turn, wrote: Mapping[str, Look]) -> None:
        """Keep copies of the small values that a cell left, each with all that shares something with it and stands
        there when the cell is over."""
        for name, seen in wrote.items():
            if seen.fixed:
                self.kept.hold(self.live[variable(name)], self.shell.user_ns[name])
        left = {name: seen for name, seen in wrote.items() if seen.digest and not (seen.fixed or seen.large)}
        if not left:
            return
        others = {name: seen for name, seen in self.looks.items() if seen.digest and not seen.fixed}
        while left:
            group = dict([left.popitem()])
            pending = [*group.values()]
            while pending:
                one = pending.pop()
                for name, seen in others.items():
                    if name not in group and one.shares(seen) and self._stands(variable(name), turn.cell):
                        group[name] = seen
                        pending.append(seen)
            for name in group:
                left.pop(name, None)
            values = {name: self.shell.user_ns[name] for name in group}
            self.kept.copy(turn.cell, values, {name: self.live[variable(name)] for name in group})

    def spoil(self, place: Place, now: Look) -> None:
        """What the kernel holds in a place is no longer the version that it was."""
        self.live[place] = version = Version(place, self.live[place].cell, next(self._runs))
        self.looks[place.name] = now
        if now.digest:
            self.history.know(version, now.digest)

    def _stands(self, place: Place, cell: str) -> bool:
        """Whether the kernel holds what stands in a place when a cell, which has just run, is over."""
        live = self.live.get(place)
        if live is None or live.cell == cell:
            return live is not None
        return self.history.same_objects(self.history.above(place, cell).version, live)

    def nearest(self, cell: str | None) -> Choose:
        """Of several places where a version is had from, the one that says best what it shares with others when
        `cell` begins (None: at the end): the one with most of what stands there, and of these the newest."""

        def standing(source: Source) -> int:
            if not isinstance(source, Copied):  # a record gives other objects than those that are there
                return 0
            return sum(
                self.history.same_objects(self.history.above(version.place, cell).version, version)
                for version in source.versions.values()
            )

        return lambda sources: sources[0] if len(sources) == 1 else max(reversed(sources), key=standing)

    def _note_generators(self, turn: Turn, writes: dict[Place, Version | None]) -> None:
        now = {name: state.digest for name, state in rng_states().items()}
        seeded = seeds_first(turn.tree)
        for name, digest in now.items():
            place = Place("rng", name)
            if turn.generators.get(name, digest) != digest or (seeded and not self._is_initial(place)):
                if not seeded:
                    turn.reads.setdefault(place, self.live.get(place))
                writes[place] = self.live[place] = version = Version(place, turn.cell, turn.run)
                self.history.know(version, digest)
                self.kept.hold(version, capture(name))
        self._generators = now

    def _is_initial(self, generator: Place) -> bool:
        """Whether nobody has seeded a generator, nor drawn from it."""
        live = self.live.get(generator)
        return live is None or live.cell == BEFORE

    def _again(self, turn: Turn, writes: dict[Place, Version | None]) -> None:
        """What a cell wrote before and finds as it left it: that it changes nothing now says nothing."""
        before = self.history.trace(turn.cell)
        for place, version in before.writes.items() if before is not None else ():
            live = self.live.get(place)
            if version is None or live is None or place in writes or place not in turn.reads:
                continue
            if not self.history.same(self.history.above(place, turn.cell).version, turn.reads[place]):
                writes[place] = self.live[place] = again = Version(place, turn.cell, turn.run)
                if digest := self.history.digest(live):
                    self.history.know(again, digest)
                self.kept.rename(live, again)

    def _catch_up(self) -> None:
        """What came without a cell (a thread, a widget, the time before nbexp was loaded) was there from the start."""
        looked = self.variables.look()
        for name in looked.bound:
            place = variable(name)
            self.live[place] = Version(place, BEFORE, next(self._runs))
            self.looks.pop(name, None)
            self.history.began_with([self.live[place]])
        for name in looked.gone:
            self.live.pop(variable(name), None)
            self.looks.pop(name, None)
        for name, state in rng_states().items():
            if self._generators.get(name) != state.digest:
                place = Place("rng", name)
                self.live[place] = version = Version(place, BEFORE, next(self._runs))
                self.history.began_with([version])
                self.history.know(version, state.digest)
                self.kept.hold(version, capture(name))
                self._generators[name] = state.digest


def _variables(names: Iterable[str]) -> frozenset[Place]:
    return frozenset(map(variable, names))


def parsed(shell: InteractiveShell, source: str) -> tuple[ast.Module, Analysis]:
    """The tree of a cell as typed, and what it says; of one that is no Python, an empty one."""
    if source.startswith("%%stage"):
        source = source.partition("\n")[2]
    try:
        text = shell.transform_cell(source)
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        text, tree = "", ast.Module([], [])
    return tree, analyse(tree, text)


def _means_the_same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError, RecursionError):
        return False
