"""What a history says of random sessions, beside what a top-to-bottom run of the same cells gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from nbexp.lineage.history import BEFORE, Cell, History, Place, Trace, Version

PLACES = tuple(Place("variable", name) for name in "abcd")


@dataclass(frozen=True)
class Program:
    """A cell that computes: each place it writes becomes a number made of its constant and of what it reads."""

    constant: int
    reads: tuple[Place, ...] = ()
    writes: tuple[Place, ...] = ()
    deletes: tuple[Place, ...] = ()

    @property
    def source(self) -> str:
        return repr(self)

    def run(self, values: dict[Place, int]) -> tuple[tuple[int | None, ...], dict[Place, int | None]]:
        read = tuple(values.get(place) for place in self.reads)
        made = (self.constant + sum((place + 1) * ((value or 0) + 1) for place, value in enumerate(read))) % 3
        written: dict[Place, int | None] = dict.fromkeys(self.deletes)
        written |= dict.fromkeys(self.writes, made)
        for place, value in written.items():
            values.pop(place, None)
            if value is not None:
                values[place] = value
        return read, written


@dataclass
class Kernel:
    """A kernel in which cells are run in any order, and the history that is told of it."""

    cells: dict[str, Program] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    values: dict[Place, int] = field(default_factory=dict)
    live: dict[Place, Version] = field(default_factory=dict)
    did: dict[str, tuple[Program, tuple[tuple[int | None, ...], dict[Place, int | None]]]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    runs: int = 0

    def arrange(self) -> None:
        self.history.arrange(
            [Cell(name, self.cells[name].source, frozenset(self.cells[name].run({})[1])) for name in self.order]
        )

    def run(self, name: str, told: bool) -> None:
        self.runs += 1
        program = self.cells[name]
        reads = {place: self.live.get(place) for place in program.reads}
        effect = program.run(self.values)
        writes = {place: None if v is None else Version(place, name, self.runs) for place, v in effect[1].items()}
        for place, version in writes.items():
            self.live.pop(place, None)
            if version is not None:
                self.live[place] = version
        self.history.note(Trace(name, self.runs, program.source, reads, writes))
        if told:
            for version in (*reads.values(), *writes.values()):
                if version is not None and self.live.get(version.place) == version:
                    self.history.know(version, str(self.values[version.place]))
        self.did[name] = program, effect

    def linear(self) -> dict[str, tuple[Program, tuple[tuple[int | None, ...], dict[Place, int | None]]]]:
        """What each cell reads and writes when all are run from top to bottom in a new kernel."""
        values: dict[Place, int] = {}
        return {name: (self.cells[name], self.cells[name].run(values)) for name in self.order}


def places(least: int = 0) -> st.SearchStrategy[tuple[Place, ...]]:
    return st.lists(st.sampled_from(PLACES), min_size=least, max_size=2, unique=True).map(tuple)


programs = st.builds(Program, st.integers(0, 2), places(), places(), st.just(())) | st.builds(
    Program, st.integers(0, 2), places(), st.just(()), places(1)
)


@st.composite
def sessions(draw: st.DrawFn) -> Kernel:
    kernel = Kernel()
    for number in range(draw(st.integers(2, 6))):
        kernel.cells[f"c{number}"] = draw(programs)
        kernel.order.append(f"c{number}")
    kernel.arrange()
    for _ in range(draw(st.integers(1, 14))):
        action = draw(st.sampled_from(("run", "run", "run", "run", "edit", "move", "delete")))
        name = draw(st.sampled_from(kernel.order))
        if action == "run":
            kernel.run(name, draw(st.booleans()))
            continue
        if action == "edit":
            kernel.cells[name] = draw(programs)
        elif len(kernel.order) > 1:
            kernel.order.remove(name)
            if action == "move":
                kernel.order.insert(draw(st.integers(0, len(kernel.order))), name)
        kernel.arrange()
    return kernel


@settings(max_examples=600, deadline=None)
@given(sessions())
def test_what_is_not_stale_is_what_a_top_to_bottom_run_gives(kernel: Kernel) -> None:
    linear = kernel.linear()
    for name in kernel.order:
        if name in kernel.did and not kernel.history.stale(name):
            assert kernel.did[name] == linear[name]


@settings(max_examples=200, deadline=None)
@given(sessions(), st.booleans())
def test_after_all_cells_ran_from_top_to_bottom_none_is_stale(kernel: Kernel, told: bool) -> None:
    kernel.values.clear()
    kernel.live.clear()
    for name in kernel.order:
        kernel.run(name, told)
    assert {name: kernel.history.stale(name) for name in kernel.order} == dict.fromkeys(kernel.order, ())


@settings(max_examples=200, deadline=None)
@given(sessions())
def test_running_what_is_stale_from_the_top_ends_with_nothing_stale(kernel: Kernel) -> None:
    """What nobody made from above, a place that is empty there, is emptied; else each stale cell is run once."""
    for name in kernel.order:
        if name not in kernel.did or kernel.history.stale(name):
            for place in kernel.cells[name].reads:
                above = kernel.history.above(place, name).version
                if above is None:
                    kernel.live.pop(place, None)
                    kernel.values.pop(place, None)
                elif kernel.live.get(place) != above:  # as a stage does: the version from above is brought back
                    kernel.live[place] = above
                    kernel.values[place] = _value(kernel, above)
            kernel.run(name, told=True)
    assert [name for name in kernel.order if kernel.history.stale(name)] == []
    assert {name: kernel.did[name] for name in kernel.order} == kernel.linear()


def _value(kernel: Kernel, version: Version) -> int:
    value = kernel.did[version.cell][1][1][version.place]
    assert value is not None
    return value


@settings(max_examples=200, deadline=None)
@given(sessions())
def test_statuses_kept_from_before_are_those_of_a_new_history(kernel: Kernel) -> None:
    kept = {name: kernel.history.stale(name) for name in kernel.order}
    kernel.arrange()
    assert {name: kernel.history.stale(name) for name in kernel.order} == kept


def test_each_reason_says_what_happened() -> None:
    a, history = PLACES[0], History()
    maker, user, last = Program(0, writes=(a,)), Program(1, reads=(a,)), Program(2, writes=(a,))
    cells = [Cell("x", maker.source), Cell("y", user.source), Cell("z", last.source, frozenset({a}))]
    history.arrange(cells)
    first, second = Version(a, "x", 1), Version(a, "z", 2)
    history.note(Trace("x", 1, maker.source, {}, {a: first}))

    def texts(read: Version | None, arrangement: list[Cell] = cells) -> list[str]:
        history.arrange(arrangement)
        history.note(Trace("y", 3, user.source, {a: read}))
        return [reason.text for reason in history.stale("y")]

    assert texts(first) == []
    assert texts(None) == ["`a` was not there when it ran; cell 1 writes it"]
    assert texts(Version(a, "x", 0)) == ["cell 1 has written `a` since"]
    assert texts(second) == ["it read `a` of cell 3, not of cell 1"]
    assert texts(Version(a, "y", 2)) == ["it read `a` as it had left it itself"]
    assert texts(Version(a, "gone", 2)) == ["it read `a` of a cell that was deleted"]
    assert texts(first, [cells[0], cells[2], cells[1]]) == ["cell 2, which writes `a`, has not run"]
    assert texts(first, [replace(cells[0], source="edited"), *cells[1:]]) == ["cell 1, which writes `a`, is stale"]
    assert texts(second, [cells[1], cells[2]]) == ["it read `a` of cell 2, below it"]
    assert texts(first, [cells[0], replace(cells[1], source="edited")]) == ["it was edited and has not run since"]


def test_what_becomes_known_of_a_cell_below_counts_for_those_above() -> None:
    a, history = PLACES[0], History()
    history.arrange([Cell("x"), Cell("y"), Cell("z")])
    own, below = Version(a, "x", 1), Version(a, "z", 2)
    history.note(Trace("x", 1, "", {}, {a: own}))
    history.note(Trace("z", 2, "", {}, {a: below}))
    history.note(Trace("y", 3, "", {a: below}))
    history.know(own, "d")
    assert history.stale("y")
    history.know(below, "d")
    assert not history.stale("y")


def test_reasons_say_what_a_cell_above_does_not_do_any_more() -> None:
    a, history = PLACES[0], History()
    history.arrange([Cell("x"), Cell("y"), Cell("z")])
    first = Version(a, "x", 1)
    history.note(Trace("x", 1, "", {}, {a: first}))
    history.note(Trace("y", 2, "", {a: first}))

    def texts() -> list[str]:
        return [reason.text for reason in history.stale("y")]

    history.note(Trace("x", 3, "", {}, {a: None}))
    assert texts() == ["cell 1 has deleted `a` since"]
    history.note(Trace("x", 4, "", {}, {}))
    assert texts() == ["cell 1, of which it read `a`, does not write it any more"]
    history.began_with([Version(a, BEFORE, 5)])
    assert texts() == ["it read `a` of cell 1, not what was there before the first cell"]


def test_an_equal_object_is_another_to_who_holds_the_one_before() -> None:
    a, b, history = PLACES[0], PLACES[1], History()
    history.arrange([Cell("x"), Cell("y")])
    first, again = Version(a, "x", 1), Version(a, "x", 3)
    history.note(Trace("x", 1, "", {}, {a: first}))
    history.note(Trace("y", 2, "", {a: first}, {b: Version(b, "y", 2)}, frozenset({a})))
    history.know(first, "d")
    history.know(again, "d")
    assert not history.stale("y")
    history.note(Trace("x", 3, "", {}, {a: again}))
    assert [reason.kind for reason in history.stale("y")] == ["anew"]
    history.is_object_of(again, first)
    history.note(Trace("x", 3, "", {}, {a: again}))
    assert not history.stale("y")


def test_what_a_cell_that_failed_would_have_written_is_doubtful() -> None:
    a, history = PLACES[0], History()
    history.arrange([Cell("w"), Cell("x"), Cell("y")])
    first = Version(a, "w", 1)
    history.note(Trace("w", 1, "", {}, {a: first}))
    history.note(Trace("x", 2, "", failed=True, would=frozenset({a})))
    history.note(Trace("y", 3, "", {a: first}))
    assert [reason.text for reason in history.stale("y")] == ["cell 2, which writes `a`, failed"]


def test_the_same_value_made_again_is_no_change() -> None:
    a, history = PLACES[0], History()
    history.arrange([Cell("x"), Cell("y")])
    first, again = Version(a, "x", 1), Version(a, "x", 3)
    history.note(Trace("x", 1, "", {}, {a: first}))
    history.note(Trace("y", 2, "", {a: first}))
    history.know(first, "d")
    history.note(Trace("x", 3, "", {}, {a: again}))
    assert history.stale("y")
    history.know(again, "d")
    assert not history.stale("y")


def test_what_shares_with_what_a_cell_has_changed_is_in_doubt_below() -> None:
    """``d = a`` failed; the cell below changed another ``d`` in place: run again, it will change ``a``."""
    a, d, history = PLACES[0], PLACES[3], History()
    history.arrange([Cell("w"), Cell("x"), Cell("y"), Cell("z")])
    first, other = Version(a, "w", 1), Version(d, "w", 1)
    history.note(Trace("w", 1, "", {}, {a: first, d: other}))
    history.note(Trace("x", 2, "", {a: first}, failed=True, would=frozenset({d})))
    history.note(Trace("y", 3, "", {d: other}, {d: Version(d, "y", 3)}))
    history.note(Trace("z", 4, "", {a: first}))
    assert [reason.text for reason in history.stale("z")] == ["cell 3, which may change `a`, is stale"]
    history.note(Trace("x", 5, "", {a: first}, {d: Version(d, "x", 5)}))
    history.note(Trace("y", 6, "", {d: Version(d, "x", 5)}, {d: Version(d, "y", 6)}))
    assert not history.stale("z")


def test_a_cell_that_changed_what_another_has_linked_since_is_stale() -> None:
    """``b = [a]`` ran above a cell that has appended to ``a`` before: in order, it changes ``b`` too."""
    a, b, history = PLACES[0], PLACES[1], History()
    history.arrange([Cell("w"), Cell("x"), Cell("y")])
    first, changed, linked = Version(a, "w", 1), Version(a, "y", 2), Version(b, "x", 3)
    history.note(Trace("w", 1, "", {}, {a: first}))
    history.note(Trace("y", 2, "", {a: first}, {a: changed}))
    history.note(Trace("x", 3, "", {a: first}, {b: linked}, shares=frozenset({(linked, first)})))
    assert {*history.sharing(a, "y")} == {a, b}
    assert [reason.text for reason in history.stale("y")] == [
        "it changed `a`, of which `b` holds objects since cell 2 ran"
    ]
    history.note(Trace("y", 4, "", {a: first, b: linked}, {a: Version(a, "y", 4), b: Version(b, "y", 4)}))
    assert not history.stale("y")


def test_what_is_bound_anew_shares_no_more() -> None:
    a, b, history = PLACES[0], PLACES[1], History()
    history.arrange([Cell("w"), Cell("x"), Cell("y"), Cell("z")])
    first, linked = Version(a, "w", 1), Version(b, "x", 2)
    history.note(Trace("w", 1, "", {}, {a: first}))
    history.note(Trace("x", 2, "", {a: first}, {b: linked}, shares=frozenset({(linked, first)})))
    history.note(Trace("y", 3, "", {}, {a: Version(a, "y", 3)}))
    assert {*history.sharing(a, "y")} == {*history.sharing(b, "y")} == {a, b}
    assert {*history.sharing(a, "z")} == {a}
    assert {*history.sharing(b, "z")} == {b}
