"""One graph stored and loaded: sharing, links to live objects, memory, depth, errors by path."""

from __future__ import annotations

import gc
import pickle
import threading
import time
import weakref
from collections import OrderedDict, defaultdict, deque
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbexp.errors import Unpatchable, Unstorable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.graphs.graph import INLINE_BYTES, Dumped, Live, dump, held, load
from nbexp.graphs.patch import check_patch, detach, patch


def back(dumped: Dumped, **options: Any) -> Any:
    """Loaded with buffers of its own, as from a copy-on-write map."""
    return load(dumped.graph, [memoryview(bytearray(buffer)) for buffer in dumped.buffers], **options)


def again(value: Any) -> Any:
    return back(dump(value))


def linked(value: Any, inputs: dict[str, Any], now: dict[str, Any]) -> Any:
    """`value` stored while `inputs` were live, and loaded where `now` is."""
    dumped = dump(value, held=held({name: mutables(root) for name, root in inputs.items()}))
    places = {name: mutables(root) for name, root in now.items()}
    return back(dumped, live=lambda link: places[link.root][link.number])


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_one_object_stays_one_object() -> None:
    a: list[Any] = [1]
    loaded = again({"a": a, "b": a, "twin": [1]})
    assert loaded["a"] is loaded["b"]
    assert loaded["a"] is not loaded["twin"]


def test_cycles() -> None:
    a: list[Any] = [1]
    a.append({"a": a})
    loaded = again(a)
    assert loaded[1]["a"] is loaded


def test_two_loads_share_nothing() -> None:
    value = {"list": [[1]], "array": np.zeros(INLINE_BYTES), "small": np.zeros(2)}
    dumped = dump(value)
    before = [bytes(buffer) for buffer in dumped.buffers]
    one, other = back(dumped), back(dumped)
    one["list"][0].append(2)
    one["array"][0] = one["small"][0] = 9
    assert other["list"] == [[1]]
    assert other["array"][0] == other["small"][0] == 0
    assert [bytes(buffer) for buffer in dumped.buffers] == before


def test_buffers_are_the_live_memory_and_not_a_copy() -> None:
    array = np.zeros(INLINE_BYTES)
    dumped = dump(array)
    array[0] = 7
    assert len(dumped.buffers) == 1
    assert back(dumped)[0] == 7


def test_buffers_that_cannot_be_written_to_are_copied() -> None:
    dumped = dump(np.zeros(INLINE_BYTES))
    stored = [bytes(buffer) for buffer in dumped.buffers]
    loaded = load(dumped.graph, stored)
    loaded[0] = 5
    assert loaded[0] == 5
    assert not np.frombuffer(stored[0]).any()


def test_storing_keeps_nothing_alive() -> None:
    gc.collect()
    gc.disable()
    try:
        array, chain = np.zeros(INLINE_BYTES), Plain(next=None)
        for _ in range(3000):
            chain = Plain(next=chain)
        watched = [weakref.ref(array), weakref.ref(chain)]
        dump([array, array[1:], chain])
        del array, chain
        assert [ref() for ref in watched] == [None, None]
    finally:
        gc.enable()


def test_weak_references_point_into_the_graph() -> None:
    target = Plain(x=1)
    loaded = again({"target": target, "ref": weakref.ref(target), "dead": weakref.ref(Plain())})
    assert loaded["ref"]() is loaded["target"]
    assert loaded["dead"]() is None


#: Values as trees, in which hypothesis also repeats objects.
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=2).map(lambda items: [items, items])
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_what_comes_back_has_the_same_fingerprint(value: Any) -> None:
    assert fingerprint(again(value)).digest == fingerprint(value).digest


@settings(max_examples=100, deadline=None)
@given(TREES, st.data())
def test_links_lead_to_the_same_places(value: Any, data: st.DataObject) -> None:
    nodes = mutables(value)
    chosen = data.draw(st.lists(st.sampled_from(range(len(nodes))), max_size=3)) if nodes else []
    now = pickle.loads(pickle.dumps(value))
    loaded = linked({"outputs": [nodes[i] for i in chosen], "own": [1]}, {"x": value}, {"x": now})
    assert [id(o) for o in loaded["outputs"]] == [id(mutables(now)[i]) for i in chosen]
    assert loaded["own"] == [1]


