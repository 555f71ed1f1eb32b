"""A store in an empty folder, with keys and caches of its own, and records to put in it."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbexp.records import Key, Message, Part, Record, Variable
from nbexp.store import Store


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_record(key: str = "k", **fields: Any) -> Record:
    plain = {"stage": "train", "notebook": "a.ipynb", "cell": "c1"} | fields
    parts = (Part("input", "lr", "ab" * 32, "0.01"), Part("source", "", "cd" * 32))
    message = Message("stream", "stdout", "epoch 1\n")
    variable = Variable("model", "new", "int", "1")
    return Record(**({"key": Key(key_of(key), parts), "messages": (message,), "variables": (variable,)} | plain))


class Canary:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.system, (f"touch {self.path}",))

    @classmethod
    def bytes(cls, path: Path) -> bytes:
        return pickle.dumps(cls(os.fspath(path)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folders, empty; they hold for child processes too."""
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def root(home: Path) -> Path:
    (home / "project").mkdir()
    return home / "project"


@pytest.fixture
def reopen(root: Path) -> Iterator[Callable[..., Store]]:
    """Opens the project's store as a new process would; what was stored before is durable first."""
    opened: list[Store] = []

    def again(**options: Any) -> Store:
        for store in opened:
            store.drain()
        opened.append(Store.open(root, **options))
        return opened[-1]

    yield again
    for store in opened:
        store.drain()


@pytest.fixture
def store(reopen: Callable[..., Store]) -> Store:
    return reopen()


@pytest.fixture
def elsewhere(root: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs code in another process, with `store` and `make` (a record from a key's text) at hand."""
    prelude = f"""
import os, sys
sys.path[:0] = [{os.fspath(Path(__file__).parents[2])!r}, {os.fspath(Path(__file__).parent)!r}]
from pathlib import Path
from conftest import key_of, make_record as make
from nbexp.store import Store
store = Store.open(Path({os.fspath(root)!r}))
"""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", prelude + code],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | environment,
            check=False,
        )

    return run
