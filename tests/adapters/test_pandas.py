from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import Live, dump, held, load
from nbexp.graphs.patch import detach, patch

pd = pytest.importorskip("pandas")


def again(value: Any) -> Any:
    """Stored and loaded, with memory of its own."""
    dumped = dump(value)
    return load(dumped.graph, [bytearray(buffer) for buffer in dumped.buffers])


def digest(value: object) -> bytes:
    return fingerprint(value).digest


def numbers(rows: int = 1000) -> Any:
    return pd.DataFrame(np.random.default_rng(0).random((rows, 4)), columns=list("abcd"))


# -- fingerprints ------------------------------------------------------------------------------------------------------


def test_a_frame_reports_its_package_and_the_objects_that_can_change() -> None:
    frame = numbers()
    found = fingerprint(frame)
    assert "pandas" in found.packages
    for expected in (frame, frame.index, frame.columns, frame.attrs):
        assert any(node is expected for node in found.nodes)


def test_no_memory_of_a_frame_counts_as_shared_with_another() -> None:
    frame = numbers()
    assert fingerprint([frame, frame.copy(deep=False)]).spans == ()


@pytest.mark.parametrize("name", ["_cache", "columns", "describe", "str"])
def test_what_pandas_remembers_about_a_value_is_no_content(name: str) -> None:
    series = pd.Series(["a", "b"], name="s")
    before = digest(series)
    {
        "_cache": lambda: (series.index.is_unique, series.index.get_loc(1)),
        "columns": lambda: series.to_frame(),
        "describe": lambda: series.describe(),
        "str": lambda: series.str.upper(),
    }[name]()
    assert digest(series) == before


@pytest.mark.parametrize("value", [1, 1.5, "a", (1, 2), None, True])
@pytest.mark.parametrize("other", [1, 1.5, "a", (1, 2), None, True])
def test_names_differ_exactly_if_they_are_not_the_same(value: Any, other: Any) -> None:
    same = type(value) is type(other) and value == other
    assert (digest(pd.Series([0], name=value)) == digest(pd.Series([0], name=other))) is same


def test_the_place_of_what_cannot_be_told_is_named() -> None:
    frame = pd.DataFrame({"a": [1, 2], "locks": [None, (i for i in "ab")]})
    with pytest.raises(Unfingerprintable) as caught:
        fingerprint(frame, label="frame")
    assert caught.value.path == "frame['locks'][1]"
    series = pd.Series([threading.local()], name="locks")
    series.attrs["note"] = open  # a built-in function is fine: the first problem is the value
    with pytest.raises(Unfingerprintable, match=r"series\.values\[0\]"):
        fingerprint(pd.Series([(i for i in "ab")]), label="series")


def test_an_attribute_set_by_hand_is_content() -> None:
    frame, other = numbers(), numbers()
    object.__setattr__(other, "note", "x")
    assert digest(frame) != digest(other)
    assert again(other).note == "x"


def test_values_under_a_mask_are_no_content() -> None:
    one = pd.arrays.IntegerArray(np.array([1, 77]), np.array([False, True]))
    other = pd.arrays.IntegerArray(np.array([1, 88]), np.array([False, True]))
    assert digest(one) == digest(other)
    assert digest(pd.Series(one)) == digest(pd.Series(other))


def test_without_copy_on_write_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pd, "__version__", "2.3.3")
    monkeypatch.setattr("nbexp.adapters.pandas.frames.pd.options", _Options())
    with pytest.raises(Unfingerprintable, match="copy-on-write"):
        fingerprint(numbers())


class _Options:
    class mode:
        copy_on_write = False


# -- storing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["by column", "by row"])
def test_memory_goes_out_of_band_and_comes_back_without_a_copy(order: str) -> None:
    memory = np.random.default_rng(0).random((5000, 4))
    frame = pd.DataFrame(memory, copy=order == "by column")
    dumped = dump(frame)
    assert len(dumped.graph) < 5000
    assert sum(buffer.nbytes for buffer in dumped.buffers) == memory.nbytes
    buffers = [bytearray(buffer) for buffer in dumped.buffers]
    loaded = load(dumped.graph, buffers)
    pd.testing.assert_frame_equal(loaded, frame)
    assert np.shares_memory(loaded.to_numpy(), np.frombuffer(buffers[0], np.uint8))
    assert loaded.to_numpy().flags.c_contiguous == frame.to_numpy().flags.c_contiguous


def test_text_is_stored_as_arrow_memory_and_only_what_a_slice_shows() -> None:
    series = pd.Series([f"row {i}" for i in range(10_000)])
    assert len(dump(series).graph) < 5000
    assert dump(series.iloc[50:60]).size < 10_000


def test_what_shared_memory_under_copy_on_write_comes_back_apart() -> None:
    frame = numbers()
    views = [frame, frame.copy(deep=False), frame[["a", "b"]], frame["a"], frame.reset_index()]
    loaded = again(views)
    loaded[0].iloc[0, 0] = 99.0
    assert [digest(value) for value in loaded[1:]] == [digest(value) for value in views[1:]]


