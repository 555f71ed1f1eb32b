"""The scenes of ``nbexp demo``, in order. A scene does one thing for real and returns what it saw as lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbexp.adapters.graph import dump
from nbexp.config import STORE_NAME
from nbexp.errors import NbexpError
from nbexp.records import STAGE_MIME, Record
from nbexp.runs.execute import Request, prepare, run_notebook
from nbexp.runs.ledger import CellRun, Run
from nbexp.runs.notebook import write_notebook
from nbexp.store import Keys, Store
from nbexp.ui.demo.notebook import FAINT, STRONG, notebook, script
from nbexp.views.line import duration

NOTEBOOK = "digits.ipynb"


@dataclass(frozen=True, slots=True)
class Scene:
    """A title and what was seen."""

    title: str
    lines: tuple[str, ...]


def tell(folder: Path) -> Iterator[Scene]:
    """Play the story in `folder`, which is emptied of an earlier one; a scene is given as soon as it is over.

    Raises:
        NbexpError: Something is not as promised: the demo does not go on as if it were.
    """
    _clear(folder)
    write_notebook(notebook(), folder / NOTEBOOK)
    yield Scene("1  A notebook with five %%stage cells runs for the first time", _stage_lines(cold := _run(folder)))
    yield _replay(folder, cold)
    before = _answer(folder)
    yield _edit(folder)
    yield _peer(folder, before, _answer(folder))
    yield _flip(folder)
    yield _plant(folder)


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left; a folder that holds anything else is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {STORE_NAME, NOTEBOOK, "joblib-cache", "with_joblib.py"}
    strangers = sorted(set(os.listdir(folder)) - known)
    if strangers:
        raise NbexpError(
            f'the folder "{folder}" holds "{strangers[0]}", which is not the demo\'s', "Name another one: --folder."
        )
    for name in os.listdir(folder):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / STORE_NAME).mkdir()


# --- 1 and 2: cold, then restored -------------------------------------------------------------------------------------


def _run(folder: Path) -> Run:
    done = run_notebook(prepare(Request(folder / NOTEBOOK)))
    if done.status != "completed":
        raise NbexpError(f"the demo's notebook ended as {done.status}: {done.error}", f"See {done.output}.")
    return done


def _replay(folder: Path, cold: Run) -> Scene:
    second, third = _run(folder), _run(folder)
    _expect(all(cell.status == "restored" for cell in _stages(second)), "a stage was not restored")
    _expect(_outputs(cold) == _outputs(second), "a restored output differs from the computed one")
    same = Path(second.output).read_bytes() == Path(third.output).read_bytes()
    _expect(same, "two replays differ")
    ran, restored = _seconds(cold), _seconds(second)
    lines = (
        f"all {len(_stages(second))} stages restored; every output equals the computed one",
        f"cells: {duration(ran)} -> {duration(restored)} (what is left is mostly the imports)",
        "a third run wrote a notebook that is byte for byte that of the second",
    )
    return Scene("2  The same notebook in a new kernel", lines)


def _outputs(run: Run) -> list[Any]:
    """What each cell shows, without nbexp's own line."""
    import nbformat

    shown = nbformat.read(run.output, as_version=4)
    return [
        [output for output in cell.get("outputs", ()) if STAGE_MIME not in output.get("data", {})]
        for cell in shown.cells
    ]


# --- 3: an edit -------------------------------------------------------------------------------------------------------


def _edit(folder: Path) -> Scene:
    write_notebook(notebook(STRONG), folder / NOTEBOOK)
    done = _run(folder)
    store = Store.open(folder)
    lines = [f"ink: ({FAINT}).mean(axis=1)  ->  ({STRONG}).mean(axis=1)"]
    for cell in _stages(done):
        lines.append(_line(cell, _note(store, cell)))
    return Scene("3  A helper function, used by two of the stages, is edited", tuple(lines))


def _note(store: Store, cell: CellRun) -> str:
    if cell.status != "ran":
        return ""
    now, before = store.heads(NOTEBOOK, cell.stage, limit=2)
    return ", and gave the same values as before" if _values(now) == _values(before) else ", and gave other values"


