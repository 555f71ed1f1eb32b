"""The tables of the index, and the few ways in which they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from nbexp.records import Record

#: Raised when the tables change; an index of another version is made again.
SCHEMA_VERSION = 3

metadata = sa.MetaData()

record_table = sa.Table(
    "records",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("notebook", sa.Text, nullable=False),
    sa.Column("cell", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("used", sa.Text, nullable=False),  # when it was last made or restored, anywhere
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("outputs", sa.Text, nullable=False),
    sa.Column("signer", sa.Text, nullable=False),
    sa.Column("trusted", sa.Boolean, nullable=False),
    sa.Index("by_time", "used", "id"),
    # of the few that are refused only: an index over all would tempt the planner away from that of the time
    sa.Index("refused", "signer", sqlite_where=sa.text("trusted IS 0")),
)

#: Under which names records were made or restored, and when last: a copy of a notebook restores what another one ran.
use_table = sa.Table(
    "uses",
    metadata,
    sa.Column("notebook", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("used", sa.Text, nullable=False),
    sa.Index("use_of", "id"),
    sqlite_with_rowid=False,
)

#: Which records have a variable of a name.
output_table = sa.Table(
    "outputs",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

stage_table = sa.Table(
    "stages",
    metadata,
    sa.Column("notebook", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
)

#: How far each file of the journal was read.
journal_table = sa.Table(
    "read_to", metadata, sa.Column("file", sa.Text, primary_key=True), sa.Column("offset", sa.Integer, nullable=False)
)

#: Records that the journal announced and that were not there yet.
expected_table = sa.Table(
    "expected",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("since", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record as lists show it.

    Attributes:
        id, key, stage, notebook, cell, created, seconds, author: As in the record.
        size: Bytes of its values; -1 if they were not kept. outputs: Names of its variables, in order.
    """

    id: str
    key: str
    stage: str
    notebook: str
    cell: str
    created: str
    seconds: float
    author: str
    size: int
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, record_id: str, record: Record) -> Row:
        """The row of a record."""
        return cls(
            id=record_id,
            key=record.key.digest,
            stage=record.stage,
            notebook=record.notebook,
            cell=record.cell,
            created=record.created,
            seconds=record.seconds,
            author=record.author,
            size=-1 if record.artifact is None else record.artifact.size,
            outputs=tuple(variable.name for variable in record.variables),
        )


def row_of(found: Any) -> Row:
    """The row that a query found."""
    values = {name: getattr(found, name) for name in Row.__slots__}
    values["outputs"] = _names_in(found.outputs)
    return Row(**values)


def put_records(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write records' columns, which variables they have, and their first use: their own run."""
    outputs = [{"name": name, "id": row["id"]} for row in rows for name in _names_in(row["outputs"])]
    put(connection, record_table, rows)
    put(connection, output_table, outputs)
    names = ("notebook", "stage", "id", "used")
    put_uses(connection, [{name: row[name] for name in names} for row in rows if row["trusted"]])


def put_uses(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write when records were used under which names; the last time counts, in whatever order they come."""
    if rows:
        new = sqlite.insert(use_table)
        latest = sa.func.max(use_table.c.used, new.excluded.used)
        connection.execute(new.on_conflict_do_update(index_elements=use_table.primary_key, set_={"used": latest}), rows)


def _names_in(outputs: str) -> tuple[str, ...]:
    return tuple(name for name in outputs.split("\n") if name)


def put(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Write rows over those with the same key."""
    if rows:
        connection.execute(table.insert().prefix_with("OR REPLACE"), rows)


def delete_record(connection: sa.Connection, record_id: str) -> set[tuple[str, str]]:
    """Leave out a record; the (notebook, stage) pairs under which it was known."""
    uses = connection.execute(sa.select(use_table).where(use_table.c.id == record_id))
    pairs = {(row.notebook, row.stage) for row in uses}
    for table in (record_table, output_table, use_table):
        connection.execute(table.delete().where(table.c.id == record_id))
    return pairs


def count_stages(connection: sa.Connection, touched: set[tuple[str, str]]) -> None:
    """Count the records of these (notebook, stage) pairs anew."""
    for notebook, stage in touched:
        connection.execute(stage_table.delete().where(stage_table.c.notebook == notebook, stage_table.c.stage == stage))
        _insert_stages(connection, use_table.c.notebook == notebook, use_table.c.stage == stage)


def count_all_stages(connection: sa.Connection) -> None:
    """Count the records of every stage anew."""
    connection.execute(stage_table.delete())
    _insert_stages(connection)


def _insert_stages(connection: sa.Connection, *which: Any) -> None:
    of, record = use_table.c, record_table.c
    counted = sa.select(of.notebook, of.stage, sa.func.count(), sa.func.max(record.created))
    joined = counted.join_from(use_table, record_table, of.id == record.id)
    grouped = joined.where(record.trusted.is_(True), *which).group_by(of.notebook, of.stage)
    connection.execute(stage_table.insert().from_select(["notebook", "stage", "records", "created"], grouped))
