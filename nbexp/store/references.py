"""What a REF names: an id's beginning (4 or more hexadecimal digits), ``last``, ``last~1``, ``NB`` or ``NB:STAGE``.

The index is asked and never believed: each row that it gives is compared with the record that the row names. One that
does not fit has the index made anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nbexp.errors import BadUse, Damaged, StoreError, Untrusted, closest, nearest
from nbexp.store.records import OtherFormat, Stored, is_id

if TYPE_CHECKING:
    from nbexp.store.catalog import Catalog
    from nbexp.store.store import Store
    from nbexp.store.tables import Row

#: How many digits of an id a person sees; four suffice to name it.
ID_DIGITS = 10

#: Names of outputs are offered from so many of the last records.
_SOME = 20

_NOTHING = "Nothing is stored yet; see `nbexp ls`."

_LAST = re.compile(r"last(?:~(\d{1,9}))?", re.ASCII)

_PREFIX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)


def resolve(store: Store, ref: str, output: str = "") -> Stored:
    """The one record that `ref` names, signature checked. Loads SQLAlchemy.

    Args:
        ref: See the module. output: For ``last`` and ``NB``: the newest record that has a variable of this name.

    Raises:
        BadUse: If there is none, naming the closest, or more than one, listing them.
        StoreError: If the index cannot be used.
    """
    return checked(store, lambda catalog: [_find(catalog, ref, output)])[0]


def newest(store: Store, limit: int, notebook: str | None = None) -> list[Stored]:
    """The newest records, newest first, each signature checked.

    Args:
        limit: How many at most. notebook: Only those made or restored in this one.
    """
    return checked(store, lambda catalog: catalog.recent(limit, notebook=notebook))


def starting_with(store: Store, prefix: str) -> list[Stored]:
    """Records whose ids begin with `prefix`, newest first; none if it is not 4 hexadecimal digits or more."""
    return checked(store, lambda catalog: catalog.starting_with(prefix)) if is_prefix(prefix) else []


def is_prefix(ref: str) -> bool:
    """Whether `ref` can be the beginning of an id."""
    return bool(_PREFIX.fullmatch(ref))


def is_last(ref: str) -> bool:
    """Whether `ref` is ``last`` or ``last~N``."""
    return bool(_LAST.fullmatch(ref))


def ambiguous(ref: str, candidates: Sequence[tuple[str, str]]) -> BadUse:
    """The error for a REF that fits several records or runs: (id, what it is) each."""
    listed = "; ".join(f"{name[:ID_DIGITS]} ({what})" for name, what in candidates[:5])
    more = f" and {len(candidates) - 5} more" if len(candidates) > 5 else ""
    return BadUse(f'"{ref}" fits {len(candidates)}: {listed}{more}', "Give more digits.")


def checked(store: Store, ask: Callable[[Catalog], Sequence[Row]]) -> list[Stored]:
    """The records of the rows that `ask` finds.

    A record that is gone is left out of the index, and the index is made anew where a row does not fit its record; then
    it is asked again.

    Raises:
        StoreError: If the index does not fit even when it is new.
    """
    catalog, rebuilt = store.catalog(), False
    while True:
        found, gone, fits = _read(store, ask(catalog))
        if fits and not gone:
            return found
        for record_id in gone:
            catalog.index.forget(record_id)
        if not fits:
            if rebuilt:
                raise StoreError(f'the index of "{store.path}" does not fit its records', "Delete its index.sqlite.")
            catalog.index.rebuild()
            rebuilt = True


def _read(store: Store, rows: Sequence[Row]) -> tuple[list[Stored], list[str], bool]:
    """The rows' records, ids of those that are gone, and whether all others are as their rows say."""
    from nbexp.store.tables import Row

    found, gone = list[Stored](), list[str]()
    for row in rows:
        if not (is_id(row.key) and is_id(row.id)):
            return found, gone, False
        try:
            stored = store.record(row.key, row.id)
        except Damaged as problem:
            store.tell(problem)
            gone.append(row.id)
            continue
        except (Untrusted, OtherFormat):
            return found, gone, False
        if Row.of(stored.id, stored.record) != row:
            return found, gone, False
        found.append(stored)
    return found, gone, True


