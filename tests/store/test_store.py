"""The door to a store: what was committed is found, whatever else happens nothing wrong is."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbexp import platform
from nbexp.config import Config
from nbexp.errors import Damaged, StoreError, Untrusted
from nbexp.records import FORMAT_VERSION, Artifact, Span
from nbexp.store import Keys, OtherFormat, Store, blobs, fetched, made, records
from nbexp.store import store as store_module
from nbexp.store.verified import Verified
from tests.store.conftest import Canary, key_of, make_record

as_root = hasattr(os, "getuid") and os.getuid() == 0


def dumped(value: Any) -> tuple[bytes, list[pickle.PickleBuffer]]:
    buffers: list[pickle.PickleBuffer] = []
    return pickle.dumps(value, 5, buffer_callback=buffers.append), buffers


def commit(store: Store, value: Any, key: str = "k", **fields: Any) -> str:
    graph, buffers = dumped(value)
    return store.commit(make_record(key, **fields), graph, buffers)


def restored(store: Store, key: str = "k") -> Any:
    content = store.load(next(store.candidates(key_of(key))))
    return pickle.loads(content.graph, buffers=content.buffers)


VALUES = {
    "nothing": None,
    "small": {"a": 1, "b": np.arange(10)},
    "large buffer": np.arange(200_000, dtype="f8"),
    "large and small": [np.arange(200_000, dtype="f8"), np.arange(3), np.zeros(0), np.ones(30_000)],
    "large graph": {str(n): n for n in range(20_000)},
    "large graph, packed buffers": [{str(n): n for n in range(20_000)}, np.arange(10), np.arange(20)],
    "only empty buffers, large graph": [list(range(70_000)), np.zeros(0), np.zeros(0)],
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back(store: Store, name: str) -> None:
    commit(store, VALUES[name])
    np.testing.assert_equal(restored(store), VALUES[name])
    assert store.take_problems() == []


def test_a_value_comes_back_in_another_process(store: Store, elsewhere: Callable[..., Any]) -> None:
    commit(store, VALUES["large and small"])
    store.drain()
    done = elsewhere("""
