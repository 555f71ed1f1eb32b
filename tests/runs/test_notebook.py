"""Notebook files: what is read, what is refused with one clear message, and how they are written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse
from nbexp.runs.notebook import code_cells, python_tree, read_notebook, write_notebook, write_text
from tests.runs.notebooks import write


def raw(**changes: Any) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": ["1\n", "2"],
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell, cell | {"id": "b"}]} | changes


def saved(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_lines_are_joined_and_ids_kept(tmp_path: Path) -> None:
    notebook = read_notebook(saved(tmp_path / "n.ipynb", raw()))
    assert [(cell.id, cell.source) for cell in notebook.cells] == [("a", "1\n2"), ("b", "1\n2")]


def test_ids_that_are_missing_or_stand_twice_are_completed_the_same_each_time(tmp_path: Path) -> None:
    cells = raw()["cells"]
    twice = [cells[0], cells[0], {k: v for k, v in cells[0].items() if k != "id"}]
    path = saved(tmp_path / "n.ipynb", raw(cells=twice))
    assert [cell.id for cell in read_notebook(path).cells] == ["a", "a-2", "cell-2"]


def test_a_format_without_ids_stays_without(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path / "n.ipynb", "1", minor=4))
    assert notebook.nbformat_minor == 4
    assert "id" not in notebook.cells[0]


def test_an_old_notebook_is_converted_with_the_same_ids_each_time(tmp_path: Path) -> None:
    cell = {
        "cell_type": "code",
        "input": ["1"],
        "outputs": [],
        "language": "python",
        "metadata": {},
        "collapsed": False,
    }
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }
    path = saved(tmp_path / "n.ipynb", old)
    assert read_notebook(path) == read_notebook(path)
    assert read_notebook(path).cells[0].source == "1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not a notebook"),
        ("not json", "is not a notebook"),
        ("[]", 'it has no "nbformat"'),
        ({"nbformat": "4"}, 'it has no "nbformat"'),
        ({"nbformat": 9, "nbformat_minor": 0}, "is not a valid notebook"),
        (raw(cells=3), "is not a valid notebook"),
        (raw(cells=[{"cell_type": "code"}]), "is not a valid notebook"),
        (raw(metadata={"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}), 'is written in "R"'),
        (raw(metadata={"language_info": {"name": "julia"}}), 'is written in "julia"'),
    ],
)
def test_what_is_no_python_notebook_is_refused(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(BadUse) as caught:
        read_notebook(saved(tmp_path / "n.ipynb", content))
    assert said in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.advice


def test_a_missing_notebook_names_the_closest_one(tmp_path: Path) -> None:
    write(tmp_path / "train.ipynb", "1")
    with pytest.raises(BadUse, match="there is no notebook") as caught:
        read_notebook(tmp_path / "tain.ipynb")
    assert "train.ipynb" in caught.value.advice
    with pytest.raises(BadUse, match="is a folder") as caught:
        read_notebook(tmp_path)
    assert "train.ipynb" in caught.value.advice


def test_code_cells_are_those_that_run(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", "1", "  \n", "2", "3", tags={2: "skip-execution"})
    assert [(index, cell.source) for index, cell in code_cells(read_notebook(path))] == [(0, "1"), (3, "3")]


@pytest.mark.parametrize("source", ["await f()", "!ls", "%time x = 1", "x?", "async with a: pass", "%%bash\nls ->"])
def test_what_ipython_understands_has_a_tree(source: str) -> None:
    assert python_tree(source).body


@pytest.mark.parametrize("source", ["x = ", "return 1", "if True:\nx", "def f(:\n  pass"])
def test_what_it_does_not_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        python_tree(source)


def test_a_warning_about_the_users_source_is_the_kernels_to_show() -> None:
    assert python_tree("x = '\\d'; 1 is 1").body


def test_a_notebook_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", "1\n2", "'é'")
    write_notebook(read_notebook(path), tmp_path / "deep" / "copy.ipynb")
    assert (tmp_path / "deep" / "copy.ipynb").read_bytes().rstrip() == path.read_bytes().rstrip()


def test_a_file_that_is_replaced_keeps_its_permissions_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "one")
    path.chmod(0o640)
    write_text(path, "two")
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.txt"]
