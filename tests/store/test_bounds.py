"""What a store gives up: the values worth least, never what is pinned, new or needed by others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexp.config import Config
from nbexp.errors import Evicted, Lost, StoreError
from nbexp.store import Store
from nbexp.store.bounds import GRACE_SECONDS, Holding, Plan, Survey, carry_out, plan, survey
from nbexp.store.pins import Pin, pin, pinned, pins, unpin
from tests.store.conftest import key_of, make_record
from tests.store.test_store import commit, dumped, restored

DAY = 86400.0


def holding(name: str, seconds: float = 1.0, age: float = 0.0, **blobs: int) -> Holding:
    return Holding("k", name, "n.ipynb", "s", seconds, -age * DAY, blobs or {name: 100})


def evicted(holdings: list[Holding], budget: int, pinned: tuple[str, ...] = (), orphans: tuple[str, ...] = ()) -> str:
    """The names of what goes, in order."""
    sizes = {name: size for one in holdings for name, size in one.blobs.items()} | dict.fromkeys(orphans, 50)
    found = Survey(tuple(holdings), len(holdings), 0, sizes, frozenset(orphans))
    return "".join(one.id for one in plan(found, budget, pinned, 0.0).evicted)


def test_what_is_quick_to_compute_goes_first() -> None:
    assert evicted([holding("a", 3), holding("b", 1), holding("c", 2)], 100) == "bc"


def test_what_is_large_goes_first() -> None:
    assert evicted([holding("a", 1, a=100), holding("b", 1, b=900)], 500) == "b"


def test_what_was_not_used_for_long_goes_first() -> None:
    assert evicted([holding("a", 1, age=0), holding("b", 2, age=9)], 100) == "b"


def test_nothing_goes_that_need_not() -> None:
    assert evicted([holding("a"), holding("b")], 200) == ""
    assert evicted([holding("a"), holding("b")], 230, orphans=("o",)) == ""


def test_what_is_pinned_stays() -> None:
    assert evicted([holding("a", 1), holding("b", 2), holding("c", 3)], 0, pinned=("b",)) == "ac"


def test_a_blob_that_others_need_stays() -> None:
    holdings = [holding("a", 1, x=100), holding("b", 9, x=100)]
    sizes = {"x": 100}
    found = plan(Survey(tuple(holdings), 2, 0, sizes), 50, ("b",), 0.0)
    assert found.evicted == ()
    assert found.blobs == ()
    assert found.size == 0


@given(
    st.lists(
        st.tuples(st.floats(0.1, 100), st.integers(0, 30), st.sets(st.sampled_from("uvwxyz"), min_size=1)), max_size=8
    ),
    st.integers(0, 700),
    st.sets(st.integers(0, 7)),
)
def test_a_plan_keeps_within_the_budget_if_it_can_and_removes_nothing_that_is_needed(
    rows: list[tuple[float, int, set[str]]], budget: int, keep: set[int]
) -> None:
    sizes = {name: 100 for _, _, names in rows for name in names}
    holdings = [
        Holding("k", str(number), "n", "s", seconds, -age * DAY, dict.fromkeys(names, 100))
        for number, (seconds, age, names) in enumerate(rows)
    ]
    pinned = {str(number) for number in keep}
    found = plan(Survey(tuple(holdings), len(rows), 0, sizes), budget, pinned, 0.0)
    gone = {one.id for one in found.evicted}
    kept = [one for one in holdings if one.id not in gone]
    needed = {name for one in kept for name in one.blobs}
    assert not gone & pinned
    assert set(found.blobs) == sizes.keys() - needed
    assert found.size == 100 * len(found.blobs)
    assert all(set(found.blobs).intersection(one.blobs) for one in found.evicted)
    stays = {name for one in holdings if one.id in pinned for name in one.blobs}
    assert 100 * len(needed) <= budget or needed <= stays


# --- in a real store --------------------------------------------------------------------------------------------------


def array(number: int, megabytes: int = 2) -> Any:
    return np.full(megabytes * 131_072, float(number))


def look(store: Store) -> Survey:
    store.drain()
    return survey(os.fspath(store.path), time.time())


def evict_all(store: Store) -> Plan:
    what = plan(look(store), 0, pinned(os.fspath(store.path)), time.time())
    carry_out(os.fspath(store.path), what)
    return what


def test_a_survey_finds_all_records_blobs_and_what_is_stored_once(store: Store) -> None:
    commit(store, array(1), "a", seconds=3.0)
    commit(store, [array(1), array(2)], "b", stage="second")
    commit(store, "small", "c")
    found = look(store)
    assert found.records == 3
    assert sorted((one.stage, one.seconds, one.size >= 2 << 20) for one in found.holdings) == [
        ("second", 0.0, True),
        ("train", 3.0, True),
    ]
    assert found.saved == 2 << 20
    assert found.size == sum(path.stat().st_size for path in (store.path / "blobs").rglob("*") if path.is_file())
    assert found.orphans == frozenset()


def test_values_that_were_given_up_are_a_miss_and_their_record_stays(
    store: Store, reopen: Callable[..., Store]
) -> None:
    commit(store, array(1))
    what = evict_all(store)
    assert len(what.evicted) == 1
    assert not [path for path in (store.path / "blobs").rglob("*") if path.is_file()]
    for again in (store, reopen()):
        stored = next(again.candidates(key_of("k")))
        with pytest.raises(Evicted, match="given up"):
            again.load(stored)
        assert again.take_problems() == []
        assert next(again.candidates(key_of("k"))).record == stored.record
    commit(store, array(1))
    np.testing.assert_array_equal(restored(store), array(1))
    assert look(store).records == 2


def test_what_is_small_lies_in_the_record_and_stays(store: Store) -> None:
    commit(store, {"a": 1})
    assert evict_all(store).evicted == ()
    assert restored(store) == {"a": 1}


def test_a_mapped_value_stays_whole_when_its_blob_goes(store: Store) -> None:
    commit(store, array(7))
    store.drain()
    value = restored(store)
    evict_all(store)
    np.testing.assert_array_equal(value, array(7))


def test_leftovers_of_a_crash_go_when_they_are_old(store: Store) -> None:
    commit(store, array(1))
    store.drain()
    name = "ab" * 32
    place = store.path / "blobs" / "ab" / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"left")
    assert look(store).orphans == frozenset()
    old = time.time() - 2 * GRACE_SECONDS
    os.utime(place, (old, old))
    found = look(store)
    assert found.orphans == {name}
    carry_out(os.fspath(store.path), plan(found, 10**12, (), time.time()))
    assert not place.exists()
    np.testing.assert_array_equal(restored(store), array(1))


def test_a_damaged_record_holds_nothing_back(store: Store) -> None:
    commit(store, array(1))
    store.drain()
    record = next(path for path in (store.path / "records").rglob("*") if path.is_file())
    record.chmod(0o644)
    record.write_bytes(b"nonsense")
    assert look(store).holdings == ()


def test_a_use_is_what_counts_as_last(store: Store) -> None:
    commit(store, array(1), created="2020-01-01T00:00:00+00:00")
    store.drain()
    first = look(store).holdings[0].used
    stored = next(store.candidates(key_of("k")))
    store.note_used(stored, stored.record.notebook, stored.record.stage, stored.record.cell)
    assert look(store).holdings[0].used > first + 1000 * DAY


def test_a_store_keeps_within_its_budget_and_says_what_it_gave_up(reopen: Callable[..., Store], home: Path) -> None:
    store = reopen(config=Config(budget=10_000_000))
    for number in range(8):
        commit(store, array(number), str(number), seconds=float(number))
        store.drain()
        assert look(store).size <= 10_000_000
    said = store.take_problems()
    assert said
    assert all("reached its budget of 10.0 MB" in str(problem) for problem in said)
    np.testing.assert_array_equal(restored(store, "7"), array(7))
    with pytest.raises(Evicted):
        restored(store, "0")


def test_what_is_pinned_stays_whatever_the_budget(reopen: Callable[..., Store]) -> None:
    store = reopen(config=Config(budget=5_000_000))
    kept = commit(store, array(0), "0", seconds=0.001)
    store.drain()
    pin(os.fspath(store.path), Pin(kept, (kept,), "2026-01-01"))
    for number in range(1, 5):
        commit(store, array(number), str(number), seconds=9.0)
        store.drain()
    np.testing.assert_array_equal(restored(store, "0"), array(0))
    np.testing.assert_array_equal(restored(store, "4"), array(4))


def test_the_default_is_a_share_of_the_free_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 50_000_000_000}))
    assert store.budget == 5_000_000_000
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 900_000_000_000}))
    assert store.budget == 20_000_000_000


def test_pins_are_listed_replaced_and_taken_away(tmp_path: Path) -> None:
    place = os.fspath(tmp_path)
    assert pins(place) == []
    first, second = Pin("ab12", ("aa" * 32,), "2026-01-02"), Pin("cd34", ("bb" * 32, "cc" * 32), "2026-01-01")
    pin(place, first)
    pin(place, second)
    assert pins(place) == [second, first]
    assert pinned(place) == {"aa" * 32, "bb" * 32, "cc" * 32}
    assert unpin(place, "cd34")
    assert not unpin(place, "cd34")
    assert pins(place) == [first]


def test_a_pin_that_cannot_be_read_lets_nothing_go(tmp_path: Path) -> None:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "broken").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        pinned(os.fspath(tmp_path))


def test_a_record_of_another_format_keeps_what_may_be_its_own(store: Store) -> None:
    commit(store, array(1))
    store.drain()
    record = next(path for path in (store.path / "records").rglob("*") if path.is_file())
    record.chmod(0o644)
    record.write_bytes(record.read_bytes().replace(b"nbexp record 1 ", b"nbexp record 7 ", 1))
    old = time.time() - 2 * GRACE_SECONDS
    for path in (store.path / "blobs").rglob("*"):
        os.utime(path, (old, old))
    found = look(store)
    assert found.holdings == ()
    assert found.orphans == frozenset()


def test_what_another_process_stores_counts(reopen: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbexp.store.budget.MEASURED_SECONDS", 0.0)
    config = Config(budget=10_000_000)
    stores = [reopen(config=config) for _ in range(4)]
    for number in range(12):
        commit(stores[number % 4], array(number), str(number))
        stores[number % 4].drain()
    assert look(stores[0]).size <= 10_000_000


def test_what_waits_to_be_stored_keeps_the_blobs_it_shares(reopen: Callable[..., Store]) -> None:
    store = reopen(config=Config(budget=5_000_000))
    commit(store, array(1), "old", seconds=0.001)
    store.drain()
    graph, buffers = dumped(array(2))
    store.commit(make_record("new", seconds=9.0), graph, buffers, hold=True)
    commit(store, [array(1)], "again", seconds=9.0)
    store.drain()
    assert [problem for problem in store.take_problems() if isinstance(problem, Lost)] == []
    np.testing.assert_array_equal(restored(store, "again"), [array(1)])


def test_a_blob_that_goes_while_it_is_read_leaves_the_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, array(1))
    store.drain()
    stored = next(store.candidates(key_of("k")))
    answers = iter([False, True])
    monkeypatch.setattr("nbexp.store.bounds.is_evicted", lambda *_: next(answers))
    evict_all(store)
    with pytest.raises(Evicted):
        store.load(stored)
    assert Path(stored.path).exists()


def test_without_its_mark_nothing_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, array(1))
    store.drain()

    def full(*_: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nbexp.store.bounds._note_evicted", full)
    evict_all(store)
    np.testing.assert_array_equal(restored(store), array(1))


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the id"):
        pin(os.fspath(tmp_path), Pin("../x", (), ""))


def test_giving_up_while_another_process_stores_loses_nothing_that_is_needed(
    store: Store, elsewhere: Callable[..., Any]
) -> None:
    """The other process stores the same content that is being given up here, over and over."""
    commit(store, array(1), "mine")
    store.drain()
    done = elsewhere("""
import os, pickle, time
import numpy as np
from nbexp.store import bounds
from nbexp.errors import NbexpError
value = np.full(2 * 131072, 1.0)
wrong = lost = kept = 0
for number in range(30):
    buffers = []
    graph = pickle.dumps(value, 5, buffer_callback=buffers.append)
    pid = os.fork()
    if not pid:
        now = time.time()
        bounds.carry_out(str(store.path), bounds.plan(bounds.survey(str(store.path), now), 0, (), now))
        os._exit(0)
    store.commit(make(f"k{number}"), graph, buffers)
    store.drain()
    os.waitpid(pid, 0)
    for stored in store.candidates(key_of(f"k{number}")):
        try:
            content = store.load(stored)
        except NbexpError:
            lost += 1
        else:
            kept += 1
            wrong += not (pickle.loads(content.graph, buffers=content.buffers) == 1.0).all()
print(wrong, kept + lost)
""")
    assert done.returncode == 0, done.stderr
    wrong, seen = map(int, done.stdout.split())
    assert wrong == 0
    assert seen > 0
