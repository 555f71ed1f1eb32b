"""Modules of the project: as loaded, as they would be loaded, and what changes in them in between."""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from nbexp.errors import Unfingerprintable
from nbexp.snapshot.modules import (
    import_watch,
    loaded_project_modules,
    module_parts,
)

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a file of a project that is on ``sys.path``; each one later than the last, for whoever trusts times."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import_watch().install()
    clock = iter(range(1_700_000_000, 1_800_000_000))

    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        os.utime(file, (now := next(clock), now))
        importlib.invalidate_caches()
        return file

    yield write
    for name in [name for name in sys.modules if name.startswith("twin_")]:
        del sys.modules[name]


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def parts(*names: str) -> dict[str, str]:
    return {f"{part.kind} {part.name}": part.digest for part in module_parts(names)}


def test_loaded_or_not_is_the_same(write: Write) -> None:
    write("twin_a.py", "import twin_b\nK = [1]\ndef f(): return K\nclass C:\n    x = {}\n")
    write("twin_b.py", "import logging\nlog = logging.getLogger('twin')\ndef g(): return 1\n")
    before = parts("twin_a")
    load("twin_a")
    assert parts("twin_a") == before
    assert set(before) == {"module twin_a", "module twin_b"}


SAME = {
    "comment": ("K = 1\n", "# about K\nK = 1  # one\n"),
    "spacing": ("def f(x): return x\n", "\n\ndef f( x ):\n    return x\n"),
}
DIFFERENT = {
    "value": ("K = 1\n", "K = 2\n"),
    "type": ("K = 1\n", "K = 1.0\n"),
    "function": ("def f(x): return x\n", "def f(x): return x + 1\n"),
    "method": ("class C:\n    def m(self): return 1\n", "class C:\n    def m(self): return 2\n"),
    "order": ("K = 1\nK = 2\n", "K = 2\nK = 1\n"),
    "import": ("import twin_b\n", "import twin_c\n"),
}


@pytest.mark.parametrize("loaded", [False, True], ids=["not loaded", "loaded"])
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(*pair, True) for pair in SAME.values()] + [(*pair, False) for pair in DIFFERENT.values()],
    ids=[*SAME, *DIFFERENT],
)
def test_what_counts(write: Write, one: str, other: str, same: bool, loaded: bool) -> None:
    for name in ("twin_b", "twin_c"):
        write(f"{name}.py", "")
    digests = []
    for text in (one, other):
        write("twin_a.py", text)
        if loaded:
            load("twin_a")
        digests.append(parts("twin_a")["module twin_a"])
        sys.modules.pop("twin_a", None)
    assert (digests[0] == digests[1]) is same


def test_an_edit_counts_when_it_is_loaded(write: Write) -> None:
    write("twin_a.py", "K = 1\n")
    module = load("twin_a")
    before = parts("twin_a")
    write("twin_a.py", "K = 2\n")
    assert parts("twin_a") == before, "what is loaded runs, not what the file says"
    importlib.reload(module)
    assert parts("twin_a") != before
    write("twin_a.py", "K = 1\n")
    importlib.reload(module)
    assert parts("twin_a") == before


def test_autoreload(write: Write) -> None:
    autoreload = pytest.importorskip("IPython.extensions.autoreload")
    write("twin_a.py", "def f(): return 1\n")
    module = load("twin_a")
    function, before = module.f, parts("twin_a")
    write("twin_a.py", "def f(): return 22\n")
    autoreload.superreload(module, importlib.reload, {})
    assert parts("twin_a") != before
    fresh = parts("twin_a")
    del sys.modules["twin_a"]
    assert parts("twin_a") == fresh
    assert function is not None


def test_an_edit_of_a_module_that_another_imports(write: Write) -> None:
    write("twin_a.py", "import twin_b\n")
    write("twin_b.py", "def f():\n    from twin_pkg import inner\n")
    write("twin_pkg/__init__.py", "from .other import x\n")
    write("twin_pkg/inner.py", "from . import other as o\n")
    write("twin_pkg/other.py", "x = 1\n")
    before = parts("twin_a")
    names = {"twin_a", "twin_b", "twin_pkg", "twin_pkg.inner", "twin_pkg.other"}
    assert set(before) == {f"module {name}" for name in names}
    write("twin_pkg/other.py", "x = 22\n")
    changed = {name for name, digest in parts("twin_a").items() if digest != before[name]}
    assert changed == {"module twin_pkg.other"}


def test_importing_a_module_imports_the_packages_above_it(write: Write) -> None:
    write("twin_pkg/__init__.py", "import twin_b\n")
    write("twin_pkg/deep/__init__.py", "")
    write("twin_pkg/deep/inner.py", "")
    write("twin_b.py", "")
    names = {"twin_pkg", "twin_pkg.deep", "twin_pkg.deep.inner", "twin_b"}
    assert set(parts("twin_pkg.deep.inner")) == {f"module {name}" for name in names}
    assert not names & set(sys.modules), "nothing was imported to find out"