# -- live objects ------------------------------------------------------------------------------------------------------


def test_outputs_are_attached_to_live_inputs() -> None:
    def fresh() -> dict[str, Any]:
        return {"df": {"x": [1, 2]}, "other": [3]}

    before, now = fresh(), fresh()
    loaded = linked({"y": before["df"], "z": {"inner": before["df"]["x"]}, "new": [3]}, before, now)
    assert loaded["y"] is now["df"]
    assert loaded["z"]["inner"] is now["df"]["x"]
    assert loaded["new"] == now["other"]
    assert loaded["new"] is not now["other"]


def test_an_object_of_two_inputs_is_linked_once() -> None:
    shared: list[Any] = []
    links = held({"a": mutables([shared]), "b": mutables(shared)})
    assert len(links) == 2
    assert links[1] == (shared, Live("a", 1))


def test_mutated_inputs_are_patched_in_place() -> None:
    before = {"log": [1], "deep": {"k": [2]}}
    now = pickle.loads(pickle.dumps(before))
    nodes = mutables(before)
    before["log"].append(before["deep"]["k"])
    before["deep"]["self"] = before["deep"]
    patches = [(Live("x", number), detach(node)) for number, node in enumerate(nodes)]
    dumped = dump(patches, held=held({"x": nodes}))
    places = mutables(now)
    alias, inner = now["log"], now["deep"]["k"]
    for link, new in back(dumped, live=lambda link: places[link.number]):
        check_patch(places[link.number], new)
        patch(places[link.number], new)
    assert now["log"] is alias
    assert alias[1] is inner
    assert now["deep"]["self"] is now["deep"]


def test_no_links_without_live_objects() -> None:
    with pytest.raises(KeyError):
        load(dump([1], held=held({"x": [[1]]})).graph)


# -- patches -----------------------------------------------------------------------------------------------------------


class Plain:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


PATCHED = {
    "list": ([1, 2], [3]),
    "dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "set": ({1}, {2, 3}),
    "bytearray": (bytearray(b"ab"), bytearray(b"xyz")),
    "ordered": (OrderedDict(a=1), OrderedDict(b=2)),
    "defaultdict": (defaultdict(list, a=[1]), defaultdict(list, b=[2])),
    "deque": (deque([1], 3), deque([2, 3], 3)),
    "instance": (Plain(a=1), Plain(b=[2])),
    "array": (np.arange(3), np.array([7, 8, 9])),
    "objects": (np.array([1, [2]], dtype=object), np.array(["a", None], dtype=object)),
}


@pytest.mark.parametrize("name", PATCHED)
def test_patch_gives_the_content_and_keeps_the_object(name: str) -> None:
    live, new = PATCHED[name]
    stored = again(detach(new))
    check_patch(live, stored)
    patch(live, stored)
    assert fingerprint(live).digest == fingerprint(new).digest


@pytest.mark.parametrize("name", PATCHED)
def test_detached_content_has_the_same_children(name: str) -> None:
    value = PATCHED[name][1]
    new = detach(value)
    assert new is not value
    if isinstance(value, list | tuple | deque):
        assert all(a is b for a, b in zip(new, value, strict=True))


@pytest.mark.parametrize(
    ("live", "new"),
    [([1], {1: 1}), (np.zeros(2), np.zeros(3)), (np.zeros(2), np.zeros(2, "f4")), (Plain(), [1])],
)
def test_what_cannot_be_patched_is_told_before(live: Any, new: Any) -> None:
    before = fingerprint(live).digest
    with pytest.raises(Unpatchable):
        check_patch(live, new)
    assert fingerprint(live).digest == before


def test_what_has_no_patch_is_told_when_it_is_stored() -> None:
    with pytest.raises(Unpatchable):
        detach(memoryview(bytearray(3)))


def test_locks_stay_where_they_are() -> None:
    lock = threading.Lock()
    assert detach(lock) is lock
    check_patch(lock, lock)
    patch(lock, lock)


# -- what cannot be stored ---------------------------------------------------------------------------------------------


