"""What a stage was seen to read and do, as typed values."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from nbexp.platform import Stamp, stamp

#: What tells two states of a file apart without reading it. None: not there.
Signature = Stamp | None


@dataclass(frozen=True, slots=True)
class FileUse:
    """A file or folder that the stage touched.

    Attributes:
        path: As the stage named it (seen from the folder in which the stage started).
        resolved: The absolute path at that moment, links not followed.
        signature: The file as it was at the first touch, before the stage could change it.
        digest: Of a folder's names as they were when they were read (`nbexp.snapshot.data.listing_digest`), or what was
            at the path when the stage asked (`nbexp.snapshot.data.status_text`); empty for files, whose content is
            digested afterwards if the signature still holds.
    """

    path: str
    resolved: str
    signature: Signature = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A child process: how it started (``subprocess``, ``fork``, ``spawn``, ``pool``, ``system``) and its command."""

    how: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """A way out of the process: how (``connect``, ``lookup``, ``bind``, ``send``, ``input``, ``pipe``) and where to."""

    how: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a stage read and did, each in order and once.

    Attributes:
        reads: Files opened for reading, missing ones too. listings: folders whose names were read.
        statuses: Paths of which notebook or project code asked whether they are there, and what, and no more than that.
        modules: Folders that were searched for modules.
        writes: Files and folders made, changed, moved or removed, other than results and what is gone again.
        results: Files written through `savefig`, plotly's writers, `to_csv`, `to_parquet`; they exist at the end.
        processes: Child processes. connections: sockets, and other ways out of the process.
        env: Environment variables that notebook or project code read; ``("*",)`` if it took all of them.
        env_changed: Environment variables that the stage set to something else, imports of packages aside.
        unpickled: Module and name of each function and class that was looked up for a pickle.
        sources: Names of cells, as compiled, whose source text notebook or project code read.
        folder_asked: Whether notebook or project code asked for the working directory.
        moved: Whether the working directory changed. paths_changed: whether `sys.path` is not as it was.
        changed: Files that something else changed between the stage's reading and its end: no digest is sure.
        running: Threads and tasks of the notebook that still run.
        problem: Why recording itself failed, or empty; then nothing here is sure.
    """

    reads: tuple[FileUse, ...] = ()
    listings: tuple[FileUse, ...] = ()
    statuses: tuple[FileUse, ...] = ()
    modules: tuple[FileUse, ...] = ()
    writes: tuple[FileUse, ...] = ()
    results: tuple[FileUse, ...] = ()
    processes: tuple[Process, ...] = ()
    connections: tuple[Connection, ...] = ()
    env: tuple[str, ...] = ()
    env_changed: tuple[str, ...] = ()
    unpickled: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    folder_asked: bool = False
    moved: bool = False
    paths_changed: bool = False
    changed: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class Seen:
    """What has been collected so far; keys are resolved paths, so that each file counts once."""

    reads: dict[str, FileUse] = field(default_factory=dict)
    listings: dict[str, FileUse] = field(default_factory=dict)
    statuses: dict[str, FileUse] = field(default_factory=dict)
    modules: dict[str, FileUse] = field(default_factory=dict)
    writes: dict[str, FileUse] = field(default_factory=dict)
    results: dict[str, FileUse] = field(default_factory=dict)
    databases: dict[str, FileUse] = field(default_factory=dict)
    processes: dict[Process, None] = field(default_factory=dict)
    connections: dict[Connection, None] = field(default_factory=dict)
    env: dict[str, None] = field(default_factory=dict)
    env_set: dict[str, str | None] = field(default_factory=dict)
    unpickled: dict[tuple[str, str], None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    folder_asked: bool = False
    problem: str = ""

    def made(self, path: str) -> bool:
        """Whether the stage itself wrote what is at a path."""
        return path in self.writes or path in self.results

    def only_asked(self) -> tuple[FileUse, ...]:
        """The paths of which no more was asked than what is there, and that was not of the stage's own making."""
        more = self.reads.keys() | self.listings.keys()
        return tuple(use for path, use in self.statuses.items() if path not in more and not self.made(path))


def signature(path: str) -> Signature:
    """The file's signature, links followed; None if it is not there or cannot be looked at."""
    try:
        return stamp(os.stat(path))
    except (OSError, ValueError):
        return None
