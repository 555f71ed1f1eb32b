"""Whole notebooks in real kernels, without stages: what is written, what is told, how failures end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse
from nbexp.runs import ledger
from nbexp.runs.execute import Request, Watch, prepare, run_notebook
from nbexp.runs.ledger import Run
from tests.runs.notebooks import read, write

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".nbexp").mkdir()
    return tmp_path


def execute(path: Path, **request: Any) -> Run:
    return run_notebook(prepare(Request(path, **request)))


def outputs(run: Run) -> list[str]:
    """The text of each code cell's outputs."""
    texts = []
    for cell in read(Path(run.output)).cells:
        parts = [o.get("text") or o.get("evalue") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
        texts.append("|".join(part.strip() for part in parts))
    return texts


def test_a_notebook_runs_with_its_parameters_and_its_file_stays_as_it_is(project: Path) -> None:
    path = write(project / "n.ipynb", "# parameters\nlr = 1\nn = 2", "lr * n", "import os; os.getcwd()", "lr")
    before = path.read_bytes()
    run = execute(path, parameters=["lr=5"])
    assert run.status == "completed"
    assert outputs(run) == ["", "", "10", repr(str(project)), "5"]
    assert path.read_bytes() == before
    assert [cell.status for cell in run.cells] == ["done"] * 5
    assert run.parameters == {"lr": 5}
    assert ledger.read_runs(project / ".nbexp") == [run]
    assert sorted(os.listdir(Path(run.output).parent)) == ["n.ipynb", "run.json"]


def test_two_runs_write_the_same_bytes(project: Path) -> None:
    sources = [
        "# parameters\nlr = 1",
        "import sys, warnings\nprint('a'); print('b', file=sys.stderr); print('c'); warnings.warn('w')",
        "import ipywidgets\nipywidgets.IntSlider()",
        "import time\nprint(1); time.sleep(0.3); print(2, file=sys.stderr); time.sleep(0.3); print(3)",
        "from IPython.display import display\nh = display(1, display_id='x'); h.update(2)",
        "1 / 0",
    ]
    runs = [execute(write(project / "n.ipynb", *sources), parameters=["lr=2"]) for _ in range(2)]
    assert [run.status for run in runs] == ["failed", "failed"]
    first, second = (Path(run.output).read_bytes() for run in runs)
    assert first == second
    assert b"UserWarning: w" in first
    assert b"papermill" not in first


def test_each_cell_comes_with_its_id(project: Path) -> None:
    seen = "seen = []\nget_ipython().events.register('pre_run_cell', lambda info: seen.append(info.cell_id))"
    run = execute(write(project / "n.ipynb", "# parameters\na = 1", seen, "2", "seen"), parameters=["a=2"])
    assert outputs(run)[-1] == "['c2', 'c3']"
    run = execute(write(project / "old.ipynb", seen, "2", "seen", minor=4))
    assert outputs(run)[-1] == "[None, None]"


def test_the_kernel_is_told_what_it_is_part_of(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBEXP_FORCE", "left over from a shell")
    show = "import os; {k: v for k, v in os.environ.items() if k.startswith('NBEXP_')}"
    path = write(project / "n.ipynb", show)
    run = execute(path, read=False)
    told = eval(outputs(run)[0])
    assert told == {"NBEXP_NOTEBOOK": str(path), "NBEXP_LINE": "all", "NBEXP_NO_READ": "1"}


def test_a_failed_cell_ends_the_run_and_is_named(project: Path) -> None:
    run = execute(write(project / "n.ipynb", "1", "raise ValueError('too big\\nreally')", "3"))
    assert (run.status, run.error) == ("failed", "ValueError: too big")
    assert [cell.status for cell in run.cells] == ["done", "failed", "not run"]
    assert outputs(run) == ["1", "too big\nreally", ""]


@pytest.mark.parametrize("last", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_a_killed_kernel_is_never_reported_as_completed(project: Path, last: str) -> None:
    run = execute(write(project / "n.ipynb", "1", f"import os\nprint('before', flush=True)\n{last}", "3"))
    assert (run.status, run.error) == ("died", "the kernel died in cell 2")
    assert [cell.status for cell in run.cells] == ["done", "died", "not run"]
    first, second, third = outputs(run)
    assert (first, third) == ("1", "")
    assert second.removeprefix("before|") == "The kernel died while this cell ran."  # what it had not sent is lost
    assert ledger.read_runs(project / ".nbexp")[0].status == "died"


def test_a_kernel_that_does_not_start_says_why(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {
        "argv": [sys.executable, "-c", "raise SystemExit('no ipykernel here')"],
        "display_name": "b",
        "language": "python",
    }
    folder = project / "share" / "kernels" / "broken"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(project / "share"))
    path = write(project / "n.ipynb", "1")
    path.write_text(path.read_text().replace('"python3"', '"broken"'))
    run = execute(path)
    assert run.status == "died"
    assert "(no ipykernel here)" in run.error
    assert [cell.status for cell in run.cells] == ["not run"]
    assert (Path(run.output).parent / ledger.LOG_FILE).read_text() == "no ipykernel here\n"


def test_output_goes_where_it_is_asked_for(project: Path) -> None:
    path = write(project / "n.ipynb", "6 * 7")
    run = execute(path, output=project / "out.ipynb")
    assert run.output == str(project / "out.ipynb")
    assert outputs(run) == ["42"]
    assert read(path).cells[0].outputs == []
    run = execute(path, in_place=True)
    assert run.output == str(path)
    assert outputs(run) == ["42"]


def test_the_followers_of_a_run_hear_of_each_cell_in_order(project: Path) -> None:
    heard: list[str] = []
    watch = Watch(
        started=lambda cell, total: heard.append(f"start {cell.index} of {total}"),
        ended=lambda cell, total: heard.append(f"end {cell.index} {cell.status}"),
    )
    run_notebook(prepare(Request(write(project / "n.ipynb", "1", "2"))), watch)
    assert heard == ["start 0 of 2", "end 0 done", "start 1 of 2", "end 1 done"]


def test_an_earlier_outputs_are_not_kept(project: Path) -> None:
    path = write(project / "n.ipynb", "1", "2")
    notebook = read(path)
    notebook.cells[0].metadata["papermill"] = {"start_time": "2020"}
    notebook.cells[0].outputs = [{"output_type": "stream", "name": "stdout", "text": "old"}]
    path.write_text(json.dumps(notebook))
    run = execute(path)
    assert outputs(run) == ["1", "2"]
    assert read(Path(run.output)).cells[0].metadata == {}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"parameters": ["b=1"]}, 'no parameter "b"'),
        ({"until": "x"}, 'no stage "x"'),
        ({"output": Path("n.ipynb")}, "is the notebook itself"),
        ({"output": Path()}, "is a folder"),
        ({"output": Path("none/n.ipynb")}, "there is no folder"),
        ({"output": Path("o.ipynb"), "in_place": True}, "--in-place cannot be joined"),
    ],
)
def test_bad_use_leaves_no_trace(
    project: Path, monkeypatch: pytest.MonkeyPatch, request_: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(project)
    write(project / "n.ipynb", "# parameters\na = 1")
    with pytest.raises(BadUse) as caught:
        prepare(Request(Path("n.ipynb"), **request_))
    assert said in caught.value.what
    assert os.listdir(project / ".nbexp") == []
    assert sorted(os.listdir(project)) == [".nbexp", "n.ipynb"]


def test_a_kernel_that_is_not_installed_is_named(project: Path) -> None:
    path = write(project / "n.ipynb", "1")
    notebook = read(path)
    notebook.metadata.kernelspec["name"] = "pyton3"
    path.write_text(json.dumps(notebook))
    with pytest.raises(BadUse, match="pyton3") as caught:
        prepare(Request(path))
    assert caught.value.advice == 'Did you mean "python3"?'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_cell_and_the_run_and_leaves_no_kernel(project: Path, number: int) -> None:
    path = write(
        project / "n.ipynb", "1", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)", "3"
    )
    code = "import sys; from nbexp.ui.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, "run", str(path)], cwd=project, stdout=subprocess.PIPE)
    try:
        kernel = int(_wait_for_text(project / "pid"))
        process.send_signal(number)
        assert process.wait(timeout=60) == 1
    finally:
        process.kill()
        process.communicate()
    (run,) = ledger.read_runs(project / ".nbexp")
    assert run.status == "interrupted"
    assert [cell.status for cell in run.cells] == ["done", "failed", "not run"]
    assert "KeyboardInterrupt" in run.cells[1].error
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def _wait_for_text(path: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_papermill_finds_the_engine_by_its_name(project: Path) -> None:
    path, output = write(project / "n.ipynb", "import os; os.environ['NBEXP_NOTEBOOK']"), project / "o.ipynb"
    command = [sys.executable, "-m", "papermill", "--engine", "nbexp", "--no-progress-bar", str(path), str(output)]
    subprocess.run(command, check=True, capture_output=True, cwd=project, timeout=120)
    assert read(output).cells[0].outputs[0].data["text/plain"] == repr(str(path))
