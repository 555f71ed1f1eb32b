"""The door to a store: find what was computed, keep what is new."""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbexp import platform
from nbexp.config import STORE_NAME, Config
from nbexp.errors import Damaged, NbexpError, StoreError, Untrusted
from nbexp.records import FORMAT_VERSION, Record, ResultFile
from nbexp.store import heads, journal, records
from nbexp.store.artifacts import Content, get, put
from nbexp.store.blobs import Blobs
from nbexp.store.fetched import Fetched
from nbexp.store.publication import Publication, carry_out
from nbexp.store.records import OtherFormat, Stored
from nbexp.store.temporary import Temporary, discard, sweep
from nbexp.store.trust import Keys
from nbexp.store.verified import Verified
from nbexp.store.writer import Writer

if TYPE_CHECKING:
    from nbexp.store.catalog import Catalog

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}

#: How many of the records committed here `Store.heads` knows without asking the disk.
MOST_MADE = 200


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
        self._problems: deque[NbexpError] = deque(maxlen=100)
        self._told: set[str] = set()
        self._made: deque[tuple[str, Record]] = deque(maxlen=MOST_MADE)  # newest first, without what they show
        self._swept = False
        self._process = os.getpid()
        self._report = report or self._problems.append
        local = Fetched() if platform.is_network(self._place) else None
        self._blobs = Blobs(self._place, Verified(self._place), local)
        self._writer = Writer(self._carry_out, self._failed)
        self._other_format = self._find_other_format()
        self.read_only = self._find_read_only()

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

    def candidates(self, key: str) -> list[Stored]:
        """The records with this static key, newest first, signatures checked.

        A record of this key that is still on its way into the store is waited for. Damaged records are removed;
        damaged, untrusted and foreign ones are reported, never raised.
        """
        if not self._config.read or self._other_format:
            return []
        self._writer.wait_for(key)
        found = [stored for name in records.ids(self._place, key) if (stored := self._read(key, name)) is not None]
        found.sort(key=lambda stored: (stored.record.created, stored.id), reverse=True)
        return found

    def record(self, key: str, record_id: str) -> Stored:
        """One record by its place.

        Raises:
            Damaged, Untrusted, OtherFormat: As `records.read`; a damaged one is removed first.
            StoreError: If `key` or `record_id` is not a digest, or the record cannot be read now.
        """
        path = records.path_of(self._place, key, record_id)
        try:
            return records.read(path, self.keys)
        except Damaged:
            self._drop(key, record_id)
            raise

    def load(self, stored: Stored) -> Content:
        """The graph, digest-checked, and the buffers of a record's values; each call gives memory of its own.

        Raises:
            Damaged: If something is missing or altered; it is removed, and the record too.
            StoreError: If the record's values were not kept, or cannot be read now.
        """
        if stored.record.artifact is None:
            raise StoreError(f'the values of "{stored.record.stage}" were not kept', "Run the stage again.")
        try:
            return get(self._blobs, stored.record.artifact, stored.payload)
        except Damaged:
            self._drop(stored.record.key.digest, stored.id)
            raise

    def file(self, stored: Stored, file: ResultFile) -> Path:
        """A verified file that holds what the stage wrote to ``file.path``: to be copied, never changed.

        Raises:
            Damaged: As `load`.
        """
        try:
            return self._blobs.file(file.blob, file.size)
        except Damaged:
            self._drop(stored.record.key.digest, stored.id)
            raise

    def heads(self, notebook: str, stage: str, cell: str = "", limit: int = heads.LENGTH) -> list[Record]:
        """The stage's last records, newest first: of its cell, then of its name. Never waits for the disk.

        They explain; nothing is restored from them. Those committed here are known without reading them, and come
        without their messages.

        Args:
            limit: How many at most; each that must be read and checked takes 0.1 ms.
        """
        if self._other_format:
            return []
        found = {name: record for name, record in self._made.copy() if _is_of(record, notebook, stage, cell)}
        for identity in heads.identities(notebook, stage, cell) if len(found) < limit else ():
            for key, name in heads.read(self._place, identity):
                if len(found) >= limit:
                    break
                if name not in found and (stored := self._read(key, name, quiet=True)) is not None:
                    found[name] = stored.record
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
        written: list[Temporary] = []
        try:
            self._prepare()
            job = self._job(record, graph, buffers, files or {}, written)
        except OSError as error:
            discard(written)
            raise self._explained(error) from error
        except BaseException:
            discard(written)
            raise
        self._made.appendleft((job.encoded.id, replace(job.record, messages=())))
        try:
            self._writer.submit(job, hold)
        except BaseException:
            discard(written)
            raise
        if os.getpid() != self._process:  # a forked child may end without the clean-up that drains
            self._writer.drain()
        return job.encoded.id

    def note_used(self, stored: Stored) -> None:
        """A record was restored in its own notebook: it is what ``NB:STAGE`` and ``last`` name from now on.

        Nothing is written if it was so already, nor where nothing can be written.
        """
        record, key = stored.record, stored.record.key.digest
        identities = list(heads.identities(record.notebook, record.stage, record.cell))
        newest = [heads.read(self._place, identity)[:1] for identity in identities]
        if self.read_only or all(rows == [(key, stored.id)] for rows in newest):
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        with contextlib.suppress(OSError):
            journal.append(self._place, journal.Entry("=", key, stored.id, now))
            for identity in identities:
                heads.push(self._place, identity, key, stored.id)

    def resume(self) -> None:
        """Begin with the background's work that was held back. Costs nothing if there is none."""
        self._writer.resume()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all that was committed is durable; False if `timeout` seconds did not suffice."""
        return self._writer.drain(timeout)

    def take_problems(self) -> list[NbexpError]:
        """What went wrong in the background or was found damaged since the last call (see `open`)."""
        problems = []
        while self._problems:
            problems.append(self._problems.popleft())
        return problems

    # --- inside -------------------------------------------------------------------------------------------------------

    def _job(
        self, record: Record, graph: Any, buffers: Sequence[Any], files: Mapping[str, Path], written: list[Temporary]
    ) -> Publication:
        blobs: list[tuple[str, int]] = []
        results = []
        for path, place in files.items():
            name, size, copy = self._copied(place)
            written += [copy] if copy else []
            blobs.append((name, size))
            results.append(ResultFile(path, name, size))
        payload, artifact = b"", None
        if graph is not None:
            stored = put(self._blobs, graph, buffers)
            written += stored.written
            blobs += stored.blobs
            payload, artifact = stored.payload, stored.artifact
        record = replace(
            record,
            artifact=artifact,
            files=tuple(results),
            author=record.author or platform.author(),
            created=record.created or datetime.now(UTC).isoformat(timespec="microseconds"),
        )
        return Publication(record, records.encode(record, payload), tuple(written), tuple(dict.fromkeys(blobs)))

    def _copied(self, place: Path) -> tuple[str, int, Temporary | None]:
        """A result file as a blob: its name, its size, and its copy unless it is stored already."""
        try:
            return self._blobs.prepare_file(place)
        except OSError as error:
            if error.filename != os.fspath(place):
                raise
            raise StoreError(
                f'the result "{place}" cannot be read: {error.strerror}', "The stage is not stored; write it elsewhere."
            ) from error

    def _prepare(self) -> None:
        """Make the store's folder at the first commit, and again if it was deleted meanwhile."""
        mark = os.path.join(self._place, "format")
        if os.path.exists(mark):
            return
        os.makedirs(os.path.join(self._place, "tmp"), exist_ok=True)
        platform.replace_file(os.path.join(self._place, ".gitignore"), b"*\n", mode=0o644, durable=False)
        platform.replace_file(mark, f"{FORMAT_VERSION}\n".encode(), mode=0o644, durable=False)

    def _carry_out(self, job: Publication) -> None:
        if not self._swept:
            self._swept = True
            sweep(os.path.join(self._place, "tmp"))
        carry_out(job, self._place, self._blobs, self.keys)
        self._told.clear()

    def _failed(self, job: Publication, error: Exception) -> None:
        self._unmake(job.encoded.id)
        problem = error if isinstance(error, NbexpError) else self._explained(error)
        self.tell(problem)

    def _unmake(self, record_id: str) -> None:
        """Forget a record committed here that is not stored."""
        kept = [made for made in self._made.copy() if made[0] != record_id]
        self._made = deque(kept, maxlen=MOST_MADE)

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

    def tell(self, problem: NbexpError) -> None:
        """Report a problem; the same one again only after something was stored in between."""
        if str(problem) not in self._told:
            self._told.add(str(problem))
            self._report(problem)

    def _read(self, key: str, record_id: str, quiet: bool = False) -> Stored | None:
        try:
            return self.record(key, record_id)
        except (Damaged, Untrusted, OtherFormat, StoreError) as problem:
            if not quiet:
                self.tell(problem)
            return None

    def _drop(self, key: str, record_id: str) -> None:
        """Remove a record that cannot be used; where nothing can be removed it is met, and passed over, again."""
        self._unmake(record_id)
        with contextlib.suppress(OSError):
            if platform.remove(os.path.join(records.folder(self._place, key), record_id)):
                journal.append(self._place, journal.Entry("-", key, record_id))

    def _find_other_format(self) -> str | None:
        try:
            with open(os.path.join(self._place, "format"), encoding="ascii", errors="replace") as file:
                version = file.read(100).strip()
        except OSError:
            return None
        if version == str(FORMAT_VERSION):
            return None
        return f'the store "{self.path}" has format "{version}", this nbexp uses {FORMAT_VERSION}'

    def _find_read_only(self) -> str | None:
        if self._other_format:
            return self._other_format
        if not self._config.write:
            return "storing is switched off (NBEXP_NO_WRITE, or write = false in pyproject.toml)"
        if not platform.writable(self._place):
            return f'the store "{self.path}" cannot be written'
        return None


def _is_of(record: Record, notebook: str, stage: str, cell: str) -> bool:
    """Whether a record is of the stage of this cell, or of this name."""
    same = (cell and record.cell == cell) or (stage and record.stage == stage)
    return record.notebook == notebook and bool(same)
