"""Audit events sorted into effects: which file, process or connection each means, and whether it counts."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Any

from nbexp.code.origin import origin_of_file
from nbexp.kernel import audit, origins, places
from nbexp.kernel.plugins import modules_digest
from nbexp.kernel.programs import tells_of_machine
from nbexp.kernel.seen import Connection, FileUse, Process, Seen, signature
from nbexp.snapshot.data import listing_digest, status_text
from nbexp.store.writer import in_writer


class Sorter:
    """Collects what one stage is seen to do. Made in the stage's thread, at its start; events come from any thread.

    Args:
        cwd: The folder in which the stage begins.
        ignored: Which paths are no effect.
    """

    def __init__(self, cwd: str, ignored: places.Ignored) -> None:
        self.seen = Seen()
        self.ignored = ignored
        self._cwd = cwd
        self._thread = threading.get_ident()
        self._sorting = threading.local()

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Sort one event; the listener of `nbexp.kernel.audit`."""
        if getattr(self._sorting, "busy", False):  # sorting an event may itself look at files
            return
        self._sorting.busy = True
        try:
            if not in_writer():
                self._sort(event, arguments, sys._getframe(2))
        # An error here would surface as the failure of the user's `open`: the stage goes on and is not stored.
        except Exception as error:  # noqa: BLE001
            self.seen.problem = self.seen.problem or f"{event}: {error!r}"
        finally:
            self._sorting.busy = False

    def _sort(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if event == "open":
            self._opened(arguments[0], arguments[2], frame)
        elif event == audit.ENVIRONMENT:
            self._environment_read(arguments[0], frame)
        elif event == audit.SOURCE:
            self._source_read(arguments[0], frame)
        elif event == audit.STATUS:
            self._status_asked(arguments[0], frame)
        elif event == audit.FOLDER:
            self.seen.folder_asked |= origins.folder_by_project(frame) and not origins.in_installed_import(frame)
        elif event in ("os.putenv", "os.unsetenv"):
            if not origins.in_installed_import(frame):
                name = os.fsdecode(arguments[0])
                self.seen.env_set.setdefault(name, os.environ.get(name))
        elif event in ("os.listdir", "os.scandir"):
            self._listed(arguments[0], frame)
        elif event == "sqlite3.connect":
            self._database(arguments[0], frame)
        elif event == "pickle.find_class":
            if not origins.in_installed_import(frame):
                self.seen.unpickled.setdefault((str(arguments[0]), str(arguments[1])))
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
                self.seen.writes.setdefault(f"{name} in an open folder", FileUse(name, "", (0, 0, 0, 0)))
            elif event != "os.mkdir" or not os.path.lexists(path):
                self._written(path, frame)

    def _read(self, path: Any, frame: FrameType) -> None:
        name, resolved = places.resolve(path, self._cwd)
        if resolved in self.seen.reads or not self._counts(resolved, frame):
            return
        kind = places.kind(resolved)
        if kind in ("file", "missing"):
            self.seen.reads[resolved] = FileUse(name, resolved, signature(resolved))
        elif kind == "other":
            self.seen.connections.setdefault(Connection("pipe", name))

    def _source_read(self, name: Any, frame: FrameType) -> None:
        """Code counts by its meaning; whoever reads its text depends on the file too, even if that is in memory."""
        if not origins.source_by_project(frame) or origins.in_installed_import(frame):
            return
        path, resolved = places.resolve(name, self._cwd)
        if places.kind(resolved) != "file":
            self.seen.sources.setdefault(path)
        elif origin_of_file(resolved).kind == "project" and resolved not in self.seen.writes:
            self.seen.reads.setdefault(resolved, FileUse(path, resolved, signature(resolved)))

    def _listed(self, path: Any, frame: FrameType) -> None:
        if isinstance(path, int):  # an open folder: `open` has told of it, `shutil.rmtree` and `os.fwalk` use it
            return
        name, resolved = places.resolve("." if path is None else path, self._cwd)
        if origins.lists_modules(frame, path):
            self._modules_listed(resolved, frame)
        elif resolved not in self.seen.listings and self._counts(resolved, frame):
            self.seen.listings[resolved] = FileUse(name, resolved, None, listing_digest(resolved))

    def _status_asked(self, path: Any, frame: FrameType) -> None:
        if isinstance(path, int) or not origins.status_by_project(frame):
            return
        name, resolved = places.resolve(path, self._cwd)
        if resolved not in self.seen.statuses and self._counts(resolved, frame):
            self.seen.statuses[resolved] = FileUse(name, resolved, None, status_text(resolved))

    def _modules_listed(self, path: str, frame: FrameType) -> None:
        if self.ignored.read(path) or places.is_own_data(path) or origins.in_installed_import(frame):
            return
        if path not in self.seen.modules:  # found through `sys.path`, which names it absolutely
            self.seen.modules[path] = FileUse(os.path.relpath(path, self._cwd), path, None, modules_digest(path))

    def _counts(self, path: str, frame: FrameType) -> bool:
        """Whether reading `path` from here is a dependency of the stage."""
        if path in self.seen.writes or path in self.seen.results or self.ignored.read(path):
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
        if self.ignored.write(resolved) or origins.in_installed_import(frame):
            return
        known = self.seen.results.get(resolved)
        use = FileUse(name, resolved, known.signature if known else places.entry(resolved))
        if not self._in_result(frame):
            self.seen.writes.setdefault(resolved, use)
        elif fresh and resolved not in self.seen.reads:
            self.seen.results.setdefault(resolved, use)
        elif resolved not in self.seen.results:
            self.seen.writes.setdefault(resolved, use)

    def _database(self, database: Any, frame: FrameType) -> None:
        path = places.database_file(database)
        if path is None or origins.in_installed_import(frame):
            return
        name, resolved = places.resolve(path, self._cwd)
        if self.ignored.write(resolved) or resolved in self.seen.writes:
            return
        for ending in ("", "-wal"):  # the log of changes not yet in the file (https://sqlite.org/wal.html)
            use = FileUse(name + ending, resolved + ending, signature(resolved + ending))
            self.seen.databases.setdefault(use.resolved, use)

    def _process(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if origins.in_installed_import(frame) or self._in_result(frame):
            return
        if event == audit.SEND and origins.notifies_pool(frame):
            return
        process = Process(_PROCESSES[event], _command(event, arguments))
        if "resource_tracker import main" in process.command:  # plumbing of multiprocessing's locks: runs no user code
            return
        if tells_of_machine(process.command) and not origins.by_project(frame):
            return
        known = {one.command for one in self.seen.processes}
        if event != audit.FORK_EXEC or process.command not in known:  # `subprocess` has told of it already
            self.seen.processes.setdefault(process)

    def _connection(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if origins.in_installed_import(frame) or self._in_result(frame):
            return
        how = _CONNECTIONS.get(event, event)
        self.seen.connections.setdefault(Connection(how, _address(event, arguments)))

    def _environment_read(self, key: Any, frame: FrameType) -> None:
        if origins.environment_by_project(frame) and not origins.in_installed_import(frame):
            self.seen.env.setdefault("*" if key is None else os.fsdecode(key))

    def _in_result(self, frame: FrameType) -> bool:
        if origins.in_result_writer(frame):
            return True
        # A writer may work in threads of its own (kaleido): then it stands on the stage's stack meanwhile.
        return threading.get_ident() != self._thread and origins.in_result_writer(origins.stack_of(self._thread))


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
