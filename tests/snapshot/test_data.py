"""Files and folders as dependencies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from nbexp.hashing import digest_buffer
from nbexp.snapshot import data
from nbexp.snapshot.data import DigestCache, file_part, listing_digest, listing_part


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def old(path: str, ago: float = 3600) -> None:
    """Make the file look as if it had been written a while ago."""
    then = data.time.time_ns() - int(ago * 1e9)
    os.utime(path, ns=(then, then))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the test were written a day ago."""
    now = time.time_ns
    monkeypatch.setattr(data, "time", SimpleNamespace(time_ns=lambda: now() + 86400 * 10**9))


def test_content_is_what_counts() -> None:
    Path("a.csv").write_bytes(b"1,2\n")
    part = file_part("a.csv")
    assert (part.kind, part.name, part.text) == ("file", "a.csv", "4 bytes")
    assert part.digest == digest_buffer(b"1,2\n").hex()
    os.utime("a.csv", (1, 1))
    assert file_part("a.csv") == part
    Path("a.csv").write_bytes(b"1,3\n")
    assert file_part("a.csv").digest != part.digest


def test_a_relative_name_is_seen_from_where_the_process_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.csv").write_text("1")
    (folder / "other").mkdir()
    (folder / "other/a.csv").write_text("1")
    here = file_part("a.csv")
    monkeypatch.chdir("other")
    assert file_part("a.csv") == here


ABSENT: list[tuple[str, Callable[[], object]]] = [
    ("missing", lambda: None),
    ("missing", lambda: os.symlink("nowhere", "x")),
    ("missing", lambda: Path("x/y").exists()),
]


@pytest.mark.parametrize(("digest", "prepare"), ABSENT)
def test_absent(digest: str, prepare: Callable[[], object]) -> None:
    prepare()
    assert (file_part("x").digest, file_part("x").text) == (digest, digest)


def test_a_file_in_the_place_of_a_folder_is_missing() -> None:
    Path("x").write_text("1")
    assert file_part("x/y").digest == "missing"
    assert listing_part("x").digest == "missing"


def test_a_folder_is_no_file() -> None:
    Path("x").mkdir()
    assert file_part("x").digest == "unreadable"


@pytest.mark.usefixtures("later")
def test_a_known_file_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.csv").write_text("1")
    cache: DigestCache = {}
    part = file_part("a.csv", cache)
    monkeypatch.setattr(data, "digest_file", lambda path: pytest.fail("read again"))
    assert file_part("a.csv", cache) == part
    assert file_part("./a.csv", cache).digest == part.digest


CHANGES: list[tuple[str, Callable[[], object]]] = [
    ("another size", lambda: Path("a.csv").write_text("12")),
    ("same size, another time", lambda: Path("a.csv").write_text("2")),
    ("another inode", lambda: (Path("b").write_text("2"), old("b", 3600), os.replace("b", "a.csv"))),
    ("the time of change put back", lambda: _keeping_its_time("a.csv", "2")),
]


def _keeping_its_time(path: str, text: str) -> None:
    """What ``cp -p``, ``unzip`` and ``rsync`` do."""
    before = os.stat(path)
    Path(path).write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
@pytest.mark.usefixtures("later")
def test_a_changed_file_is_read_again(change: Callable[[], object]) -> None:
    Path("a.csv").write_text("1")
    old("a.csv")
    cache: DigestCache = {}
    before = file_part("a.csv", cache).digest
    assert cache
    change()
    assert file_part("a.csv", cache).digest != before


def test_a_file_written_just_now_is_not_trusted() -> None:
    """A second write within the clock's step would leave inode, size and time as they are."""
    Path("a.csv").write_text("1")
    stamp = os.stat("a.csv").st_mtime_ns
    cache: DigestCache = {}
    before = file_part("a.csv", cache).digest
    assert cache == {}
    Path("a.csv").write_text("2")
    os.utime("a.csv", ns=(stamp, stamp))
    assert file_part("a.csv", cache).digest != before


def test_a_file_that_looks_old_but_was_written_just_now_is_not_trusted() -> None:
    Path("a.csv").write_text("1")
    old("a.csv")
    cache: DigestCache = {}
    file_part("a.csv", cache)
    assert cache == {}


@pytest.mark.usefixtures("later")
def test_a_file_from_the_future_is_not_trusted() -> None:
    Path("a.csv").write_text("1")
    old("a.csv", -1)
    cache: DigestCache = {}
    file_part("a.csv", cache)
    assert cache == {}


def test_a_file_that_changes_while_it_is_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.csv").write_text("1")
    old("a.csv")
    original, reads = data.digest_file, []

    def disturbed(path: str) -> bytes:
        found = original(path)
        if not reads:
            Path("a.csv").write_text("22")
        reads.append(path)
        return found

    monkeypatch.setattr(data, "digest_file", disturbed)
    assert file_part("a.csv").digest == digest_buffer(b"22").hex()
    assert len(reads) == 2


def test_listing() -> None:
    Path("d").mkdir()
    Path("d/a").write_text("1")
    before = listing_part("d")
    assert (before.kind, before.name) == ("listing", "d")
    Path("d/a").write_text("2")
    assert listing_part("d") == before
    Path("d/b").write_text("")
    assert listing_part("d").digest != before.digest
    assert listing_part("d", before.digest) == before
    os.remove("d/b")
    assert listing_digest(os.path.abspath("d")) == before.digest


def test_names_are_delimited() -> None:
    for folder, names in (("d", ("ab", "c")), ("e", ("a", "bc"))):
        Path(folder).mkdir()
        for name in names:
            Path(folder, name).touch()
    assert listing_part("d").digest != listing_part("e").digest


SIZES = [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (12_500_000, "12.5 MB"), (3 * 10**15, "3000.0 TB")]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_sizes(size: int, text: str) -> None:
    assert data._size_text(size) == text