def test_modules_that_import_each_other(write: Write) -> None:
    write("twin_a.py", "import twin_b\n")
    write("twin_b.py", "import twin_a\n")
    assert set(parts("twin_a")) == {"module twin_a", "module twin_b"}


def test_packages_that_a_module_imports(write: Write) -> None:
    write("twin_a.py", "import os, numpy\ndef f():\n    from sklearn.svm import SVC\n")
    assert set(parts("twin_a")) == {"module twin_a", "package numpy", "package scikit-learn"}
    assert set(parts("numpy.random", "json", "twin_nothing")) == {"package numpy"}


@pytest.mark.parametrize("name", ["os", "numpy", "twin_nothing", "__main__", "nbexp.errors", "twin_folder"])
def test_what_is_no_module_of_the_project(write: Write, name: str) -> None:
    assert not any(part.startswith("module") for part in parts(name))


def test_a_namespace_package(write: Write) -> None:
    write("twin_ns/inner.py", "K = 1\n")
    assert set(parts("twin_ns.inner")) == {"module twin_ns", "module twin_ns.inner"}
    before = parts("twin_ns.inner")
    load("twin_ns.inner")
    assert parts("twin_ns.inner") == before


def test_a_module_that_cannot_be_compiled_has_content(write: Write) -> None:
    write("twin_a.py", "K = = 1\n")
    before = parts("twin_a")
    write("twin_a.py", "K = = 22\n")
    assert set(before) == {"module twin_a"}
    assert parts("twin_a") != before


# -- what changes after the import ---------------------------------------------------------------------------------

SOURCE = """
    import threading
    K = 1
    ROWS = [1, [2]]
    lock = threading.Lock()
    def f(x, y=1): return x
    class C:
        x = [1]
        def m(self): return 1
    c = C()
    c.n = 1
"""

CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "bound anew": (lambda m: setattr(m, "K", 2), "K"),
    "changed in place": (lambda m: m.ROWS[1].append(3), "ROWS"),
    "added": (lambda m: setattr(m, "new", 2), "new"),
    "deleted": (lambda m: delattr(m, "K"), "K"),
    "function replaced": (lambda m: setattr(m, "f", lambda: 1), "f"),
    "code of a function": (lambda m: setattr(m.f, "__code__", (lambda x, y=1: y).__code__), "f"),
    "default of a function": (lambda m: setattr(m.f, "__defaults__", (2,)), "f"),
    "method": (lambda m: setattr(m.C, "m", lambda self: 2), "C"),
    "class attribute": (lambda m: m.C.x.append(2), "C"),
    "instance": (lambda m: setattr(m.c, "n", 2), "c"),
}

HARMLESS: dict[str, Callable[[Any], object]] = {
    "the same object again": lambda m: setattr(m, "ROWS", m.ROWS),
    "an equal number": lambda m: setattr(m, "K", int("1")),
    "a module": lambda m: setattr(m, "os", os),
    "a lock taken": lambda m: m.lock.acquire(),
    "called": lambda m: [m.f(1) for _ in range(100)],
}


@pytest.mark.parametrize(("change", "name"), CHANGES.values(), ids=CHANGES)
def test_a_change_after_the_import(write: Write, change: Callable[[Any], object], name: str) -> None:
    write("twin_a.py", SOURCE)
    module = load("twin_a")
    before = parts("twin_a")
    change(module)
    assert set(parts("twin_a")) - set(before) == {f"global twin_a.{name}"}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_no_change_after_the_import(write: Write, change: Callable[[Any], object]) -> None:
    write("twin_a.py", SOURCE)
    module = load("twin_a")
    before = parts("twin_a")
    change(module)
    assert parts("twin_a") == before


def test_two_values_of_a_global_bound_anew(write: Write) -> None:
    write("twin_a.py", SOURCE)
    module: Any = load("twin_a")
    found = []
    for value in (5, 5, 6):
        module.K = value
        found.append(parts("twin_a"))
    assert found[0] == found[1] != found[2]


def test_what_torchs_compiler_leaves_in_a_module_is_no_change(write: Write) -> None:
    write("twin_a.py", SOURCE)
    module: Any = load("twin_a")
    before = parts("twin_a")
    for name in ("__compiled_fn_1_3955e026", "__builtins_dict___0", "__resume_at_30_4", "__import_torch_dot_utils"):
        setattr(module, name, object())
    assert parts("twin_a") == before


def test_a_changed_global_that_cannot_be_told_is_named(write: Write) -> None:
    write("twin_a.py", SOURCE)
    module: Any = load("twin_a")
    module.rows = (row for row in ())
    with pytest.raises(Unfingerprintable, match=r'"twin_a\.rows"'):
        module_parts(["twin_a"])


def test_a_module_made_by_hand_counts_by_its_globals() -> None:
    module: Any = ModuleType("twin_made")
    sys.modules["twin_made"] = module
    try:
        found = []
        for value in (1, 1, 2):
            module.K = value
            found.append(parts("twin_made"))
    finally:
        del sys.modules["twin_made"]
    assert found[0] == found[1] != found[2]


