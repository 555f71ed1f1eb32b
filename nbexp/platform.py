"""Everything that differs between operating systems: folders, durable writes, memory maps, identities.

No other module asks which system it runs on. What a system lacks (``fcntl``, ``pwd``, ``os.fork``) is optional here:
each function says what it does without.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import mmap
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

#: Errors that mean "this place cannot be written", as against "not now" (a full disk).
READ_ONLY_ERRORS = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

_WINDOWS: bool = sys.platform == "win32"

_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smb2", "smbfs", "9p", "afs", "afpfs", "ceph", "glusterfs", "lustre", "gpfs"}
    | {"beegfs", "orangefs", "pvfs2", "davfs", "ncpfs", "coda", "webdav", "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs"}
    | {"fuse.rclone", "fuse.gcsfuse", "fuse.ceph", "fuse.moosefs", "fuse.juicefs"}
)

_CHUNK_BYTES = 1 << 20

_OPEN_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_OPEN_NEW = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)


# --- folders and identities -------------------------------------------------------------------------------------------


def config_dir() -> Path:
    """The user's folder for keys and trust, outside every project: ``$XDG_CONFIG_HOME/nbexp`` or the system's way."""
    return _user_dir("XDG_CONFIG_HOME", "APPDATA", "Library/Application Support", ".config")


def cache_dir() -> Path:
    """The user's folder on this machine for what can be made again: ``$XDG_CACHE_HOME/nbexp`` or the system's way."""
    return _user_dir("XDG_CACHE_HOME", "LOCALAPPDATA", "Library/Caches", ".cache")


#: Variables that say where these folders and the user's home lie.
FOLDER_VARIABLES = (
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA", "HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
)  # fmt: skip


def _user_dir(variable: str, windows: str, mac: str, other: str) -> Path:
    if os.environ.get(variable):
        return Path(os.environ[variable]) / "nbexp"
    if _WINDOWS and os.environ.get(windows):
        return Path(os.environ[windows]) / "nbexp"
    return Path.home() / (mac if sys.platform == "darwin" else other) / "nbexp"


@cache
def author() -> str:
    """``user@host``: who and where, as records name it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user that has no entry and no $USER
        user = f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"


@cache
def process_space() -> str:
    """Names the space in which process ids mean something: host, boot and, on Linux, pid namespace."""
    boot = _read_text("/proc/sys/kernel/random/boot_id")
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except (OSError, AttributeError):
        namespace = ""
    return f"{socket.gethostname()} {boot} {namespace}"


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def process_alive(pid: int) -> bool:
    """Whether a process of this `process_space` runs; True where that cannot be told."""
    if _WINDOWS:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class ThreadWait:
    """What a thread of this process waits for, asked again and again at little cost.

    Linux says so in ``/proc/self/task/THREAD/syscall`` (proc_pid_syscall(5)): the number of the system call in which
    the thread is blocked and its arguments, or ``running``.

    Args:
        thread: The thread, by `threading.Thread.native_id`.
    """

    def __init__(self, thread: int) -> None:
        try:
            self._fd = os.open(f"/proc/self/task/{thread}/syscall", _OPEN_READ)
        except OSError:
            self._fd = -1

    def on(self, fd: int) -> bool | None:
        """Whether it is blocked in a system call on a descriptor; None where that cannot be told."""
        try:
            words = os.pread(self._fd, 256, 0).split(None, 2)
        except (OSError, AttributeError):  # no such file here, no such thread any more, no such call
            return None
        return len(words) > 1 and words[1] == b"%#x" % fd

    def __del__(self) -> None:
        """The file is held open for as long as this lives."""
        if self._fd >= 0:
            os.close(self._fd)


def kill_self() -> None:
    """End this process at once, with no clean-up of any kind (``kill -9``)."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


def after_fork_in_child(callback: Callable[[], None]) -> None:
    """Call `callback` in every child made by a fork from now on; nothing where processes are not forked."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=callback)


# --- writing ----------------------------------------------------------------------------------------------------------