def _values(record: Record) -> dict[str, str]:
    return {variable.name: variable.fingerprint for variable in record.variables}


# --- 4: a peer --------------------------------------------------------------------------------------------------------


def _answer(folder: Path) -> Any:
    record = Store.open(folder).heads(NOTEBOOK, "answer", limit=1)[0]
    return record.results[0].value


def _peer(folder: Path, before: Any, after: Any) -> Scene:
    first = _with_joblib(folder, FAINT)
    _expect(first == str(before), f"joblib.Memory answered {first} where {before} was computed")
    second = _with_joblib(folder, STRONG)
    verdict = "the old one: it does not see the edited helper" if second != str(after) else "the true one, too"
    lines = (f"the digit with the most ink is now {after}", f"joblib.Memory answers {second}: {verdict}")
    return Scene("4  The same edit under joblib.Memory", lines)


def _with_joblib(folder: Path, ink: str) -> str:
    path = folder / "with_joblib.py"
    path.write_text(script(ink), encoding="utf-8")
    done = subprocess.run([sys.executable, path.name], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NbexpError(f"the script with joblib.Memory failed: {done.stderr.strip()[-300:]}", f"See {path}.")
    return done.stdout.strip()


# --- 5 and 6: a damaged store, and a hostile one -----------------------------------------------------------------------


def _flip(folder: Path) -> Scene:
    store = folder / STORE_NAME
    victim = max(
        (path for path in (store / "blobs").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(content)
    done = _run(folder)
    noticed = [cell for cell in _stages(done) if any(reason.kind == "damaged" for reason in cell.reasons)]
    _expect(bool(noticed), "the flipped bit was not noticed")
    lines = [f"one bit of {len(content):,} bytes in {victim.relative_to(folder)} was flipped"]
    return Scene("5  The store is damaged", (*lines, *(_line(cell) for cell in _stages(done))))


class _Canary:
    """An object whose unpickling would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


def _plant(folder: Path) -> Scene:
    with tempfile.TemporaryDirectory() as stranger:
        canary = Path(stranger) / "it-ran"
        mine = Store.open(folder)
        record = mine.heads(NOTEBOOK, "answer", limit=1)[0]
        shutil.rmtree(folder / STORE_NAME / "records" / record.key.digest[:2] / record.key.digest)
        theirs = Store.open(folder, keys=Keys(stranger))
        theirs.commit(replace(record, artifact=None, author="mallory@elsewhere"), dump(_Canary(canary)).graph)
        theirs.drain()
        done = _run(folder)
        _expect(not canary.exists(), "the planted pickle was loaded")
    answer = next(cell for cell in _stages(done) if cell.stage == "answer")
    _expect(answer.status == "ran", "the planted record was used")
    lines = ("a record that would run code when it is loaded takes the place of a stage's own", _line(answer))
    return Scene("6  Somebody plants a pickle", (*lines, "the planted code did not run"))


# --- lines ------------------------------------------------------------------------------------------------------------


def _stages(run: Run) -> list[CellRun]:
    return [cell for cell in run.cells if cell.stage]


def _seconds(run: Run) -> float:
    return sum(cell.seconds for cell in run.cells)


def _stage_lines(run: Run) -> tuple[str, ...]:
    return (*(_line(cell) for cell in _stages(run)), f"cells: {duration(_seconds(run))}")


def _line(cell: CellRun, note: str = "") -> str:
    because = "; ".join(reason.text for reason in cell.reasons) if cell.status != "restored" else ""
    took = f"{duration(cell.seconds):>8}"
    return f"{cell.stage:<8} {cell.status:<9}{took}  {because}{note}".rstrip()


def _expect(kept: bool, otherwise: str) -> None:
    """Hold the story to what it says."""
    if not kept:
        raise NbexpError(f"the demo found nbexp wrong: {otherwise}", "Please report this, with your version of nbexp.")
