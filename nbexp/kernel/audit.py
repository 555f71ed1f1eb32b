"""The doors through which a process touches the world, watched: one permanent audit hook and what it does not see.

Python's audit events (PEP 578) cover files, folders, processes and sockets. An audit hook can never be removed, so one
is installed once and costs a comparison while nothing listens. What raises no event is wrapped once, in place:
``_posixsubprocess.fork_exec`` (multiprocessing's spawn, loky), the pipe to a child process that already runs, reads of
``os.environ``, ``os.stat`` and its kin, and ``input``. Libraries that open files in native code are announced by
`nbexp.kernel.native`.

A listener gets ``(event, arguments)`` in the thread that causes the event, before the event takes place.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import linecache
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

Listener = Callable[[str, tuple[Any, ...]], None]

#: Events of CPython that tell of an effect or of something read; all others are skipped at once.
WATCHED = frozenset(
    {
        "open", "os.listdir", "os.scandir", "sqlite3.connect", "builtins.input", "os.putenv", "os.unsetenv",
        "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink",
        "os.truncate", "os.utime", "os.setxattr", "os.removexattr", "os.chflags", "shutil.rmtree",
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork",
        "os.forkpty", "pty.spawn", "_winapi.CreateProcess", "os.kill", "webbrowser.open",
        "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr",
        "socket.sendto", "socket.sendmsg", "pickle.find_class",
    }
)  # fmt: skip

#: Events of ours, for what raises none: a process started by `fork_exec`, work sent to a process that runs already, an
#: environment variable read (``None``: all of them).
FORK_EXEC, SEND, ENVIRONMENT, INPUT = "nbexp.fork_exec", "nbexp.send", "nbexp.environment", "builtins.input"
FOLDER = "nbexp.folder"  # the working directory was asked for
SOURCE = "nbexp.source"  # lines of a source were asked for, which may be in memory already
STATUS = "nbexp.status"  # whether something is at a path was asked for

_listener: Listener | None = None
_listeners: tuple[Listener, ...] = ()  # the one above, and those that listen for a while beside it
_installed = False
_lock = threading.Lock()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listeners and event in WATCHED:
        for listener in _listeners:
            listener(event, arguments)


def emit(event: str, *arguments: Any) -> None:
    """Tell whoever listens of something that raises no audit event."""
    for listener in _listeners:
        listener(event, arguments)


def listen(listener: Listener | None) -> None:
    """Send events to `listener` from now on; None stops it. There is at most one such listener."""
    global _listener, _listeners
    beside = tuple(one for one in _listeners if one is not _listener)
    _listener, _listeners = listener, (*beside, *((listener,) if listener is not None else ()))


@contextlib.contextmanager
def also_listening(listener: Listener) -> Iterator[None]:
    """Send events to `listener` too, for this time."""
    global _listeners
    _listeners = (*_listeners, listener)
    try:
        yield
    finally:
        _listeners = tuple(one for one in _listeners if one is not listener)


def listening() -> bool:
    """Whether anybody listens: lets a wrapper skip work that nobody wants."""
    return bool(_listeners)


def install() -> None:
    """Install the hook and the wrappers, once per process; further calls do nothing."""
    global _installed
    with _lock:
        if _installed:
            return
        _installed = True
    sys.addaudithook(_hook)
    _watch_fork_exec()
    _watch_environment()
    _watch_folder()
    _watch_statuses()
    _watch_sources()


def _watch_fork_exec() -> None:
    """Wrap the door that multiprocessing's spawn and loky use: they look it up in the module at each call."""
    try:
        import _posixsubprocess
    except ImportError:  # no POSIX: processes start through `_winapi.CreateProcess`, which raises an event
        return
    original = _posixsubprocess.fork_exec

    @functools.wraps(original)
    def fork_exec(*arguments: Any) -> int:
        emit(FORK_EXEC, arguments[0] if arguments else ())
        return original(*arguments)

    _posixsubprocess.fork_exec = fork_exec


def watch_pipes() -> None:
    """Wrap the pipes to child processes; to be called when ``multiprocessing.connection`` is loaded.

    A pool that an earlier cell started (joblib keeps one) takes work without starting a process.
    """
    connection = sys.modules["multiprocessing.connection"]
    for name in ("Connection", "PipeConnection"):
        kind = getattr(connection, name, None)
        if kind is None or hasattr(kind._send_bytes, "__wrapped__"):
            continue
        kind._send_bytes = _announcing(kind._send_bytes)


def _announcing(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def send_bytes(self: Any, *arguments: Any) -> Any:
        emit(SEND)
        return original(self, *arguments)

    return send_bytes


def _watch_environment() -> None:
    """Wrap reading of ``os.environ`` and ``os.environb``: `get`, `in` and `os.getenv` all end in ``__getitem__``."""
    kind: Any = type(os.environ)
    get, walk, show = kind.__getitem__, kind.__iter__, kind.__repr__

    @functools.wraps(get)
    def getitem(self: Any, key: Any) -> Any:
        if _listeners:
            emit(ENVIRONMENT, key)
        return get(self, key)

    @functools.wraps(walk)
    def iterate(self: Any) -> Any:
        if _listeners:
            emit(ENVIRONMENT, None)
        return walk(self)

    @functools.wraps(show)
    def represent(self: Any) -> Any:
        if _listeners:
            emit(ENVIRONMENT, None)
        return show(self)

    kind.__getitem__, kind.__iter__, kind.__repr__ = getitem, iterate, represent


def _watch_folder() -> None:
    """Wrap ``os.getcwd``, in which `os.path.abspath`, `pathlib.Path.cwd` and their kin end."""
    for name in ("getcwd", "getcwdb"):
        original = getattr(os, name)

        def getcwd(original: Callable[[], Any] = original) -> Any:
            emit(FOLDER)
            return original()

        setattr(os, name, functools.wraps(original)(getcwd))


def _watch_statuses() -> None:
    """Wrap ``os.stat``, ``os.lstat`` and ``os.access``, in which `os.path.exists`, `pathlib.Path.is_file` and their kin
    end."""
    for name in ("stat", "lstat", "access"):
        original = getattr(os, name)

        def asking(path: Any, *arguments: Any, original: Callable[..., Any] = original, **named: Any) -> Any:
            if _listeners and named.get("dir_fd") is None:
                emit(STATUS, path)
            return original(path, *arguments, **named)

        wrapper = functools.wraps(original)(asking)
        wrapper.__module__ = "os"  # where a pickle finds it
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in able:
                able.add(wrapper)
        setattr(os, name, wrapper)


def _watch_sources() -> None:
    """Wrap ``linecache.getlines``, in which `inspect.getsource` and its kin end."""
    original = linecache.getlines

    @functools.wraps(original)
    def getlines(filename: Any, *arguments: Any, **named: Any) -> list[str]:
        emit(SOURCE, filename)
        return original(filename, *arguments, **named)

    linecache.getlines = getlines


class InputWatch:
    """Tells the listener when ``input`` is called, in kernels too, whose `input` is not the built-in one.

    Used as a context: the wrapper stands only inside, and is left alone if somebody put another function over it.
    """

    _original: Callable[..., str] | None = None
    _ask: Callable[..., str] | None = None

    def __enter__(self) -> InputWatch:
        original = builtins.input

        @functools.wraps(original)
        def ask(*arguments: Any, **named: Any) -> str:
            emit(INPUT, *arguments)
            return original(*arguments, **named)

        self._original, self._ask = original, ask
        builtins.input = ask
        return self

    def __exit__(self, *_: object) -> None:
        if self._original is not None and builtins.input is self._ask:
            builtins.input = self._original
