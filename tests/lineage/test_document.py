"""Where cells stand: by the ids of the saved notebook, by unique source, else in the order in which they first ran."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nbexp.lineage.document import Document


class Notebook:
    """A notebook file that is saved again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saves = 0

    def save(self, *cells: tuple[str, str]) -> None:
        """Save these ``(id, source)`` pairs; an empty id is left out, as in older formats."""
        data = [
            {"cell_type": "code", "source": text.splitlines(True)} | ({"id": id} if id else {}) for id, text in cells
        ]
        self.path.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# a"}, *data]}))
        self.saves += 1
        os.utime(self.path, (self.saves, self.saves))


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path / "n.ipynb")


def document(notebook: Notebook) -> Document:
    found = Document(str(notebook.path))
    found.refresh()
    return found


def test_ids_tell_the_order_whatever_runs_first(notebook: Notebook) -> None:
    notebook.save(("a", "x = 1"), ("b", "x = 1"), ("c", "y = x"))
    found = document(notebook)
    assert [found.ran("c", "edited"), found.ran("a", "x = 1")] == ["c", "a"]
    assert found.order == ["a", "b", "c"]


def test_without_ids_the_one_cell_with_this_source_is_meant(notebook: Notebook) -> None:
    notebook.save(("", "x = 1"), ("", "y = 2\n"), ("", "y = 2"))
    found = document(notebook)
    assert found.ran("", "x = 1\n") == "cell-0"
    assert found.ran("random-id", "x = 1") == "cell-0"
    assert found.ran("random-id", "x = 5") == "cell-0"  # the front end calls it so for as long as it is open
    assert found.ran("", "y = 2") == "run 1"
    assert found.order == ["cell-0", "run 1", "cell-1", "cell-2"]


def test_a_new_cell_stands_after_the_one_that_ran_before_it_until_it_is_saved(notebook: Notebook) -> None:
    notebook.save(("a", "1"), ("b", "2"))
    found = document(notebook)
    found.ran("a", "1")
    found.ran("n", "3")
    found.ran("m", "4")
    assert found.order == ["a", "n", "m", "b"]
    notebook.save(("a", "1"), ("b", "2"), ("n", "3"))  # `m` was deleted
    assert found.refresh()
    assert found.order == ["a", "b", "n"]
    assert not found.refresh()


def test_a_copy_of_a_cell_is_another_cell(notebook: Notebook) -> None:
    notebook.save(("a", "x = 1"), ("b", "y = x"))
    found = document(notebook)
    found.ran("b", "y = x")
    assert found.ran("c", "y = x") == "c"
    assert found.order == ["a", "b", "c"]


def test_a_copy_that_runs_before_all_others_is_itself_once_it_was_saved(notebook: Notebook) -> None:
    notebook.save(("a", "x = 1"), ("b", "y = x"))
    found = document(notebook)
    assert found.ran("c", "y = x") == "b"  # the file's ids may not be those of the front end
    notebook.save(("a", "x = 1"), ("b", "y = x"), ("c", "y = 2"))
    found.refresh()
    assert found.ran("c", "y = 2") == "c"


def test_a_new_cell_that_runs_first_stands_on_top(notebook: Notebook) -> None:
    notebook.save(("a", "1"))
    found = document(notebook)
    found.ran("n", "0")
    assert found.order == ["n", "a"]


def test_deleted_moved_and_edited_cells_are_seen(notebook: Notebook) -> None:
    notebook.save(("a", "1"), ("b", "2"), ("c", "3"))
    found = document(notebook)
    notebook.save(("c", "3"), ("a", "7"))
    assert found.refresh()
    assert found.order == ["c", "a"]
    assert found.source("a") == "7"
    assert found.source("b") is None


def test_without_a_file_cells_stand_as_they_first_ran_and_a_stage_is_known_by_its_name() -> None:
    found = Document()
    assert [found.ran("", "1"), found.ran("", "2", "train"), found.ran("", "1"), found.ran("", "3", "train")] == [
        "run 1",
        "stage train",
        "run 2",
        "stage train",
    ]
    assert found.order == ["run 1", "stage train", "run 2"]
    assert [found.ran("a", "1"), found.ran("b", "2"), found.ran("a", "1"), found.ran("c", "2")] == ["a", "b", "a", "c"]
    assert found.order == ["run 1", "stage train", "run 2", "a", "b", "c"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": [{}]}', '{"worksheets": []}'])
def test_a_file_that_is_no_notebook_now_changes_nothing(notebook: Notebook, text: str) -> None:
    notebook.save(("a", "1"))
    found = document(notebook)
    notebook.path.write_text(text)
    assert not found.refresh()
    assert found.order == ["a"]
    notebook.path.unlink()
    assert not found.refresh()
    assert found.order == ["a"]


def test_ids_that_stand_twice_tell_nothing(notebook: Notebook) -> None:
    notebook.save(("a", "1"), ("a", "2"))
    found = document(notebook)
    assert found.order == ["cell-0", "cell-1"]
    assert found.ran("a", "2") == "cell-1"
