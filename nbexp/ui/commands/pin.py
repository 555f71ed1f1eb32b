"""``nbexp pin``: what a store keeps, whatever its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nbexp.errors import BadUse, StoreError
from nbexp.ui.console import console, print_json, print_table
from nbexp.ui.project import Json, Project, locate, open_project
from nbexp.views.tables import pins_table
from nbexp.views.text import plural

if TYPE_CHECKING:
    from nbexp.runs.ledger import Run
    from nbexp.store.records import Stored

_WRITABLE = "Make the store's folder writable."


def pin(
    ref: Annotated[str, typer.Argument(metavar="[REF]", help="A record, NB:STAGE, or a run by its id.")] = "",
    stage: Annotated[str, typer.Argument(metavar="[STAGE]", help="As in NB:STAGE.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the pin away.")] = False,
    json: Json = False,
) -> int:
    """Keep the values of a result or run whatever the budget.

    Without REF the pins are listed.

    Example: nbexp pin train.ipynb:model
    """
    if not (ref or remove):
        _list(open_project(), json=json)
        return 0
    address = locate(ref, stage)
    if remove:
        _remove(address.project, address.ref, json=json)
    else:
        _add(address.project, address.ref, json=json)
    return 0


def _list(project: Project, *, json: bool) -> None:
    from nbexp.store.pins import pins

    found = pins_table(pins(str(project.path)))
    if json:
        print_json("pin", {"pins": found.to_json()})
    elif found.rows:
        print_table(found)
    else:
        console().print("Nothing is pinned: nbexp pin REF")


def _add(project: Project, ref: str, *, json: bool) -> None:
    from nbexp.store import pins
    from nbexp.store.publication import now

    target = project.find(ref)
    kept = _results(str(project.path), target)
    if not kept:
        raise BadUse(f'nothing of "{ref}" is stored that could be kept', "Run it again first.")
    try:
        pins.pin(str(project.path), pins.Pin(target.id, kept, now()))
    except OSError as error:
        raise StoreError(f"the pin cannot be written: {error.strerror}", _WRITABLE) from error
    if json:
        print_json("pin", {"pinned": target.id, "records": list(kept)})
    else:
        verb = "is" if len(kept) == 1 else "are"
        console().print(f"pinned {target.id[:12]}: {plural(len(kept), 'result')} {verb} kept, whatever the budget.")


def _results(store: str, target: Run | Stored) -> tuple[str, ...]:
    """Ids of the records that `target` is or consists of, without those whose values were given up."""
    from nbexp.runs.ledger import Run
    from nbexp.store.bounds import is_evicted
    from nbexp.store.records import ids

    if isinstance(target, Run):
        found = [name for cell in target.cells if cell.key for name in ids(store, cell.key)]
    else:
        found = [target.id]
    return tuple(name for name in found if not is_evicted(store, name))


def _remove(project: Project, ref: str, *, json: bool) -> None:
    from nbexp.store.pins import unpin

    name = _pinned_as(project, ref)
    try:
        unpin(str(project.path), name)
    except OSError as error:
        raise StoreError(f"the pin cannot be removed: {error.strerror}", _WRITABLE) from error
    if json:
        print_json("pin", {"removed": name})
    else:
        console().print(f"{name[:12]} is not pinned any more.")


def _pinned_as(project: Project, ref: str) -> str:
    """The name of the one pin that `ref` means; its beginning will do, for what it kept may be gone.

    Raises:
        BadUse: It means none, or more than one.
    """
    from nbexp.store.pins import pins

    if not ref:
        raise BadUse("--remove needs to know which pin", "`nbexp pin` lists them.")
    known = [one.name for one in pins(str(project.path))]
    names = [name for name in known if name.startswith(ref)] or [name for name in known if name == project.find(ref).id]
    if len(names) != 1:
        raise BadUse(f'"{ref}" is {"not pinned" if not names else "more than one pin"}', "`nbexp pin` lists what is.")
    return names[0]