import pickle
content = store.load(next(store.candidates(key_of("k"))))
print(sum(array.sum() for array in pickle.loads(content.graph, buffers=content.buffers)))
""")
    assert float(done.stdout) == sum(array.sum() for array in VALUES["large and small"]), done.stderr


@pytest.mark.parametrize("name", ["small", "large and small"])
def test_writing_to_a_restored_value_changes_nothing_else(store: Store, name: str) -> None:
    commit(store, VALUES[name])
    first = restored(store)
    for array in first.values() if isinstance(first, dict) else first:
        if isinstance(array, np.ndarray):
            array[...] = -1
    np.testing.assert_equal(restored(store), VALUES[name])


def test_what_changes_after_commit_is_not_stored(store: Store) -> None:
    value = {"large": np.arange(200_000.0), "small": np.arange(10.0)}
    commit(store, value)
    value["large"][:] = 0
    value["small"][:] = 0
    np.testing.assert_equal(restored(store), {"large": np.arange(200_000.0), "small": np.arange(10.0)})


def test_the_record_comes_back_with_who_and_when(store: Store) -> None:
    record_id = commit(store, 1)
    found = next(store.candidates(key_of("k")))
    assert found.id == record_id
    assert found.record.author == platform.author()
    assert found.record.created
    assert found.author == ""
    made = make_record("k")
    assert (found.record.key, found.record.messages) == (made.key, made.messages)


def test_candidates_are_newest_first_and_read_when_they_are_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [commit(store, number) for number in range(5)]
    store.drain()
    read: list[str] = []

    def counting(path: str, keys: Keys) -> records.Stored:
        read.append(os.path.basename(path))
        return original(path, keys)

    original = records.read
    monkeypatch.setattr(records, "read", counting)
    candidates = store.candidates(key_of("k"))
    assert read == []
    assert next(candidates).id == ids[4]
    assert read == [ids[4]]
    assert [stored.id for stored in candidates] == ids[3::-1]


def test_a_lookup_reads_so_many_candidates_at_most(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_CANDIDATES", 3)
    ids = [commit(store, number) for number in range(5)]
    assert [stored.id for stored in store.candidates(key_of("k"))] == ids[:1:-1]


def test_what_a_lookup_passes_over_is_told_each_time_it_asks(store: Store, tmp_path: Path) -> None:
    plant(store, None, Keys(tmp_path / "mallory"))
    for _ in range(2):
        skipped: list[Any] = []
        assert list(store.candidates(key_of("k"), skipped.append)) == []
        assert [type(problem) for problem in skipped] == [Untrusted]
    assert [type(problem) for problem in store.take_problems()] == [Untrusted]


def test_a_record_without_values_says_so(store: Store) -> None:
    store.commit(make_record())
    with pytest.raises(StoreError, match="were not kept"):
        store.load(next(store.candidates(key_of("k"))))


def test_equal_buffers_are_stored_once(store: Store, root: Path) -> None:
    for key in "ab":
        commit(store, [key, np.arange(200_000.0)], key)
    store.drain()
    assert len(list((root / ".nbexp/blobs").glob("*/*"))) == 1


def test_the_folder_is_made_at_the_first_commit_only(store: Store, root: Path, home: Path) -> None:
    assert list(store.candidates(key_of("k"))) == []
    assert store.heads("a.ipynb", "train") == []
    assert list(root.iterdir()) == []
    assert not (home / "config").exists()
    commit(store, 1)
    assert (root / ".nbexp/.gitignore").read_text() == "*\n"


def test_nothing_temporary_stays(store: Store, root: Path) -> None:
    commit(store, VALUES["large and small"])
    store.drain()
    assert list((root / ".nbexp/tmp").iterdir()) == []


def test_stored_files_cannot_be_written(store: Store, root: Path) -> None:
    commit(store, VALUES["large buffer"])
    store.drain()
    kept = [path for path in (root / ".nbexp").glob("*/*/**/*") if path.is_file() and "heads" not in path.parts]
    assert len(kept) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o444}


def test_a_deleted_store_is_made_anew(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    shutil.rmtree(root / ".nbexp")
    assert list(store.candidates(key_of("k"))) == []
    commit(store, VALUES["large buffer"])
    np.testing.assert_equal(restored(store), VALUES["large buffer"])
    assert (root / ".nbexp/.gitignore").exists()


def test_result_files_are_kept(store: Store, tmp_path: Path) -> None:
    figure = tmp_path / "figure.png"
    figure.write_bytes(b"pixels")
    store.commit(make_record(), b"", (), {"out/figure.png": figure})
    figure.write_bytes(b"others")
    stored = next(store.candidates(key_of("k")))
    (file,) = stored.record.files
    assert (file.path, file.size) == ("out/figure.png", 6)
    assert store.file(stored, file).read_bytes() == b"pixels"


@pytest.mark.parametrize("kind", ["gone", "folder", "forbidden"])
def test_a_result_that_cannot_be_read_is_named_and_the_store_stays_writable(
    store: Store, tmp_path: Path, root: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "x.png"
    if kind == "folder":
        place.mkdir()
    if kind == "forbidden":

        def forbid(path: object) -> bytes:
            raise PermissionError(13, "Permission denied", os.fspath(place))

        monkeypatch.setattr(blobs, "digest_file", forbid)
    with pytest.raises(StoreError, match=r"x\.png"):
        store.commit(make_record(), bytes(100_000), (), {"x.png": place})
    assert list((root / ".nbexp/tmp").iterdir()) == []
    assert store.read_only is None


def test_heads_name_the_last_records_of_a_stage(store: Store) -> None:
    for number in range(25):
        commit(store, number, f"k{number}", created=f"2026-01-01T00:00:{number:02}+00:00")
    store.drain()
    expected = [f"2026-01-01T00:00:{number:02}+00:00" for number in range(24, 4, -1)]
    assert [record.created for record in store.heads("a.ipynb", "train", "c1")] == expected
    assert [record.created for record in store.heads("a.ipynb", "train")] == expected
    assert store.heads("a.ipynb", "other", "c2") == []


def test_what_is_remembered_to_explain_is_small_and_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST", 3)
    for number in range(6):
        commit(store, number, f"k{number}", source="x" * 1000)
    store.drain()
    known = store._made.of("a.ipynb", "train", "", 200)
    assert [record.key.digest for record in known.values()] == [key_of(f"k{number}") for number in (5, 4, 3)]
    assert {record.messages or record.variables or record.source for record in known.values()} == {""}
    assert len(store.heads("a.ipynb", "train")) == 6


def test_heads_include_what_is_still_on_its_way(store: Store) -> None:
    record_id = commit(store, VALUES["large buffer"])
    assert [record.key.digest for record in store.heads("a.ipynb", "train", "c1")] == [key_of("k")]
    store.drain()
    assert len(store.heads("a.ipynb", "train", "c1")) == 1
    assert next(store.candidates(key_of("k"))).id == record_id


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes"])
def test_a_record_that_is_not_plain_data_is_refused(store: Store, root: Path, value: object) -> None:
    with pytest.raises(StoreError, match="train"):
        store.commit(make_record(options={"x": value}), b"")
    assert store.drain()
    assert not (root / ".nbexp/records").exists()


# --- damage -----------------------------------------------------------------------------------------------------------


def blob_of(root: Path) -> Path:
    (path,) = (root / ".nbexp/blobs").glob("*/*")
    return path


def record_of(root: Path) -> Path:
    (path,) = (root / ".nbexp/records").glob("*/*/*")
    return path


def flip(path: Path, at: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    rewrite(path, bytes(content))


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    rewrite(path, path.read_bytes()[:-1])


def empty(path: Path) -> None:
    rewrite(path, b"")


def extend(path: Path) -> None:
    rewrite(path, path.read_bytes() + b"x")


def link_away(path: Path) -> None:
    copy = path.parents[4] / "outside"
    copy.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(copy)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE = [flip, truncate, empty, extend, link_away, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["large buffer", "large graph"])
def test_a_damaged_blob_is_a_miss_and_removed(
    store: Store, root: Path, reopen: Callable[..., Store], damage: Callable[[Path], None], name: str
) -> None:
    commit(store, VALUES[name])
    store.drain()
    blob = blob_of(root)
    damage(blob)
    for opened in (store, reopen()):
        for stored in opened.candidates(key_of("k")):
            with pytest.raises(Damaged, match="blob"):
                opened.load(stored)
    assert not os.path.lexists(blob)
    assert list(store.candidates(key_of("k"))) == []
    commit(store, VALUES[name])
    np.testing.assert_equal(restored(reopen()), VALUES[name])


def test_a_flipped_byte_is_seen_though_size_and_mtime_are_put_back(store: Store, root: Path) -> None:
    commit(store, VALUES["large buffer"])
    store.drain()
    blob = blob_of(root)
    before = blob.stat()
    flip(blob, 1000)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert blob.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(Damaged):
        store.load(next(store.candidates(key_of("k"))))


def test_swapped_blobs_are_seen(store: Store, root: Path) -> None:
    commit(store, np.arange(200_000.0), "a")
    commit(store, np.zeros(200_000), "b")
    store.drain()
    one, two = (root / ".nbexp/blobs").glob("*/*")
    spare = root / "spare"
    one.rename(spare)
    two.rename(one)
    spare.rename(two)
    for key in "ab":
        with pytest.raises(Damaged):
            store.load(next(store.candidates(key_of(key))))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_is_a_miss_removed_and_reported(
    store: Store, root: Path, reopen: Callable[..., Store], damage: Callable[[Path], None]
) -> None:
    commit(store, 1)
    store.drain()
    record = record_of(root)
    damage(record)
    fresh = reopen()
    assert list(fresh.candidates(key_of("k"))) == []
    assert not os.path.lexists(record)
    problems = fresh.take_problems()
    assert [type(problem) for problem in problems] == ([] if damage is Path.unlink else [Damaged])


def test_every_flipped_byte_of_a_record_is_seen(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    record = record_of(root)
    sound = record.read_bytes()
    accepted = []
    for at in range(len(sound)):
        for bit in (1, 128):
            content = bytearray(sound)
            content[at] ^= bit
            record.unlink(missing_ok=True)
            record.write_bytes(content)
            if list(store.candidates(key_of("k"))):
                accepted.append((at, bit))
    # the author's signature is not looked at where the own one fits; the rest of the seal is
    seal = sound.rindex(b'{"own"')
    assert all(at > sound.find(b'"author"', seal) > 0 for at, _ in accepted)
    record.unlink(missing_ok=True)
    record.write_bytes(sound)
    assert len(list(store.candidates(key_of("k")))) == 1


def test_every_truncation_of_a_record_is_seen(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    record = record_of(root)
    sound = record.read_bytes()
    for length in range(len(sound)):
        record.unlink(missing_ok=True)
        record.write_bytes(sound[:length])
        assert list(store.candidates(key_of("k"))) == []


def test_a_record_under_another_key_or_id_is_not_used(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    record = record_of(root)
    other_key = Path(records.folder(os.fspath(root / ".nbexp"), key_of("other")))
    other_key.mkdir(parents=True)
    shutil.copy(record, other_key / record.name)
    shutil.copy(record, record.with_name(key_of("another id")))
    assert list(store.candidates(key_of("other"))) == []
    assert len(list(store.candidates(key_of("k")))) == 1
    assert len(store.take_problems()) == 2


def test_a_folder_where_a_record_should_be_does_no_harm(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    record_of(root).with_name(key_of("folder")).mkdir()
    assert len(list(store.candidates(key_of("k")))) == 1


@pytest.mark.parametrize(
    "name", ["../../../outside", "/etc/passwd", "", "A" * 64, "ab" * 31, "ab" * 32 + "\n", "é" * 64]
)
def test_a_blob_name_that_leads_elsewhere_is_refused(store: Store, name: str, root: Path, reopen: Any) -> None:
    (root / "outside").write_bytes(bytes(10))
    with pytest.raises(Damaged, match="not the name of a blob"):
        store._blobs.path(name)
    plant(store, Artifact(Span(name or "..", 0, 10)))
    with pytest.raises(Damaged):
        store.load(next(store.candidates(key_of("k"))))
    assert (root / "outside").exists()


@pytest.mark.parametrize(
    "span",
    [Span("", 0, 999), Span("", 5, 999), Span("", -1, 1), Span("", 0, -1), Span("", 0.0, 1), Span("ab" * 32, 8, 1)],
)
def test_a_place_outside_its_file_is_refused(store: Store, span: Span) -> None:
    plant(store, Artifact(span))
    with pytest.raises(Damaged):
        store.load(next(store.candidates(key_of("k"))))
    plant(store, Artifact(Span("", 0, 1), (span,)))
    with pytest.raises(Damaged):
        store.load(next(store.candidates(key_of("k"))))


def plant(store: Store, artifact: Artifact | None, keys: Keys | None = None, payload: bytes = bytes(10)) -> Path:
    """A record as anybody with a key can write it."""
    record = make_record(artifact=artifact, author="mallory@elsewhere")
    encoded = records.encode(record, payload)
    seal = (keys or store.keys).seal(bytes.fromhex(encoded.id), "mallory@elsewhere")
    place = Path(records.folder(os.fspath(store.path), record.key.digest))
    place.mkdir(parents=True, exist_ok=True)
    (place / encoded.id).write_bytes(records.frame(encoded, seal))
    return place / encoded.id


@pytest.mark.parametrize("record_id", ["../../../../victim", "/victim", "AB" * 32, ""])
def test_an_id_never_leads_out_of_the_store(store: Store, root: Path, record_id: str) -> None:
    commit(store, 1)
    store.drain()
    (root / "victim").touch()
    with pytest.raises(StoreError, match="is not the id of a record"):
        store.record(key_of("k"), record_id)
    assert (root / "victim").exists()


def refusing(number: int) -> Callable[[str], int]:
    def refuse(path: str) -> int:
        raise OSError(number, os.strerror(number), path)

    return refuse


def unreadable(path: str) -> int:
    """A descriptor whose reading fails."""
    os.chmod(path, 0o644)
    return os.open(path, os.O_WRONLY)


OPENINGS = [refusing(errno.EIO), refusing(errno.EMFILE), refusing(errno.EACCES), refusing(errno.ESTALE), unreadable]


@pytest.mark.parametrize("opening", OPENINGS, ids=["EIO", "EMFILE", "EACCES", "ESTALE", "reading"])
@pytest.mark.parametrize("value", ["large graph", "large buffer"])
def test_what_cannot_be_read_now_is_not_damaged(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, opening: Callable[[str], int], value: str
) -> None:
    commit(store, VALUES[value])
    store.drain()
    (found,) = store.candidates(key_of("k"))
    files = {path for path in root.rglob("*") if path.is_file()}
    monkeypatch.setattr(store._blobs, "_verified", Verified(os.fspath(root / "another")))
    with monkeypatch.context() as patch:
        patch.setattr(platform, "open_regular", opening)
        for read in (lambda: store.record(key_of("k"), found.id), lambda: store.load(found)):
            with pytest.raises(StoreError, match="cannot be read") as caught:
                read()
            assert type(caught.value) is StoreError
        assert list(store.candidates(key_of("k"))) == []
    assert len(store.take_problems()) == 1
    assert {path for path in root.rglob("*") if path.is_file()} >= files
    np.testing.assert_equal(restored(store), VALUES[value])


# --- trust ------------------------------------------------------------------------------------------------------------


def test_a_canary_signed_by_nobody_trusted_never_reaches_a_loader(store: Store, tmp_path: Path) -> None:
    canary = Canary.bytes(tmp_path / "ran")
    plant(store, Artifact(Span("", 0, len(canary))), Keys(tmp_path / "mallory"), canary)
    assert list(store.candidates(key_of("k"))) == []
    (problem,) = store.take_problems()
    assert isinstance(problem, Untrusted)
    assert "mallory@elsewhere" in problem.what
    assert "nbexp trust add mallory@elsewhere " in problem.advice


def test_an_untrusted_record_is_left_alone(store: Store, tmp_path: Path) -> None:
    path = plant(store, None, Keys(tmp_path / "mallory"))
    list(store.candidates(key_of("k")))
    assert path.exists()


def test_a_canary_in_place_of_a_stored_graph_never_reaches_a_loader(store: Store, root: Path, tmp_path: Path) -> None:
    commit(store, VALUES["large graph"])
    store.drain()
    rewrite(blob_of(root), Canary.bytes(tmp_path / "ran").ljust(blob_of(root).stat().st_size, b"\0"))
    with pytest.raises(Damaged):
        store.load(next(store.candidates(key_of("k"))))


def test_a_canary_as_record_head_or_format_file_does_nothing(store: Store, root: Path, tmp_path: Path) -> None:
    commit(store, 1)
    store.drain()
    for path in [record_of(root), *(root / ".nbexp/heads").glob("*/*"), root / ".nbexp/format"]:
        rewrite(path, Canary.bytes(tmp_path / "ran"))
    fresh = Store.open(root)
    assert fresh.heads("a.ipynb", "train", "c1") == []
    assert list(fresh.candidates(key_of("k"))) == []
    assert not (tmp_path / "ran").exists()


def test_without_the_own_key_own_records_are_untrusted(store: Store, home: Path, reopen: Callable[..., Store]) -> None:
    commit(store, 1)
    store.drain()
    shutil.rmtree(home / "config")
    fresh = reopen()
    assert list(fresh.candidates(key_of("k"))) == []
    assert [type(problem) for problem in fresh.take_problems()] == [Untrusted]


def test_a_key_that_others_can_read_is_not_used(store: Store, home: Path) -> None:
    commit(store, 1)
    store.drain()
    (home / "config/nbexp/key").chmod(0o644)
    fresh = Store.open(store.path.parent)
    assert list(fresh.candidates(key_of("k"))) == []
    assert "read or written by others" in fresh.take_problems()[0].what
    with pytest.raises(StoreError, match="read or written by others"):
        commit(fresh, 2)


# --- other formats, switches, places that cannot be written -----------------------------------------------------------


def test_a_store_of_another_format_is_read_only(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    rewrite(root / ".nbexp/format", b"999\n")
    other = Store.open(root)
    assert '"999"' in str(other.read_only)
    assert list(other.candidates(key_of("k"))) == []
    assert other.heads("a.ipynb", "train") == []
    with pytest.raises(StoreError, match="999"):
        commit(other, 2, "k2")
    with pytest.raises(StoreError, match="999"):
        other.catalog()


def test_a_record_of_another_format_is_left_alone(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    record = record_of(root)
    rewrite(record, record.read_bytes().replace(b"nbexp record %d " % FORMAT_VERSION, b"nbexp record 77 ", 1))
    assert list(store.candidates(key_of("k"))) == []
    assert [type(problem) for problem in store.take_problems()] == [OtherFormat]
    assert record.exists()


def test_reading_and_writing_can_be_switched_off(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    assert list(Store.open(root, config=Config(read=False)).candidates(key_of("k"))) == []
    silent = Store.open(root, config=Config(write=False))
    assert len(list(silent.candidates(key_of("k")))) == 1
    assert "NBEXP_NO_WRITE" in str(silent.read_only)
    with pytest.raises(StoreError):
        commit(silent, 2, "k2")


def as_nobody(body: str) -> str:
    """Code that runs `body` without root's power to write everywhere."""
    drop = "os.setuid(65534)\n" if as_root else ""
    return f"{drop}store = Store.open(store.path.parent)\n{body}"


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_folder_that_cannot_be_written_is_read_only(root: Path, elsewhere: Callable[..., Any]) -> None:
    for folder in (root, *list(root.parents)[:3]):
        folder.chmod(0o755)
    done = elsewhere(as_nobody("print(store.read_only)"))
    root.chmod(0o555)
    read_only = elsewhere(as_nobody("print(store.read_only)"))
    root.chmod(0o755)
    assert (done.stdout == "None\n") == (not as_root), done.stderr
    assert "cannot be written" in read_only.stdout, read_only.stderr