def test_the_same_objects_come_back_as_the_same_objects() -> None:
    frame = numbers()
    attrs, index = frame.attrs, frame.index
    attrs["self"] = [frame]
    loaded = again({"frame": frame, "index": index, "attrs": attrs})
    assert loaded["frame"].index is loaded["index"]
    assert loaded["frame"].attrs is loaded["attrs"]
    assert loaded["attrs"]["self"][0] is loaded["frame"]


def test_a_restored_frame_behaves_as_the_computed_one() -> None:
    frame = numbers()
    frame["text"] = "x"
    frame["when"] = pd.Timestamp("2020-01-01")
    loaded = again(frame)
    for value in (frame, loaded):
        value["new"] = value["a"] * 2
        value.loc[value["a"] > 0.5, "text"] = "y"
        value.index = value.index[::-1]
        del value["c"]
    pd.testing.assert_frame_equal(loaded, frame)
    assert digest(loaded) == digest(frame)
    assert digest(loaded.groupby("text")["a"].mean()) == digest(frame.groupby("text")["a"].mean())


def test_what_cannot_be_stored_is_named() -> None:
    frame = pd.DataFrame({"a": [1, 2], "locks": [None, threading.Lock()]})
    with pytest.raises(Unstorable) as caught:
        dump(frame, label="frame")
    assert caught.value.path == "frame['locks'][1]"


# -- in place ----------------------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Any], object]] = {
    "column": lambda frame: frame.__setitem__("a", 1.5),
    "new column": lambda frame: frame.__setitem__("e", "x"),
    "cells": lambda frame: frame.__setitem__(frame > 0.5, 0.0),
    "one more row": lambda frame: frame.loc.__setitem__(len(frame), 1.0),
    "fewer columns": lambda frame: frame.pop("b"),
    "other index": lambda frame: setattr(frame, "index", frame["a"]),
    "name of the index": lambda frame: setattr(frame.index, "name", "n"),
    "attrs": lambda frame: frame.attrs.update(a=1),
    "columns": lambda frame: setattr(frame, "columns", list("wxyz")),
    "flags": lambda frame: setattr(frame.flags, "allows_duplicate_labels", False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_live_frame_takes_over_a_change_and_all_who_hold_it_see_it(change: str) -> None:
    live, mutated = numbers(), numbers()
    holder = {"frame": live}
    CHANGES[change](mutated)
    patch(live, again(detach(mutated)))
    assert digest(holder["frame"]) == digest(mutated)
    live.iloc[0, 1] = 5.0
    assert digest(live) != digest(mutated), "the two are linked"


def test_an_output_that_holds_an_input_is_linked_to_the_live_one() -> None:
    frame = numbers()
    dumped = dump({"frame": frame, "first": frame["a"].to_list()[:1]}, held=held({"frame": [frame]}))
    live = numbers()
    loaded = load(dumped.graph, dumped.buffers, live={Live("frame", 0): live}.__getitem__)
    assert loaded["frame"] is live


def test_a_series_cannot_become_a_frame() -> None:
    with pytest.raises(Unpatchable):
        patch(pd.Series([1]), pd.DataFrame({"a": [1]}))


def test_a_renamed_index_shows_in_the_frame_that_holds_it() -> None:
    frame = numbers()
    renamed = frame.index.rename("row")
    patch(frame.index, again(detach(renamed)))
    assert frame.index.name == "row"
    assert frame.loc[3, "a"] == numbers().loc[3, "a"]


# -- previews ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (numbers, "DataFrame 1,000 rows x 4 columns"),
        (lambda: pd.Series([1, 2]), "Series int64, 2 values"),
        (lambda: pd.RangeIndex(3), "RangeIndex int64, 3 labels"),
        (lambda: pd.Timestamp("2020-01-01"), "2020-01-01 00:00:00"),
    ],
)
def test_a_preview_says_what_it_is_and_how_large(make: Callable[[], Any], shown: str) -> None:
    assert preview(make()) == shown


# -- values from files -------------------------------------------------------------------------------------------------


def test_a_frame_read_twice_is_the_same() -> None:
    text = "a,b,c\n1,x,2020-01-01\n2,,2020-01-02\n"
    first, second = (pd.read_csv(io.StringIO(text), parse_dates=["c"]) for _ in range(2))
    assert digest(first) == digest(second) == digest(again(first))


@pytest.mark.parametrize("together", [0, 1 << 30], ids=["piece by piece", "as one"])
def test_where_pandas_keeps_columns_is_no_content(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbexp.adapters.pandas.frames._TOGETHER", together)
    values = np.arange(5000.0).reshape(1000, 5)
    whole = pd.DataFrame(np.asfortranarray(values), columns=list("abcde"))
    apart = pd.DataFrame(index=whole.index)
    for name in "cabed":
        apart.insert(len(apart.columns), name, whole[name].copy())
    apart = apart[list("abcde")]
    assert len(apart._mgr.blocks) > 1 == len(whole._mgr.blocks)
    assert digest(apart) == digest(whole) != digest(whole[list("bacde")].set_axis(list("abcde"), axis=1))
