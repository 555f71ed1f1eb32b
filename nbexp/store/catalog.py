"""The questions that lists ask of the index over a store's records.

The index is an SQLite file that may be deleted at any time and is made again from the records. It is fed by the journal
when it is opened, not when a result is stored, so that no kernel ever loads SQLAlchemy. It is never believed: what it
names is read from its record file, signature and all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from nbexp.store.index import Index
from nbexp.store.seals import Author, claimed
from nbexp.store.tables import Row, output_table, record_table, row_of, stage_table, use_table
from nbexp.store.trust import Keys


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a notebook: how many records it made or restored, and when the last of them was made."""

    notebook: str
    stage: str
    records: int
    created: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who signed records that are not used: who they say they are, their key, and how many records."""

    author: Author
    records: int


class Catalog:
    """All records of one store, as the index has them, up to date when it was opened.

    Args:
        store: The store's folder. keys: Whom to trust.

    Raises:
        StoreError: If the index is in use by another process for too long.

    Attributes:
        index: The file behind it.
    """

    def __init__(self, store: str, keys: Keys) -> None:
        self._keys = keys
        self.index = Index(store, keys)

    def recent(
        self, limit: int = 50, *, skip: int = 0, notebook: str | None = None, stage: str | None = None, output: str = ""
    ) -> list[Row]:
        """The records that are trusted, those made or restored last first.

        Args:
            limit: How many at most, after `skip` of them. notebook, stage: Only those made or restored under these
                names, those last used there first. output: Only with a variable of this name.
        """
        wanted, when = self._usable(), record_table.c.used
        if notebook is not None or stage is not None:
            uses = _uses(notebook, stage)
            wanted, when = wanted.join(uses, uses.c.id == record_table.c.id), uses.c.used
        if output:
            wanted = wanted.where(
                record_table.c.id.in_(sa.select(output_table.c.id).where(output_table.c.name == output))
            )
        return self._rows(wanted.order_by(when.desc(), record_table.c.id.desc()).limit(limit).offset(skip))

    def starting_with(self, prefix: str, limit: int = 10) -> list[Row]:
        """Trusted records whose id begins with `prefix` (hexadecimal), newest first."""
        wanted = self._usable().where(record_table.c.id >= prefix, record_table.c.id < prefix + "g")
        return self._rows(wanted.order_by(record_table.c.created.desc()).limit(limit))

    def stages(self, notebook: str | None = None) -> list[StageRow]:
        """The stages that made or restored records, the most recently stored first."""
        wanted = sa.select(stage_table)
        if notebook is not None:
            wanted = wanted.where(stage_table.c.notebook == notebook)
        with self.index.connect() as connection:
            found = connection.execute(wanted.order_by(stage_table.c.created.desc(), stage_table.c.stage))
            return [StageRow(row.notebook, row.stage, row.records, row.created) for row in found]

    def notebooks(self) -> list[str]:
        """The notebooks that made or restored records, by path."""
        with self.index.connect() as connection:
            found = connection.execute(sa.select(stage_table.c.notebook).distinct().order_by(stage_table.c.notebook))
            return [row.notebook for row in found]

    def count(self) -> int:
        """How many records there are, trusted or not."""
        with self.index.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(record_table)).scalar_one())

    def untrusted(self) -> list[Signer]:
        """Who signed the records that are not used, as these say, the most frequent first."""
        trusted = [author.key for author in self._keys.trusted()]
        of = record_table.c
        wanted = (
            sa.select(of.author, of.signer, sa.func.count().label("number"))
            .where(of.signer != "", sa.or_(of.trusted.is_(False), of.signer.not_in(trusted)))
            .group_by(of.author, of.signer)
            .order_by(sa.desc("number"), of.author)
        )
        with self.index.connect() as connection:
            return [Signer(claimed(row.author, row.signer), row.number) for row in connection.execute(wanted)]

    def _usable(self) -> Any:
        trusted = ["", *(author.key for author in self._keys.trusted())]
        return sa.select(record_table).where(record_table.c.trusted.is_(True), record_table.c.signer.in_(trusted))

    def _rows(self, wanted: Any) -> list[Row]:
        with self.index.connect() as connection:
            return [row_of(found) for found in connection.execute(wanted)]


def _uses(notebook: str | None, stage: str | None) -> Any:
    """Ids of the records used under these names, each once, and when last."""
    of = use_table.c
    wanted = sa.select(of.id, sa.func.max(of.used).label("used"))
    if notebook is not None:
        wanted = wanted.where(of.notebook == notebook)
    if stage is not None:
        wanted = wanted.where(of.stage == stage)
    return wanted.group_by(of.id).subquery()