def test_a_file_in_place_of_the_store_is_read_only(root: Path) -> None:
    (root / ".nbexp").write_text("")
    store = Store.open(root)
    assert store.read_only
    assert list(store.candidates(key_of("k"))) == []
    with pytest.raises(StoreError):
        commit(store, 1)


def test_a_link_planted_in_the_store_is_not_followed(root: Path, home: Path, store: Store) -> None:
    commit(store, 1, "a")
    store.drain()
    (home / "outside").mkdir()
    (root / ".nbexp/records" / key_of("k")[:2]).symlink_to(home / "outside")
    commit(store, 1)
    store.drain()
    assert list((home / "outside").iterdir()) == []
    assert len(store.take_problems()) == 1
    assert len(list(store.candidates(key_of("a")))) == 1


def test_blobs_may_lie_on_another_disk_through_a_link(root: Path, home: Path, store: Store) -> None:
    (home / "disk").mkdir()
    (root / ".nbexp").mkdir()
    (root / ".nbexp/blobs").symlink_to(home / "disk")
    commit(store, VALUES["large buffer"])
    np.testing.assert_equal(restored(store), VALUES["large buffer"])
    assert len(list((home / "disk").rglob("*"))) == 2


LIMITED = """
import resource, numpy as np
reported = []
store = Store.open(store.path.parent, report=reported.append)
store.commit(make("before"), b"x")
store.drain()
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    store.commit(make("large"), b"g", [np.zeros(1 << 20)])
except Exception as error:
    print(type(error).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
for n in range(3):
    store.commit(make(f"small{n}", stage=f"s{n}"), b"x" * 1000)
store.drain()
print(len(reported), *reported)
found = [list(store.candidates(key_of(key))) for key in ("before", "small1")]
print(os.listdir(store.path / "tmp"), len(found[0]), found[1])
print(store.read_only)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_takes_no_more_is_told_for_each_result_and_leaves_nothing(elsewhere: Callable[..., Any]) -> None:
    lines = elsewhere(LIMITED).stdout.splitlines()
    assert lines[0].startswith("StoreError the disk of the store")
    assert lines[2].startswith('3 the result of "s0" was not stored: the disk of the store')
    assert 'the result of "s1"' in lines[3] and 'the result of "s2"' in lines[4]
    assert lines[6:] == ["[] 1 []", "None"]


@pytest.mark.skipif(not as_root or not os.path.exists("/proc/mounts"), reason="needs to mount a small file system")
def test_a_full_disk_is_reported_and_the_store_goes_on_when_there_is_space(root: Path, elsewhere: Any) -> None:
    body = """
