"""Where commands write: tables and lines for people, or one JSON document."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nbexp.records import spelled
from nbexp.views.tables import Table
from nbexp.views.text import shown

if TYPE_CHECKING:
    from rich.console import Console

#: The version of every command's JSON; raised when a field changes its meaning or goes.
JSON_VERSION = 1

#: Where no terminal says how wide it is, lines are not folded: they are read by other programs.
_FILE_WIDTH = 400

_RIGHT = {"seconds", "bytes", "count"}


def console() -> Console:
    """Standard output, coloured on a terminal only; file names and values are never read as markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _FILE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width, soft_wrap=width is not None)


def print_json(command: str, content: dict[str, Any]) -> None:
    """The whole answer of ``nbexp COMMAND --json``: ``{"schema": "nbexp.COMMAND", "version": 1, ...}``.

    Numbers that JSON does not have are texts: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
    """
    document = {"schema": f"nbexp.{command}", "version": JSON_VERSION, **spelled(content)}
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n")


def print_table(table: Table) -> None:
    """A table for people; columns in which no row has anything are left out."""
    from rich.table import Table as Drawn

    texts = [
        [shown(value, column.form) for column, value in zip(table.columns, row, strict=True)] for row in table.rows
    ]
    used = [i for i in range(len(table.columns)) if any(row[i] for row in texts)]
    drawn = Drawn(box=None, pad_edge=False, header_style="bold")
    for i in used:
        column = table.columns[i]
        drawn.add_column(
            column.name, justify="right" if column.form in _RIGHT else "left", no_wrap=column.form in ("id", "time")
        )
    for row in texts:
        drawn.add_row(*(row[i] for i in used))
    console().print(drawn)


def print_error(what: str, advice: str) -> None:
    """The two lines of an error, on standard error."""
    sys.stderr.write(f"nbexp: {what}\n" + (f"  {advice}\n" if advice else ""))
