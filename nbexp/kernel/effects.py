"""What a stage does to the world and reads from it, as typed values in the order in which it happened.

`Recorder` listens to `nbexp.kernel.audit` while a stage runs, in every thread. What remains after the rules of
`nbexp.kernel.places` and `nbexp.kernel.origins` is what the stage depends on (files and folders read) and what a hit
could not repeat (files written, processes, connections, the environment).

Not seen: ``os.stat`` and ``os.path.exists``, the clock, ``os.urandom``, files that native libraries open by themselves
unless `nbexp.kernel.native` announces them or they are in `Recorder.start(named=...)`, and whatever a child does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from nbexp.kernel import audit, origins, places
from nbexp.kernel.running import Running
from nbexp.snapshot.data import listing_digest

#: What tells two states of a file apart without reading it: inode, size, time of change in ns. None: not there.
Signature = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class FileUse:
    """A file or folder that the stage touched.

    Attributes:
        path: As the stage named it (seen from the folder in which the stage started).
        resolved: The absolute path at that moment, links not followed.
        signature: The file as it was at the first touch, before the stage could change it.
        digest: Of a folder's names as they were when they were read (`nbexp.snapshot.data.listing_digest`); empty for
            files, whose content is digested afterwards if the signature still holds.
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
        writes: Files and folders made, changed, moved or removed, other than results and what is gone again.
        results: Files written through `savefig`, plotly's writers, `to_csv`, `to_parquet`; they exist at the end.
        processes: Child processes. connections: sockets, and other ways out of the process.
        env: Environment variables that notebook or project code read; ``("*",)`` if it took all of them.
        env_changed: Environment variables that are not as they were. moved: whether the working directory changed.
        paths_changed: whether `sys.path` is not as it was.
        changed: Files that something else changed between the stage's reading and its end: no digest is sure.
        running: Threads and tasks of the notebook that still run.
        problem: Why recording itself failed, or empty; then nothing here is sure.
    """

    reads: tuple[FileUse, ...] = ()
    listings: tuple[FileUse, ...] = ()
    writes: tuple[FileUse, ...] = ()
    results: tuple[FileUse, ...] = ()
    processes: tuple[Process, ...] = ()
    connections: tuple[Connection, ...] = ()
    env: tuple[str, ...] = ()
    env_changed: tuple[str, ...] = ()
    moved: bool = False
    paths_changed: bool = False
    changed: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Seen:
    """What has been collected so far; keys are resolved paths, so that each file counts once."""

    reads: dict[str, FileUse] = field(default_factory=dict)
    listings: dict[str, FileUse] = field(default_factory=dict)
    writes: dict[str, FileUse] = field(default_factory=dict)
    results: dict[str, FileUse] = field(default_factory=dict)
    databases: dict[str, FileUse] = field(default_factory=dict)
    processes: dict[Process, None] = field(default_factory=dict)
    connections: dict[Connection, None] = field(default_factory=dict)
    env: dict[str, None] = field(default_factory=dict)
    problem: str = ""


def signature(path: str) -> Signature:
    """The file's signature, links followed; None if it is not there or cannot be looked at."""
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return None
    return info.st_ino, info.st_size, info.st_mtime_ns


