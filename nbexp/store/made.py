"""Records committed by this process: they explain a miss at once, before any disk has them."""

from __future__ import annotations

from nbexp.records import Record

#: How many are remembered.
MOST = 200


class Made:
    """The last records committed here, as far as they explain: stage, notebook, cell, key and time."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def add(self, record_id: str, record: Record) -> None:
        """Remember a record; the oldest is forgotten if there are too many."""
        self._records.pop(record_id, None)
        self._records[record_id] = Record(
            record.stage, record.notebook, record.cell, record.key, created=record.created
        )
        while len(self._records) > MOST:
            self._records.pop(next(iter(self._records)), None)

    def forget(self, record_id: str) -> None:
        """Leave out a record that is not stored after all, or no longer; from any thread."""
        self._records.pop(record_id, None)

    def of(self, notebook: str, stage: str, cell: str, limit: int) -> dict[str, Record]:
        """By id, the last records of the stage of this cell or of this name, newest first, at most `limit`."""
        found: dict[str, Record] = {}
        for name in reversed(list(self._records)):
            record = self._records.get(name)
            if record is None or record.notebook != notebook:
                continue
            if (cell and record.cell == cell) or (stage and record.stage == stage):
                found[name] = record
                if len(found) == limit:
                    break
        return found
