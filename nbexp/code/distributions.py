"""What is installed, read from the metadata folders beside the packages (``numpy-2.1.0.dist-info``).

`importlib.metadata` tells the same, but reads all of every distribution to answer one question: too slow for each new
kernel. Here names come from the names of the folders, and files are read for the distributions asked about.
Formats: PyPA specifications "Recording installed projects" and "Core metadata".
"""

from __future__ import annotations

import functools
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: The name of a requirement, before versions, extras and markers.
_REQUIREMENT = re.compile(r"^Requires-Dist: *([A-Za-z0-9][A-Za-z0-9._-]*)(.*)$", re.MULTILINE)
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")
_RECORD_ROOT = re.compile(rb'^"?([^/\n,"]+)', re.MULTILINE)

#: Optional requirements under these words are for working on the package, or repeat all others: no part of running it.
_FOR_DEVELOPERS = re.compile(
    r"test|dev|doc|lint|quality|bench|build|example|tutorial|mypy|typing|types|release|sphinx|coverage|style|format"
    r"|\b(all|full|complete|ci|check|maintain\w*)\b"
)


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution.

    Attributes:
        name: As its metadata says. version: Likewise, ``""`` if it says none.
        requires: Names of what it needs to run, normalized.
        optional: Names of what it uses if it is installed; not what only its developers use.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def normalized(name: str) -> str:
    """The spelling under which names of distributions are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(name: str) -> Distribution | None:
    """The installed distribution called `name`, the first on ``sys.path``; None if there is none."""
    wanted = normalized(name)
    for folder in _search_path():
        metadata = _installed_in(folder).get(wanted)
        if metadata is not None:
            return _read(metadata)
    return None


def owners(folder: str, root: str) -> tuple[Distribution, ...]:
    """The distributions installed in `folder` that brought its top-level module or package `root`."""
    installed = _installed_in(folder)
    namesake = installed.get(normalized(root))
    if namesake is not None and root in _roots(namesake):
        return (_read(namesake),)
    return tuple(_read(metadata) for metadata in sorted(installed.values()) if root in _roots(metadata))


def owns(folder: str, root: str) -> bool:
    """Whether anything installed in `folder` brought its top-level module or package `root`."""
    installed = _installed_in(folder)
    bare = normalized(root).strip("-")
    # To read what all have brought takes long. Those called like it are asked first (pyzmq brought zmq), then the one
    # of which every process loads a module with another name.
    names = sorted(installed, key=lambda name: (name != bare, bare not in name, name != "setuptools"))
    return any(root in _roots(installed[name]) for name in names)


@functools.cache
def site_folders() -> frozenset[str]:
    """Where this Python installs packages."""
    paths = sysconfig.get_paths()
    folders = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return frozenset(folders)


def _search_path() -> Iterator[str]:
    return (os.path.abspath(folder) for folder in dict.fromkeys(sys.path) if not folder.endswith(".zip"))


def _installed_in(folder: str) -> dict[str, str]:
    """The metadata folders in `folder`, by normalized name; read anew when something is installed or removed."""
    try:
        changed = os.stat(folder).st_mtime_ns
    except OSError:  # on sys.path, but not there
        return {}
    return _listing(folder, changed)


@functools.lru_cache(maxsize=256)
def _listing(folder: str, changed: int) -> dict[str, str]:
    found = {}
    try:
        entries = sorted(entry.name for entry in os.scandir(folder))
    except OSError:  # a file, or not readable
        return {}
    for entry in entries:
        stem, _, suffix = entry.rpartition(".")
        # a source folder may hold the .egg-info of an editable install; only to site folders is installed
        if suffix == "dist-info" or (suffix == "egg-info" and folder in site_folders()):
            found[normalized(stem.partition("-")[0])] = os.path.join(folder, entry)
    return found


@functools.cache
def _read(metadata: str) -> Distribution:
    text = _header(metadata)
    fields = dict(re.findall(r"^(Name|Version): *(.*?) *$", text, re.MULTILINE))
    stem = os.path.basename(metadata).rpartition(".")[0].partition("-")
    requires, optional = set(), set()
    for name, rest in _REQUIREMENT.findall(text):
        extras = _EXTRA.findall(rest)
        if not extras:
            requires.add(normalized(name))
        elif not any(_FOR_DEVELOPERS.search(extra) for extra in extras):
            optional.add(normalized(name))
    name, version = fields.get("Name", stem[0]), fields.get("Version", stem[2])
    return Distribution(name, version, tuple(sorted(requires)), tuple(sorted(optional)))


def _header(metadata: str) -> str:
    for place in (metadata, os.path.join(metadata, "METADATA"), os.path.join(metadata, "PKG-INFO")):
        if os.path.isfile(place):
            text = Path(place).read_text(encoding="utf-8", errors="replace")
            return text.partition("\n\n")[0]
    return ""


@functools.cache
def _roots(metadata: str) -> frozenset[str]:
    """The top-level modules and packages that a distribution brought."""
    for name, pattern in (("top_level.txt", rb"^\s*([^/\n]+?)\s*$"), ("RECORD", _RECORD_ROOT)):
        place = os.path.join(metadata, name)
        if os.path.isfile(place):
            found = re.findall(pattern, Path(place).read_bytes(), re.MULTILINE if name != "RECORD" else 0)
            if found:
                return frozenset(entry.decode("utf-8", "replace").partition(".")[0] for entry in set(found))
    return frozenset()