def create(path: str, mode: int = 0o600) -> int:
    """A descriptor of a new file; `FileExistsError` if the name is taken, by a link too."""
    return os.open(path, _OPEN_NEW, mode)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of `data`, which the system may take in several pieces."""
    view = memoryview(data)
    while view.nbytes:
        view = view[os.write(fd, view) :]


def fsync_directory(path: str) -> None:
    """Make the names in a folder durable; nothing where a folder cannot be opened or synced (Windows, some mounts)."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def replace_file(path: str, content: bytes, mode: int = 0o600, durable: bool = True) -> None:
    """Replace a small file as a whole: written under a temporary name beside it, then renamed.

    Args:
        mode: The permissions of the new file, of which the umask takes its part.
        durable: Whether it must survive a power failure: synced before and after the rename.
    """
    with _replacing(path, mode) as fd:
        write_all(fd, content)
        if durable:
            os.fsync(fd)
    if durable:
        fsync_directory(os.path.dirname(path))


def copy_file(source: str, path: str, mode: int | None = None) -> None:
    """Replace a file as a whole with a copy of another; not durable.

    Args:
        mode: Its permissions; None: those of a file that a program just makes.
    """
    with open(source, "rb", buffering=0) as content, _replacing(path, 0o666) as fd:
        while chunk := content.read(_CHUNK_BYTES):
            write_all(fd, chunk)
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(fd, mode)


@contextlib.contextmanager
def _replacing(path: str, mode: int) -> Iterator[int]:
    """A descriptor whose file becomes `path` when the block ends, and is removed if it fails."""
    temporary = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    fd = create(temporary, mode)
    try:
        try:
            yield fd
        finally:
            os.close(fd)
        replace(temporary, path)
    except BaseException:  # an interrupt too: no temporary file stays
        remove(temporary)
        raise


def replace(source: str, target: str) -> None:
    """Rename over whatever has the name, at once; a write-protected file too."""
    try:
        os.replace(source, target)
    except PermissionError:
        if not _WINDOWS:
            raise
        remove(target)
        os.replace(source, target)


def publish_new(temporary: str, path: str) -> bool:
    """Give a finished file its name if the name is free; the temporary name is gone afterwards.

    Returns:
        False if another process was first: its file stands, ours is dropped.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links: the small race left is between two first uses
        if os.path.lexists(path):
            return False
        os.replace(temporary, path)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    return True


def remove(path: str) -> bool:
    """Remove a file (or a link, never its target), write-protected or not; False if it was not there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except PermissionError:
        if not _WINDOWS:
            raise
        os.chmod(path, stat.S_IWRITE)
        os.unlink(path)
    return True


def make_private_dir(path: str) -> None:
    """A folder that only its owner can enter (0700), made if it is not there."""
    os.makedirs(path, mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and os.stat(path).st_uid == os.getuid() and os.stat(path).st_mode & 0o077:
        os.chmod(path, 0o700)


def is_private(info: os.stat_result) -> bool:
    """Whether nobody but this user can read or change the file; True where files have no such modes."""
    if not hasattr(os, "getuid"):
        return True
    return info.st_uid == os.getuid() and not info.st_mode & 0o077


def writable(path: str) -> bool:
    """Whether files can be made in the folder, or in the nearest one above it that exists."""
    while not os.path.lexists(path):
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)


# --- reading ----------------------------------------------------------------------------------------------------------


#: What tells one state of a file from any later one: inode, size, time of change, and the time of its last change of
#: any kind, which no program can set: it catches a rewrite that puts the time of change back (``cp -p``, ``unzip``).
Stamp = tuple[int, int, int, int]


def stamp(info: os.stat_result) -> Stamp:
    """The state of a file that `info` tells of. On Windows the last of the four is the time it was made."""
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


class NotPlain(OSError):
    """A link, a folder, a pipe or a device stands where a plain file should be."""


def is_gone(error: OSError) -> bool:
    """Whether a file could not be opened because there is none: against "not now" (a failing disk, too many files)."""
    return isinstance(error, (FileNotFoundError, NotADirectoryError, NotPlain)) or error.errno == errno.ELOOP


