"""The records of runs: written, read back, and honest about a run whose process is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nbexp import platform
from nbexp.errors import StoreError
from nbexp.records import Reason
from nbexp.runs import ledger
from nbexp.runs.ledger import CellRun, Run


def run(**changes: object) -> Run:
    cells = (
        CellRun(0, "c0", "done"),
        CellRun(1, "c1", "ran", "load", (Reason("changed", "lr", "input `lr`: 1 -> 2"),)),
    )
    return replace(ledger.new_run("n.ipynb", parameters={"lr": 0.1}, options={}), cells=cells, **changes)  # type: ignore[arg-type]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = run(status="completed", seconds=1.5)
    ledger.write_run(tmp_path, made)
    assert ledger.read_runs(tmp_path) == [made]
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_runs_are_listed_newest_first_and_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    old, new = run(started="2026-01-01T00:00:00"), run(started="2026-01-02T00:00:00")
    for one in (new, old):
        ledger.write_run(tmp_path, replace(one, status="completed"))
    folder = ledger.runs_folder(tmp_path)
    (folder / "other").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text("{")
    later = json.loads((folder / new.id / "run.json").read_text()) | {"schema": 99, "id": "ff"}
    (folder / "later").mkdir()
    (folder / "later" / "run.json").write_text(json.dumps(later))
    assert [one.id for one in ledger.read_runs(tmp_path)] == [new.id, old.id]
    assert (folder / "broken" / "run.json").exists()


def test_there_are_no_runs_before_the_first(tmp_path: Path) -> None:
    assert ledger.read_runs(tmp_path) == []


def test_a_run_whose_process_is_gone_did_not_complete(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ledger.write_run(tmp_path, run(process=(gone.pid, platform.process_space())))
    assert ledger.read_runs(tmp_path)[0].status == "died"


def test_a_run_that_is_still_running_is_running(tmp_path: Path) -> None:
    ledger.write_run(tmp_path, run())
    assert ledger.read_runs(tmp_path)[0].status == "running"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can write everywhere")
def test_a_store_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        ledger.write_run(tmp_path, run())


def test_a_file_in_the_way_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        ledger.write_run(tmp_path, run())
