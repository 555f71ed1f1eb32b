"""A result on its way into the store: assembled by the thread that commits it, carried out by the writer.

Assembling copies all bytes, so that the notebook may change its values at once. Carrying out makes durable, signs and
renames; the record becomes visible last.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbexp import platform
from nbexp.errors import Damaged, StoreError
from nbexp.records import Artifact, Record, ResultFile
from nbexp.store import heads, journal, records
from nbexp.store.artifacts import put
from nbexp.store.blobs import Blobs
from nbexp.store.temporary import Temporary, discard, publish, sync, write_temporary
from nbexp.store.trust import Keys


@dataclass(frozen=True, slots=True)
class Publication:
    """A record and its blobs, all in memory or in temporary files, on their way into the store.

    Attributes:
        written: Copies of blobs. blobs: Names and sizes of all blobs that the record needs.
    """

    record: Record
    encoded: records.Encoded
    written: tuple[Temporary, ...]
    blobs: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        """The static key under which the record will be found."""
        return self.record.key.digest


def assemble(
    record: Record, graph: Any, buffers: Sequence[Any], files: Mapping[str, Path], blobs: Blobs
) -> Publication:
    """Copy all of a result; nothing is visible yet. What it is made of: see `Store.commit`.

    Raises:
        OSError: A copy cannot be written. StoreError: A result file cannot be read, or the record is no plain data.
            No copy stays then.
    """
    written: list[Temporary] = []
    try:
        results, needed = _copied(files, blobs, written)
        payload, artifact = b"", None
        if graph is not None:
            payload, artifact = _put(graph, buffers, blobs, written, needed)
        record = replace(
            record,
            artifact=artifact,
            files=results,
            author=record.author or platform.author(),
            created=record.created or now(),
        )
        return Publication(record, records.encode(record, payload), tuple(written), tuple(dict.fromkeys(needed)))
    except BaseException:
        discard(written)
        raise


def now() -> str:
    """This moment, as records and the journal write it: ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _copied(
    files: Mapping[str, Path], blobs: Blobs, written: list[Temporary]
) -> tuple[tuple[ResultFile, ...], list[tuple[str, int]]]:
    """Result files as blobs; their copies are added to `written`."""
    results, needed = [], []
    for path, place in files.items():
        try:
            name, size, copy = blobs.prepare_file(place)
        except OSError as error:
            if error.filename != os.fspath(place):
                raise
            raise StoreError(
                f'the result "{place}" cannot be read: {error.strerror}', "The stage is not stored; write it elsewhere."
            ) from error
        written += [copy] if copy else []
        needed.append((name, size))
        results.append(ResultFile(path, name, size))
    return tuple(results), needed


def _put(
    graph: Any, buffers: Sequence[Any], blobs: Blobs, written: list[Temporary], needed: list[tuple[str, int]]
) -> tuple[bytes, Artifact]:
    stored = put(blobs, graph, buffers)
    written += stored.written
    needed += stored.blobs
    return stored.payload, stored.artifact


def carry_out(job: Publication, store: str, blobs: Blobs, keys: Keys) -> None:
    """Publish blobs, then the record, then the stage's heads.

    Raises:
        OSError: If the disk refuses. Damaged: If a blob is not what it should be. Nothing is visible then but whole,
            unreferenced blobs.
    """
    try:
        for temporary in job.written:
            blobs.publish(temporary)
        for name, size in job.blobs:
            if not blobs.sound(name, size):
                raise Damaged(f'blob "{name[:12]}" was removed while it was stored', "Run the stage again to store it.")
        _publish_record(job, store, keys)
    finally:
        discard(job.written)
    _push_heads(job, store)


def _publish_record(job: Publication, store: str, keys: Keys) -> None:
    seal = keys.seal(bytes.fromhex(job.encoded.id), job.record.author)
    target = os.path.join(records.folder(store, job.key), job.encoded.id)
    temporary = write_temporary(os.path.join(store, "tmp"), target, records.frame(job.encoded, seal))
    try:
        sync(temporary)
        journal.append(store, journal.Entry("+", job.key, job.encoded.id))
        publish(temporary)
    except BaseException:
        discard([temporary])
        raise


def _push_heads(job: Publication, store: str) -> None:
    """Put the record in front of its stage's heads; they are hints, so a failure is none of the record's."""
    for identity in heads.identities(job.record.notebook, job.record.stage, job.record.cell):
        with contextlib.suppress(OSError):
            heads.push(store, identity, job.key, job.encoded.id)