# -- the watch -----------------------------------------------------------------------------------------------------


def test_the_watch_changes_nothing_that_can_be_seen(write: Write) -> None:
    file = write("twin_a.py", "K = 1\n")
    module = load("twin_a")
    assert type(module.__loader__) is SourceFileLoader
    assert module.__spec__ is not None and module.__spec__.loader is module.__loader__
    assert module.__spec__.loader.get_source("twin_a") == file.read_text()  # type: ignore[attr-defined]
    assert "twin_a" in loaded_project_modules()


def test_an_import_that_fails(write: Write) -> None:
    write("twin_a.py", "K = 1\nraise KeyError('mine')\n")
    with pytest.raises(KeyError, match="mine"):
        load("twin_a")
    assert "twin_a" not in sys.modules
    write("twin_a.py", "K = 1\n")
    before = parts("twin_a")
    load("twin_a")
    assert parts("twin_a") == before


def test_a_module_that_imports_while_it_is_imported(write: Write) -> None:
    write("twin_a.py", "K = 1\nimport twin_b\n")
    write("twin_b.py", "J = 1\n")
    before = parts("twin_a")
    load("twin_a")
    assert parts("twin_a") == before


def test_values_whose_own_code_fails_do_not_fail_the_import(write: Write) -> None:
    write("twin_a.py", "class C:\n    def __reduce_ex__(self, n): raise KeyError('no')\nc = C()\n")
    load("twin_a")
    assert set(parts("twin_a")) == {"module twin_a"}


def test_a_callback_after_an_import(write: Write) -> None:
    write("twin_a.py", "K = 1\n")
    seen: list[int] = []
    import_watch().on_import("twin_a", lambda: seen.append(sys.modules["twin_a"].K))
    assert seen == []
    module = load("twin_a")
    importlib.reload(module)
    assert seen == [1]


def test_a_callback_for_an_installed_module(write: Write) -> None:
    seen: list[str] = []
    name = "numpy.polynomial.laguerre"
    before = sys.modules.pop(name, None)
    try:
        import_watch().on_import(name, lambda: seen.append("loaded"))
        load(name)
    finally:
        if before is not None:
            sys.modules[name] = before
            vars(sys.modules["numpy.polynomial"])["laguerre"] = before
    assert seen == ["loaded"]


def test_a_watch_removed_and_set_up_again(write: Write) -> None:
    write("twin_a.py", "K = 1\n")
    watch = import_watch()
    watch.remove()
    assert watch not in sys.meta_path
    load("twin_a")
    watch.install()
    watch.install()
    assert sys.meta_path.count(watch) == 1  # type: ignore[arg-type]
    assert set(parts("twin_a")) == {"module twin_a", "global twin_a.K"}, "it was not seen: its globals count"


@pytest.mark.parametrize("text", ["1 / 0\n", "def f(:\n"])
def test_failing_import_has_no_frames_of_ours(write: Write, text: str) -> None:
    file = write("twin_broken.py", text)
    with pytest.raises((ZeroDivisionError, SyntaxError)) as failed:
        __import__("twin_broken")
    files = [frame.filename for frame in traceback.extract_tb(failed.value.__traceback__)]
    assert files in ([__file__, str(file)], [__file__]), files


def test_a_callback_that_fails_does_not_fail_the_import(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeyError("display.gone")

    seen: list[str] = []
    write("twin_a.py", "K = 1")
    import_watch().on_import("twin_a", fail)
    import_watch().on_import("twin_a", lambda: seen.append("called"))
    assert load("twin_a").K == 1
    assert seen == ["called"]
    assert capsys.readouterr().err == "nbexp failed after the import of twin_a: KeyError('display.gone')\n"


def test_what_a_module_no_longer_holds_is_freed(write: Write) -> None:
    write(
        "twin_big.py",
        "import threading\nclass Big:\n    def __init__(self): self.own = threading.local()\nbig = Big()\n",
    )
    module = load("twin_big")
    before = parts("twin_big")
    held = weakref.ref(module.big)
    assert parts("twin_big") == before
    module.big = None
    gc.collect()
    assert held() is None
    assert parts("twin_big") != before


def test_a_module_that_is_no_longer_loaded_is_freed(write: Write) -> None:
    write("twin_gone.py", "value = 1\n")
    held = weakref.ref(load("twin_gone"))
    parts("twin_gone")
    del sys.modules["twin_gone"]
    gc.collect()
    assert held() is None


def test_what_is_executed_again_and_what_runpy_runs(write: Write) -> None:
    file = write("twin_a.py", "K = 1\n")
    watch = import_watch()
    executed, run = len(watch.executed), len(watch.run)
    module = load("twin_a")
    file.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        importlib.reload(module)
    with pytest.raises(ZeroDivisionError):
        runpy.run_module("twin_a")
    assert [name for name in watch.executed[executed:] if name == "twin_a"] == ["twin_a"] * 2
    assert watch.run[run:] == ["twin_a"]