def open_regular(path: str) -> int:
    """A descriptor for reading a plain file; `NotPlain` for a link, a folder, a pipe or a device."""
    info = os.lstat(path)
    if not stat.S_ISREG(info.st_mode):
        raise NotPlain(errno.EINVAL, "not a plain file", path)
    fd = os.open(path, _OPEN_READ)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotPlain(errno.EINVAL, "not a plain file", path)
    return fd


def map_private(fd: int, size: int) -> memoryview:
    """The open file's bytes, writable, whose changes stay in the view: mapped copy-on-write, or in memory of their own.

    A map outlives the file's name and its descriptor on a local file system. What is small is read, which takes less
    than its map; so is what the system cannot map now. Before Python 3.13 each map holds a descriptor as long as it
    lives: no more than a quarter of those that the process may have are used for maps, what comes later is read.

    Raises:
        OSError: If it can be neither mapped nor read.
    """
    if size >= MAPPED_BYTES and (_MAPS_HOLD_NONE or len(_maps) < _most_maps()):
        with contextlib.suppress(OSError):  # no descriptor is left, no address space, or no maps on this file system
            return memoryview(_mapped(fd, size))
    content = bytearray(size)
    if size and _read_into(fd, content) != size:
        raise OSError(errno.EIO, "the file was cut short while it was read")
    return memoryview(content)


#: Files below this size are read and not mapped.
MAPPED_BYTES = 1 << 20

_MAPS_HOLD_NONE = _WINDOWS or sys.version_info >= (3, 13)

#: Maps that hold a descriptor.
_maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def _mapped(fd: int, size: int) -> mmap.mmap:
    if sys.version_info >= (3, 13) and not _WINDOWS:
        return mmap.mmap(fd, size, access=mmap.ACCESS_COPY, trackfd=False)
    made = mmap.mmap(fd, size, access=mmap.ACCESS_COPY)
    _maps.add(made)
    return made


def _most_maps() -> int:
    """How many maps may hold a descriptor: a quarter of what the process may have."""
    try:
        import resource
    except ImportError:
        return 256
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 16 if limit == resource.RLIM_INFINITY else limit // 4


def _read_into(fd: int, content: bytearray) -> int:
    """Fill `content` from the beginning of the file; how many bytes there were."""
    view, at = memoryview(content), 0
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, "rb", buffering=0, closefd=False) as file:
        while at < len(view) and (count := file.readinto(view[at:])):
            at += count
    return at


def is_network(path: str) -> bool:
    """Whether a folder lies on a network file system, where a mapped file may vanish and SQLite cannot lock."""
    return _network_mount(existing(os.path.realpath(path)))


def existing(path: str) -> str:
    """The nearest folder upwards that is there; `path` itself if it is."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


@cache
def _network_mount(path: str) -> bool:
    if _WINDOWS:
        return _windows_remote(path)
    mounts = _linux_mounts() if sys.platform.startswith("linux") else _listed_mounts()
    inside = [(len(point), kind) for point, kind in mounts if path == point or path.startswith(point.rstrip("/") + "/")]
    return max(inside, default=(0, ""))[1] in _NETWORK_TYPES


def _linux_mounts() -> list[tuple[str, str]]:
    """(mount point, type) of each mount, in order, by ``/proc/self/mountinfo`` (proc(5))."""
    rows = []
    for line in _read_text("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        if right:
            point = left.split()[4].encode("latin-1", "replace").decode("unicode_escape")
            rows.append((point, right.split()[0]))
    return rows


def _listed_mounts() -> list[tuple[str, str]]:
    """(mount point, type) by the ``mount`` command of macOS and the BSDs: ``DEV on POINT (TYPE, ...)``."""
    try:
        listing = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = []
    for line in listing.splitlines():
        head, _, options = line.rpartition(" (")
        rows.append((head.partition(" on ")[2], options.rstrip(")").split(",")[0]))
    return rows


def _windows_remote(path: str) -> bool:
    import ctypes

    drive = os.path.splitdrive(path)[0]
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the attribute exists on Windows only
    return drive.startswith("\\\\") or bool(kernel.GetDriveTypeW(drive + "\\") == 4)
