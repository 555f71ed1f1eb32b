"""What `nbexp doctor` looks at, one function each: environment, keys, store, records and blobs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbexp import platform
from nbexp._version import __version__
from nbexp.errors import NbexpError
from nbexp.sizes import size
from nbexp.ui.project import Project
from nbexp.views.text import claim, how_to_trust, plural

_PACKAGES = ("ipykernel", "ipython", "papermill", "nbclient", "blake3", "cryptography")

#: The kernel of a notebook that names no other.
_KERNEL = "python3"

#: Below this much free disk a finding says so.
_LOW_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        verdict: ``ok``, ``note`` (worth knowing) or ``bad``.
        subject: What. text: how it is. advice: what to do, if anything.
    """

    verdict: str
    subject: str
    text: str
    advice: str = ""


def diagnose(project: Project, *, deep: bool = False) -> Iterator[Finding]:
    """All findings, each as soon as it is known; `deep` reads every record and every blob."""
    yield _versions()
    yield _kernel()
    yield _keys(project)
    yield _place(project)
    if not project.path.is_dir():
        return
    yield _disk(project)
    yield from _index(project)
    if deep:
        yield from _records(project)
        yield from _blobs(project)


def _versions() -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    parts = [f"Python {sys.version.split()[0]}"]
    for name in _PACKAGES:
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    return Finding("ok", f"nbexp {__version__}", ", ".join(parts))


def _kernel() -> Finding:
    """Notebooks run in the interpreter of their kernel: nbexp must be there, too."""
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager()
    if _KERNEL not in specs.find_kernel_specs():
        return Finding("bad", "kernel", f'there is no kernel "{_KERNEL}"', "pip install ipykernel")
    command = specs.get_kernel_spec(_KERNEL).argv[0]
    if command in ("python", "python3", f"python3.{sys.version_info[1]}"):
        # jupyter_client runs these names with its own interpreter
        return Finding("ok", "kernel", f'"{_KERNEL}" runs this Python')
    found = shutil.which(command)
    if found is None:
        advice = "python -m ipykernel install --user"
        return Finding("bad", "kernel", f'"{_KERNEL}" runs {command}, which does not exist', advice)
    if os.path.realpath(found) == os.path.realpath(sys.executable):
        return Finding("ok", "kernel", f'"{_KERNEL}" runs this Python')
    return Finding("note", "kernel", f'"{_KERNEL}" runs {command}', "nbexp must be installed there, too.")


def _keys(project: Project) -> Finding:
    keys = project.store.keys
    trusted = keys.trusted()
    people = f", {plural(len(trusted), 'author')} trusted" if trusted else ""
    if not (Path(keys.folder) / "key").exists():
        return Finding("ok", "key", f"none yet; the first stage makes one in {keys.folder}{people}")
    try:
        keys.own_key()
    except NbexpError as error:
        return Finding("bad", "key", error.what, error.advice)
    return Finding("ok", "key", f"{keys.folder}{people}")


def _place(project: Project) -> Finding:
    if project.store.read_only:
        return Finding("bad", "store", project.store.read_only, "Nothing new is kept until that changes.")
    if not project.path.is_dir():
        return Finding("ok", "store", f"none yet; it will be {project.path}")
    where = " (a network file system: large values are copied to this machine first)"
    return Finding("ok", "store", f"{project.path}{where if platform.is_network(str(project.path)) else ''}")


def _disk(project: Project) -> Finding:
    used = sum(_size(path) for path in project.path.rglob("*"))
    free = shutil.disk_usage(project.path).free
    text = f"{size(used)} stored, {size(free)} free"
    if free < _LOW_DISK_BYTES:
        return Finding("note", "disk", text, "Free some space, or move the store: NBEXP_HOME names its folder.")
    return Finding("ok", "disk", text)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        # it went away while we looked: another process is at work here
        return 0


def _index(project: Project) -> Iterator[Finding]:
    try:
        catalog = project.store.catalog()
        count, signers = catalog.count(), catalog.untrusted()
    except NbexpError as error:
        yield Finding("bad", "index", error.what, error.advice)
        return
    own = count - sum(signer.records for signer in signers)
    yield Finding("ok", "index", plural(own, "record"))
    for signer in signers:
        yield Finding("note", "untrusted", claim(signer), how_to_trust(signer))


def _records(project: Project) -> Iterator[Finding]:
    """Every record is read, its signature checked; a damaged one is removed."""
    from nbexp.errors import Untrusted
    from nbexp.store import records

    sound = 0
    for shard in _folders(project.path / "records"):
        for folder in _folders(shard):
            for name in records.ids(str(project.path), folder.name):
                try:
                    project.store.record(folder.name, name)
                    sound += 1
                except Untrusted:
                    # counted by the index, with what to do
                    continue
                except NbexpError as error:
                    yield Finding("bad", f"record {name[:12]}", error.what, error.advice)
    yield Finding("ok", "records", f"{plural(sound, 'record')} verified")


def _blobs(project: Project) -> Iterator[Finding]:
    """Every blob is read and compared with its name, whatever was verified before; a damaged one is removed."""
    from nbexp.hashing import digest_file

    sound = count = 0
    for shard in _folders(project.path / "blobs"):
        for path in sorted(shard.iterdir()):
            if digest_file(path).hex() == path.name:
                sound += 1
                count += path.stat().st_size
            else:
                removed = platform.remove(str(path))
                advice = "It is removed; the stage runs again." if removed else ""
                yield Finding("bad", f"blob {path.name[:12]}", "was altered", advice)
    yield Finding("ok", "blobs", f"{plural(sound, 'blob')} verified, {size(count)}")


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir()) if path.is_dir() else []
