"""What has happened to the user's variables between two looks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nbexp.kernel.namespace import Looked, Variables, changed_since, remember, user_names

OPEN = object()
HIDDEN = {"open": OPEN, "get_ipython": OPEN}


def watched(namespace: dict[str, Any]) -> Variables:
    found = Variables(namespace, HIDDEN)
    found.look()
    return found


def looked(bound: str = "", new: str = "", gone: str = "") -> Looked:
    return Looked(frozenset(bound.split()), frozenset(new.split()), frozenset(gone.split()))


def test_what_is_bound_new_and_gone() -> None:
    namespace: dict[str, Any] = {"In": [], "open": OPEN, "a": [1], "b": [2], "_i1": ""}
    variables = watched(namespace)
    assert variables.names == {"a", "b"}
    namespace |= {"b": [3], "c": [4], "_i2": "", "_": 5}
    assert variables.look() == looked("b c", "c")
    del namespace["a"]
    assert variables.look() == looked(gone="a")
    assert variables.look() == looked()
    assert variables.names == {"b", "c"}


def test_what_was_deleted_and_made_again() -> None:
    namespace: dict[str, Any] = {"a": 1, "b": 2}
    variables, b = watched(namespace), namespace["b"]
    del namespace["a"], namespace["b"]
    namespace |= {"b": b, "a": [2]}
    assert variables.look() == looked("a")


def test_a_hosts_name_is_the_users_while_it_is_bound_to_something_else() -> None:
    namespace: dict[str, Any] = {"open": OPEN}
    variables = watched(namespace)
    assert variables.names == set()
    namespace["open"] = print
    assert variables.look() == looked("open", "open")
    namespace["open"] = OPEN
    assert variables.look() == looked(gone="open")
    namespace["open"] = print
    variables.look()
    del namespace["open"]
    assert variables.look() == looked(gone="open")


NAMES = st.sampled_from(["a", "b", "open", "_i1", "c"])
STEPS = st.lists(st.tuples(NAMES, st.sampled_from([None, 1, 2, OPEN])), max_size=6)


@given(st.lists(STEPS, max_size=5))
def test_looks_say_what_a_comparison_of_all_says(cells: list[list[tuple[str, Any]]]) -> None:
    values = {1: [1], 2: [2], OPEN: OPEN}  # each an object of its own that stays: addresses are not used again
    namespace: dict[str, Any] = {"open": OPEN}
    variables = watched(namespace)
    for steps in cells:
        before = remember(namespace, user_names(namespace, HIDDEN), ())
        for name, value in steps:
            if value is None:
                namespace.pop(name, None)
            else:
                namespace[name] = values[value]
        change, seen = changed_since(before, namespace, HIDDEN), variables.look()
        assert (seen.bound, seen.gone) == ({*change.bound}, {*change.deleted})
        assert seen.new == {*change.bound} - before.names
        assert variables.names == {*user_names(namespace, HIDDEN)}
