from __future__ import annotations

import copyreg
import sys
import threading
from typing import Any

import pytest

from nbexp.adapters.base import Name
from nbexp.errors import Unfingerprintable, Unpatchable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.registry import adapter_for
from tests.adapters import samples
from tests.adapters.samples import REFUSED, SAMPLES, Holder, Node, Row, Slotted, SlottedChild, copies


def digest(value: Any) -> bytes:
    return fingerprint(value).digest


@pytest.mark.parametrize("name", SAMPLES)
def test_a_fresh_value_has_the_same_fingerprint_and_numbering(name: str) -> None:
    one, other = SAMPLES[name](), SAMPLES[name]()
    assert digest(one) == digest(other)
    assert list(map(type, mutables(one))) == list(map(type, fingerprint(other).nodes))


#: Copies of these are not the same: pickle drops what they hold, or Python cannot copy them.
UNFAITHFUL = {"exception", "exception text", "mapping proxy", "memory of bytes", "memory of bytearray", "locked"}
UNFAITHFUL |= {"hidden field", "hidden field 2"}


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - UNFAITHFUL))
def test_copies_have_the_same_fingerprint(name: str) -> None:
    value = SAMPLES[name]()
    assert [digest(copied) for copied in copies(value)] == [digest(value)] * 2


def test_all_samples_differ() -> None:
    found: dict[bytes, str] = {}
    for name, make in SAMPLES.items():
        assert found.setdefault(digest([make()]), name) == name


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    make, word = REFUSED[name]
    with pytest.raises(Unfingerprintable, match=word) as caught:
        fingerprint(make(), label="x")
    assert caught.value.path == "x"
    assert caught.value.advice


def test_an_open_file_is_refused_and_the_standard_ones_are_told_by_their_part() -> None:
    with open(__file__) as file, pytest.raises(Unfingerprintable, match="open file"):
        fingerprint({"log": file})
    assert digest(sys.__stdout__) != digest(sys.__stderr__)


def test_a_lock_inside_is_no_content() -> None:
    assert digest(Node(lock=threading.Lock(), a=1)) == digest(Node(lock=threading.Lock(), a=1))
    assert digest(Node(lock=threading.Lock(), a=1)) != digest(Node(lock=threading.Lock(), a=2))


def test_the_class_is_a_reference_that_is_read() -> None:
    assert fingerprint([Row(1, "a", [])]).reads == {Name("tests.adapters.samples", ("Row",))}


def test_classes_of_equal_fields_differ() -> None:
    assert digest(Node(a=1)) != digest(samples.holder_of(samples.Locked, a=1, lock=None, value=None))


def test_what_pickle_is_not_shown_counts() -> None:
    assert digest(Holder(1)) != digest(Holder(2))


def test_an_installed_type_is_asked_for_its_state_only() -> None:
    import collections

    assert digest(collections.UserDict(a=1)) == digest(collections.UserDict(a=1))


def test_a_registered_way_of_pickling_is_used() -> None:
    class Odd:
        def __init__(self, x: int) -> None:
            self.x = x

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise AssertionError

    copyreg.pickle(Odd, lambda odd: (Odd, (odd.x,)))
    try:
        assert digest(Odd(1)) == digest(Odd(1)) != digest(Odd(2))
    finally:
        del copyreg.dispatch_table[Odd]


class Wrong:
    def __init__(self, reduced: Any) -> None:
        self.reduced = reduced

    def __reduce_ex__(self, protocol: Any) -> Any:
        if isinstance(self.reduced, Exception):
            raise self.reduced
        return self.reduced


@pytest.mark.parametrize("reduced", [None, (), (1,), [int, ()], (int,) * 7, ValueError("no")], ids=repr)
def test_nonsense_is_refused(reduced: Any) -> None:
    with pytest.raises(Unfingerprintable):
        fingerprint(Wrong(reduced))


@pytest.mark.parametrize(
    "value",
    [Wrong((int, ([1],))), Wrong((int, (), {"a": [1]})), Wrong((list, (), None, [[1]]))],
    ids=["arguments", "state", "items"],
)
def test_what_pickling_gives_is_content(value: Wrong) -> None:
    reduced = value.reduced
    assert len(fingerprint(Wrong(reduced)).nodes) > 1


def test_the_path_leads_through_fields_and_state() -> None:
    with pytest.raises(Unfingerprintable) as caught:
        fingerprint([Node(model=Slotted({"it": zip()}))], label="m")
    assert caught.value.path == "m[0].model.a['it']"


# -- detach and patch --------------------------------------------------------------------------------------------------

PATCHED: dict[str, tuple[Any, Any]] = {
    "list": ([1, [2]], [3]),
    "dict": ({"a": 1, "b": 2}, {"b": 3, "a": 4}),
    "set": ({1}, {2, "a"}),
    "bytearray": (bytearray(b"abc"), bytearray(b"x")),
    "instance": (Node(a=1, b=2), Node(b=[1])),
    "dataclass": (Row(1, "a", []), Row(2, "b", [3])),
    "slots": (Slotted(1), Slotted([2])),
    "slots and fields": (SlottedChild(1), SlottedChild(2)),
    "list subclass": (samples.Names([1]), samples._with_field(samples.Names([2]))),
    "dict subclass": (samples.Bag(a=1), samples.Bag(b=2)),
    "set subclass": (samples.Members("a"), samples.Members("bc")),
    "ordered dict": (SAMPLES["ordered dict"](), SAMPLES["ordered dict moved"]()),
    "default dict": (SAMPLES["default dict"](), SAMPLES["default dict factory"]()),
    "deque": (SAMPLES["deque"](), type(SAMPLES["deque"]())([5])),
    "counter": (SAMPLES["counter"](), type(SAMPLES["counter"]())("zzz")),
    "namespace": (SAMPLES["namespace"](), type(SAMPLES["namespace"]())(b=1)),
    "array": (SAMPLES["array"](), type(SAMPLES["array"]())("i", [7])),
    "random": (SAMPLES["random"](), SAMPLES["random drawn"]()),
    "text stream": (SAMPLES["text stream"](), SAMPLES["text stream read"]()),
}


@pytest.mark.parametrize("name", PATCHED)
def test_patched_in_place(name: str) -> None:
    live, new = PATCHED[name]
    adapter = adapter_for(type(live))
    detached = adapter.detach(new)
    assert detached is not new
    assert digest(detached) == digest(new) != digest(live)
    identity = id(live)
    adapter.patch(live, detached)
    assert id(live) == identity
    assert digest(live) == digest(new)


@pytest.mark.parametrize(
    ("live", "new"),
    [
        ([1], {1: 1}),
        (Node(a=1), Row(1, "a", [])),
        (bytearray(b"a"), b"a"),
        (SAMPLES["deque"](), SAMPLES["deque maxlen"]()),
    ],
    ids=["list", "instance", "bytearray", "deque"],
)
def test_another_type_is_refused(live: Any, new: Any) -> None:
    before = digest(live)
    with pytest.raises(Unpatchable):
        adapter_for(type(live)).patch(live, new)
    assert digest(live) == before


@pytest.mark.parametrize("name", SAMPLES)
def test_previews_are_one_short_line(name: str) -> None:
    value = SAMPLES[name]()
    text = adapter_for(type(value)).preview(value)
    assert 0 < len(text) <= 80
    assert "\n" not in text
    assert " at 0x" not in text
