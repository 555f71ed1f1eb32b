"""A store that is cut, flipped, deleted or mixed up, one file at a time: the stages run or are restored, never wrong.

One project is made once; each test copies it, damages the copy, and replays the notebook in a new kernel, twice.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import run, settle
from tests.behaviour.model import RAN, RESTORED

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

#: Every layout that values have: in the record, one blob for all, a blob of its own, two equal ones, a written file.
STAGES = {
    "small": "a = {'k': [1, 2]}\nprint(a)",
    "graph": "b = [str(n) for n in range(30_000)]",
    "array": "import numpy as np\nc = np.arange(400_000)",
    "pack": "d = [np.full(4_000, n) for n in range(20)]",
    "equal": "e = [np.ones(200_000), np.ones(200_000)]",
    "function": "def f(x): return x + c[1]\ng = f(2)",
    "below": "h = len(b) + int(c[2]) + int(d[3][0]) + g\nh",
}
LOOK = "(a, b[-1], int(c.sum()), [int(x[0]) for x in d], float(e[0].sum() + e[1].sum()), int(g), int(h))"
RIGHT = repr(
    ({"k": [1, 2]}, "29999", 400_000 * 399_999 // 2, list(range(20)), 400_000.0, 3, 30_000 + 2 + 3 + 3)
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stages are all stored, with the keys that signed them beside it."""
    place = tmp_path_factory.mktemp("made")
    (place / "project" / ".nbexp").mkdir(parents=True)
    kernel = start(place)
    assert replay(kernel) == [RAN] * len(STAGES)
    settle(kernel)
    kernel.stop()
    assert len(files(place, "blobs")) >= 5
    return place


def start(place: Path) -> Kernel:
    home = {"XDG_CONFIG_HOME": str(place / "config"), "XDG_CACHE_HOME": str(place / "cache")}
    return Kernel(place / "project", environment=home)


def replay(kernel: Kernel) -> list[str | None]:
    """What became of each stage; none may fail, and all values must be right."""
    found = [run(kernel, f"%%stage {name}\n{source}") for name, source in STAGES.items()]
    assert [one.reply["status"] for one in found] == ["ok"] * len(STAGES), [one.traceback for one in found]
    assert found[0].text.endswith("{'k': [1, 2]}\n"), found[0].text
    assert kernel.value(LOOK) == RIGHT
    return [one.status for one in found]


def files(place: Path, folder: str) -> list[Path]:
    return sorted(path for path in (place / "project" / ".nbexp" / folder).rglob("*") if path.is_file())


def cut(path: Path) -> None:
    rewrite(path, path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    rewrite(path, b"")


def flip_first(path: Path) -> None:
    flip(path, 0)


def flip_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


def flip_last(path: Path) -> None:
    flip(path, path.stat().st_size - 1)


def flip_in_place(path: Path) -> None:
    """The same file with the same times and length: as a bad disk does."""
    info = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(info.st_size // 2)
        byte = file.read(1)
        file.seek(info.st_size // 2)
        file.write(bytes([byte[0] ^ 1]))
    path.chmod(info.st_mode)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def extend(path: Path) -> None:
    rewrite(path, path.read_bytes() + b"\0")


def delete(path: Path) -> None:
    path.unlink()


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    rewrite(path, bytes(content))


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def swap(paths: list[Path]) -> None:
    """Each file gets the content of the next."""
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        rewrite(path, content)


WAYS = [cut, empty, flip_first, flip_middle, flip_last, flip_in_place, extend, delete]
_done: list[str] = []


@pytest.fixture
def hurt(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project, to be damaged; blobs are verified afresh, as on a machine that never read them."""
    shutil.copytree(made / "project", tmp_path / "project")
    shutil.copytree(made / "config", tmp_path / "config")
    yield tmp_path


def judge(place: Path, damage: str, at_least: int = 1) -> None:
    """The notebook is replayed: at least so many stages run again, none fails, and then all are restored."""
    kernel = start(place)
    try:
        assert replay(kernel).count(RAN) >= at_least, damage
        settle(kernel)
    finally:
        kernel.stop()
    kernel = start(place)
    try:
        assert replay(kernel) == [RESTORED] * len(STAGES), damage
    finally:
        kernel.stop()
    _done.append(damage)


@pytest.mark.parametrize("folder", ["blobs", "records"])
@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_every_file_damaged(hurt: Path, way: Callable[[Path], None], folder: str) -> None:
    for path in files(hurt, folder):
        way(path)
    judge(hurt, f"{way.__name__} {folder}", at_least=len(STAGES) if folder == "records" else 3)


@pytest.mark.parametrize("number", range(5))
def test_one_blob_damaged(hurt: Path, number: int) -> None:
    paths = files(hurt, "blobs")
    WAYS[number](paths[number])
    judge(hurt, f"{WAYS[number].__name__} one blob")


@pytest.mark.parametrize("folder", ["blobs", "records"])
def test_files_swapped(hurt: Path, folder: str) -> None:
    swap(files(hurt, folder))
    judge(hurt, f"swap {folder}", at_least=3)


@pytest.mark.parametrize("folder", ["heads", "journal", "index.sqlite", ".gitignore", "blobs", "records"])
def test_a_part_is_gone(hurt: Path, folder: str) -> None:
    index(hurt)
    path = hurt / "project" / ".nbexp" / folder
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    judge(hurt, f"delete {folder}", at_least={"blobs": 3, "records": len(STAGES)}.get(folder, 0))
    assert index(hurt) >= len(STAGES)


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
@pytest.mark.parametrize("folder", ["heads", "journal", "index.sqlite"])
def test_hints_damaged(hurt: Path, way: Callable[[Path], None], folder: str) -> None:
    index(hurt)
    path = hurt / "project" / ".nbexp" / folder
    for one in [path] if path.is_file() else files(hurt, folder):
        way(one)
    assert index(hurt) == len(STAGES)
    judge(hurt, f"{way.__name__} {folder}", at_least=0)


def index(place: Path) -> int:
    """How many stages `nbexp ls` lists."""
    home = {"XDG_CONFIG_HOME": str(place / "config"), "XDG_CACHE_HOME": str(place / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from nbexp.ui.cli import main; sys.exit(main())", "ls", "stages", "--json"],
        cwd=place / "project", env=os.environ | home, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return len(json.loads(done.stdout)["stages"])


def test_all_damage(evidence: Callable[[str, str, str], Any], request: pytest.FixtureRequest) -> None:
    """Runs last: what is noted holds only if none of the tests above failed."""
    if request.session.testsfailed or not _done:
        pytest.fail("a test has failed, or none has run")
    evidence("damage", f"{len(_done)} damaged stores: never a wrong value, never an error", "make soak")
