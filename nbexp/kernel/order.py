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
from nbexp.kernel.keeping import Kept, variable
from nbexp.kernel.looking import Look, look, look_closely
from nbexp.kernel.namespace import user_names
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
        before: The user's names, and the ids of their values, when its own code began.
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
    before: dict[str, int] = field(default_factory=dict)
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

    def __init__(self, live: Mapping[Place, Version], namespace: Mapping[str, Any]) -> None:
        self._live, self._namespace = live, namespace

    def __contains__(self, version: object) -> bool:
        return isinstance(version, Version) and self._live.get(version.place) == version

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
        self.values = LiveValues(self.live, shell.user_ns)
        self.looks: dict[str, Look] = {}
        self._names: list[str] = []
        self._ids: dict[str, int] = {}
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
        self.kept.forget(self._replaced.difference(self.live.values()))
        self._replaced.intersection_update(self.live.values())
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
        names = self.closure(self.first_names(turn.analysis))
        for name in names:
            self.learn(variable(name), turn.cell)
            turn.reads.setdefault(variable(name), self.live.get(variable(name)))
        namespace = self.shell.user_ns
        turn.before = dict(self._ids)
        turn.looks = {name: self.look(name) for name in names if name in turn.before}
        turn.objects = {
            name: namespace[name] for name, seen in turn.looks.items() if not (seen.large or seen.fixed) and seen.digest
        }
        turn.generators = dict(self._generators)
        turn.found = True

    def end_plain(self, turn: Turn, *, failed: bool) -> None:
        """A plain cell is over, or a stage of which the engine could not tell what it did."""
        self.survey()
        wrote = {name: self.looks.get(name, Look()) for name in self._bound(turn)}
        wrote |= self._changed(turn, wrote)
        self.write(turn, wrote, turn.before.keys() - set(self.names()), self._links(turn, wrote), failed=failed)
        self._copy(turn, wrote)

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
            is_same = turn.before.get(name) == id(self.shell.user_ns[name])
            if there is not None and is_same and seen.digest and seen.digest == self.history.digest(there):
                self.history.is_object_of(version, there)
            self.looks[name] = seen
        for name in deleted:
            writes[variable(name)] = None
            self.live.pop(variable(name), None)
            self.looks.pop(name, None)
        self._note_generators(turn, writes)
        self._again(turn, writes)
        missed = frozenset(map(variable, self._would_write(turn.tree, turn.analysis))) - writes.keys() if failed else ()
        self.note(Trace(turn.cell, turn.run, turn.source, dict(turn.reads), writes, links, failed, frozenset(missed)))
        for name, seen in wrote.items():
            version = self.live[variable(name)]
            if seen.digest:
                self.history.know(version, seen.digest)
            if seen.fixed:
                self.kept.hold(version, self.shell.user_ns[name])
        self._remember()

    def note(self, trace: Trace) -> None:
        """A run is over; what the cell left before is not needed any more when the turn is over."""
        before = self.history.trace(trace.cell)
        self.history.note(trace)
        if before is not None:
            self._replaced |= {version for version in before.writes.values() if version is not None}

    # --- what is there ------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The user's variables, as of the last `survey`."""
        return self._names

    def survey(self) -> None:
        """Look which variables there are."""
        self._names = user_names(self.shell.user_ns, self.shell.user_ns_hidden)

    def first_names(self, analysis: Analysis) -> set[str]:
        """The names that a cell reads by its source, or can only take away if they are there."""
        found = {chain[0] for chain in analysis.live_in | analysis.otherwise} | analysis.deletes
        return found.union(self.names()) if analysis.dynamic or analysis.dynamic_with else found

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

    def stale(self) -> Iterator[tuple[str, tuple[Reason, ...]]]:
        """The cells whose results are not what a top-to-bottom run would give now, and why; top to bottom."""
        for cell in self.document.order:
            if reasons := self.history.stale(cell):
                yield cell, reasons

    def generators_now(self) -> None:
        """Random generators were set: a cell that finds them so has not moved them."""
        self._generators = {name: state.digest for name, state in rng_states().items()}

    def settle(self) -> None:
        """What the kernel holds now is what `live` says."""
        self.generators_now()
        self._remember()

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
        writes = map(variable, self._would_write(*parsed(self.shell, source))) if above else ()
        return Cell(cell, source, frozenset(writes))

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

    def _bound(self, turn: Turn) -> list[str]:
        """The variables that a cell has bound; what is in them is looked at."""
        namespace = self.shell.user_ns
        bound = [
            name
            for name in self.names()
            if turn.before.get(name) != id(namespace[name]) or name in turn.analysis.stores
        ]
        for name in bound:
            self.looks[name] = look(name, namespace[name])
        return bound

    def _links(self, turn: Turn, wrote: Mapping[str, Look]) -> frozenset[Place]:
        """What the cell read, and what it left in other variables holds objects of."""
        namespace, links = self.shell.user_ns, set()
        for name, read in turn.looks.items():
            for other, seen in wrote.items():
                if (other != name or turn.before.get(name) != id(namespace[name])) and seen.shares(read):
                    links.add(variable(name))
        return frozenset(links)

    def _changed(self, turn: Turn, bound: Mapping[str, Look]) -> dict[str, Look]:
        """Variables whose values the cell has changed in place, or may have, by whatever name."""
        namespace = self.shell.user_ns
        there = [name for name in self.names() if name not in bound and name in turn.before]
        found = {name: seen for name in there if (seen := self._change(turn, name)) is not None}
        objects: list[object] = [namespace[name] for name in found]
        looks = list(found.values())
        for name, value in turn.objects.items():
            now = look(name, value)
            if name not in found and now.digest != turn.looks[name].digest:
                objects.append(value)
                looks.append(now)
        if objects:
            found |= self._others(objects, looks, [name for name in there if name not in turn.looks])
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

    def touched(self, changed: Sequence[object], known: Collection[str]) -> dict[str, Look]:
        """Variables that hold something of objects that a stage has changed in place, beside those known to."""
        if not changed:
            return {}
        self.survey()
        now = [look_closely("value", value) for value in changed]
        return self._others(changed, now, [name for name in self.names() if name not in known])

    def _others(self, changed: Iterable[object], looks: Sequence[Look], names: Iterable[str]) -> dict[str, Look]:
        """Variables that hold something of objects that a cell has changed."""
        namespace = self.shell.user_ns
        objects = set(map(id, changed))
        found = {}
        for name in names:
            known = self.look(name)
            if known.fixed:
                continue
            now = look(name, namespace[name])
            same = id(namespace[name]) in objects
            if same or (now.digest != known.digest if now.digest else any(map(now.shares, looks))):
                found[name] = now
        return found

    def _copy(self, turn: Turn, wrote: Mapping[str, Look]) -> None:
        """Keep copies of the small values that a plain cell left, each with all that shares something with it."""
        left = {name: seen for name, seen in wrote.items() if seen.digest and not seen.fixed}
        others = {name: seen for name, seen in self.looks.items() if seen.digest and not seen.fixed}
        while left:
            group = dict([left.popitem()])
            pending = [*group.values()]
            while pending:
                one = pending.pop()
                for name, seen in others.items():
                    if name not in group and variable(name) in self.live and one.shares(seen):
                        group[name] = seen
                        pending.append(seen)
            for name in group:
                left.pop(name, None)
            values = {name: self.shell.user_ns[name] for name in group}
            self.kept.copy(values, {name: self.live[variable(name)] for name in group})

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
        self.survey()
        namespace = self.shell.user_ns
        for name in self.names():
            place = variable(name)
            if self._ids.get(name) != id(namespace[name]):
                self.live[place] = Version(place, BEFORE, next(self._runs))
                self.looks.pop(name, None)
                self.history.began_with([self.live[place]])
        for name in self._ids.keys() - namespace.keys():
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
        self._ids = {name: id(namespace[name]) for name in self._names}

    def _remember(self) -> None:
        self.survey()
        namespace = self.shell.user_ns
        self._ids = {name: id(namespace[name]) for name in self._names}


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
