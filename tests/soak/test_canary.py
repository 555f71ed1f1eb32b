"""A pickle planted at every door of a store never runs, whichever command or cell meets it.

The planted pickle makes a folder. Each door is opened as somebody with write access to the store could: with records
that a stranger signed, altered files, index rows, heads, notebooks. Then a kernel runs the stages, and every command
that reads the store is used.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbexp.graphs.graph import dump, load
from nbexp.store import Store
from nbexp.store.records import Stored
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import run, settle
from tests.behaviour.model import RAN, RESTORED

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

#: One value lies in its record, the other in blobs.
STAGES = {"small": ("%%stage small\nx = [1, 2]", "[1, 2]"), "large": ("%%stage large\ny = 'abcd' * 50_000", None)}


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.folder,)


def planted(sprung: Path) -> bytes:
    """A graph as a stage stores it, with the trap in the place of the values."""
    import pickle

    empty = {"patches": [], "attributes": [], "last": None, "rng": {}, "settings": {}}
    head = bytes(dump(0).graph)[:8]
    sound = pickle.dumps({"names": {"x": Trap(sprung), "y": Trap(sprung)}} | empty, 5)
    return head + sound + sound  # the first is what a graph's own preamble would be


def test_the_trap_springs_where_nothing_guards_it(tmp_path: Path) -> None:
    with contextlib.suppress(Exception):
        load(planted(tmp_path / "sprung"))
    assert (tmp_path / "sprung").exists()


@contextlib.contextmanager
def stranger(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, this process has the keys of somebody else."""
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "stranger"))
        yield


