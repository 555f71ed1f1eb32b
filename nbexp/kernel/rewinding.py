"""The versions that stand above a stage, brought back for the time of its run (L1, D5 to D8).

Names are bound to copies; no object that the user holds is written to. Afterwards what the stage did not write gets
its live binding back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbexp.fingerprints.preview import preview
from nbexp.kernel.keeping import Unavailable, variable
from nbexp.kernel.looking import look, look_closely
from nbexp.kernel.order import Order, Turn
from nbexp.lineage.history import BEFORE, Above, Place, Version
from nbexp.records import Reason
from nbexp.snapshot.state import restore
from nbexp.stage.surely import surely_read

#: Values of more characters are not named in a line.
SHOWN = 24

_ABSENT = object()


@dataclass(slots=True)
class Rewound:
    """What a stage finds in place of what the kernel held.

    Attributes:
        put: Variables bound to what stood above the stage. aside: what the kernel held in their place, and in that of
            variables that were not there above.
        versions: What the kernel held, by place. moved: of random generators set back, what the kernel
            held, and what it holds in its place.
        lost: Why a variable is not what stands above the stage: that cannot be brought back.
        said: What was brought back although the kernel held another value, set below.
    """

    put: dict[str, Any] = field(default_factory=dict)
    aside: dict[str, Any] = field(default_factory=dict)
    versions: dict[Place, Version] = field(default_factory=dict)
    moved: dict[Place, tuple[Version, Version]] = field(default_factory=dict)
    lost: list[Reason] = field(default_factory=list)
    said: list[Reason] = field(default_factory=list)


class _Rewinding:
    """Rewinds for one stage."""

    def __init__(self, order: Order, turn: Turn) -> None:
        self.order, self.turn = order, turn
        self.namespace: dict[str, Any] = order.shell.user_ns
        self.found = Rewound()
        self._own: Sequence[str] = ()
        self._wanted: dict[str, Version | None] = {}
        self._lost: set[str] = set()
        self._surely: frozenset[str] | None = None

    def run(self) -> Rewound:
        """Bring back whatever is not as the cells above left it, and what code in that reads in turn."""
        while self._find_more():
            self._bring_back()
        self._rewind_generators()
        if self.found.aside or self.found.moved:
            self.order.settle()
        return self.found

    def _find_more(self) -> bool:
        """Whether there is more to bring back: with what the stage reads what shares objects with it (D6), for what it
        does to one of them it does to the others."""
        self._own = self.order.closure(self.order.first_names(self.turn.analysis))
        names = self.order.with_sharing(self._own, self.turn.cell)
        wanted = self._wanted | {
            name: above.version for name, above in self._misplaced(names) if self._can_be_had(name, above)
        }
        before, self._wanted = len(self._wanted), wanted
        return len(self._wanted) > before

    def _misplaced(self, names: Iterable[str]) -> Iterator[tuple[str, Above]]:
        """Variables that are not as the cells above left them."""
        for name in names:
            place = variable(name)
            if name in self._lost or (name not in self.namespace and not self.order.history.is_written(place)):
                continue
            above = self.order.history.above(place, self.turn.cell)
            if name in self.namespace and place in self.order.live:
                self.order.learn(place, self.turn.cell)
            if not self.order.holds(place, above.version):
                yield name, above

    def _can_be_had(self, name: str, above: Above) -> bool:
        version = above.version
        if version is None:
            if name not in self._surely_read() and not self._of_deleted(name):
                return True
            where = self._where(self.order.live[variable(name)])
            why = f"`{name}` was set {where}; no cell above makes it"
        elif self.order.kept.has(version):
            return True
        else:
            self.order.wanting.add(version.cell)
            why = f"`{name}` is not what {self._named(above.cell)} made: that value is not kept"
        self._lose(name, why, "" if version is None else f"; run {self._named(above.cell)} again")
        return False

    def _lose(self, name: str, why: str, advice: str = "") -> None:
        self._lost.add(name)
        self.found.lost.append(Reason("moved", name, why + advice))

    def _surely_read(self) -> frozenset[str]:
        if self._surely is None:
            self._surely = frozenset(surely_read(self.turn.tree))
        return self._surely

    def _of_deleted(self, name: str) -> bool:
        """Whether a cell made the variable that is not in the document any more (D5)."""
        live = self.order.live.get(variable(name))
        return live is not None and live.cell != BEFORE and live.cell not in self.order.document.order

    def _bring_back(self) -> None:
        """Bind all that is wanted, together: what was brought back before may share with what is only now."""
        choose = self.order.nearest(self.turn.cell)
        load = self.order.kept.loader(choose, self.order.values, map(variable, self._wanted))
        values: dict[str, Any] = {name: _ABSENT for name, version in self._wanted.items() if version is None}
        wanted = {name: version for name, version in self._wanted.items() if version is not None}
        for name in load.in_order(wanted):
            try:
                values[name] = load(wanted[name])
            except Unavailable as error:
                maker = wanted[name].cell
                self.order.wanting.add(maker)
                why = f"`{name}` is not what {self._named(maker)} made: it cannot be brought back ({error})"
                self._lose(name, why, f"; run {self._named(maker)} again")
        for name, value in values.items():
            self._bind(name, value, self._wanted[name])

    def _bind(self, name: str, value: Any, version: Version | None) -> None:
        order, place = self.order, variable(name)
        live = order.live.pop(place, None)
        if name not in self.found.aside:
            self.found.aside[name] = self.namespace.get(name, _ABSENT)
            if live is not None:
                self.found.versions[place] = live
                self._say(name, value, live, version)
        order.looks.pop(name, None)
        if version is None:
            self.namespace.pop(name, None)
            self.found.put.pop(name, None)
            return
        self.namespace[name] = self.found.put[name] = value
        order.live[place] = version
        order.looks[name] = look_closely(name, value)

    def _say(self, name: str, value: Any, live: Version, version: Version | None) -> None:
        """A value that another cell set is not used: never silently."""
        history = self.order.history
        if live.cell == self.turn.cell or version is None or name not in self._own or history.same(live, version):
            return
        used = f"used `{name}`{_shown(value)} from {self._named(version.cell)}"
        held = f"the kernel's{_shown(self.found.aside[name])} was set {self._where(live)}"
        below = live.cell != BEFORE and history.is_above(self.turn.cell, live.cell)
        advice = ": move that cell up, or use %%stage --live" if below else ""
        self.found.said.append(Reason("rewound", name, f"{used}; {held}{advice}"))

    def _named(self, cell: str) -> str:
        return self.order.history.named(cell) if cell != BEFORE else "before the first cell"

    def _where(self, live: Version) -> str:
        if live.cell == self.turn.cell:
            return "by this cell itself"
        if live.cell == BEFORE:
            return "outside of all cells"
        if live.cell not in self.order.document.order:
            return "by a cell that was deleted"
        if self.order.history.is_above(self.turn.cell, live.cell):
            return f"below it ({self._named(live.cell)})"
        return f"further up ({self._named(live.cell)})"

    def _rewind_generators(self) -> None:
        order = self.order
        for place in order.generators():
            live = order.live[place]
            above = order.history.above(place, self.turn.cell)
            if above.version is None or order.history.same(above.version, live) or not order.kept.has(above.version):
                continue
            restore(place.name, order.kept.loader()(above.version))
            self.found.moved[place] = live, above.version
            order.live[place] = above.version


def _shown(value: object) -> str:
    """A value in a sentence, if it is short enough."""
    text = preview(value)
    return f" = {text}" if 0 < len(text) <= SHOWN else ""


def rewind(order: Order, turn: Turn) -> Rewound:
    """Let the names that a stage reads stand for what the cells above it left.

    Example: after ``x += 1`` has run, ``x`` is what it was before, until `put_back`.
    """
    rewinding = _Rewinding(order, turn)
    try:
        return rewinding.run()
    except BaseException:  # an interrupt too: what the kernel held is there again
        put_back(order, rewinding.found)
        raise


def put_back(order: Order, rewound: Rewound, wrote: Iterable[str] = ()) -> None:
    """What the stage did not write is what the kernel held before; twice does no harm."""
    if not (rewound.aside or rewound.moved):
        return
    namespace, written = order.shell.user_ns, frozenset(wrote)
    while rewound.aside:
        name, value = rewound.aside.popitem()
        there = namespace.get(name, _ABSENT)
        if name in written or there is not rewound.put.get(name, _ABSENT):
            continue
        place = variable(name)
        order.looks.pop(name, None)
        if value is _ABSENT:
            namespace.pop(name, None)
            order.live.pop(place, None)
        else:
            namespace[name] = value
            order.live[place] = version = rewound.versions[place]
            now, known = look(name, value), order.history.digest(version)
            if now.digest and known and now.digest != known:  # it holds objects that the stage has changed
                order.spoil(place, now)
    while rewound.moved:
        place, (live, found) = rewound.moved.popitem()
        if order.live[place] == found:
            restore(place.name, order.kept.loader()(live))
            order.live[place] = live
    order.settle()
