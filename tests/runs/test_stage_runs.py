"""Notebooks with stages in real kernels: what `nbexp run` restores, runs, refuses and writes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from nbexp.records import METRIC_MIME, STAGE_MIME
from nbexp.runs.execute import Request, prepare, run_notebook
from nbexp.runs.ledger import Run
from nbexp.store import Store
from tests.runs.notebooks import read, write

pytestmark = pytest.mark.slow

CELLS = [
    "%load_ext nbexp",
    "# parameters\nn = 3",
    "def double(x):\n    return 2 * x",
    "%%stage load\nprint('loading')\ndata = [double(i) for i in range(n)]",
    "%%stage total\ntotal = sum(data)\ntotal",
    "%%stage\nshare = [x / total for x in data]",
    "share",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    (tmp_path / ".nbexp").mkdir()
    return write(tmp_path / "n.ipynb", *CELLS)


def execute(path: Path, **request: Any) -> Run:
    return run_notebook(prepare(Request(path, **request)))


def became(run: Run) -> dict[str, str]:
    return {cell.stage: cell.status for cell in run.cells if cell.stage}


def content(run: Run) -> bytes:
    return Path(run.output).read_bytes()


ALL_RESTORED = {"load": "restored", "total": "restored", "share": "restored"}
ALL_RAN = {"load": "ran", "total": "ran", "share": "ran"}


def test_stages_run_once_and_replays_are_the_same_bytes(notebook: Path) -> None:
    first, second, third = (execute(notebook) for _ in range(3))
    assert became(first) == ALL_RAN
    assert became(second) == became(third) == ALL_RESTORED
    assert content(second) == content(third)
    assert b"loading" in content(second)
    assert [reason.text for reason in first.cells[3].reasons] == ["it has not run before"]
    assert second.cells[3].ran_at
    assert second.cells[3].key == first.cells[3].key


def test_the_working_directory_of_the_caller_plays_no_part(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(notebook)
    (notebook.parent / "deep").mkdir()
    monkeypatch.chdir(notebook.parent / "deep")
    assert became(execute(Path("..") / "n.ipynb")) == ALL_RESTORED


def test_a_parameter_is_a_reason(notebook: Path) -> None:
    execute(notebook)
    run = execute(notebook, parameters=["n=4"])
    assert became(run) == ALL_RAN
    assert [reason.text for cell in run.cells if cell.stage == "load" for reason in cell.reasons] == [
        "input `n`: 3 -> 4"
    ]
    assert became(execute(notebook, parameters=["n=3"])) == ALL_RESTORED


def test_force_runs_one_stage_and_what_depends_on_its_value_is_restored(notebook: Path) -> None:
    execute(notebook)
    assert became(execute(notebook, force=["load"])) == ALL_RESTORED | {"load": "ran"}


def test_until_leaves_the_cells_below_alone(notebook: Path) -> None:
    run = execute(notebook, until="total")
    assert became(run) == {"load": "ran", "total": "ran", "share": "not run"}
    assert run.status == "completed"
    assert run.cells[-1].status == "not run"


def test_from_and_only_restore_what_is_above(notebook: Path) -> None:
    execute(notebook)
    assert became(execute(notebook, start="total")) == ALL_RESTORED
    assert became(execute(notebook, only="total", force=["total"])) == {
        "load": "restored",
        "total": "ran",
        "share": "not run",
    }


def test_a_stage_above_that_cannot_be_restored_fails_by_name(notebook: Path) -> None:
    execute(notebook)
    run = execute(notebook, only="total", parameters=["n=9"])
    assert run.status == "failed"
    assert became(run) == {"load": "failed", "total": "not run", "share": "not run"}
    assert '"load"' in run.error
    assert "input `n`: 3 -> 9" in run.error


def test_no_read_runs_all_and_no_write_keeps_nothing(notebook: Path) -> None:
    run = execute(notebook, write=False)
    assert set(became(run).values()) == {"unstored"}
    assert Store.open(notebook.parent).catalog().count() == 0
    execute(notebook)
    assert became(execute(notebook)) == ALL_RESTORED
    assert set(became(execute(notebook, read=False)).values()) == {"ran"}


@pytest.mark.parametrize(("line", "lines"), [("all", 3), ("changes", 0), ("off", 0)])
def test_the_line_is_shown_as_the_settings_say_and_known_all_the_same(notebook: Path, line: str, lines: int) -> None:
    (notebook.parent / "pyproject.toml").write_text(f"[tool.nbexp]\nline = '{line}'\n")
    first, second = execute(notebook), execute(notebook)
    assert became(second) == ALL_RESTORED
    shown = [output for cell in read(Path(second.output)).cells for output in cell.outputs if STAGE_MIME in str(output)]
    assert len(shown) == lines
    assert (STAGE_MIME.encode() in content(first)) is (line != "off")


def test_a_failing_stage_is_failed_and_not_stored(notebook: Path) -> None:
    path = write(notebook.parent / "f.ipynb", "%load_ext nbexp", "%%stage bad\n1 / 0")
    for _ in range(2):
        run = execute(path)
        assert (run.status, became(run)) == ("failed", {"bad": "failed"})
        assert run.error == "ZeroDivisionError: division by zero"


def test_a_kernel_killed_in_a_stage_loses_that_stage_alone(notebook: Path) -> None:
    path = write(notebook.parent / "k.ipynb", *CELLS[:4], "%%stage total\nimport os\nos.kill(os.getpid(), 9)")
    Store.open(notebook.parent).drain()
    assert execute(path).status == "died"
    run = execute(path)
    assert run.status == "died"
    assert became(run)["total"] == "died"
    assert became(run)["load"] in ("restored", "ran")


def test_what_is_large_is_stored_before_the_kernel_is_ended(notebook: Path) -> None:
    # a disk that takes longer than a kernel is given to leave: the writer thread must have been waited for
    slow = "import os, time\n_fsync = os.fsync\nos.fsync = lambda fd: (time.sleep(2), _fsync(fd))[1]"
    path = write(notebook.parent / "l.ipynb", "%load_ext nbexp", slow, "%%stage a\nx = 1", "%%stage b\ny = 2", "1 / 0")
    execute(path)
    assert became(execute(path)) == {"a": "restored", "b": "restored"}


def test_a_stage_that_nbexp_did_not_see_is_never_called_a_plain_cell(notebook: Path) -> None:
    # the header is inert where the extension failed to load half-way, or was unloaded
    path = write(notebook.parent / "u.ipynb", "%load_ext nbexp\n%unload_ext nbexp", "def stage(line, cell): exec(cell)",
                 "get_ipython().register_magic_function(stage, 'cell')", "%%stage a\nx = 1")  # fmt: skip
    run = execute(path)
    assert became(run) == {"a": "unstored"}
    assert "nbexp did not see it" in run.cells[-1].reasons[0].text


def test_a_result_that_is_lost_in_the_end_is_told_by_the_run(tmp_path: Path) -> None:
    (tmp_path / ".nbexp").mkdir()
    full = """
