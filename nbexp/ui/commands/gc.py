"""``nbexp gc`` and ``nbexp pin``: what a store gives up, and what it keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.config import parse_size
from nbexp.errors import BadUse, StoreError
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, Project, open_project
from nbexp.views.tables import holdings_table, pins_table
from nbexp.views.text import plural, size

if TYPE_CHECKING:
    from nbexp.store.bounds import Plan, Survey

#: How many of the results that go are listed.
_LISTED = 20


def gc(
    to: Annotated[
        str, typer.Option("--to", metavar="SIZE", help='Give up values until these fill no more: "5 GB".')
    ] = "",
    delete: Annotated[bool, typer.Option("--delete", help="Do it; without this it is only shown.")] = False,
    json: Json = False,
) -> int:
    """Show which stored values would be given up, or give them up.

    Those go first that take little time to compute again for their size, and were not used for long. Their records
    stay, with metrics and results; the stages run again when they are needed. Pinned results are left alone.

    Example: nbexp gc --to "5 GB" --delete
    """
    from nbexp.store.bounds import carry_out, plan, survey
    from nbexp.store.pins import pinned

    limit = parse_size(to, "--to") if to else None
    project = open_project()
    project.store.drain()
    if delete and project.store.read_only:
        raise StoreError(f"nothing can be deleted: {project.store.read_only}", "Make the folder writable.")
    place, now = str(project.path), time.time()
    found = survey(place, now)
    budget = project.store.budget if limit is None else limit
    what = plan(found, budget, pinned(place), now)
    freed = carry_out(place, what) if delete else 0
    if json:
        content = {"store": place, "size": found.size, "saved": found.saved, "budget": budget, "freed": freed}
        print_json("gc", {**content, "evicted": holdings_table(what.evicted).to_json(), "bytes": what.size})
    else:
        _print(project, found, what, budget, freed if delete else None)
    return 0


def _print(project: Project, found: Survey, what: Plan, budget: int, freed: int | None) -> None:
    out = console()
    out.print(f"{size(found.size)} in {plural(len(found.holdings), 'result')}; the limit is {size(budget)}.")
    out.print(f"  {size(found.saved)} saved by storing equal content once  ({project.path})", style="dim")
    if not what.blobs and not what.evicted:
        out.print("Nothing has to go.")
        return
    if what.evicted:
        print_table(holdings_table(what.evicted[:_LISTED]))
        if len(what.evicted) > _LISTED:
            out.print(f"… and {len(what.evicted) - _LISTED} more")
    leftovers = "" if what.evicted else " that no result needs"
    if freed is None:
        out.print(f"{size(what.size)}{leftovers} would be free. Nothing is deleted yet: add --delete.")
    else:
        out.print(f"{size(freed)}{leftovers} are free now.")


def pin(
    ref: Annotated[str, typer.Argument(metavar="[REF]", help="A record, NB:STAGE, or a run by its id.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the pin away.")] = False,
    json: Json = False,
) -> int:
    """Keep the values of a result or run whatever the budget.

    Without REF the pins are listed.

    Example: nbexp pin train.ipynb:model
    """
    from nbexp.store.pins import pins

    project = open_project()
    if ref:
        return _set(project, ref, remove=remove, json=json)
    if remove:
        raise BadUse("--remove needs to know which pin", "`nbexp pin` lists them.")
    found = pins_table(pins(str(project.path)))
    if json:
        print_json("pin", {"pins": found.to_json()})
    elif found.rows:
        print_table(found)
    else:
        console().print("Nothing is pinned: nbexp pin REF")
    return 0


def _take_away(project: Project, ref: str, *, json: bool) -> int:
    """Of a pin, its name's beginning will do: what it kept may be gone."""
    from nbexp.store.pins import pins, unpin

    place = str(project.path)
    names = [pin.name for pin in pins(place) if pin.name.startswith(ref)]
    if not names:
        names = [pin.name for pin in pins(place) if pin.name == project.find(ref).id]
    if len(names) != 1:
        raise BadUse(f'"{ref}" is {"not pinned" if not names else "more than one pin"}', "`nbexp pin` lists what is.")
    try:
        unpin(place, names[0])
    except OSError as error:
        raise StoreError(f"the pin cannot be removed: {error.strerror}", "Make the store's folder writable.") from error
    if json:
        print_json("pin", {"removed": names[0]})
    else:
        console().print(f"{names[0][:12]} is not pinned any more.")
    return 0


def _set(project: Project, ref: str, *, remove: bool, json: bool) -> int:
    from nbexp.runs.ledger import Run
    from nbexp.store.bounds import is_evicted
    from nbexp.store.pins import Pin
    from nbexp.store.pins import pin as write
    from nbexp.store.publication import now
    from nbexp.store.records import ids

    place = str(project.path)
    if remove:
        return _take_away(project, ref, json=json)
    target = project.find(ref)
    if isinstance(target, Run):
        found = [name for cell in target.cells if cell.key for name in ids(place, cell.key)]
    else:
        found = [target.id]
    kept = tuple(name for name in found if not is_evicted(place, name))
    if not kept:
        raise BadUse(f'nothing of "{ref}" is stored that could be kept', "Run it again first.")
    try:
        write(place, Pin(target.id, kept, now()))
    except OSError as error:
        raise StoreError(f"the pin cannot be written: {error.strerror}", "Make the store's folder writable.") from error
    if json:
        print_json("pin", {"pinned": target.id, "records": list(kept)})
    else:
        verb = "is" if len(kept) == 1 else "are"
        console().print(f"pinned {target.id[:12]}: {plural(len(kept), 'result')} {verb} kept, whatever the budget.")
    return 0
