"""A result that cannot be brought back is a miss with a plain reason, noticed before anything is changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nbexp.errors import StoreError
from nbexp.graphs.graph import Live, dump, held
from nbexp.records import Key, Part, Record
from nbexp.stage.lookup import look_up
from nbexp.stage.restore import ATTRIBUTES, GENERATORS, LAST, NAMES, PATCHES, SETTINGS, prepare
from nbexp.store import Store

KEY = Key("ab" * 32, ())
EMPTY: dict[str, Any] = {NAMES: {}, PATCHES: (), ATTRIBUTES: (), LAST: None, GENERATORS: {}, SETTINGS: {}}


def no_code() -> Any:
    raise AssertionError("nothing here has code of a cell")


def same(part: Part) -> Part:
    return part


def inputs(**values: Any) -> Any:
    roots = {name: SimpleNamespace(mark=SimpleNamespace(nodes=(value,)), value=value) for name, value in values.items()}
    return SimpleNamespace(key=KEY, roots=roots)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path)
    yield opened
    opened.drain()


@pytest.fixture
def library() -> Iterator[ModuleType]:
    """A module with a class, which a test takes away."""
    module = sys.modules["a_library"] = ModuleType("a_library")
    exec("class Model:\n    def __setstate__(self, state): raise state['error']", vars(module))
    yield module
    sys.modules.pop("a_library", None)


def commit(store: Store, files: dict[str, Path] | None = None, live: Any = (), **graph: Any) -> None:
    dumped = dump(EMPTY | graph, held=live)
    store.commit(Record("train", "a.ipynb", "", KEY), dumped.graph, dumped.buffers, files)
    store.drain()


def reasons(store: Store, given: Any = None) -> list[tuple[str, str]]:
    found = look_up(store, given or inputs(), same, no_code, nullcontext)
    assert found.hit is None
    return [(reason.kind, reason.text) for reason in found.reasons]


def kept(store: Store) -> int:
    return sum(1 for _ in store.candidates(KEY.digest))


def test_what_was_stored_is_found(store: Store) -> None:
    commit(store, x=1, **{NAMES: {"y": [1]}})
    found = look_up(store, inputs(), same, no_code, nullcontext).hit
    assert found is not None and found.names == {"y": [1]}


def test_a_library_that_is_gone_or_another_is_no_damage(store: Store, library: ModuleType) -> None:
    commit(store, **{NAMES: {"m": library.Model()}})
    del library.Model
    ((kind, text),) = reasons(store)
    assert (kind, text.partition(":")[0]) == ("gone", "its stored values cannot be loaded")
    assert "Model" in text and "damaged" not in text
    del sys.modules["a_library"]
    assert "No module named 'a_library'" in reasons(store)[0][1]
    assert kept(store) == 1


@pytest.mark.parametrize("error", [ImportError("a\nb"), KeyError("k"), AttributeError("a"), MemoryError(), OSError(5)])
def test_whatever_a_class_raises_while_it_is_made_is_a_miss(
    store: Store, library: ModuleType, error: Exception
) -> None:
    model = library.Model()
    model.error = error
    commit(store, **{NAMES: {"m": model}})
    ((kind, text),) = reasons(store)
    assert kind == "gone" and type(error).__name__ in text and "\n" not in text
    assert kept(store) == 1


def test_a_project_module_whose_import_fails_is_a_miss(store: Store) -> None:
    commit(store, **{ATTRIBUTES: (("no_such_module", "x", 1),)})
    assert reasons(store) == [
        ("gone", "its stored values cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'")
    ]


def test_an_input_that_is_not_there_is_a_miss(store: Store) -> None:
    old = [1]
    live = held({"old": (old,)})
    commit(store, live=live, **{PATCHES: ((Live("old", 0), [2]),)})
    ((kind, text),) = reasons(store)
    assert kind == "gone" and "KeyError" in text
    assert look_up(store, inputs(old=old), same, no_code, nullcontext).hit is not None


def test_a_result_file_is_verified_before_anything_is_changed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "figure.png").write_bytes(b"pixels")
    commit(store, {"figure.png": tmp_path / "figure.png"})
    (stored,) = store.candidates(KEY.digest)
    ((file, source),) = prepare(store, stored, inputs(), no_code).files
    assert (file.path, source.read_bytes()) == ("figure.png", b"pixels")
    source.unlink()
    ((kind, text),) = reasons(store)
    assert kind == "damaged" and "is gone" in text
    assert kept(store) == 0


def test_what_cannot_be_read_now_is_a_reason_and_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "figure.png").write_bytes(b"pixels")
    commit(store, {"figure.png": tmp_path / "figure.png"})

    def refuse(*_: object) -> None:
        raise StoreError("blob cannot be read (Input/output error)")

    with monkeypatch.context() as patch:
        patch.setattr(store, "file", refuse)
        assert reasons(store) == [("store", "blob cannot be read (Input/output error)")]
    assert kept(store) == 1
