"""Advice for names that are not known."""

from __future__ import annotations

import pytest

from nbexp.errors import BadUse, closest, nearest

STAGES = ("load", "train", "evaluate")


@pytest.mark.parametrize(
    ("word", "name"), [("tain", "train"), ("Train", "train"), ("laod", "load"), ("evalute", "evaluate")]
)
def test_the_closest_name_is_offered(word: str, name: str) -> None:
    assert nearest(word, STAGES) == name
    assert closest(word, STAGES) == f'Did you mean "{name}"?'


@pytest.mark.parametrize("word", ["foo", "x", ""])
def test_a_name_that_is_far_from_all_is_not_guessed(word: str) -> None:
    assert nearest(word, STAGES) == ""
    assert closest(word, STAGES) == "There are: load, train, evaluate."


def test_many_names_are_counted_and_none_give_the_other_advice() -> None:
    assert closest("x", [f"name{number}" for number in range(20)]).endswith("name11 and 8 more.")
    assert closest("x", [], "Make one.") == "Make one."


def test_a_notebook_shows_an_error_as_two_lines_without_a_stack() -> None:
    assert BadUse("no such thing", "Take another.")._render_traceback_() == ["BadUse: no such thing", "Take another."]
    assert BadUse("no such thing")._render_traceback_() == ["BadUse: no such thing"]
