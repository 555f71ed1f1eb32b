"""The last steps of storing, done by the writer thread: make durable, sign, rename. The record becomes visible last."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

from nbexp.errors import Damaged
from nbexp.records import Record
from nbexp.store import heads, journal, records
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