class Recorder:
    """Records the effects of one stage at a time.

    Example:
        >>> recorder = Recorder(own=("/project/.nbexp",))
        >>> recorder.start()
        >>> with open("data.csv") as file:
        ...     text = file.read()
        >>> [use.path for use in recorder.stop().reads]
        ['data.csv']

    Args:
        own: Folders whose files are nbexp's own: the store.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        audit.install()
        self._own = tuple(os.path.abspath(path) for path in own)
        self._active = False
        self._sorting = threading.local()
        self._input = audit.InputWatch()

    @property
    def active(self) -> bool:
        """Whether a stage is being recorded."""
        return self._active

    def start(self, named: Iterable[str] = ()) -> None:
        """Begin to record.

        Args:
            named: Strings in the stage's code and inputs that may be the names of files. One that is the name of a
                file counts as read, or as written if it changed, though no door saw it (native libraries).
        """
        try:
            self._begin(named)
        except BaseException:  # an interrupt too: nothing of ours stays installed
            self.abort()
            raise

    def _begin(self, named: Iterable[str]) -> None:
        self._seen = _Seen()
        self._ignored = places.Ignored.now(self._own)
        self._thread = threading.get_ident()
        self._cwd = places.working_directory()
        self._environment = dict(os.environ._data)  # type: ignore[attr-defined]
        self._sys_path = list(sys.path)
        self._named = [FileUse(name, *places.look(name)) for name in dict.fromkeys(named) if places.is_file_name(name)]
        self._running = Running.now()
        self._active = True
        self._input.__enter__()
        audit.listen(self._on_event)

    def stop(self) -> Effects:
        """End recording and say what the stage did; nothing if it was not started."""
        audit.listen(None)
        if not self._active:
            return Effects()
        self._active = False
        self._input.__exit__()
        return self._summary()

    def abort(self) -> None:
        """End recording without a summary; safe at any moment, also when a start was interrupted."""
        audit.listen(None)
        self._active = False
        self._input.__exit__()

    # --- while the stage runs -----------------------------------------------------------------------------------------

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if getattr(self._sorting, "busy", False):  # sorting an event may itself look at files
            return
        self._sorting.busy = True
        try:
            if not threading.current_thread().name.startswith("nbexp"):
                self._sort(event, arguments, sys._getframe(2))
        # An error here would surface as the failure of the user's `open`: the stage goes on and is not stored.
        except Exception as error:  # noqa: BLE001
            self._seen.problem = self._seen.problem or f"{event}: {error!r}"
        finally:
            self._sorting.busy = False

    def _sort(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if event == "open":
            self._opened(arguments[0], arguments[2], frame)
        elif event == audit.ENVIRONMENT:
            self._environment_read(arguments[0], frame)
        elif event in ("os.listdir", "os.scandir"):
            self._listed(arguments[0], frame)
        elif event == "sqlite3.connect":
            self._database(arguments[0], frame)
        elif event in _FILE_CHANGES:
            self._changed(event, arguments, frame)
        elif event in _PROCESSES:
            self._process(event, arguments, frame)
        else:
            self._connection(event, arguments, frame)

    def _opened(self, path: Any, flags: int | None, frame: FrameType) -> None:
        flags = flags or 0
        if isinstance(path, int):  # a descriptor: whoever opened it was seen, or it is a pipe
            return
        access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
        if access == os.O_RDONLY and not flags & (os.O_CREAT | os.O_TRUNC):
            self._read(path, frame)
        elif not os.path.isdir(path):  # a folder can only be "opened for writing" together with an opener (`tempfile`)
            self._written(path, frame, fresh=bool(flags & (os.O_TRUNC | os.O_EXCL)))

    def _changed(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if origins.removes_tree(frame):  # told of once, by `shutil.rmtree`, with the folder's own path
            return
        for position, folder in _FILE_CHANGES[event]:
            path = arguments[position]
            if folder is not None and arguments[folder] not in (-1, None):
                name = os.fsdecode(path)
                self._seen.writes.setdefault(f"{name} in an open folder", FileUse(name, "", (0, 0, 0)))
            elif event != "os.mkdir" or not os.path.lexists(path):
                self._written(path, frame)

    def _read(self, path: Any, frame: FrameType) -> None:
        name, resolved = places.resolve(path, self._cwd)
        if resolved in self._seen.reads or not self._counts(resolved, frame):
            return
        kind = places.kind(resolved)
        if kind in ("file", "missing"):
            self._seen.reads[resolved] = FileUse(name, resolved, signature(resolved))
        elif kind == "other":
            self._seen.connections.setdefault(Connection("pipe", name))

    def _listed(self, path: Any, frame: FrameType) -> None:
        if isinstance(path, int):  # an open folder: `open` has told of it, `shutil.rmtree` and `os.fwalk` use it
            return
        name, resolved = places.resolve("." if path is None else path, self._cwd)
        if resolved not in self._seen.listings and self._counts(resolved, frame):
            self._seen.listings[resolved] = FileUse(name, resolved, None, listing_digest(resolved))

    def _counts(self, path: str, frame: FrameType) -> bool:
        """Whether reading `path` from here is a dependency of the stage."""
        if path in self._seen.writes or path in self._seen.results or self._ignored.read(path):
            return False
        if origins.reads_source(frame) or origins.removes_tree(frame) or origins.in_installed_import(frame):
            return False
        if self._in_result(frame):
            return False
        return not places.is_own_data(path) or origins.by_project(frame)

    def _written(self, path: Any, frame: FrameType, fresh: bool = False) -> None:
        if isinstance(path, int) or path is None:
            return
        name, resolved = places.resolve(path, self._cwd)
        if self._ignored.write(resolved) or origins.in_installed_import(frame):
            return
        use = FileUse(name, resolved, places.entry(resolved))
        if not self._in_result(frame):
            self._seen.writes.setdefault(resolved, use)
        elif fresh and resolved not in self._seen.reads:
            self._seen.results.setdefault(resolved, use)
        elif resolved not in self._seen.results:
            self._seen.writes.setdefault(resolved, use)

    def _database(self, database: Any, frame: FrameType) -> None:
        path = places.database_file(database)
        if path is None or origins.in_installed_import(frame):
            return
        name, resolved = places.resolve(path, self._cwd)
        if self._ignored.write(resolved) or resolved in self._seen.writes:
            return
        for ending in ("", "-wal"):  # the log of changes not yet in the file (https://sqlite.org/wal.html)
            use = FileUse(name + ending, resolved + ending, signature(resolved + ending))
            self._seen.databases.setdefault(use.resolved, use)

    def _process(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if origins.in_installed_import(frame) or self._in_result(frame):
            return
        if event == audit.SEND and origins.notifies_pool(frame):
            return
        process = Process(_PROCESSES[event], _command(event, arguments))
        if "resource_tracker import main" in process.command:  # plumbing of multiprocessing's locks: runs no user code
            return
        known = {one.command for one in self._seen.processes}
        if event != audit.FORK_EXEC or process.command not in known:  # `subprocess` has told of it already
            self._seen.processes.setdefault(process)

    def _connection(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if origins.in_installed_import(frame) or self._in_result(frame):
            return
        how = _CONNECTIONS.get(event, event)
        self._seen.connections.setdefault(Connection(how, _address(event, arguments)))

    def _environment_read(self, key: Any, frame: FrameType) -> None:
        if origins.environment_by_project(frame) and not origins.in_installed_import(frame):
            self._seen.env.setdefault("*" if key is None else os.fsdecode(key))

    def _in_result(self, frame: FrameType) -> bool:
        if origins.in_result_writer(frame):
            return True
        # A writer may work in threads of its own (kaleido): then it stands on the stage's stack meanwhile.
        return threading.get_ident() != self._thread and origins.in_result_writer(origins.stack_of(self._thread))

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def _summary(self) -> Effects:
        seen = self._seen
        self._settle_unseen()
        results = {path: use for path, use in seen.results.items() if places.kind(path) == "file"}
        writes = {path: use for path, use in seen.writes.items() if path not in results and _lasts(use)}
        writes.update({path: use for path, use in seen.results.items() if path not in results and _lasts(use)})
        for path in results:
            _drop_parents(writes, path)
        reads = [use for path, use in seen.reads.items() if use.signature or not self._made(path)]
        return Effects(
            reads=tuple(reads),
            listings=tuple(use for path, use in seen.listings.items() if not self._made(path)),
            writes=tuple(writes.values()),
            results=tuple(results.values()),
            processes=tuple(seen.processes),
            connections=tuple(seen.connections),
            env=("*",) if "*" in seen.env else tuple(seen.env),
            env_changed=_differences(self._environment, dict(os.environ._data)),  # type: ignore[attr-defined]
            moved=places.working_directory() != self._cwd,
            paths_changed=sys.path != self._sys_path,
            changed=tuple(use.path for use in reads if self._unsure(use)),
            running=self._running.since(),
            problem=seen.problem,
        )

    def _made(self, path: str) -> bool:
        return path in self._seen.writes or path in self._seen.results

    def _unsure(self, use: FileUse) -> bool:
        return use.resolved not in self._seen.writes and signature(use.resolved) != use.signature

    def _settle_unseen(self) -> None:
        """Databases and named files tell by their signature whether they were read or changed."""
        seen = self._seen
        for use in (*seen.databases.values(), *self._named):
            path = use.resolved
            if path in seen.writes or path in seen.results or path in seen.reads or self._ignored.read(path):
                continue
            if signature(path) != use.signature:
                seen.writes[path] = use
            elif use.signature is not None or path in seen.databases:
                seen.reads[path] = use


def _lasts(use: FileUse) -> bool:
    """Whether a write is more than a temporary file: it was there before, or is there now."""
    return use.signature is not None or os.path.lexists(use.resolved)


def _drop_parents(writes: dict[str, FileUse], path: str) -> None:
    """A folder made for a result is part of writing the result."""
    while (parent := os.path.dirname(path)) != path:
        if parent in writes and writes[parent].signature is None:
            del writes[parent]
        path = parent


#: Which arguments of these events are paths that change, and which one is the open folder that they are relative to.
_FILE_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
    "os.setxattr": ((0, None),),
    "os.removexattr": ((0, None),),
    "os.chflags": ((0, None),),
    "shutil.rmtree": ((0, 1),),
}

_PROCESSES = {
    "subprocess.Popen": "subprocess",
    "os.system": "system",
    "os.exec": "exec",
    "os.posix_spawn": "spawn",
    "os.spawn": "spawn",
    "os.startfile": "spawn",
    "os.fork": "fork",
    "os.forkpty": "fork",
    "pty.spawn": "spawn",
    "_winapi.CreateProcess": "spawn",
    "os.kill": "signal",
    "webbrowser.open": "spawn",
    audit.FORK_EXEC: "spawn",
    audit.SEND: "pool",
}

_CONNECTIONS = {
    "socket.connect": "connect",
    "socket.bind": "bind",
    "socket.getaddrinfo": "lookup",
    "socket.gethostbyname": "lookup",
    "socket.gethostbyaddr": "lookup",
    "socket.sendto": "send",
    "socket.sendmsg": "send",
    audit.INPUT: "input",
}

_TEXT_LIMIT = 200


def _command(event: str, arguments: tuple[Any, ...]) -> str:
    """The command in words, shortened: ``sleep 1``."""
    words: Any = ""
    if event == "subprocess.Popen":
        words = arguments[1] if arguments[1] else arguments[0]
    elif arguments and event != "os.kill":
        words = arguments[0] if event != "os.posix_spawn" else arguments[1]
    if isinstance(words, (list, tuple)):
        words = " ".join(_text(word) for word in words)
    return _text(words)[:_TEXT_LIMIT]


def _address(event: str, arguments: tuple[Any, ...]) -> str:
    """``host:port``, a name that was looked up, or the path of a local socket."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", audit.INPUT):
        return _text(arguments[0] if arguments else "")[:_TEXT_LIMIT]
    where = arguments[1] if len(arguments) > 1 else ""
    if isinstance(where, tuple):
        return ":".join(_text(part) for part in where[:2])
    return _text(where)


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes, os.PathLike)) else str(value or "")


def _differences(before: dict[Any, Any], after: dict[Any, Any]) -> tuple[str, ...]:
    if before == after:
        return ()
    names = sorted(set(before) | set(after))
    return tuple(os.fsdecode(name) for name in names if before.get(name) != after.get(name))