import ctypes, numpy as np
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_PRIVATE_REC = 0x20000, (1 << 18) | (1 << 14)
ok = not libc.unshare(CLONE_NEWNS) and not libc.mount(b"none", b"/", None, MS_PRIVATE_REC, None)
place = os.fsencode(store.path.parent)
ok = ok and not libc.mount(b"none", place, b"tmpfs", 0, b"size=4m")
if not ok:
    print("no mount"); sys.exit()
reported = []
from nbexp.config import Config
store = Store.open(store.path.parent, report=reported.append, config=Config(budget=10**12))
def attempt(key):
    try:
        store.commit(make(key), b"g", [np.full(200_000, float(len(key)))])
    except Exception as error:
        print(type(error).__name__, error.what)
    store.drain()
attempt("a"); attempt("aa"); attempt("aaa")
print(len(os.listdir(store.path / "tmp")), [len(list(store.candidates(key_of("a" * n)))) for n in (1, 2, 3)])
filler = store.path.parent / "filler"
filler.write_bytes(bytes(os.statvfs(place).f_bavail * 4096))
store.commit(make("small"), b"x" * 50_000); store.drain()
print(len(reported), [p.what for p in reported][:1], list(store.candidates(key_of("small"))))
filler.unlink()
store.commit(make("small"), b"x" * 50_000); store.drain()
print(len(list(store.candidates(key_of("small")))), len(store.load(next(store.candidates(key_of("a")))).buffers[0]))
"""
    lines = elsewhere(body).stdout.splitlines()
    if lines == ["no mount"]:
        pytest.skip("file systems cannot be mounted here")
    assert lines[0].startswith("StoreError the disk of the store")
    assert lines[1] == "0 [1, 1, 0]"
    assert lines[2].startswith('1 [\'the result of "train" was not stored: the disk') and lines[2].endswith("[]")
    assert lines[3] == "1 1600000"


# --- processes --------------------------------------------------------------------------------------------------------


def test_two_processes_that_store_the_same_key_at_once(elsewhere: Callable[..., Any], store: Store) -> None:
    body = """
