"""The file of the index: opened, brought up to date by the journal, made anew from the records.

It lies in the store, or in the user's cache folder if the store is on a network file system, where SQLite cannot lock,
or cannot be written; in memory where no file can be made.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from nbexp import platform
from nbexp.errors import NbexpError, StoreError, Untrusted
from nbexp.hashing import digest
from nbexp.store import journal, records
from nbexp.store.faults import fault
from nbexp.store.seals import claimed_author
from nbexp.store.tables import (
    SCHEMA_VERSION,
    Row,
    count_all_stages,
    count_stages,
    delete_record,
    expected_table,
    journal_table,
    metadata,
    put,
    put_records,
    put_uses,
    record_table,
)
from nbexp.store.trust import Keys

#: How long a journal line may precede its record.
WAIT_SECONDS = 24 * 3600

_BATCH = 500

_MEMORY = ":memory:"


class Index:
    """The index of one store, up to date when it was opened.

    Args:
        store: The store's folder. keys: Whom to trust.

    Raises:
        StoreError: If it is in use by another process for too long.
    """

    def __init__(self, store: str, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self._path = index_path(store) if os.path.isdir(store) else _MEMORY
        try:
            self._open()
        except DatabaseError as error:
            if "locked" in str(error.orig):
                raise StoreError(f'the index "{self._path}" is in use', "Try again in a moment.") from error
            self.rebuild()

    def connect(self) -> sa.Connection:
        """A connection to ask by."""
        return self._engine.connect()

    def sync(self) -> None:
        """Take in what was stored and removed since the last time, by the journal."""
        with self._engine.begin() as connection:
            known = {row.file: row.offset for row in connection.execute(sa.select(journal_table))}
            touched: set[tuple[str, str]] = set()
            uses: list[journal.Entry] = []
            for name, size in journal.files(self._store):
                start = known.get(name, 0)
                if size != start:
                    entries, end = journal.entries(self._store, name, start if start < size else 0)
                    touched |= self._take(connection, entries)
                    uses += [entry for entry in entries if entry.event == "="]
                    fault("in-index")
                    put(connection, journal_table, [{"file": name, "offset": end}])
            touched |= self._look_again(connection)
            touched |= _note_uses(connection, uses)
            count_stages(connection, touched)

    def rebuild(self) -> None:
        """Make the index anew from the record files, whatever the journal says; in memory if no file can be made.

        It is made beside the old one and renamed, so that of several processes that do this at once each ends with a
        whole index.
        """
        path = self._path
        try:
            if path != _MEMORY:
                self._path = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
            self._connect()
            self._fill()
            if path != _MEMORY:
                platform.remove(f"{path}-journal")  # left by a crash, it would be played back into the new index
                platform.replace(self._path, path)
                self._path = path
                self._connect()
        except (OSError, DatabaseError):
            if self._path not in (path, _MEMORY):
                with contextlib.suppress(OSError):
                    platform.remove(self._path)
            self._path = _MEMORY
            self._connect()
            self._fill()

    def forget(self, record_id: str) -> None:
        """Leave out a record that was found to be gone."""
        with self._engine.begin() as connection:
            count_stages(connection, delete_record(connection, record_id))

    def _fill(self) -> None:
        seen = journal.files(self._store)
        with self._engine.begin() as connection:
            for batch in _batches(records.all_ids(self._store)):
                put_records(connection, [row for key, name in batch if (row := self._values(key, name))])
            for name, _ in seen:
                entries, _ = journal.entries(self._store, name, 0)
                _note_uses(connection, [entry for entry in entries if entry.event == "="])
            put(connection, journal_table, [{"file": name, "offset": size} for name, size in seen])
            count_all_stages(connection)

    def _open(self) -> None:
        if os.path.islink(self._path):
            platform.remove(self._path)
        if not os.path.exists(self._path):
            self.rebuild()
            return
        self._connect()
        self.sync()

    def _connect(self) -> None:
        """A connection for each question: nothing is held between them, nor across a fork."""
        if self._path == _MEMORY:
            self._engine = sa.create_engine("sqlite://")
            # the one connection that is held, for the index lives in it: closed with the catalog
            weakref.finalize(self, self._engine.dispose)
        else:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._engine = sa.create_engine(f"sqlite:///{self._path}", poolclass=NullPool, connect_args={"timeout": 10})
        with self._engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version not in (0, SCHEMA_VERSION):
                raise DatabaseError("PRAGMA user_version", None, ValueError(f"index of version {version}"))
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _take(self, connection: sa.Connection, entries: Iterable[journal.Entry]) -> set[tuple[str, str]]:
        """Follow the journal; the (notebook, stage) pairs it touched."""
        touched: set[tuple[str, str]] = set()
        for batch in _batches(entries):
            rows, missing = [], []
            for entry in batch:
                if entry.event == "-":
                    touched |= delete_record(connection, entry.id)
                elif entry.event == "=":
                    continue
                elif values := self._values(entry.key, entry.id):
                    rows.append(values)
                else:
                    missing.append({"id": entry.id, "key": entry.key, "since": time.time()})
            put_records(connection, rows)
            put(connection, expected_table, missing)
            touched |= {(row["notebook"], row["stage"]) for row in rows}
        return touched

    def _look_again(self, connection: sa.Connection) -> set[tuple[str, str]]:
        """Take in records that came after their journal line, and those of authors trusted since."""
        waiting = list(connection.execute(sa.select(expected_table)))
        trusted = [author.key for author in self._keys.trusted()]
        refused = sa.select(record_table.c.id, record_table.c.key).where(
            record_table.c.trusted.is_(False), record_table.c.signer.in_(trusted)
        )
        again = [(row.key, row.id) for row in (*waiting, *connection.execute(refused))]
        rows = [values for key, name in again if (values := self._values(key, name))]
        put_records(connection, rows)
        old = time.time() - WAIT_SECONDS
        for name in (*(row["id"] for row in rows), *(row.id for row in waiting if row.since < old)):
            connection.execute(expected_table.delete().where(expected_table.c.id == name))
        return {(row["notebook"], row["stage"]) for row in rows}

    def _values(self, key: str, record_id: str) -> dict[str, Any] | None:
        """A record's columns; of an untrusted one nothing but who claims to have made it; None if there is none."""
        path = os.path.join(records.folder(self._store, key), record_id)
        try:
            stored = records.read(path, self._keys)
        except Untrusted:
            return _refused(path, key, record_id)
        except NbexpError:
            return None
        row = Row.of(stored.id, stored.record)
        plain = {name: getattr(row, name) for name in Row.__slots__}
        return plain | {
            "outputs": "\n".join(row.outputs),
            "signer": stored.signer,
            "trusted": True,
            "used": row.created,
        }


