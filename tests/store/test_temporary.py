"""Files on their way in, what killed processes leave, and the memory of what was verified."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nbexp.hashing import digest_buffer
from nbexp.platform import stamp
from nbexp.store.blobs import Blobs
from nbexp.store.temporary import FOREIGN_SECONDS, make_folder, space, sweep, write_temporary
from nbexp.store.verified import Verified

DEAD_PID = 2**22 + 1


@pytest.mark.parametrize(
    ("name", "age", "kept"),
    [
        (f"{space()}.{os.getpid()}.1.x", 0, True),
        (f"{space()}.{os.getpid()}.1.x", 10 * FOREIGN_SECONDS, True),
        (f"{space()}.{DEAD_PID}.1.x", 0, False),
        (f"elsewhere.{DEAD_PID}.1.x", 0, True),
        (f"elsewhere.{os.getpid()}.1.x", 2 * FOREIGN_SECONDS, False),
        ("odd", 0, True),
        ("odd", 2 * FOREIGN_SECONDS, False),
    ],
    ids=["ours", "ours-old", "dead", "elsewhere", "elsewhere-old", "odd", "odd-old"],
)
def test_only_what_nobody_writes_any_more_is_swept(tmp_path: Path, name: str, age: float, kept: bool) -> None:
    path = tmp_path / name
    path.write_text("x")
    os.utime(path, (time.time() - age, time.time() - age))
    assert sweep(os.fspath(tmp_path)) == (not kept)
    assert path.exists() == kept


def test_sweeping_nothing_is_fine(tmp_path: Path) -> None:
    assert sweep(os.fspath(tmp_path / "gone")) == 0


def test_a_function_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fail(fd: int) -> None:
        os.write(fd, b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_temporary(os.fspath(tmp_path), "target", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["blobs/ab", f"records/ab/{'ab' * 32}"])
def test_folders_are_made_with_those_above_them(tmp_path: Path, place: str) -> None:
    for _ in range(2):
        make_folder(os.fspath(tmp_path / "store" / place))
        assert (tmp_path / "store" / place).is_dir()


@pytest.mark.parametrize("link", ["records/ab", f"records/ab/{'ab' * 32}"])
def test_links_inside_the_store_are_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / link).parent.mkdir(parents=True)
    (tmp_path / link).symlink_to(tmp_path / "outside")
    with pytest.raises(NotADirectoryError):
        make_folder(os.fspath(tmp_path / f"records/ab/{'ab' * 32}"))
    assert list((tmp_path / "outside").iterdir()) == []


BLOB = digest_buffer(b"content").hex()


def stored(home: Path) -> tuple[Verified, Path]:
    path = home / "blob"
    path.write_bytes(b"content")
    verified = Verified(os.fspath(home))
    verified.add(BLOB, stamp(path.stat()))
    return verified, path


def test_what_was_verified_is_known_to_the_next_process(home: Path) -> None:
    verified, path = stored(home)
    for memory in (verified, Verified(os.fspath(home))):
        assert memory.knows(BLOB, stamp(path.stat()))
        assert not memory.knows("ab" * 32, stamp(path.stat()))


def test_what_was_verified_in_one_store_says_nothing_of_another(home: Path) -> None:
    _, path = stored(home)
    assert not Verified(os.fspath(home / "other")).knows(BLOB, stamp(path.stat()))


@pytest.mark.parametrize("change", ["content", "mtime", "mode", "copy"])
def test_any_change_of_the_file_makes_it_unknown(home: Path, change: str) -> None:
    verified, path = stored(home)
    before = path.stat()
    if change == "content":
        path.write_bytes(b"CONTENT")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "mtime":
        os.utime(path, (1, 1))
    elif change == "mode":
        path.chmod(0o400)
    else:
        (home / "copy").write_bytes(b"content")
        os.replace(home / "copy", path)
    assert not verified.knows(BLOB, stamp(path.stat()))


def test_a_line_cut_short_is_passed_over(home: Path) -> None:
    _, path = stored(home)
    (memory,) = (home / "cache/nbexp/verified").glob("*/*")
    whole = memory.read_bytes()
    for length in range(len(whole)):
        memory.write_bytes(whole[:length])
        again = Verified(os.fspath(home))
        assert not again.knows(BLOB, stamp(path.stat())) or length == len(whole) - 1
        again.add(BLOB, stamp(path.stat()))
        assert Verified(os.fspath(home)).knows(BLOB, stamp(path.stat()))


def test_without_a_cache_folder_blobs_are_checked_each_time(home: Path) -> None:
    (home / "cache").write_text("in the way")
    blobs = Blobs(os.fspath(home), Verified(os.fspath(home)))
    temporary = blobs.prepare(BLOB, b"content")
    assert temporary is not None
    blobs.publish(temporary)
    assert bytes(Blobs(os.fspath(home), Verified(os.fspath(home))).map(BLOB, 7)) == b"content"