def _find(catalog: Catalog, ref: str, output: str) -> Row:
    if found := _LAST.fullmatch(ref):
        return _last(catalog, ref, int(found[1] or 0), output)
    if is_prefix(ref) and (rows := catalog.starting_with(ref)):
        return _only(ref, rows)
    notebook, _, stage = ref.partition(":") if ":" in ref else (ref, "", "")
    return _of_notebook(catalog, _notebook(catalog, notebook, ref), stage, output)


def _last(catalog: Catalog, ref: str, skip: int, output: str) -> Row:
    rows = catalog.recent(1, skip=skip, output=output)
    if rows:
        return rows[0]
    if output and not catalog.recent(1, output=output) and (some := catalog.recent(_SOME)):
        raise BadUse(f'no stored result has an output "{output}"', closest(output, _outputs(some)))
    having = f' with an output "{output}"' if output else ""
    raise BadUse(f'"{ref}" names nothing: there are not that many results{having}', "See `nbexp ls`.")


def _outputs(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.outputs))


def _only(ref: str, rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    raise ambiguous(ref, [(row.id, f"{row.notebook}:{row.stage}") for row in rows])


def find_notebook(store: Store, name: str) -> str:
    """The notebook that `name` means, by its path, its file's name, or that without suffix; ``""`` if none has results.

    Raises:
        BadUse: There are results of more than one.
    """
    return _meant(store.catalog().notebooks(), name) or ""


def _notebook(catalog: Catalog, name: str, ref: str) -> str:
    known = catalog.notebooks()
    found = _meant(known, name)
    if found is None:
        raise BadUse(f'"{ref}" names no result', _near(catalog, ref, name, known))
    return found


def _meant(known: Sequence[str], name: str) -> str | None:
    if name in known:
        return name
    short = [path for path in known if name in (PurePosixPath(path).name, PurePosixPath(path).stem)]
    if len(short) > 1:
        raise BadUse(f'"{name}" could be {len(short)} notebooks', f"Give the path: {', '.join(short)}.")
    return short[0] if short else None


def _near(catalog: Catalog, ref: str, name: str, known: Sequence[str]) -> str:
    """What was meant: a notebook, or a stage whose notebook was left out."""
    stages = {row.stage: f"{row.notebook}:{row.stage}" for row in reversed(catalog.stages())}
    names = {word: path for path in reversed(known) for word in (PurePosixPath(path).stem, path)}
    if found := nearest(name, names):
        return _near_stage(catalog, names[found], found, ref.removeprefix(name).removeprefix(":"))
    if found := nearest(ref, stages):
        return f'Did you mean "{stages[found]}"?'
    return closest(name, known, _NOTHING)


def _near_stage(catalog: Catalog, notebook: str, name: str, stage: str) -> str:
    """The notebook, by the name that is close to what was written, and its stage that is, if one was named."""
    known = [row.stage for row in catalog.stages(notebook)]
    meant = stage if stage in known else nearest(stage, known)
    return f'Did you mean "{name}:{meant}"?' if meant else f'Did you mean "{name}"? {closest(stage, known)}'.rstrip()


def _of_notebook(catalog: Catalog, notebook: str, stage: str, output: str) -> Row:
    rows = catalog.recent(1, notebook=notebook, stage=stage or None, output=output)
    if rows:
        return rows[0]
    if stage and not catalog.recent(1, notebook=notebook, stage=stage):
        known = [row.stage for row in catalog.stages(notebook)]
        raise BadUse(f'"{notebook}" has no stored stage "{stage}"', closest(stage, known, _NOTHING))
    where = f"{notebook}:{stage}" if stage else notebook
    outputs = _outputs(catalog.recent(_SOME, notebook=notebook, stage=stage or None))
    raise BadUse(f'no stored result of "{where}" has an output "{output}"', closest(output, outputs, _NOTHING))
