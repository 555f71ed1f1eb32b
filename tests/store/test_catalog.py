"""The index: fed by the journal, rebuilt when deleted or broken, never believed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbexp import platform
from nbexp.errors import BadUse, StoreError
from nbexp.records import Variable
from nbexp.store import Author, Keys, Store, catalog, journal, tables
from nbexp.store import index as index_module
from nbexp.store.references import ambiguous
from tests.store.conftest import Canary, key_of, make_record
from tests.store.test_store import plant


def fill(store: Store, count: int, **fields: Any) -> list[str]:
    """Records with the keys k0, k1 … made one second after another."""
    return [
        store.commit(make_record(f"k{n}", created=f"2026-01-01T00:{n // 60:02}:{n % 60:02}+00:00", **fields), b"x")
        for n in range(count)
    ]


def index(store: Store) -> Path:
    return Path(index_module.index_path(os.fspath(store.path)))


def shown(store: Store) -> list[str]:
    return [row.id for row in store.catalog().recent()]


def test_records_are_listed_newest_first(store: Store) -> None:
    ids = fill(store, 5)
    assert shown(store) == ids[::-1]
    assert [row.id for row in store.catalog().recent(2, skip=1)] == ids[3:1:-1]


def test_a_row_tells_what_the_record_tells(store: Store) -> None:
    variables = (Variable("df", "new"), Variable("model", "mutated"))
    record_id = store.commit(make_record(variables=variables, seconds=1.5), b"abc", [b"defg"])
    (row,) = store.catalog().recent()
    stored = next(store.candidates(key_of("k")))
    assert row == tables.Row.of(record_id, stored.record)
    assert (row.outputs, row.size, row.seconds) == (("df", "model"), 7, 1.5)


def test_lists_can_be_narrowed(store: Store) -> None:
    fill(store, 2, stage="load", variables=(Variable("df", "new"),))
    fill(store, 3, stage="fit", variables=(Variable("model", "new"), Variable("dfs", "new")))
    fill(store, 1, stage="fit", notebook="b.ipynb")
    of = store.catalog()
    assert len(of.recent(stage="fit")) == 4
    assert len(of.recent(stage="fit", notebook="a.ipynb")) == 3
    assert len(of.recent(output="df")) == 2
    assert of.notebooks() == ["a.ipynb", "b.ipynb"]
    assert {(row.notebook, row.stage): row.records for row in of.stages()} == {
        ("a.ipynb", "load"): 2,
        ("a.ipynb", "fit"): 3,
        ("b.ipynb", "fit"): 1,
    }
    assert [row.stage for row in of.stages("b.ipynb")] == ["fit"]


def test_an_index_keeps_up(store: Store) -> None:
    ids = fill(store, 3)
    assert shown(store) == ids[::-1]
    later = store.commit(make_record("later"), b"x")
    assert shown(store) == [later, *ids[::-1]]
    assert store.catalog().stages()[0].records == 4


def test_a_record_that_is_removed_leaves_the_index(store: Store, root: Path) -> None:
    ids = fill(store, 3)
    assert len(shown(store)) == 3
    path = next((root / ".nbexp/records").glob(f"*/*/{ids[1]}"))
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    assert list(store.candidates(key_of("k1"))) == []
    assert shown(store) == [ids[2], ids[0]]
    assert store.catalog().stages()[0].records == 2


def test_a_record_that_comes_after_its_line_is_found_later(store: Store, root: Path) -> None:
    ids = fill(store, 2)
    store.drain()
    path = next((root / ".nbexp/records").glob(f"*/*/{ids[1]}"))
    away = path.rename(root / "away")
    index(store).unlink(missing_ok=True)
    assert shown(store) == [ids[0]]
    journal.append(os.fspath(store.path), journal.Entry("+", key_of("k1"), ids[1]))
    assert shown(store) == [ids[0]]
    away.rename(path)
    assert shown(store) == [ids[1], ids[0]]


def test_a_line_whose_record_never_comes_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 1)
    shown(store)
    journal.append(os.fspath(store.path), journal.Entry("+", key_of("never"), key_of("id")))
    shown(store)
    assert expected(store) == 1
    monkeypatch.setattr(index_module, "WAIT_SECONDS", -1)
    shown(store)
    assert expected(store) == 0


def expected(store: Store) -> int:
    """How many records the index still waits for."""
    with contextlib.closing(sqlite3.connect(index(store))) as connection:
        return int(connection.execute("select count(*) from expected").fetchone()[0])


def delete(path: Path) -> None:
    path.unlink()


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def break_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def drop_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("drop table read_to")
    connection.execute("drop table records")
    connection.commit()
    connection.close()


def other_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.commit()
    connection.close()


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere.sqlite"))
    path.symlink_to(path.with_name("elsewhere.sqlite"))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "damage",
    [delete, overwrite, break_page, cut, drop_table, other_version, link, folder, empty],
    ids=lambda f: f.__name__,
)
def test_a_broken_index_is_made_again(store: Store, damage: Callable[[Path], None]) -> None:
    ids = fill(store, 30)
    shown(store)
    damage(index(store))
    assert shown(store) == ids[::-1]
    assert shown(store) == ids[::-1]
    assert store.catalog().stages()[0].records == 30
    assert store.find("last").id == ids[-1]


def test_the_index_lies_outside_a_store_on_a_network(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill(store, 3)
    store.drain()
    monkeypatch.setattr(platform, "is_network", lambda path: True)
    assert shown(store) == ids[::-1]
    assert index(store).is_relative_to(home / "cache")
    assert index(store).exists()
    assert not (store.path / "index.sqlite").exists()


def test_without_any_place_the_index_is_made_in_memory(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(store, 3)
    store.drain()
    monkeypatch.setattr(platform, "writable", lambda path: False)
    (home / "cache").write_text("in the way")
    assert shown(store) == ids[::-1]


def test_an_index_that_another_process_holds_is_said_to_be_in_use(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 1)
    shown(store)
    create = index_module.sa.create_engine
    monkeypatch.setattr(
        index_module.sa,
        "create_engine",
        lambda url, **options: create(url, **(options | {"connect_args": {"timeout": 0.05}})),
    )
    holder = sqlite3.connect(index(store), isolation_level=None)
    holder.execute("begin exclusive")
    try:
        with pytest.raises(StoreError, match="in use"):
            store.catalog()
    finally:
        holder.close()
    assert len(shown(store)) == 1


def test_two_processes_that_index_at_once(store: Store, elsewhere: Callable[..., Any]) -> None:
    fill(store, 40)
    store.drain()
    done = elsewhere("""
