"""What a REF names: an id's beginning (4 or more hexadecimal digits), ``last``, ``last~1``, ``NB`` or ``NB:STAGE``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from nbexp.errors import BadUse
from nbexp.store.catalog import Catalog, Row

_LAST = re.compile(r"last(?:~(\d{1,9}))?", re.ASCII)

_PREFIX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)


def find(catalog: Catalog, ref: str, output: str = "") -> Row:
    """The one record that `ref` names.

    Args:
        ref: See the module. output: For ``last`` and ``NB``: the newest record that has a variable of this name.

    Raises:
        BadUse: If there is none, naming the closest, or more than one, listing them.
    """
    if found := _LAST.fullmatch(ref):
        return _last(catalog, ref, int(found[1] or 0), output)
    if _PREFIX.fullmatch(ref) and (rows := catalog.starting_with(ref)):
        return _only(ref, rows)
    notebook, _, stage = ref.partition(":") if ":" in ref else (ref, "", "")
    return _of_notebook(catalog, _notebook(catalog, notebook, ref), stage, output)


def _last(catalog: Catalog, ref: str, skip: int, output: str) -> Row:
    rows = catalog.recent(1, skip=skip, output=output)
    if not rows:
        having = f' with an output "{output}"' if output else ""
        raise BadUse(f'"{ref}" names nothing: there are not that many results{having}', "See `nbexp ls`.")
    return rows[0]


def _only(ref: str, rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    listed = ", ".join(f"{row.id[:12]} ({row.notebook}:{row.stage})" for row in rows)
    raise BadUse(f'"{ref}" is the beginning of {len(rows)} ids', f"Give more digits: {listed}.")


def _notebook(catalog: Catalog, name: str, ref: str) -> str:
    known = catalog.notebooks()
    if name in known:
        return name
    short = [path for path in known if name in (PurePosixPath(path).name, PurePosixPath(path).stem)]
    if len(short) == 1:
        return short[0]
    if short:
        raise BadUse(f'"{name}" could be {len(short)} notebooks', f"Give the path: {', '.join(short)}.")
    raise BadUse(f'"{ref}" names no result', _closest(name, [*known, *(PurePosixPath(path).stem for path in known)]))


def _of_notebook(catalog: Catalog, notebook: str, stage: str, output: str) -> Row:
    rows = catalog.recent(1, notebook=notebook, stage=stage or None, output=output)
    if rows:
        return rows[0]
    if stage and not catalog.recent(1, notebook=notebook, stage=stage):
        known = [row.stage for row in catalog.stages(notebook)]
        raise BadUse(f'"{notebook}" has no stored stage "{stage}"', _closest(stage, known))
    where = f"{notebook}:{stage}" if stage else notebook
    outputs = dict.fromkeys(
        name for row in catalog.recent(20, notebook=notebook, stage=stage or None) for name in row.outputs
    )
    raise BadUse(f'no stored result of "{where}" has an output "{output}"', _closest(output, list(outputs)))


def _closest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"There are: {', '.join(known[:10])}." if known else "Nothing is stored yet; see `nbexp ls`."
