"""``nbexp gc``: what a store gives up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.errors import StoreError
from nbexp.sizes import parse_size, size
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, Project, open_project
from nbexp.views.tables import holdings_table
from nbexp.views.text import plural

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
