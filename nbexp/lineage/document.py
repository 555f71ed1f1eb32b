"""The cells of the notebook that runs in a kernel, in the order in which they stand (D1, D2, D3).

A kernel is sent cells, and not told where they stand. The saved notebook tells that: by the ids that front ends send
with the cells, or else by source, where only one cell has it. What it does not know stands where it was first run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbexp.platform import Stamp, stamp


@dataclass(frozen=True, slots=True)
class SavedCell:
    """A code cell of a notebook file; one without an id is named by its place."""

    id: str
    source: str


@dataclass(slots=True)
class _New:
    """A cell that the file does not have: it stands after `after`, ``""`` for the top."""

    after: str
    saves: int


@dataclass(slots=True)
class Document:
    """The order of one notebook's cells.

    Attributes:
        path: The saved notebook; None if there is none: then cells stand in the order in which they first ran.
        order: Ids of the cells, top to bottom.
    """

    path: str | None = None
    order: list[str] = field(default_factory=list)
    _saved: dict[str, SavedCell] = field(default_factory=dict)
    _has_ids: bool = False
    _stamp: Stamp | None = None
    _saves: int = 0
    _new: dict[str, _New] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)
    _last: str = ""
    _unnamed: int = 0
    _knows_ids: bool = False

    def refresh(self) -> bool:
        """Look at the file again, if it has changed; whether cells came, went or moved, or their text is another."""
        found = _stamp_of(self.path)
        if found is None or found == self._stamp:
            return False
        saved = read_cells(self.path or "")
        if saved is None:
            return False
        self._stamp, self._saves = found, self._saves + 1
        cells, self._has_ids = saved
        before = (self.order, self._saved)
        self._saved = {cell.id: cell for cell in cells}
        self._settle()
        return before != (self.order, self._saved)

    def ran(self, cell: str, source: str, stage: str = "") -> str:
        """A cell runs now: the id by which it stands in `order`.

        Args:
            cell: The id that the front end sent, or ``""``. source: As typed. stage: The name in its header, or ``""``.
        """
        known = cell if cell in self._saved else self._aliases.get(cell, cell) if cell else ""
        self._knows_ids |= known == cell != "" and cell in self._saved
        if known not in self._saved and known not in self._new:
            found = "" if cell and self._knows_ids else self._by_source(source)  # a copy has the source of another
            known = found or cell or (f"stage {stage}" if stage else "")
            if not known:
                self._unnamed += 1
                known = f"run {self._unnamed}"
            if cell:
                self._aliases[cell] = known
        if known not in self._saved and known not in self._new:
            new = _New(self._last if self._saved else (self.order[-1] if self.order else ""), self._saves)
            self._new[known] = new
            if self.order and new.after == self.order[-1]:
                self.order.append(known)
            else:
                self._settle()
        self._last = known
        return known

    @property
    def saves(self) -> int:
        """How often the file was seen anew."""
        return self._saves

    def source(self, cell: str) -> str | None:
        """The text of a cell as it was last saved; None if it was not."""
        saved = self._saved.get(cell)
        return saved.source if saved is not None else None

    def _by_source(self, source: str) -> str:
        """The one saved cell that has this source."""
        wanted = source.strip()
        found = [cell.id for cell in self._saved.values() if cell.source.strip() == wanted]
        return found[0] if len(found) == 1 and wanted else ""

    def _settle(self) -> None:
        """Put cells that the file lacks where they belong, without those that were there when it was saved since."""
        for name, new in list(self._new.items()):
            if name in self._saved or (self._has_ids and new.saves < self._saves):
                del self._new[name]
        order = list(self._saved)
        for name, new in self._new.items():
            order.insert(order.index(new.after) + 1 if new.after in order else 0, name)
        self.order = order


def read_cells(path: str) -> tuple[list[SavedCell], bool] | None:
    """The code cells of a notebook file that are not empty, and whether the file has ids; None if it is none now."""
    try:
        with open(path, encoding="utf-8") as file:
            notebook = json.load(file)
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        texts = [_text(cell["source"]) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):  # being written, or an older format: as if there were none
        return None
    ids = [str(cell.get("id") or "") for cell in cells]
    counts = Counter(ids)
    complete = all(ids) and counts.most_common(1)[0][1] == 1 if ids else True
    names = ids if complete else [f"cell-{place}" for place in range(len(cells))]
    return [SavedCell(name, text) for name, text in zip(names, texts, strict=True) if text.strip()], complete


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _stamp_of(path: str | None) -> Stamp | None:
    if path is None:
        return None
    try:
        return stamp(os.stat(path))
    except OSError:
        return None
