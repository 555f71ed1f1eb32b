"""Reasons in one line: short, each once, and only those that the line is about."""

from __future__ import annotations

import pytest

from nbexp.records import Reason
from nbexp.views.reasons import CLAUSE, LINE, clause, short, telling

LONG = "x" * 200


def reason(text: str, kind: str = "changed") -> Reason:
    return Reason(kind, "", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("input `lr`: 0.01 -> 0.001", "input `lr`: 0.01 -> 0.001"),
        ('"ax._children[0]" (contourpy.Mpl) cannot be fingerprinted: it is compiled. Draw it below.',
         "cannot fingerprint ax._children[0] (Mpl)"),
        ('"g" (generator) cannot be stored: it would have to be run. Make a list.', "cannot store g (generator)"),
        ('"" (_WrappedHook) cannot be restored in place: it has no content', "cannot restore a value (_WrappedHook)"),
        (f"input `df`: {LONG} -> {LONG}", "input `df` changed"),
        (f"it wrote a file, which a hit would not: {LONG}", "it wrote a file, which a hit would not"),
    ],
)  # fmt: skip
def test_a_reason_is_shortened_to_what_happened_and_to_what(text: str, said: str) -> None:
    assert short(reason(text)) == said


@pytest.mark.parametrize("text", [LONG, f'"{LONG}" (lock) cannot be stored: no', f"function `{LONG}` edited"])
def test_no_clause_is_longer_than_a_clause(text: str) -> None:
    assert len(short(reason(text))) <= CLAUSE


def test_a_line_names_the_first_reasons_once_and_counts_the_others() -> None:
    assert clause([]) == ""
    assert clause([reason("a"), reason("a"), reason("b")]) == "a; b"
    assert clause([reason(text) for text in "abcde"]) == "a; b; c and 2 more"
    long = [reason(letter * CLAUSE) for letter in "abc"]
    assert clause(long) == f"{'a' * CLAUSE} and 2 more"
    assert len(clause(long)) < LINE


def test_a_stage_that_was_not_stored_says_why_not_and_not_why_it_ran() -> None:
    edited, lock = reason("its source was edited"), reason("it holds a lock", "unstorable")
    assert telling("unstored", [lock, edited]) == [lock]
    assert telling("unstored", [edited]) == [edited]
    assert telling("ran", [edited]) == [edited]
