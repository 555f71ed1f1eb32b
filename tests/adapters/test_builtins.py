from __future__ import annotations

from typing import Any

import pytest

from nbexp.adapters.builtins import ADAPTERS, counted, shortened
from nbexp.errors import Unpatchable
from nbexp.registry import adapter_for

PREVIEWS: list[tuple[Any, str]] = [
    (0.01, "0.01"),
    (None, "None"),
    ("adam", "'adam'"),
    ("x" * 1000, "'" + "x" * 76 + "..."),
    ("a\nb", r"'a\nb'"),
    (10**400, "int of 1,329 bits"),
    (b"ab", "b'ab'"),
    ([], "[]"),
    ([1, 2], "[1, 2]"),
    ([[1]], "list of 1 item"),
    (list(range(1000)), "list of 1,000 items"),
    ({"lr": 0.1}, "{'lr': 0.1}"),
    ({"rows": [1]}, "dict of 1 key"),
    ((1, "a"), "(1, 'a')"),
    ({1}, "{1}"),
    (frozenset(), "frozenset()"),
    (bytearray(3), "bytearray of 3 bytes"),
    (["x" * 100], "list of 1 item"),
]


@pytest.mark.parametrize(("value", "text"), PREVIEWS, ids=repr)
def test_previews(value: Any, text: str) -> None:
    assert adapter_for(type(value)).preview(value) == text
    assert len(text) <= 80


def test_a_preview_of_a_large_container_is_cheap() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError

    assert adapter_for(list).preview([Loud()] * 10_000) == "list of 10,000 items"


def test_described_one_level_deep() -> None:
    inner: list[Any] = []
    node = adapter_for(dict).describe({"a": inner})
    assert node.children == ["a", inner]
    assert node.children[1] is inner
    assert adapter_for(tuple).describe((inner,)).label(0) == "[0]"
    assert not adapter_for(tuple).describe((1,)).mutable


@pytest.mark.parametrize("value", [(1,), frozenset([1]), 5, "a"])
def test_immutable_values_are_their_own_copy_and_cannot_be_patched(value: Any) -> None:
    adapter = adapter_for(type(value))
    assert adapter.detach(value) is value
    with pytest.raises(Unpatchable):
        adapter.patch(value, value)


def test_a_patch_may_use_the_live_object_itself() -> None:
    live = {"a": 1}
    adapter_for(dict).patch(live, live)
    assert live == {"a": 1}


def test_every_built_in_kind_has_an_adapter() -> None:
    from nbexp.fingerprints.kinds import BUILTIN

    assert set(ADAPTERS) >= set(BUILTIN)


def test_words() -> None:
    assert shortened("a  b\nc") == "a b c"
    assert [counted(n, "item") for n in (0, 1, 2000)] == ["0 items", "1 item", "2,000 items"]