def index_path(store: str) -> str:
    """Where the index of a store lies on this machine."""
    if platform.writable(store) and not platform.is_network(store):
        return os.path.join(store, "index.sqlite")
    name = digest("store path", os.path.realpath(store)).hex()[:32]
    return os.path.join(platform.cache_dir(), "index", f"{name}.sqlite")


def _note_uses(connection: sa.Connection, uses: Iterable[journal.Entry]) -> set[tuple[str, str]]:
    """Take in where and when records were restored; the (notebook, stage) pairs it touched."""
    uses = list(uses)
    for use in uses:
        this = (record_table.c.id == use.id, record_table.c.used < use.time)
        connection.execute(record_table.update().where(*this).values(used=use.time))
    put_uses(connection, [{"notebook": u.notebook, "stage": u.stage, "id": u.id, "used": u.time} for u in uses])
    return {(use.notebook, use.stage) for use in uses}


def _refused(path: str, key: str, record_id: str) -> dict[str, Any] | None:
    try:
        author = claimed_author(records.split(path)[2])
    except StoreError:
        return None
    texts = dict.fromkeys(("stage", "notebook", "cell", "created", "used", "outputs"), "")
    empty = {**texts, "seconds": 0.0, "size": 0}
    return empty | {"id": record_id, "key": key, "author": author.name, "signer": author.key, "trusted": False}


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
