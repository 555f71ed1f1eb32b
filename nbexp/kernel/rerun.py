"""Running what is stale, until nothing is (``%nbexp run-stale``).

Cells run from top to bottom, each on what the cells above it left, plain cells too. Where a value is needed that cannot
be brought back, the cell that makes it runs first (D13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nbexp.kernel.keeping import Unavailable, variable
from nbexp.kernel.looking import look_closely
from nbexp.kernel.order import Order
from nbexp.lineage.history import BEFORE, Place, Version

#: Runs a cell; False if it failed.
Run = Callable[[str], bool]


def run_stale(order: Order, run: Run) -> list[str]:
    """Run what is stale; the cells that ran, in order. It ends with the first that fails.

    Cells that have never run are left alone, but for those that write what a stale one reads.
    """
    ran: list[str] = []
    due: set[str] = set()
    for _ in range(3 * len(order.document.order) + 3):
        cell = _next(order, due)
        if cell is None:
            due = set(_put_in_place(order)) - {BEFORE}
            if not due:
                break
            continue
        makers = set(_makers(order, cell)) - {cell}
        if makers - due:
            due |= makers
            continue
        due.discard(cell)
        ran.append(cell)
        order.wanting.clear()
        done = run(cell)
        if order.wanting - {cell, BEFORE}:
            due |= {*order.wanting, cell} - {BEFORE}
        elif not done:
            break
    return ran


def _next(order: Order, due: set[str]) -> str | None:
    return next((cell for cell in order.document.order if cell in due or order.history.stale(cell)), None)


def _makers(order: Order, cell: str) -> Iterator[str]:
    """Cells above that have to run before `cell` can: nobody has what they make."""
    trace = order.history.trace(cell)
    for place in {*(trace.reads if trace is not None else ()), *map(variable, order.reads_of(cell))}:
        yield from _maker(order, place, cell)


def _maker(order: Order, place: Place, cell: str | None) -> Iterator[str]:
    above = order.history.above(place, cell)
    yield from (reason.name for reason in above.doubts if reason.kind == "unrun")
    if above.version is None or order.history.same(above.version, order.live.get(place)):
        return
    if not order.kept.has(above.version) and above.cell:
        yield above.cell


def _put_in_place(order: Order) -> Iterator[str]:
    """Bind what a top-to-bottom run would leave; the cells that make what cannot be had otherwise."""
    wanted: dict[str, Version] = {}
    for place in order.history.places():
        above = order.history.above(place, None)
        if place.kind == "variable" and above.version and not order.holds(place, above.version):
            wanted[place.name] = above.version
    load = order.kept.loader(order.nearest(None), order.values, map(variable, wanted))
    for name in load.in_order(wanted):
        version = wanted[name]
        try:
            value = load(version)
        except Unavailable:
            yield version.cell
            continue
        order.shell.user_ns[name] = value
        order.live[version.place] = version
        order.looks[name] = look_closely(name, value)
    order.settle()