class Scene:
    """A project with two stored stages, and somebody who can write to its store."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.sprung, self.patch = folder / "project", folder / "sprung", monkeypatch
        self.store_path = self.root / ".nbexp"
        self.store_path.mkdir(parents=True)
        self.graph = planted(self.sprung)
        kernel = Kernel(self.root)
        for source, _ in STAGES.values():
            assert run(kernel, source).status == RAN
        settle(kernel)
        kernel.stop()

    def stored(self, stage: str) -> Stored:
        store = Store.open(self.root)
        return store.find(next(row.id for row in store.catalog().recent(10) if row.stage == stage))

    def strange_record(self, stage: str) -> Stored:
        """A sound record of a stage by a stranger, newer than the own one, with the trap as its values."""
        own = self.stored(stage)
        with stranger(self.root.parent, self.patch):
            store = Store.open(self.root)
            record = replace(own.record, created="2099-01-01T00:00:00+00:00", artifact=None)
            store.commit(record, self.graph, [])
            store.drain()
            (found,) = [one for one in store.candidates(own.record.key.digest) if one.id != own.id]
        return found

    def overwrite(self, path: Path, content: bytes) -> None:
        """Other content of the same length and times."""
        info = path.stat()
        path.unlink()
        path.write_bytes(content.ljust(info.st_size, b"\0"))
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def a_stranger_signs_it(scene: Scene) -> None:
    for stage in STAGES:
        scene.strange_record(stage)


def a_payload_is_replaced(scene: Scene) -> None:
    path = Path(scene.stored("small").path)
    first, _, rest = path.read_bytes().partition(b"\n")
    words = first.split()
    body, seal = rest[: int(words[3])], rest[-int(words[5]) :]
    words[4] = str(len(scene.graph)).encode()
    path.unlink()
    path.write_bytes(b" ".join(words) + b"\n" + body + scene.graph + seal)


def a_seal_is_taken_from_another_record(scene: Scene) -> None:
    strange, own = Path(scene.strange_record("small").path), Path(scene.stored("large").path)

    def pieces(path: Path) -> tuple[list[bytes], bytes]:
        first, _, rest = path.read_bytes().partition(b"\n")
        return first.split(), rest

    words, rest = pieces(strange)
    own_words, own_rest = pieces(own)
    seal = own_rest[-int(own_words[5]) :]
    content = rest[: -int(words[5])] + seal
    words[5] = str(len(seal)).encode()
    strange.unlink()
    strange.write_bytes(b" ".join(words) + b"\n" + content)


def a_blob_is_replaced(scene: Scene) -> None:
    blobs = [path for path in (scene.store_path / "blobs").rglob("*") if path.is_file()]
    assert blobs
    for path in blobs:
        scene.overwrite(path, scene.graph)


def an_index_row_vouches_for_it(scene: Scene) -> None:
    strange = [scene.strange_record(stage) for stage in STAGES]
    Store.open(scene.root).catalog()  # made and brought up to date
    with contextlib.closing(sqlite3.connect(scene.store_path / "index.sqlite")) as index:
        own = index.execute("select * from records where trusted = 1").fetchone()
        columns = [row[1] for row in index.execute("pragma table_info(records)")]
        for one in strange:
            row = dict(zip(columns, own, strict=True))
            row |= {"id": one.id, "key": one.record.key.digest, "stage": one.record.stage, "trusted": 1}
            row |= {"created": "2099-01-01T00:00:00+00:00", "signer": ""}
            marks = ", ".join("?" * len(columns))
            index.execute(f"insert or replace into records values ({marks})", [row[name] for name in columns])
        index.commit()


def an_index_is_a_pickle(scene: Scene) -> None:
    Store.open(scene.root).catalog()  # made and brought up to date
    scene.overwrite(scene.store_path / "index.sqlite", scene.graph[8:])


def a_head_names_it(scene: Scene) -> None:
    strange = [scene.strange_record(stage) for stage in STAGES]
    rows = json.dumps([[one.record.key.digest, one.id] for one in strange])
    for path in (scene.store_path / "heads").rglob("*"):
        if path.is_file():
            path.write_text(rows)


def a_head_is_a_pickle(scene: Scene) -> None:
    for path in (scene.store_path / "heads").rglob("*"):
        if path.is_file():
            path.write_bytes(scene.graph[8:])


def the_journal_is_a_pickle(scene: Scene) -> None:
    for path in (scene.store_path / "journal").rglob("*"):
        path.write_bytes(scene.graph[8:])


def a_notebook_shows_it(scene: Scene) -> None:
    """Outputs as a stage's, a metric's and a value's that point to the stranger's record or hold the pickle itself."""
    strange = scene.strange_record("small")
    line = {"stage": "small", "status": "restored", "key": strange.record.key.digest, "reasons": [], "stale": []}
    data = {
        "application/vnd.nbexp.stage+json": {**line, "inputs": [], "outputs": ["x"], "ran_at": "", "seconds": 0.0},
        "application/vnd.nbexp.metric+json": {"values": {"x": 1.0}, "step": None, "pickle": scene.graph.hex()},
        "text/plain": scene.graph.hex(),
    }
    path = scene.root / "a.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.outputs = [nbformat.v4.new_output("display_data", data)]
        cell.metadata["nbexp"] = {"record": strange.id, "value": scene.graph.hex()}
    nbformat.write(notebook, path)


DOORS: list[Callable[[Scene], None]] = [
    a_stranger_signs_it, a_payload_is_replaced, a_seal_is_taken_from_another_record, a_blob_is_replaced,
    an_index_row_vouches_for_it, an_index_is_a_pickle, a_head_names_it, a_head_is_a_pickle, the_journal_is_a_pickle,
    a_notebook_shows_it,
]  # fmt: skip


def make_notebook(root: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in ("%load_ext nbexp", *(row[0] for row in STAGES.values()))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "a.ipynb")


COMMANDS = [
    ["ls"], ["ls", "stages"], ["show", "last"], ["get", "last", "x"], ["get", "last~1", "y"], ["get", "last", "y"],
    ["why", "a.ipynb"], ["doctor"], ["run", "a.ipynb", "-o", "b.ipynb"], ["run", "a.ipynb", "-o", "b.ipynb"],
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])
def test_a_planted_pickle_never_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: Callable[[Scene], None]
) -> None:
    scene = Scene(tmp_path, monkeypatch)
    make_notebook(scene.root)
    door(scene)
    kernel = Kernel(scene.root)
    try:
        for source, value in STAGES.values():
            found = run(kernel, source)
            assert (found.status in (RAN, RESTORED), found.reply["status"]) == (True, "ok"), found.text
            run(kernel, "%nbexp why")
            if value is not None:
                assert kernel.value("x") == value
        assert kernel.value("y == 'abcd' * 50_000") == "True"
    finally:
        kernel.stop()
    main = "import sys; from nbexp.ui.cli import main; sys.exit(main())"
    for words in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-c", main, *words], cwd=scene.root, capture_output=True, text=True, timeout=120
        )
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert not scene.sprung.exists(), words
    assert not scene.sprung.exists()


def test_every_door(evidence: Callable[[str, str, str], Any], request: pytest.FixtureRequest) -> None:
    """Runs last: what is noted holds only if none of the tests above failed."""
    if request.session.testsfailed:
        pytest.fail("a door is open, or another test has failed")
    evidence("canary", f"never ran through {len(DOORS)} doors", "make soak")
