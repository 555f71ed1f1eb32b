"""Arrays and generators stored and brought back: views, memory, flags, state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.graphs.graph import INLINE_BYTES, dump, held, load
from nbexp.graphs.patch import check_patch, detach, patch


def again(value: Any) -> Any:
    dumped = dump(value)
    return load(dumped.graph, [memoryview(bytearray(buffer)) for buffer in dumped.buffers])


def digest(value: Any) -> bytes:
    return fingerprint(value).digest


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


BIG = np.arange(2000.0)
STRUCTURED = np.dtype([("x", "i1"), ("y", "f8")])
ALIGNED = np.dtype([("x", "i1"), ("y", "f8")], align=True)

#: Values that come back with type, flags, order and fingerprint.
VALUES: dict[str, Callable[[], Any]] = {
    "floats": lambda: BIG.copy(),
    "empty": lambda: np.empty((0, 3)),
    "zero-dimensional": lambda: np.array(5),
    "transposed": lambda: np.arange(6.0).reshape(2, 3).T,
    "fortran": lambda: np.asfortranarray(np.arange(20.0).reshape(4, 5)),
    "every third": lambda: BIG.copy()[::3],
    "backwards": lambda: BIG.copy()[::-1],
    "three axes permuted": lambda: np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
    "broadcast": lambda: np.broadcast_to(np.arange(3), (4, 3)),
    "big-endian": lambda: np.arange(5, dtype=">i2"),
    "bool": lambda: np.array([True, False]),
    "text": lambda: np.array(["a", "bcd"]),
    "bytes": lambda: np.array([b"x", b"yy"]),
    "text of any length": lambda: np.array(["a", "b" * 40], dtype=np.dtypes.StringDType()),
    "dates": lambda: np.array(["2020", "NaT"], "M8[ns]"),
    "time spans": lambda: np.array([1, 2], "m8[s]"),
    "complex": lambda: np.array([1 + 2j]),
    "half": lambda: np.zeros(2, "f2"),
    "long double": lambda: np.array([1.5], np.longdouble),
    "complex long double": lambda: np.array([1.5j], np.clongdouble),
    "long long": lambda: np.zeros(3, "q"),
    "void": lambda: np.zeros(2, "V7"),
    "no bytes": lambda: np.zeros(3, "S0"),
    "structured": lambda: np.array([(1, 2.0)], STRUCTURED),
    "aligned": lambda: np.zeros(3, ALIGNED),
    "nested": lambda: np.zeros(2, [("a", STRUCTURED, (2,)), ("b", ">i4")]),
    "objects": lambda: np.array([1, [2], None], dtype=object),
    "objects in columns": lambda: np.array([[1, "a"], [None, [3]]], dtype=object, order="F"),
    "structured objects": lambda: np.array([(1, [2])], [("x", "i4"), ("o", "O")]),
    "read-only": lambda: read_only(np.arange(3.0)),
    "nan": lambda: np.array([np.nan, -0.0, np.inf]),
    "matrix": lambda: np.array([[1, 2]]).view(np.matrix),
    "recarray": lambda: np.rec.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
    "masked": lambda: np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=9),
    "masked objects": lambda: np.ma.array([1, [2], 3], mask=[0, 1, 0], dtype=object),
    "hard mask": lambda: np.ma.array([1, 2], mask=[0, 1], hard_mask=True),
    "no mask": lambda: np.ma.array([1.0, 2.0]),
    "the masked constant": lambda: np.ma.masked,
    "scalar": lambda: np.float32(3),
    "date": lambda: np.datetime64("2020-01-01"),
    "record": lambda: np.array([(1, 2.0)], STRUCTURED)[0].copy(),
    "dtype": lambda: np.dtype("i4"),
    "dtype long long": lambda: np.dtype(">q"),
    "dtype structured": lambda: np.dtype([("x", "q"), ("y", "O")]),
    "dtype aligned": lambda: ALIGNED,
    "dtype titled": lambda: np.dtype([(("title", "x"), "i4")]),
    "ufunc": lambda: np.add,
    "generator": lambda: np.random.default_rng(3),
    "bits": lambda: np.random.MT19937(3),
    "philox": lambda: np.random.Generator(np.random.Philox(3)),
    "random state": lambda: np.random.RandomState(3),
    "the global state": lambda: np.random.mtrand._rand,
    "seed": lambda: np.random.SeedSequence([1, 2], spawn_key=(3,)),
    "type": lambda: np.float64,
}


@pytest.mark.parametrize("name", VALUES)
def test_comes_back_as_it_was(name: str) -> None:
    value = VALUES[name]()
    loaded = again(value)
    assert type(loaded) is type(value)
    assert digest(loaded) == digest(value)
    if isinstance(value, np.ndarray):
        assert loaded.dtype == value.dtype
        assert loaded.dtype.char == value.dtype.char
        assert loaded.flags.writeable == value.flags.writeable
        assert loaded.flags.f_contiguous >= value.flags.f_contiguous


@pytest.mark.parametrize("name", VALUES)
def test_the_same_made_twice_has_one_fingerprint(name: str) -> None:
    assert digest(VALUES[name]()) == digest(VALUES[name]())


def test_different_values_have_different_fingerprints() -> None:
    values = [make() for make in VALUES.values()]
    values += [np.zeros(3), np.zeros(3, "f4"), np.zeros((3, 1)), np.zeros((1, 3)), -np.zeros(3), [0.0, 0.0, 0.0]]
    values += [np.zeros((2, 2)), np.zeros((2, 2), order="F"), np.zeros(3, "l"), np.float64(3), np.int32(3)]
    values += [np.array([(1, 2)], [("x", "i4"), ("y", "i4")]), np.array([(1, 2)], [("y", "i4"), ("x", "i4")])]
    assert len({digest(value) for value in values}) == len(values)


def test_strides_without_order_do_not_count() -> None:
    wide = np.arange(12.0).reshape(3, 4)
    assert digest(wide[:, :2]) == digest(wide[:, :2].copy())


def test_bytes_between_fields_and_behind_long_doubles_do_not_count() -> None:
    for dtype, value in ((ALIGNED, (1, 2.0)), (np.dtype(np.longdouble), 1.5), (np.dtype(np.clongdouble), 1.5j)):
        one, other = (np.frombuffer(bytearray([fill]) * 2 * dtype.itemsize, dtype) for fill in (0, 255))
        for array in (one, other):
            if dtype.names:
                for name, field in zip(dtype.names, value, strict=True):
                    array[name] = field
            else:
                array[...] = value
        assert digest(one) == digest(other)


# -- memory ------------------------------------------------------------------------------------------------------------


def test_views_stay_views() -> None:
    base = BIG.copy()
    dumped = dump([base, base[10:20], base[::2], base[::-1], base.reshape(20, 100).T, base.view("i8"), base[5:5]])
    assert len(dumped.buffers) == 1
    whole, part, even, back, table, bits, none = load(dumped.graph, [bytearray(b) for b in dumped.buffers])
    whole[12] = -1
    assert part[2] == even[6] == back[-13] == table.T[0, 12] == -1
    assert bits[12] == np.float64(-1).view("i8")
    assert none.shape == (0,)
    part[0] = -2
    assert whole[10] == -2


def test_views_alone_store_only_what_they_see() -> None:
    assert dump(np.zeros(10**7)[3:9]).size < 1000
    one, other = again([BIG[10:20], BIG[15:30]])
    one[9] = -1
    assert other[4] == -1


def test_arrays_beside_each_other_are_not_linked() -> None:
    halves = again([BIG[:1000], BIG[1000:]])
    assert halves[0].tolist() == BIG[:1000].tolist()
    assert not np.shares_memory(*halves)


def test_views_of_objects_stay_views() -> None:
    base = np.array([1, [2], 3, 4], dtype=object)
    part, whole, rows = again([base[1:], base, base.reshape(2, 2)])
    whole[2] = "new"
    assert part[1] == rows[1, 0] == "new"
    assert part[0] is whole[1]


def test_a_view_of_objects_alone_comes_back() -> None:
    base = np.array([1, [2], 3], dtype=object)
    assert again(base[1:])[0] == [2]


def test_sharing_counts_in_the_fingerprint_and_comes_back() -> None:
    base = BIG.copy()
    shared, apart = [base, base[:10]], [base, base[:10].copy()]
    assert digest(shared) != digest(apart)
    assert digest(again(shared)) == digest(shared)
    assert digest(again(apart)) == digest(apart)


def test_an_array_over_a_bytearray_stays_one() -> None:
    memory = bytearray(b"x" * 100)
    for value in (
        {"a": np.frombuffer(memory, "u1")[3:], "m": memory},
        {"m": memory, "a": np.frombuffer(memory, "u1")[3:]},
    ):
        loaded = again(value)
        loaded["m"][5] = 0
        assert loaded["a"][2] == 0


def test_views_of_live_inputs_attach_to_them() -> None:
    before, now = BIG.copy(), BIG.copy()
    dumped = dump({"view": before[10:20], "x": before, "own": before[:3].copy()}, held=held({"x": mutables(before)}))
    loaded = load(dumped.graph, dumped.buffers, live=lambda link: now)
    assert loaded["x"] is now
    loaded["view"][0] = -5
    assert now[10] == -5
    assert not np.shares_memory(loaded["own"], now)


def test_views_of_live_objects_attach_to_them() -> None:
    before, now = (np.array([[1], 2, 3], dtype=object) for _ in range(2))
    dumped = dump(before[1:], held=held({"x": [before]}))
    load(dumped.graph, dumped.buffers, live=lambda link: now)[0] = "new"
    assert now[1] == "new"


def test_a_view_of_a_live_view_is_refused() -> None:
    strided = BIG.copy()[::2]
    with pytest.raises(Unstorable) as failed:
        dump([strided[2:4]], held=held({"x": [strided]}), label="v")
    assert failed.value.path == "v[0]"
    assert "copy" in failed.value.advice


def test_memory_beyond_a_live_input_is_refused() -> None:
    base = BIG.copy()
    with pytest.raises(Unstorable) as failed:
        dump({"z": base[5:20]}, held=held({"x": [base[0:10]]}), label="v")
    assert failed.value.path == "v['z']"


def test_read_only_views_of_live_arrays_stay_read_only() -> None:
    before, now = BIG.copy(), BIG.copy()
    dumped = dump(read_only(before[:5]), held=held({"x": [before]}))
    loaded = load(dumped.graph, dumped.buffers, live=lambda link: now)
    assert not loaded.flags.writeable
    assert now.flags.writeable
    assert np.shares_memory(loaded, now)


def test_small_arrays_own_their_memory_and_large_ones_are_mapped() -> None:
    small, large = again(np.zeros(3)), again(np.zeros(INLINE_BYTES))
    assert small.flags.owndata
    assert not large.flags.owndata


def test_a_read_only_array_can_be_made_writeable_again() -> None:
    for count in (3, INLINE_BYTES):
        loaded = again(read_only(np.zeros(count)))
        loaded.flags.writeable = True
        loaded[0] = 1


def test_broadcast_memory_is_stored_once() -> None:
    huge = np.broadcast_to(np.float64(3), (10**6, 10**6))
    dumped = dump(huge)
    assert dumped.size < 1000
    loaded = load(dumped.graph, dumped.buffers)
    assert loaded.shape == huge.shape
    assert loaded[7, 7] == 3


def test_a_memory_map_is_not_stored(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "file", "f8", "w+", shape=(10,))
    for value in (mapped, mapped[2:], np.asarray(mapped)):
        with pytest.raises(Unstorable) as failed:
            dump([value], label="v")
        assert failed.value.path == "v[0]"
        assert "file" in failed.value.why
    assert digest(np.asarray(mapped)) == digest(np.zeros(10))


def test_a_record_that_is_part_of_a_stored_array_stays_so() -> None:
    array = np.array([(1, 2.0), (3, 4.0)], STRUCTURED)
    assert again(array[0])["y"] == 2.0
    loaded, record = again([array, array[1]])
    record["y"] = 7
    assert loaded["y"].tolist() == [2, 7]
    assert digest([loaded, loaded[1]]) == digest([loaded, record]) != digest([loaded, record.copy()])


# -- patches -----------------------------------------------------------------------------------------------------------


def test_the_content_of_a_live_array_is_stored_apart_from_it() -> None:
    before, now = BIG.copy(), BIG.copy()
    view = now[:5]
    before[0] = -7
    dumped = dump([detach(before)], held=held({"x": [before]}))
    assert sum(buffer.nbytes for buffer in dumped.buffers) == before.nbytes
    (new,) = load(dumped.graph, [bytearray(b) for b in dumped.buffers], live=lambda link: now)
    assert type(new) is np.ndarray
    check_patch(now, new)
    patch(now, new)
    assert view[0] == -7


def test_read_only_is_patched_too() -> None:
    live, new = BIG.copy(), read_only(BIG + 1)
    patch(live, again(detach(new)))
    assert digest(live) == digest(new)
    patch(live, BIG)
    assert digest(live) == digest(BIG)


def test_memory_that_cannot_be_written_to_is_not_patched() -> None:
    with pytest.raises(Unpatchable):
        check_patch(np.frombuffer(b"abc", "u1"), np.zeros(3, "u1"))


@pytest.mark.parametrize("name", ["masked", "hard mask", "matrix", "recarray"])
def test_subclasses_are_patched(name: str) -> None:
    live, new = VALUES[name](), VALUES[name]()
    new.flat[0] = (9, 9.0) if name == "recarray" else 9
    patch(live, again(detach(new)))
    assert digest(live) == digest(new)


@pytest.mark.parametrize("name", ["bits", "seed", "random state", "generator"])
def test_generators_are_patched(name: str) -> None:
    live, new = VALUES[name](), VALUES[name]()
    if name == "seed":
        new.spawn(2)
        pairs = [(live, new)]
    elif name == "bits":
        new.random_raw(5)
        pairs = [(live, new)]
    else:
        new.normal(size=3)
        pairs = [*zip(mutables(live), mutables(new), strict=True)]
    nodes = mutables(new)
    dumped = dump([detach(node) for _, node in pairs], held=held({"x": nodes}))
    places = mutables(live)
    for (old, _), content in zip(pairs, load(dumped.graph, live=lambda link: places[link.number]), strict=True):
        check_patch(old, content)
        patch(old, content)
    assert digest(live) == digest(new)


# -- generators --------------------------------------------------------------------------------------------------------


def test_generators_share_their_stream() -> None:
    first = np.random.default_rng(1)
    first.random()
    one, bits, other = again([first, first.bit_generator, np.random.Generator(first.bit_generator)])
    assert one.bit_generator is bits is other.bit_generator
    assert one.random() == first.random()
    assert other.random() == first.random()


def test_a_random_state_keeps_its_second_normal() -> None:
    state = np.random.RandomState(3)
    state.randn()
    loaded = again(state)
    assert [loaded.randn() for _ in range(3)] == [state.randn() for _ in range(3)]


def test_spawned_children_count() -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    other.spawn(1)
    assert digest(one) != digest(other)
    assert again(other).spawn(1)[0].random() == other.spawn(1)[0].random()


def test_the_global_state_is_itself() -> None:
    assert again(np.random.mtrand._rand) is np.random.mtrand._rand


# -- what cannot be told -----------------------------------------------------------------------------------------------


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(Unfingerprintable):
        digest(np.frompyfunc(lambda x: x, 1, 1))
    with pytest.raises(Unfingerprintable, match="metadata"):
        digest(np.zeros(2, np.dtype("i4", metadata={"a": object()})))


class Named(np.ndarray):
    """A subclass with a field of its own, as the numpy manual shows it."""

    def __array_finalize__(self, obj: Any) -> None:
        self.name = getattr(obj, "name", None)


def test_subclasses_keep_their_fields_and_memory() -> None:
    base = BIG.copy()
    value = base.view(Named)
    value.name = ["n"]
    loaded, plain = again([value, base])
    assert type(loaded) is Named
    assert loaded.name == ["n"]
    loaded[0] = -1
    assert plain[0] == -1
    assert digest([value, base]) == digest(again([value, base]))


@pytest.mark.parametrize("base_writable", [True, False])
@pytest.mark.parametrize("view_writable", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_a_view_is_patched_whatever_may_be_written_to(base_writable: bool, view_writable: bool, after: bool) -> None:
    base = np.zeros(4)
    view = base[1:]
    view.flags.writeable = view_writable  # first: it cannot be made writeable where its base is not
    base.flags.writeable = base_writable
    new = np.ones(3)
    new.flags.writeable = after
    check_patch(view, new)
    patch(view, new)
    assert base.tolist() == [0, 1, 1, 1]
    assert (base.flags.writeable, view.flags.writeable) == (base_writable, after)


def test_an_array_whose_memory_is_read_only_is_left_alone() -> None:
    view = np.frombuffer(b"abcd", np.uint8)[1:]
    with pytest.raises(Unpatchable, match="cannot be written to"):
        check_patch(view, np.ones(3, np.uint8))
    assert view.tolist() == [98, 99, 100]