import subprocess
code = f"import sys; sys.path[:0] = {sys.path[:2]!r}\\nfrom pathlib import Path\\nfrom nbexp.store import Store\\n" + (
    f"print(Store.open(Path({str(store.path.parent)!r})).catalog().count())")
running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
print([process.communicate()[0] for process in running])
""")
    assert done.stdout == f"{['40' + chr(10)] * 4}\n", done.stderr


# --- trust ------------------------------------------------------------------------------------------------------------


def test_untrusted_records_are_counted_by_author_and_shown_once_trusted(store: Store, tmp_path: Path) -> None:
    theirs = Keys(tmp_path / "theirs")
    identity = theirs.identity()
    if identity is None:
        pytest.skip("needs nbexp[share]")
    fill(store, 1)
    planted = plant(store, None, theirs)
    journal.append(os.fspath(store.path), journal.Entry("+", planted.parent.name, planted.name))
    assert len(shown(store)) == 1
    who = Author("mallory@elsewhere", identity.key)
    assert store.catalog().untrusted() == [catalog.Signer(who, 1)]
    store.keys.add(who)
    assert planted.name in shown(store)
    assert store.catalog().untrusted() == []
    store.keys.remove(who.key)
    assert len(shown(store)) == 1
    assert store.catalog().untrusted() == [catalog.Signer(who, 1)]


def test_a_planted_row_leads_nowhere(store: Store, tmp_path: Path) -> None:
    ids = fill(store, 2)
    shown(store)
    with sqlite3.connect(index(store)) as connection:
        connection.execute("update records set stage = ?, created = '9999'", (Canary.bytes(tmp_path / "ran"),))
        connection.execute("update records set key = ? where id = ?", (key_of("k1"), ids[0]))
        connection.execute("update records set created = '99999' where id = ?", (ids[0],))
    connection.close()
    assert store.find("last").id == ids[1]
    assert not (tmp_path / "ran").exists()


def test_a_row_that_describes_another_record_is_found_out(store: Store) -> None:
    ids = fill(store, 1, stage="honest") + [store.commit(make_record("other", stage="fit"), b"x")]
    shown(store)
    with sqlite3.connect(index(store)) as connection:
        connection.execute("update records set stage = 'fit', created = '9999' where id = ?", (ids[0],))
    connection.close()
    assert store.find("a.ipynb:fit").id == ids[1]


# --- references -------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, 2, stage="load", notebook="x/a.ipynb", variables=(Variable("df", "new"),))
    store.commit(make_record("m", stage="fit", notebook="x/a.ipynb", variables=(Variable("model", "new"),)), b"x")
    store.commit(make_record("n", stage="fit", notebook="y/b.ipynb"), b"x")
    store.commit(make_record("o", stage="fit", notebook="z/b.ipynb", created="2025-01-01T00:00:00+00:00"), b"x")
    return store


FOUND = [
    ("last", "", "n"),
    ("last~1", "", "m"),
    ("last~2", "", "k1"),
    ("last", "df", "k1"),
    ("x/a.ipynb:fit", "", "m"),
    ("a.ipynb:fit", "", "m"),
    ("a:load", "", "k1"),
    ("a", "", "m"),
    ("a", "df", "k1"),
    ("y/b.ipynb", "", "n"),
]


@pytest.mark.parametrize(("ref", "output", "key"), FOUND)
def test_a_reference_names_one_record(filled: Store, ref: str, output: str, key: str) -> None:
    assert filled.find(ref, output).record.key.digest == key_of(key)


def test_the_beginning_of_an_id_names_its_record(filled: Store) -> None:
    record_id = next(filled.candidates(key_of("m"))).id
    for digits in (8, 20, 64):
        assert filled.find(record_id[:digits]).id == record_id


UNCLEAR = [
    ("last~9", "", "not that many"),
    ("last", "nothing", '"nothing"'),
    ("lst", "", "names no result"),
    ("c.ipynb", "", "names no result"),
    ("a:lod", "", 'Did you mean "load"?'),
    ("a:zzz", "", "There are: "),
    ("a:load", "dff", 'Did you mean "df"?'),
    ("b", "", "y/b.ipynb, z/b.ipynb"),
    ("b.ipynb:fit", "", "could be 2 notebooks"),
    ("0123456789abcdef", "", "names no result"),
    ("", "", "names no result"),
    ("a.ipybn", "", 'Did you mean "'),
]


@pytest.mark.parametrize(("ref", "output", "text"), UNCLEAR)
def test_an_unclear_reference_says_what_there_is(filled: Store, ref: str, output: str, text: str) -> None:
    with pytest.raises(BadUse) as caught:
        filled.find(ref, output)
    assert text in str(caught.value)


def test_an_ambiguous_id_lists_the_candidates(store: Store) -> None:
    record_ids = fill(store, 17)
    beginnings = [record_id[0] for record_id in record_ids]
    twice = next(text for text in beginnings if beginnings.count(text) > 1)
    rows = [row for row in store.catalog().recent() if row.id.startswith(twice)]
    error = ambiguous(twice, [(row.id, f"{row.notebook}:{row.stage}") for row in rows])
    assert all(row.id[:10] in error.what for row in rows[:5])


def test_an_ambiguous_ref_lists_candidates() -> None:
    error = ambiguous("abcd", [(f"abcd{i}", "run") for i in range(7)])
    assert '"abcd" fits 7: abcd0 (run); abcd1 (run)' in error.what
    assert "and 2 more" in error.what


def test_nothing_stored_has_nothing_to_name(store: Store) -> None:
    with pytest.raises(BadUse):
        store.find("last")
    assert not store.path.exists()


def test_a_reference_to_a_record_that_is_gone_finds_the_next(store: Store, root: Path) -> None:
    ids = fill(store, 2)
    shown(store)
    next((root / ".nbexp/records").glob(f"*/*/{ids[1]}")).unlink()
    assert store.find("last").id == ids[0]
    assert len(store.take_problems()) == 1


# --- the journal ------------------------------------------------------------------------------------------------------


def test_a_journal_is_read_on_from_where_it_stopped(tmp_path: Path) -> None:
    place = os.fspath(tmp_path)
    lines = [journal.Entry("+-"[number % 2], key_of(str(number)), key_of("id")) for number in range(4)]
    at = 0
    for entry in lines:
        journal.append(place, entry)
        ((name, size),) = journal.files(place)
        found, at = journal.entries(place, name, at)
        assert found == [entry]
        assert at == size
    assert journal.entries(place, name, 0)[0] == lines


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    place = os.fspath(tmp_path)
    entry = journal.Entry("+", key_of("a"), key_of("b"))
    journal.append(place, entry)
    ((name, size),) = journal.files(place)
    path = tmp_path / "journal" / name
    whole = path.read_bytes()
    for length in range(size):
        path.write_bytes(whole + whole[:length])
        journal.append(place, entry)
        found, _ = journal.entries(place, name, 0)
        assert found in ([entry] * 2, [entry] * 3)


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    place = os.fspath(tmp_path)
    journal.append(place, journal.Entry("+", key_of("a"), key_of("b")))
    ((name, size),) = journal.files(place)
    path = tmp_path / "journal" / name
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:30])
    found, at = journal.entries(place, name, 0)
    assert len(found) == 1
    assert at <= size + 1
    path.write_bytes(whole + whole)
    assert len(journal.entries(place, name, at)[0]) == 1


def test_listing_loads_no_values(store: Store, elsewhere: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    fill(store, 3)
    store.drain()
    done = elsewhere("print(store.catalog().count(), [m for m in ('numpy', 'pandas', 'torch') if m in sys.modules])")
    assert done.stdout == "3 []\n", done.stderr


def test_what_was_restored_last_is_named_by_its_stage(store: Store) -> None:
    first, second = fill(store, 2, stage="clean")
    assert store.find("last").id == second
    store.note_used(store.record(key_of("k0"), first), "a.ipynb", "clean", "c1")
    assert store.find("last").id == first
    assert store.find("a.ipynb:clean").id == first
    written = journal.files(os.fspath(store.path))
    store.note_used(store.record(key_of("k0"), first), "a.ipynb", "clean", "c1")
    assert journal.files(os.fspath(store.path)) == written  # it was the last one already
    index(store).unlink()
    assert store.find("last").id == first  # the journal tells it again
    store.note_used(store.record(key_of("k1"), second), "a.ipynb", "clean", "c1")
    assert store.find("a.ipynb:clean").id == second


def test_a_record_is_known_by_the_names_under_which_it_was_restored(store: Store) -> None:
    first, second = fill(store, 2, stage="clean")
    store.catalog()  # made before the use: it is told by the journal
    store.note_used(store.record(key_of("k0"), first), "b c.ipynb", "prepare", "c7")
    for _ in range(2):
        assert store.find("b c.ipynb:prepare").id == store.find("last").id == first
        assert store.find("a.ipynb:clean").id == second
        rows = {(row.notebook, row.stage): row.records for row in store.catalog().stages()}
        assert rows == {("a.ipynb", "clean"): 2, ("b c.ipynb", "prepare"): 1}
        index(store).unlink()
    assert [record.key.digest for record in store.heads("b c.ipynb", "", "c7")] == [key_of("k0")]
    Path(store.record(key_of("k0"), first).path).unlink()
    with pytest.raises(BadUse):
        store.find("b c.ipynb:prepare")
    assert [row.notebook for row in store.catalog().stages()] == ["a.ipynb"]


def test_a_record_with_two_names_in_a_notebook_is_listed_once(store: Store) -> None:
    (only,) = fill(store, 1, stage="clean")
    store.drain()
    store.note_used(store.record(key_of("k0"), only), "a.ipynb", "clean-2")
    assert [row.id for row in store.catalog().recent(notebook="a.ipynb")] == [only]


@pytest.mark.parametrize("where", ["", "[]", '["a","b"]', '["a","b",3]', '["a","b","\\u001b[2J"]', "[" * 5000])
def test_a_use_that_cannot_be_read_is_passed_over(store: Store, where: str) -> None:
    (only,) = fill(store, 1, stage="clean")
    store.drain()
    ((name, _),) = journal.files(os.fspath(store.path))
    with open(store.path / "journal" / name, "a", encoding="ascii") as file:
        file.write(f"\n= {key_of('k0')} {only} 2030-01-01T00:00:00.000000+00:00 {where}\n")
    assert [row.stage for row in store.catalog().stages()] == ["clean"]
