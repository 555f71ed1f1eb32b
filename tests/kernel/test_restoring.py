"""Result files written again on a hit: as the stage did, whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from nbexp import platform
from nbexp.hashing import digest_buffer
from nbexp.kernel.restoring import write_result
from nbexp.records import ResultFile

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")

CONTENT = b"pixels" * 1_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The store's copy."""
    path = tmp_path / "blob"
    path.write_bytes(CONTENT)
    path.chmod(0o444)
    return path


def result(path: Path) -> ResultFile:
    return ResultFile(os.fspath(path), digest_buffer(CONTENT).hex(), len(CONTENT))


def test_a_result_is_written_with_its_folders(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "a" / "b" / "x.png"
    write_result(result(target), source)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_what_is_there_already_is_not_written(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "x.png"
    target.write_bytes(CONTENT)
    before = target.stat()
    write_result(result(target), source)
    after = target.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    target.write_bytes(CONTENT[::-1])  # as long, and another content
    write_result(result(target), source)
    assert target.read_bytes() == CONTENT


@posix
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o000])
def test_a_new_file_has_what_the_umask_leaves(tmp_path: Path, source: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_result(result(tmp_path / "x.png"), source)
        (tmp_path / "peer").write_bytes(b"")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("x.png", "peer")}
    assert modes == {0o666 & ~umask}


@posix
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_a_file_keeps_its_permissions_and_a_link_stays(tmp_path: Path, source: Path, mode: int) -> None:
    target, link = tmp_path / "real.png", tmp_path / "x.png"
    target.write_bytes(b"old")
    target.chmod(mode)
    link.symlink_to("real.png")
    write_result(result(link), source)
    assert link.is_symlink() and target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_one_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out" / "x.png"
    target.parent.mkdir()
    target.write_bytes(b"old")

    def refuse(fd: int, data: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(platform, "write_all", refuse)
    with pytest.raises(KeyboardInterrupt):
        write_result(result(target), source)
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]