def test_the_path_to_what_cannot_be_stored_is_named() -> None:
    trainer = SimpleNamespace(state=SimpleNamespace(_lock=threading.Lock(), ok=[1]), name="t")
    with pytest.raises(Unstorable) as failed:
        dump({"names": {"trainer": trainer, "x": 1}}, roots={"x": 1, "trainer": trainer})
    assert failed.value.path == "trainer.state._lock"
    assert "lock" in failed.value.why
    assert failed.value.advice


def test_a_generator_in_a_list_is_named() -> None:
    with pytest.raises(Unstorable) as failed:
        dump({"rows": [1, [2, (i for i in [])]]}, label="v")
    assert failed.value.path == "v['rows'][1][1]"
    assert "list" in failed.value.advice


def test_one_culprit_among_many_is_found_quickly() -> None:
    rows: list[Any] = [[i] for i in range(20_000)]
    rows[12_345] = [threading.Lock()]
    started = time.perf_counter()
    with pytest.raises(Unstorable) as failed:
        dump(rows, label="rows")
    assert failed.value.path == "rows[12345][0]"
    assert time.perf_counter() - started < 20


def test_a_culprit_behind_a_cycle_is_found() -> None:
    parent = SimpleNamespace()
    parent.child = SimpleNamespace(parent=parent)
    parent.lock = threading.Lock()
    with pytest.raises(Unstorable) as failed:
        dump(parent, label="parent")
    assert failed.value.path == "parent.lock"


def test_a_cell_of_a_closure_is_named() -> None:
    lock = threading.Lock()

    def guarded() -> Any:
        return lock

    with pytest.raises(Unstorable) as failed:
        dump(guarded, label="guarded", by_reference=lambda value: False)
    assert failed.value.path == "guarded.<lock>"


class Hostile:
    def __reduce__(self) -> Any:
        raise ZeroDivisionError("no")


def test_whatever_a_class_raises_is_named() -> None:
    with pytest.raises(Unstorable) as failed:
        dump([Hostile()], label="v")
    assert failed.value.path == "v[0]"
    assert "no" in failed.value.why


# -- depth -------------------------------------------------------------------------------------------------------------


def test_deep_nesting_comes_back() -> None:
    value: list[Any] = []
    for _ in range(20_000):
        value = [value]
    loaded, depth = again(value), 0
    while loaded:
        loaded, depth = loaded[0], depth + 1
    assert depth == 20_000


def test_long_chains_of_objects_come_back() -> None:
    first = last = SimpleNamespace(number=0)
    for number in range(1, 3000):
        last.next = SimpleNamespace(number=number)
        last = last.next
    found, count = again(first), 0
    while found is not None:
        assert found.number == count
        found, count = getattr(found, "next", None), count + 1
    assert count == 3000


class Endless:
    """Made of another one, and so on: pickle comes to no end."""

    def __reduce__(self) -> Any:
        return Endless, (Endless(),)


def test_what_has_no_end_is_refused() -> None:
    with pytest.raises(Unstorable, match="nested too deep"):
        dump(Endless())


# -- the format --------------------------------------------------------------------------------------------------------


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="not a stored graph"):
        load(pickle.dumps([1]))


def test_a_missing_buffer_is_an_error() -> None:
    dumped = dump(np.zeros(INLINE_BYTES))
    with pytest.raises(TypeError):
        load(dumped.graph, [])


def test_large_graphs_are_read_where_they_lie() -> None:
    value = [str(i) * 3 for i in range(200_000)]
    dumped = dump(value)
    assert len(dumped.graph) > 1 << 20
    assert load(memoryview(bytearray(dumped.graph))) == value


def best(call: Any, count: int) -> float:
    """The shortest of some times, in seconds: a shared machine only ever adds."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def test_speed_of_small_values() -> None:
    value = {"names": {"a": 1, "b": "x", "c": 0.5}, "patches": [], "last": None}
    assert best(lambda: dump(value), 50) < 100e-6


def test_speed_of_large_arrays() -> None:
    arrays = [np.empty(1_250_000) for _ in range(100)]
    assert best(lambda: dump(arrays), 5) < 20e-3
    dumped = dump(arrays)
    buffers = [memoryview(np.empty(buffer.nbytes, np.uint8)) for buffer in dumped.buffers]
    assert best(lambda: load(dumped.graph, buffers), 5) < 2e-3
