"""The stages of a notebook file, and the ranges that a run is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse
from nbexp.runs.notebook import read_notebook
from nbexp.runs.stages import NotebookStage, Range, check_cells, choose
from tests.runs.notebooks import write

PATH = Path("n.ipynb")


def stages_of(tmp_path: Path, *sources: str) -> tuple[NotebookStage, ...]:
    return check_cells(read_notebook(write(tmp_path / "n.ipynb", *sources)), PATH)


def test_stages_have_the_name_of_their_header_else_of_what_they_define(tmp_path: Path) -> None:
    found = stages_of(
        tmp_path,
        "x = 1",
        "%%stage load\ndf = 1",
        "%%stage\nmodel = 2",
        "%%stage\nmodel = 3",
        "%%stage train --seed 1\n",
    )
    assert [(stage.index, stage.id, stage.name) for stage in found] == [
        (1, "c1", "load"),
        (2, "c2", "model"),
        (3, "c3", "model-2"),
        (4, "c4", "train"),
    ]


@pytest.mark.parametrize("source", ["%%stages\n1", "# %%stage\n1", "x = '''\n%%stage a\n'''", "%%html\n%%stage a"])
def test_what_only_looks_like_a_stage_is_none(tmp_path: Path, source: str) -> None:
    assert stages_of(tmp_path, source) == ()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x =\ny", 'cell 2 of "n.ipynb" has a syntax error in line 1'),
        ("%%stage a\nok = 1\nx = (", "line 3"),
        ("%%stage a --forse\nx = 1", "--forse"),
        ("%%stage a b\nx = 1", 'cell 2 of "n.ipynb"'),
    ],
)
def test_a_cell_that_cannot_run_is_named_before_anything_runs(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(BadUse) as caught:
        stages_of(tmp_path, "fine = 1", source)
    assert said in caught.value.what
    assert caught.value.advice


STAGES = [
    NotebookStage(index, f"c{index}", name) for index, name in [(1, "load"), (3, "clean"), (5, "train"), (7, "plot")]
]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({}, Range()),
        ({"until": "clean"}, Range(last=3)),
        ({"start": "train"}, Range(restored=("load", "clean"))),
        ({"start": "load"}, Range()),
        ({"start": "clean", "until": "train"}, Range(last=5, restored=("load",))),
        ({"only": "train"}, Range(last=5, restored=("load", "clean"))),
        ({"force": ["plot", "load"]}, Range(forced=("plot", "load"))),
    ],
)
def test_a_range_is_chosen_by_the_names_of_stages(asked: dict[str, Any], given: Range) -> None:
    assert choose(STAGES, PATH, **asked) == given


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"until": "cleam"}, 'Did you mean "clean"?'),
        ({"force": ["xyz"]}, "There are: load, clean, train, plot"),
        ({"only": "train", "until": "plot"}, "--only STAGE means both"),
        ({"start": "train", "until": "load"}, "the other way round"),
    ],
)
def test_a_range_that_cannot_be_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadUse) as caught:
        choose(STAGES, PATH, **asked)
    assert said in caught.value.advice


def test_a_notebook_without_stages_has_no_range() -> None:
    with pytest.raises(BadUse, match="it has no stages"):
        choose([], PATH, until="load")
