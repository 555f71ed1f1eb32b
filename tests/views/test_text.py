"""Values as a person reads them."""

from __future__ import annotations

import pytest

from nbexp.records import Part, Reason
from nbexp.runs.ledger import CellRun, new_run
from nbexp.views.tables import CELLS, Column, cells_table, parts_table, table
from nbexp.views.text import cell_text, plural, run_counts, shown


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("ab" * 32, "id", "ababababab"),
        ("2026-11-21T14:02:33.1", "time", "2026-11-21 14:02"),
        (41.2, "seconds", "41 s"),
        (1234, "bytes", "1.2 kB"),
        (["a", "b"], "list", "a, b"),
        (3, "text", "3"),
        (0.9345678901, "value", "0.934568"),
        ({"a": 0.9345678901}, "value", "{'a': 0.9345678901}"),
        (12, "value", "12"),
        (None, "bytes", ""),
        ("", "id", ""),
        (0, "count", "0"),
    ],
)
def test_a_value_is_written_in_the_form_of_its_column(value: object, form: str, text: str) -> None:
    assert shown(value, form) == text


REASONS = (Reason("changed", "lr", "input `lr`: 1 -> 2"), Reason("changed", "f", "function `f` edited"))
LOCK = Reason(
    "unstorable", "m.lock", '"m.lock" (_thread.lock) cannot be stored: it is a lock. Drop it before the stage ends.'
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (CellRun(0, status="done"), "ran"),
        (CellRun(0, status="ran", stage="a"), "ran"),
        (CellRun(0, status="ran", stage="a", reasons=REASONS), "ran (input `lr`: 1 -> 2; function `f` edited)"),
        (CellRun(0, status="unstored", stage="a", reasons=REASONS[:1]), "ran, not stored (input `lr`: 1 -> 2)"),
        (CellRun(0, status="unstored", reasons=(*REASONS, LOCK)), "ran, not stored (cannot store m.lock (lock))"),
        (CellRun(0, status="restored", stage="a", ran_at="2026-11-21T14:02:00"), "restored (ran 2026-11-21 14:02)"),
        (
            CellRun(
                0, status="restored", stage="a", reasons=(Reason("store", "", 'the result of "b" was not stored'),)
            ),
            'restored; the result of "b" was not stored',
        ),
        (CellRun(0, status="failed", error="ValueError: x"), "failed: ValueError: x"),
        (CellRun(0), "not run"),
    ],
)
def test_what_became_of_a_cell(cell: CellRun, text: str) -> None:
    assert cell_text(cell) == text


def test_a_run_is_counted_by_what_became_of_its_cells() -> None:
    statuses = ["restored", "restored", "ran", "unstored", "failed"]
    cells = [CellRun(i, status=status, stage="s") for i, status in enumerate(statuses)]
    cells += [CellRun(9, status="done"), CellRun(10, stage="late")]
    run = new_run("n.ipynb", parameters={}, options={})
    object.__setattr__(run, "cells", tuple(cells))
    assert run_counts(run) == "2 restored, 1 ran, 1 not stored, 1 failed, 1 plain cell, 1 not run"
    object.__setattr__(run, "cells", ())
    assert run_counts(run) == "nothing to run"


def test_a_table_has_a_value_for_each_column_and_its_json_their_names() -> None:
    made = table([Column("n", lambda item: item, "count"), Column("square", lambda item: item * item)], [2, 3])
    assert made.rows == ((2, 4), (3, 9))
    assert made.to_json() == [{"n": 2, "square": 4}, {"n": 3, "square": 9}]
    assert [column.name for column in cells_table([]).columns] == [column.name for column in CELLS]


def test_cells_are_numbered_among_the_code_cells() -> None:
    """As in the progress of a run, and as ``In [2]`` has it, whatever markdown stands between them."""
    assert [row[0] for row in cells_table([CellRun(1), CellRun(4)]).rows] == [1, 2]


def test_a_part_that_is_one_of_its_kind_is_named_once() -> None:
    (row,) = parts_table([Part("source", "source", "ab")]).rows
    assert row[:2] == ("source", "")


def test_small_words() -> None:
    assert (plural(1, "cell"), plural(0, "cell")) == ("1 cell", "0 cells")
