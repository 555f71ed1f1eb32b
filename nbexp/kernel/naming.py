"""What a stage is called: by its header, else by what it defines; one cell keeps its name in one kernel (D4)."""

from __future__ import annotations

from nbexp.stage.analysis import Analysis
from nbexp.stage.spec import Spec, default_name


class Names:
    """The names given so far in one session."""

    def __init__(self) -> None:
        self._by_cell: dict[str, str] = {}
        self._cell_of: dict[str, str] = {}

    def name(self, spec: Spec, analysis: Analysis, cell: str) -> str:
        """The stage's name.

        Args:
            spec: Its header. analysis: its source. cell: the cell's id, or ``""`` where the front end sends none; then
                cells that define the same cannot be told apart.
        """
        if spec.name:
            return spec.name
        if cell in self._by_cell:
            return self._by_cell[cell]
        label = default_name(analysis)
        if cell:
            label = self._free(label, cell)
            self._by_cell[cell] = label
        return label

    def _free(self, label: str, cell: str) -> str:
        candidate, number = label, 1
        while self._cell_of.setdefault(candidate, cell) != cell:
            number += 1
            candidate = f"{label}-{number}"
        return candidate
