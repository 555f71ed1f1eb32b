"""The door to a store: find what was computed, keep what is new."""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbexp import platform
from nbexp.config import STORE_NAME, Config
from nbexp.errors import Damaged, Lost, NbexpError, StoreError
from nbexp.records import Record, ResultFile
from nbexp.store import folder, heads, journal, records
from nbexp.store.artifacts import Content, get
from nbexp.store.blobs import Blobs
from nbexp.store.bounds import note_use, refuse_evicted
from nbexp.store.budget import Budget
from nbexp.store.fetched import Fetched
from nbexp.store.made import Made
from nbexp.store.publication import Publication, assemble, carry_out, now
from nbexp.store.records import Stored
from nbexp.store.temporary import discard, sweep
from nbexp.store.trust import Keys
from nbexp.store.verified import Verified
from nbexp.store.writer import Writer

if TYPE_CHECKING:
    from nbexp.store.catalog import Catalog

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}

#: How many records of one key a lookup reads at most, the newest: what a stage was seen to read may differ in each.
MOST_CANDIDATES = 100


def _nobody(problem: NbexpError) -> None:
    """Told of a problem by those who need not be."""


class Store:
    """The results of one project.

    A store is opened without touching the disk; its folder is made when the first record is committed.

    Attributes:
        path: The folder ``.nbexp``. keys: This user's keys and whom they trust.
        read_only: Why nothing can be stored (one clause for people), or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        config: Config | None = None,
        keys: Keys | None = None,
        report: Callable[[NbexpError], None] | None = None,
    ) -> None:
        self.path = path
        self.keys = keys or Keys()
        self._config = config or Config()
        self._place = os.fspath(path)
        self._problems: deque[NbexpError] = deque()
        self._told: set[str] = set()
        self._made = Made()
        self._swept = False
        self._process = os.getpid()
        self._report = report or self._problems.append
        local = Fetched() if platform.is_network(self._place) else None
        self._blobs = Blobs(self._place, Verified(self._place), local)
        self._budget = Budget(self._place, self._config.budget)
        self._writer = Writer(self._carry_out, self._failed)
        self._other_format = folder.other_format(self._place)
        self.read_only = self._other_format or self._switched_off() or folder.unwritable(self._place)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        config: Config | None = None,
        keys: Keys | None = None,
        report: Callable[[NbexpError], None] | None = None,
    ) -> Store:
        """The store of the project at `root`.

        Args:
            report: Called with each problem that is nobody's exception (a damaged record was removed, the disk is
                full), in whatever thread noticed it; without it they wait for `take_problems`.
        """
        return cls(root / STORE_NAME, config=config, keys=keys, report=report)

    # --- finding ------------------------------------------------------------------------------------------------------

    def candidates(self, key: str, skipped: Callable[[NbexpError], object] = _nobody) -> Iterator[Stored]:
        """The last records with this static key, newest first, each read when it is asked for, its signature checked.

        A record of this key that is still on its way into the store is waited for. Damaged records are removed;
        damaged, untrusted and foreign ones are reported, never raised.

        Args:
            skipped: Told of each record that cannot be used, too: of one that was reported before as well.
        """
        if not self._config.read or self._other_format:
            return
        self._writer.wait_for(key)
        for name in records.newest(self._place, key, MOST_CANDIDATES):
            try:
                yield self.record(key, name)
            except StoreError as problem:
                self.tell(problem)
                skipped(problem)

    def record(self, key: str, record_id: str) -> Stored:
        """One record by its place; one that is on its way there is waited for.

        Raises:
            Damaged, Untrusted, OtherFormat: As `records.read`; a damaged one is removed first.
            StoreError: If `key` or `record_id` is not a digest, or the record cannot be read now.
        """
        path = records.path_of(self._place, key, record_id)
        self._writer.wait_for(key)
        try:
            return records.read(path, self.keys)
        except Damaged:
            self._drop(key, record_id)
            raise

    def load(self, stored: Stored) -> Content:
        """The graph, digest-checked, and the buffers of a record's values; each call gives memory of its own.

        Raises:
            Damaged: If something is missing or altered; it is removed, and the record too.
            Evicted: If the values were given up. StoreError: If they were not kept, or cannot be read now.
        """
        if stored.record.artifact is None:
            raise StoreError(f'the values of "{stored.record.stage}" were not kept', "Run the stage again.")
        refuse_evicted(self._place, stored)
        try:
            return get(self._blobs, stored.record.artifact, stored.payload)
        except Damaged:
            refuse_evicted(self._place, stored)  # given up by another process just now
            self._drop(stored.record.key.digest, stored.id)
            raise

    def file(self, stored: Stored, file: ResultFile) -> Path:
        """A verified file that holds what the stage wrote to ``file.path``: to be copied, never changed.

        Raises:
            Damaged, Evicted: As `load`.
        """
        refuse_evicted(self._place, stored)
        try:
            return self._blobs.file(file.blob, file.size)
        except Damaged:
            refuse_evicted(self._place, stored)
            self._drop(stored.record.key.digest, stored.id)
            raise

    def heads(self, notebook: str, stage: str, cell: str = "", limit: int = heads.LENGTH) -> list[Record]:
        """The stage's last records, newest first: of its cell, then of its name. Never waits for the disk.

        They explain; nothing is restored from them. Those committed here are known without reading them, and come
        as `nbexp.store.made` keeps them.

        Args:
            limit: How many at most; each that must be read and checked takes 0.1 ms.
        """
        if self._other_format:
            return []
        found = self._made.of(notebook, stage, cell, limit)
        for identity in heads.identities(notebook, stage, cell) if len(found) < limit else ():
            for key, name in heads.read(self._place, identity):
                if len(found) >= limit:
                    break
                if name not in found:
                    with contextlib.suppress(StoreError):  # a lookup tells of it
                        found[name] = self.record(key, name).record
        return list(found.values())[:limit]

    def catalog(self) -> Catalog:
        """The index over all records, brought up to date: for lists. Loads SQLAlchemy.

        Raises:
            StoreError: If the store has another format, or another process keeps the index busy.
        """
        from nbexp.store.catalog import Catalog

        if self._other_format:
            raise StoreError(self._other_format, "Use the version of nbexp that wrote it.")
        self._writer.drain()
        return Catalog(self._place, self.keys)

    def find(self, ref: str, output: str = "") -> Stored:
        """The record that a REF names: ``3fa9``, ``last``, ``last~1``, ``NB`` or ``NB:STAGE``. Loads SQLAlchemy.

        Args:
            output: For ``last`` and ``NB``: the newest record that has a variable of this name.

        Raises:
            BadUse: If it names none, or more than one. StoreError: If the index cannot be used.
        """
        from nbexp.store.references import resolve

        return resolve(self, ref, output)

    # --- keeping ------------------------------------------------------------------------------------------------------

    def commit(
        self,
        record: Record,
        graph: Any = None,
        buffers: Sequence[Any] = (),
        files: Mapping[str, Path] | None = None,
        *,
        hold: bool = False,
    ) -> str:
        """Keep a stage's result; its bytes are copied before this returns, the disk's work follows in the background.

        Args:
            record: Without artifact and files, which are filled in here; so are author and time if empty.
            graph: The pickled graph, or None if the values are not kept. buffers: What was taken out of it.
            files: Files written as results: the path as the stage gave it -> where it lies now.
            hold: Leave the background's work until `resume`, or until something waits for it.

        Returns:
            The record's id. It becomes visible to other processes when it is durable; to this one at once.

        Raises:
            StoreError: If nothing can be stored (`read_only`, a full disk); the cell's own result is not touched.
        """
        if self.read_only:
            raise StoreError(self.read_only, "The result is not kept; the cell's own values are untouched.")
        self.keys.own_key()
        try:
            folder.make(self._place)
            job = assemble(record, graph, buffers, files or {}, self._blobs)
        except OSError as error:
            raise self._explained(error) from error
        self._made.add(job.encoded.id, job.record)
        try:
            self._writer.submit(job, hold)
        except BaseException:  # an interrupt while the queue is full
            self._made.forget(job.encoded.id)
            discard(job.written)
            raise
        if os.getpid() != self._process:  # a forked child may end without the clean-up that drains
            self._writer.drain()
        return job.encoded.id

    @property
    def budget(self) -> int:
        """The bytes that values may fill now."""
        return self._budget.limit()

    def note_used(self, stored: Stored, notebook: str, stage: str, cell: str = "") -> None:
        """A record was restored under these names: it is what ``NB:STAGE`` and ``last`` name from now on.

        They need not be the record's own: the notebook may be a copy of the one that ran. Nothing is written if it was
        so already, nor where nothing can be written.
        """
        if not self.read_only:
            note_use(self._place, stored)
        key = stored.record.key.digest
        identities = list(heads.identities(notebook, stage, cell))
        newest = [heads.read(self._place, identity)[:1] for identity in identities]
        if self.read_only or all(rows == [(key, stored.id)] for rows in newest):
            return
        with contextlib.suppress(OSError):
            journal.append(self._place, journal.Entry("=", key, stored.id, now(), notebook, stage, cell))
            for identity in identities:
                heads.push(self._place, identity, key, stored.id)

    def resume(self) -> None:
        """Begin with the background's work that was held back. Costs nothing if there is none."""
        self._writer.resume()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all that was committed is durable; False if `timeout` seconds did not suffice."""
        return self._writer.drain(timeout)

    def close(self) -> None:
        """Wait until all is durable, and end the background's thread. What is committed later starts it again."""
        self._writer.close()

    def take_problems(self) -> list[NbexpError]:
        """What went wrong in the background or was found damaged since the last call (see `open`)."""
        problems = []
        while self._problems:
            problems.append(self._problems.popleft())
        return problems

    def tell(self, problem: NbexpError) -> None:
        """Report a problem; one that is met again and again only once, each result that is lost for itself."""
        if isinstance(problem, Lost) or str(problem) not in self._told:
            self._told.add(str(problem))
            self._report(problem)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _carry_out(self, job: Publication) -> None:
        if not self._swept:
            self._swept = True
            sweep(os.path.join(self._place, "tmp"))
        carry_out(job, self._place, self._blobs, self.keys)
        needed = {name for waiting in self._writer.waiting() for name, _ in waiting.blobs}
        try:
            self._budget.keep_within(job, needed, self.tell)
        except (NbexpError, OSError) as error:  # the result is stored; that nothing could be given up is another matter
            self.tell(error if isinstance(error, NbexpError) else self._explained(error))

    def _failed(self, job: Publication, error: Exception) -> None:
        self._made.forget(job.encoded.id)
        cause = error if isinstance(error, NbexpError) else self._explained(error)
        self.tell(Lost(f'the result of "{job.record.stage}" was not stored: {cause.what}', cause.advice))

    def _explained(self, error: Exception) -> StoreError:
        """The user's view of what the disk refused; a place that cannot be written is not tried again."""
        number = error.errno if isinstance(error, OSError) else None
        if number in _FULL:
            return StoreError(
                f'the disk of the store "{self.path}" is full', "Free some space, or move the store (NBEXP_HOME)."
            )
        if number in platform.READ_ONLY_ERRORS:
            self.read_only = f'the store "{self.path}" cannot be written'
            return StoreError(self.read_only, "Results are used but not kept; check the folder's permissions.")
        return StoreError(f'the store "{self.path}" failed: {error!r}', "The result is not kept; see `nbexp doctor`.")

    def _drop(self, key: str, record_id: str) -> None:
        """Remove a record that cannot be used; where nothing can be removed it is met, and passed over, again."""
        self._made.forget(record_id)
        with contextlib.suppress(OSError):
            if platform.remove(os.path.join(records.folder(self._place, key), record_id)):
                journal.append(self._place, journal.Entry("-", key, record_id))

    def _switched_off(self) -> str | None:
        if self._config.write:
            return None
        return "storing is switched off (--no-write, NBEXP_NO_WRITE or write = false)"