from nbexp.store import publication
def sync(temporary):
    raise OSError(28, "No space left on device")
publication.sync = sync
"""
    path = write(tmp_path / "n.ipynb", "%load_ext nbexp", full, "%%stage last\ny = 1")
    run = execute(path)
    assert (run.status, became(run)) == ("completed", {"last": "ran"})
    (problem,) = run.problems
    assert problem.startswith('the result of "last" was not stored: the disk')


def test_metrics_are_one_output_and_a_loss_that_is_no_number_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / ".nbexp").mkdir()
    steps = "for i in range(3):\n    nbexp.log(loss=float('nan') if i else 1.0, step=i)\n    nbexp.log(acc=i / 4)"
    cells = ["%load_ext nbexp", "import nbexp", f"%%stage fit\n{steps}\nnbexp.result('best', float('-inf'))"]
    notebook = write(tmp_path / "n.ipynb", *cells)
    for status in ("ran", "restored"):
        run = execute(notebook)
        assert became(run) == {"fit": status}
        outputs = [output for output in read(Path(run.output)).cells[2].outputs if STAGE_MIME not in output.data]
        assert [output.data[METRIC_MIME] for output in outputs] == [
            {"values": {"loss": "NaN"}, "step": 2},
            {"values": {"acc": 0.5}, "step": None},
            {"result": "best", "value": "-Infinity"},
        ]
        assert [output.data["text/plain"] for output in outputs] == ["loss: nan (step 2)", "acc: 0.5", "best: -inf"]
    record = Store.open(tmp_path).find("last").record
    assert [metric.values for metric in record.metrics][:2] == [{"loss": 1.0}, {"acc": 0.0}]
    assert math.isnan(record.metrics[-2].values["loss"])
    assert record.results[0].value == -math.inf


def test_recheck_runs_what_is_stored_and_names_what_differs(tmp_path: Path) -> None:
    (tmp_path / ".nbexp").mkdir()
    notebook = write(
        tmp_path / "n.ipynb",
        "%load_ext nbexp",
        "%%stage sure\nx = [1, 2]",
        "%%stage chance\nimport os\nmodel = {'a': 1, 'weights': [1, os.urandom(8)]}",
        "%%stage loud\nimport os\nprint(os.urandom(8))",
        "%%stage file\nimport pandas as pd\npd.DataFrame({'a': x}).to_csv('x.csv')",
    )
    execute(notebook)
    kept = sorted((tmp_path / ".nbexp" / "records").rglob("*"))
    again = execute(notebook, recheck=True)
    assert became(again) == {"sure": "ran", "chance": "ran", "loud": "ran", "file": "ran"}
    assert sorted((tmp_path / ".nbexp" / "records").rglob("*")) == kept
    sure, chance, loud, file = (cell.reasons for cell in again.cells if cell.stage)
    assert [(reason.kind, reason.text) for reason in sure] == [("rechecked", "the same again")]
    assert [(reason.kind, reason.name) for reason in chance] == [("nondeterministic", "model")]
    assert chance[0].text.startswith("not the same again: `model['weights'][1]` is b'")
    assert [reason.text for reason in loud] == ["not the same again: what it prints or displays"]
    assert file == sure
    assert set(became(execute(notebook)).values()) == {"restored"}