import subprocess, numpy as np
from concurrent.futures import ThreadPoolExecutor
code = '''
import numpy as np, sys
from pathlib import Path
sys.path[:0] = PATHS
from conftest import make_record as make
from nbexp.store import Store
store = Store.open(Path(ROOT))
for n in range(20):
    store.commit(make("k", seconds=float(n)), b"g", [np.full(150_000, n * 1.0), np.zeros(150_000)])
store.drain()
print([str(p) for p in store.take_problems()])
'''.replace("PATHS", repr(sys.path[:2])).replace("ROOT", repr(str(store.path.parent)))
with ThreadPoolExecutor(3) as pool:
    runs = [pool.submit(subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True) for _ in range(3)]
    print([run.result().stdout + run.result().stderr for run in runs])
"""
    assert elsewhere(body).stdout == f"{['[]' + chr(10)] * 3}\n"
    found = list(store.candidates(key_of("k")))
    assert len(found) == 60
    for stored in found:
        content = store.load(stored)
        assert np.frombuffer(content.buffers[0])[7] == stored.record.seconds
    assert store.take_problems() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_child_stores_and_reads_by_itself(elsewhere: Callable[..., Any]) -> None:
    done = elsewhere("""
import numpy as np
for n in range(5):
    store.commit(make(f"parent{n}"), b"g", [np.full(300_000, n)])
