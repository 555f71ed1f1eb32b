"""Paths: how a stage named them, what they are, and which of them are no effect."""

from __future__ import annotations

import functools
import os
import stat
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from nbexp import platform

#: Folders of the system that tell of the machine, not of data.
_SYSTEM = ("/proc", "/sys", "/dev")

#: Folders below the user's cache folder that hold compiled code, fonts and indexes: reading them is no dependency.
_COMPILED = frozenset(
    {
        "matplotlib", "fontconfig", "numba", "torch_extensions", "torchinductor", "triton", "pip", "uv", "jedi",
        "parso", "pytensor", "mesa_shader_cache",
    }
)  # fmt: skip

_MARKS = frozenset({"__pycache__", ".ipynb_checkpoints", ".ipython"})

#: How joblib names the folder through which it hands arrays to its workers; it stays until the process ends.
_JOBLIB = "joblib_memmapping_folder_"

#: The longest string that is tried as the name of a file.
_LONGEST_NAME = 1024


def working_directory() -> str:
    """The current folder; empty if it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def resolve(path: Any, start: str) -> tuple[str, str]:
    """How the stage named a path, and the absolute path.

    Args:
        path: Text, bytes or path-like, as given to `open`.
        start: The folder in which the stage began. A relative path used elsewhere (after `os.chdir`) is named as seen
            from there.
    """
    name = os.fsdecode(path)
    if os.path.isabs(name):
        return name, os.path.normpath(name)
    here = working_directory()
    resolved = os.path.normpath(os.path.join(here, name))
    return (name if here == start else os.path.relpath(resolved, start)), resolved


def look(name: str) -> tuple[str, platform.Stamp]:
    """The absolute path and the signature of a file."""
    return os.path.abspath(name), platform.stamp(os.stat(name))


def entry(path: str) -> platform.Stamp | None:
    """The signature of a name itself, a link not followed; None if there is none."""
    try:
        return platform.stamp(os.lstat(path))
    except (OSError, ValueError):
        return None


def kind(path: str) -> str:
    """``file``, ``folder``, ``missing`` or ``other`` (a pipe, a socket, a device), links followed."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return "missing"
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def is_file_name(text: str) -> bool:
    """Whether a string is the name of a file that is there now."""
    if not text or len(text) > _LONGEST_NAME or "\n" in text or "\0" in text:
        return False
    return kind(text) == "file"


def database_file(database: Any) -> str | None:
    """The file of an SQLite database; None if it lies in memory or is temporary.

    Args:
        database: What was given to ``sqlite3.connect``, ``file:`` URIs (https://sqlite.org/uri.html) included.
    """
    name = os.fsdecode(database)
    if name.startswith("file:"):
        parts = urlsplit(name)
        if parse_qs(parts.query).get("mode") == ["memory"]:
            return None
        name = unquote(parts.path)
    return None if name in ("", ":memory:") else name


@dataclass(frozen=True, slots=True)
class Ignored:
    """Which paths are no effect of a stage, as things stand when it begins.

    Attributes:
        own: nbexp's folders and the shell's history. caches: folders of the libraries' caches; the last one is the
            beginning of a name. user_cache: The user's cache folder.
    """

    own: tuple[str, ...]
    caches: tuple[str, ...]
    user_cache: str

    @classmethod
    def now(cls, own: Iterable[str], start: str) -> Ignored:
        """The rules for the process as it is now: the environment says where caches lie.

        Args:
            start: The working directory.
        """
        return _ignored(tuple(own), start, tempfile.gettempdir(), tuple(map(os.environ.get, _FOLDER_VARIABLES)))

    def write(self, path: str) -> bool:
        """Whether writing there is no effect: caches, the system's folders, nbexp's own."""
        return self.read(path) or _inside(path, self.user_cache)

    def read(self, path: str) -> bool:
        """Whether reading there is no dependency. Models and data in the user's cache folder are dependencies."""
        if any(_inside(path, folder) for folder in (*_SYSTEM, *self.own)) and not _inside(path, "/dev/shm"):
            return True
        if any(_inside(path, folder) for folder in self.caches[:-1]) or path.startswith(self.caches[-1]):
            return True
        if _inside(path, self.user_cache):
            return path[len(self.user_cache) :].lstrip(os.sep).split(os.sep, 1)[0] in _COMPILED
        if path.endswith((".pyc", ".nbi", ".nbc")) or f"{os.sep}{_JOBLIB}" in path:
            return True
        return not _MARKS.isdisjoint(path.split(os.sep))


#: All that `_ignored` asks the environment for.
_FOLDER_VARIABLES = (
    *platform.FOLDER_VARIABLES, "IPYTHONDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "TRITON_CACHE_DIR",
    "PYTHONPYCACHEPREFIX", "TORCHINDUCTOR_CACHE_DIR",
)  # fmt: skip


@functools.lru_cache(16)
def _ignored(own: tuple[str, ...], start: str, temporary: str, variables: tuple[str | None, ...]) -> Ignored:
    """The rules in this working directory with these values of `_FOLDER_VARIABLES`."""
    get = dict(zip(_FOLDER_VARIABLES, variables, strict=True)).get
    home = os.path.expanduser("~")
    ipython = get("IPYTHONDIR") or os.path.join(home, ".ipython")
    named = [get(name) for name in ("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "TRITON_CACHE_DIR", "PYTHONPYCACHEPREFIX")]
    inductor = get("TORCHINDUCTOR_CACHE_DIR") or os.path.join(temporary, "torchinductor_")
    config = os.path.join(get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "matplotlib")
    caches = [os.path.abspath(path) for path in (*named, config, os.path.join(home, ".triton")) if path]
    user_cache = os.path.abspath(platform.cache_dir().parent)
    return Ignored((*own, os.path.abspath(ipython)), (*caches, inductor), user_cache)


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder) and (len(path) == len(folder) or path[len(folder)] == os.sep)


@functools.cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {os.path.normpath(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(folders)


def is_own_data(path: str) -> bool:
    """Whether the file belongs to an installed package: its version stands for it if the package itself reads it."""
    return any(_inside(path, folder) for folder in _library_folders())
