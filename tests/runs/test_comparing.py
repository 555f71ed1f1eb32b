"""Saved outputs beside those of a run: what counts as a difference, and what does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from nbexp.records import STAGE_MIME
from nbexp.runs.comparing import compare, out_of_order
from nbexp.runs.execute import Request, prepare, run_notebook
from nbexp.runs.ledger import CellRun, Run, new_run
from tests.runs.notebooks import read, write


def text(content: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=content)


def shown(**data: Any) -> Any:
    return new_output("display_data", data={kind.replace("_", "/", 1): value for kind, value in data.items()})


def value(content: str) -> Any:
    return new_output("execute_result", data={"text/plain": content}, execution_count=None)


def error(name: str, content: str) -> Any:
    return new_output("error", ename=name, evalue=content, traceback=[])


def stage_line(word: str) -> Any:
    return new_output("display_data", data={STAGE_MIME: {"status": word}, "text/plain": word})


def notebook(outputs: list[Any], source: str = "f()", tags: tuple[str, ...] = ()) -> Any:
    cell = new_code_cell(source, outputs=outputs)
    cell.metadata["tags"] = list(tags)
    return new_notebook(cells=[cell])


def run_of(status: str = "done", message: str = "") -> Run:
    return replace(new_run("n.ipynb", parameters={}, options={}), cells=(CellRun(0, "c", status, error=message),))


SAME = {
    "nothing": ([], []),
    "text in other pieces": ([text("a\n"), text("b")], [text("a\nb\n")]),
    "standard error": ([text("a", "stderr")], []),
    "stderr between": ([text("a"), text("w", "stderr"), text("b")], [text("ab")]),
    "execution counts": (
        [new_output("execute_result", data={"text/plain": "1"}, execution_count=7)],
        [value("1")],
    ),
    "addresses": ([value("<f at 0x7f12ab34cd>")], [value("<f at 0x7f99ab34ee>")]),
    "progress that was written over": ([text("1%\r50%\r100%\n")], [text("2%\r100%\n")]),
    "styles of pandas": (
        [shown(text_html='<style>#T_1a2b3 td</style><table id="T_1a2b3">')],
        [shown(text_html='<style>#T_9f8e7 td</style><table id="T_9f8e7">')],
    ),
    "ids of plotly": (
        [shown(text_html='<div id="0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0">')],
        [shown(text_html='<div id="ffffffff-4f50-6172-8394-a5b6c7d8e9f0">')],
    ),
    "lines that end as on Windows": ([text("a\r\nb\r\n")], [text("a\nb\n")]),
    "times": (
        [text("CPU times: user 2 s, sys: 1 s, total: 3 s\nWall time: 2 s\nacc 1\n")],
        [text("CPU times: user 1 s, sys: 1 s, total: 2 s\nWall time: 1 s\nacc 1\n")],
    ),
    "times of a loop": (
        [text("1.2 µs ± 3 ns per loop (mean ± std. dev. of 7 runs, 1,000 loops each)\n")],
        [],
    ),
    "lines of stages": ([stage_line("ran"), value("1")], [value("1"), stage_line("restored")]),
    "order of kinds": ([shown(text_plain="a", text_html="b")], [shown(text_html="b", text_plain="a")]),
}

DIFFERENT = {
    "text": ([text("a")], [text("b")], ("differs", "a", "b")),
    "value": ([value("0.871")], [value("0.866")], ("differs", "0.871", "0.866")),
    "no output in the file": ([], [value("1")], ("missing", "", "1")),
    "an output too many": ([text("a"), value("1")], [text("a")], ("differs", "1", "")),
    "digests": ([text("a" * 32)], [text("b" * 32)], ("differs", "a" * 32, "b" * 32)),
    "a number in hexadecimal": ([value("0x1c291ca3")], [value("0x99999999")], ("differs", "0x1c291ca3", "0x99999999")),
    "lines on Windows": (
        [text("loss 1\r\nend\n")],
        [text("loss 2\r\nend\n")],
        ("differs", "loss 1\nend", "loss 2\nend"),
    ),
    "printed beside times": (
        [text("acc 0.9\nWall time: 1 s\n")],
        [text("acc 0.1\nWall time: 1 s\n")],
        ("differs", "acc 0.9", "acc 0.1"),
    ),
    "printed, then a value": ([text("5")], [value("5")], ("differs", "5", "5")),
    "html": (
        [shown(text_html="<b>1</b>", text_plain="x")],
        [shown(text_html="<b>2</b>", text_plain="x")],
        ("differs", "x", "another text/html"),
    ),
    "json": (
        [shown(application_json={"a": 1})],
        [shown(application_json={"a": 2})],
        ("differs", "a display (application/json)", "another application/json"),
    ),
    "no error any more": ([error("NameError", "x")], [value("1")], ("differs", "NameError: x", "1")),
    "spaces in front": ([text("  a")], [text("a")], ("differs", "  a", "a")),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_no_difference(name: str) -> None:
    saved, now = SAME[name]
    assert compare(notebook(saved), notebook(now), run_of()).differences == ()


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_a_difference(name: str) -> None:
    saved, now, expected = DIFFERENT[name]
    verdict = compare(notebook(saved), notebook(now), run_of())
    assert [(each.kind, each.saved, each.now) for each in verdict.differences] == [expected]
    assert [(each.cell, each.index, each.id) for each in verdict.differences] == [(1, 0, "c")]


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("f()", ("nbval-ignore-output",)),
        ("f()", ("nbval-skip",)),
        ("# NBVAL_IGNORE_OUTPUT\nf()", ()),
        ("%%stage a\n# NBVAL_IGNORE_OUTPUT\nf()", ()),
        ("%nbexp status", ()),
    ],
)
def test_cells_are_left_alone_that_nbval_leaves_alone(source: str, tags: tuple[str, ...]) -> None:
    verdict = compare(notebook([value("1")], source, tags), notebook([value("2")], source, tags), run_of())
    assert (verdict.compared, verdict.ignored, verdict.differences) == (0, (1,), ())


def test_a_cell_that_fails_and_one_that_is_not_reached() -> None:
    saved, raised = notebook([value("1")]), notebook([error("NameError", "x")])
    failed = compare(saved, raised, run_of("failed", "NameError: x")).differences
    assert [(each.kind, each.saved, each.now) for each in failed] == [("failed", "1", "NameError: x")]
    missed = compare(saved, notebook([]), run_of("not run")).differences
    assert [(each.kind, each.saved, each.now) for each in missed] == [("not reached", "1", "")]
    assert compare(raised, raised, run_of("failed", "NameError: x")).differences == ()


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ([text("w", "stderr"), stage_line("ran"), value("1")], "1"),
        ([text("Wall time: 1 s\n"), text("a")], "a"),
        ([shown(image_png="AAAA", text_plain="<Figure size 640x480>")], "an image (image/png)"),
        ([value("<f at 0x7f12ab34cd>")], "<f at …>"),
        ([], ""),
    ],
    ids=["stage line", "times", "image", "address", "nothing"],
)
def test_of_a_cell_that_is_not_reached_the_first_output_that_counts_is_shown(saved: list[Any], words: str) -> None:
    (missed,) = compare(notebook(saved), notebook([]), run_of("not run")).differences
    assert missed.saved == words


def test_execution_counts_tell_of_cells_that_ran_out_of_order(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", "1", "2", "3", "4")
    cells = read(path)

    def counted(*counts: int | None) -> tuple[int, int] | None:
        for cell, count in zip(cells.cells, counts, strict=True):
            cell["execution_count"] = count
        return out_of_order(cells)

    assert counted(1, 2, 3, 4) is None
    assert counted(None, None, None, None) is None
    assert counted(3, None, 7, 9) is None
    assert counted(1, 5, 3, 6) == (2, 3)


@pytest.mark.slow
def test_hidden_state_in_a_saved_notebook_is_found(tmp_path: Path) -> None:
    """Run top to bottom and saved: as saved. Then a cell is edited after the fact, as hidden state leaves it."""
    path = write(
        tmp_path / "n.ipynb",
        "x = 1",
        "print(x)",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, x]);",
    )
    first = run_notebook(prepare(Request(path, in_place=True)))
    assert first.status == "completed"

    def differences() -> list[tuple[int, str]]:
        run = run_notebook(prepare(Request(path, read=False, write=False)))
        return [(each.cell, each.kind) for each in compare(read(path), read(Path(run.output)), run).differences]

    assert differences() == []
    edited = read(path)
    edited.cells[0].source = "x = 2"
    nbformat.write(edited, path)
    assert differences() == [(2, "differs"), (3, "differs")]
    del edited.cells[0]
    nbformat.write(edited, path)
    assert differences() == [(1, "failed"), (2, "not reached")]