child = os.fork()
if child == 0:
    store.commit(make("child"), b"g", [np.zeros(300_000)])
    ok = len(list(store.candidates(key_of("child")))) == 1 and store.load(next(store.candidates(key_of("child"))))
    os._exit(0 if ok else 1)
print(os.waitpid(child, 0)[1])
store.drain()
print([len(list(store.candidates(key_of(key)))) for key in ("parent0", "parent4", "child")], store.take_problems())
""")
    assert done.stdout.splitlines() == ["0", "[1, 1, 1] []"], done.stderr


def test_what_was_committed_is_durable_when_the_process_ends(elsewhere: Callable[..., Any], store: Store) -> None:
    done = elsewhere("for n in range(30): store.commit(make(f'k{n}'), b'x')")
    assert done.returncode == 0, done.stderr
    assert all(len(list(store.candidates(key_of(f"k{n}")))) == 1 for n in range(30))


def test_a_mapped_value_outlives_its_file(store: Store, root: Path) -> None:
    commit(store, VALUES["large buffer"])
    value = restored(store)
    shutil.rmtree(root / ".nbexp")
    np.testing.assert_equal(value, VALUES["large buffer"])


def test_blobs_of_a_network_file_system_are_copied_before_they_are_mapped(
    store: Store, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, VALUES["large buffer"])
    store.drain()
    monkeypatch.setattr(platform, "is_network", lambda path: True)
    remote = Store.open(root)
    np.testing.assert_equal(restored(remote), VALUES["large buffer"])
    name = blob_of(root).name
    copy = home / "cache/nbexp/fetched/blobs" / name[:2] / name
    assert copy.stat().st_size == blob_of(root).stat().st_size
    flip(copy, 5)
    np.testing.assert_equal(restored(Store.open(root)), VALUES["large buffer"])  # fetched again
    flip(blob_of(root), 5)
    shutil.rmtree(home / "cache")
    with pytest.raises(Damaged):
        restored(Store.open(root))


def test_copies_from_a_network_file_system_stay_within_their_budget(
    store: Store, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        commit(store, np.full(200_000, float(number)), str(number))
    store.drain()
    monkeypatch.setattr(platform, "is_network", lambda path: True)
    monkeypatch.setattr(fetched, "MAX_BYTES", 3_500_000)
    remote = Store.open(root)
    values = [restored(remote, str(number)) for number in (0, 1, 2, 3)]
    assert [value[0] for value in values] == [0, 1, 2, 3]
    assert len(list((home / "cache/nbexp/fetched/blobs").glob("*/*"))) == 2


def test_without_a_local_disk_network_blobs_are_read_into_memory(
    store: Store, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, VALUES["large buffer"])
    store.drain()
    shutil.rmtree(home / "cache")
    (home / "cache").write_text("in the way")
    monkeypatch.setattr(platform, "is_network", lambda path: True)
    np.testing.assert_equal(restored(Store.open(root)), VALUES["large buffer"])


def test_heads_can_be_limited(store: Store) -> None:
    for number in range(5):
        commit(store, number, f"k{number}")
    store.drain()
    assert [r.key.digest for r in store.heads("a.ipynb", "train", limit=2)] == [key_of("k4"), key_of("k3")]


def test_a_commit_loads_no_heavy_library(elsewhere: Callable[..., Any]) -> None:
    done = elsewhere("""
store.commit(make("k"), b"x"); store.drain(); list(store.candidates(key_of("k"))); store.heads("a.ipynb", "train")
print([name for name in ("sqlalchemy", "fsspec", "numpy", "pandas", "nbformat") if name in sys.modules])
""")
    assert done.stdout == "[]\n", done.stderr


def test_the_header_is_text_that_any_version_can_read(store: Store, root: Path) -> None:
    commit(store, 1)
    store.drain()
    first, rest = record_of(root).read_bytes().split(b"\n", 1)
    words = first.split()
    assert words[:3] == [b"nbexp", b"record", str(FORMAT_VERSION).encode()]
    body = rest[: int(words[3])]
    assert json.loads(body) == json.loads(json.dumps(next(store.candidates(key_of("k"))).record.to_json()))
