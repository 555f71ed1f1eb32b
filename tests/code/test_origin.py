"""Where code comes from, on folders as pip makes them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from nbexp.code import distributions
from nbexp.code.distributions import Distribution, distribution, normalized, owners
from nbexp.code.origin import distribution_of, is_project, origin, origin_of_file, spec_of

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a file below a folder that is on ``sys.path`` and has the standing of ``site-packages``."""
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "work"))
    monkeypatch.syspath_prepend(str(site))
    known = distributions.site_folders()
    monkeypatch.setattr("nbexp.code.distributions.site_folders", lambda: known | {str(site)})
    monkeypatch.setattr("nbexp.code.origin.site_folders", lambda: known | {str(site)})

    def write(path: str, text: str = "") -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        invalidate_caches()
        return file

    origin_of_file.cache_clear()
    yield write
    origin_of_file.cache_clear()


def install(write: Write, name: str, version: str, *roots: str, requires: tuple[str, ...] = ()) -> None:
    folder = f"site/{normalized(name).replace('-', '_')}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    write(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\nName: not this\n")
    write(
        f"{folder}/RECORD", "".join(f"{root}/__init__.py,sha256=x,0\n" for root in roots) + f"{folder[5:]}/RECORD,,\n"
    )
    for root in roots:
        write(f"site/{root}/__init__.py", "")


def test_installed(write: Write) -> None:
    install(write, "Twin-Kit", "1.0", "twin_kit")
    install(write, "another", "2", "twin_other", "twin_third")
    write("site/twin_kit/deep/inner.py", "")
    assert (origin("twin_kit").kind, distribution_of("twin_kit")) == ("installed", "twin_kit")
    assert distribution_of("twin_third") == "twin_third"
    assert distribution_of("twin_kit.deep.inner") == "twin_kit"


@pytest.mark.parametrize("path", ["work/twin_a.py", "work/twin_a/__init__.py", "site/twin_a.py"])
def test_a_module_of_no_distribution_is_project_code(write: Write, path: str) -> None:
    write(path, "")
    assert is_project("twin_a")
    assert distribution_of("twin_a") is None


def test_an_editable_install_is_project_code(write: Write) -> None:
    """Its metadata lies in the site folder, its sources elsewhere."""
    install(write, "twin_edit", "1")
    write("site/twin_edit-1.dist-info/top_level.txt", "twin_edit\n")
    write("work/twin_edit/__init__.py", "")
    write("work/twin_edit.egg-info/PKG-INFO", "Name: twin_edit\nVersion: 1\n")
    write("work/twin_edit.egg-info/top_level.txt", "twin_edit\n")
    assert is_project("twin_edit")


def test_a_project_module_named_like_an_installed_one(write: Write) -> None:
    install(write, "twin_kit", "1.0", "twin_kit")
    assert origin_of_file(str(write("work/twin_kit/__init__.py", ""))).kind == "project"


def test_the_part_of_a_namespace_package_that_is_ones_own(write: Write) -> None:
    install(write, "twin-ns-part", "1")
    write("site/twin_ns_part-1.dist-info/RECORD", "twin_ns/installed.py,,\n")
    installed, own = write("site/twin_ns/installed.py", ""), write("work/twin_ns/own.py", "")
    assert (origin_of_file(str(installed)).kind, origin_of_file(str(own)).kind) == ("installed", "project")
    assert not is_project("twin_ns.installed")
    assert is_project("twin_ns.own")


def test_installed_while_the_kernel_runs(write: Write) -> None:
    assert distribution("twin-late") is None
    install(write, "twin_late", "3", "twin_late")
    assert distribution("Twin.Late") == Distribution("twin_late", "3")


@pytest.mark.parametrize("name", ["os", "sys", "json.decoder", "math", "_thread", "zipimport", "test", "nbexp.errors"])
def test_python_itself(name: str) -> None:
    assert origin(name).kind == "python"
    assert distribution_of(name) is None


@pytest.mark.parametrize("name", ["__main__", "tests.code.test_origin", "twin_not_there", "twin_not.there"])
def test_project(name: str) -> None:
    assert is_project(name)


def test_a_module_made_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy.twin_made", types.ModuleType("numpy.twin_made"))
    assert distribution_of("numpy.twin_made") == "numpy"


def test_a_module_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made = types.ModuleType("twin_made")
    monkeypatch.setitem(sys.modules, "twin_made", made)
    vars(made)["call"] = len
    assert not is_project("twin_made"), "an extension may have made it"
    vars(made)["K"] = 1
    assert is_project("twin_made")


def test_a_module_made_by_a_compiled_library(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = pytest.importorskip("_cffi_backend")
    made = types.ModuleType("nbexp_made_by_cffi")
    made.ffi = backend.FFI()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, made.__name__, made)
    assert origin(made.__name__).kind == "python"


def test_all_that_the_test_process_has_loaded_is_known() -> None:
    tests = str(Path(__file__).parents[1])
    loaded = [(name, str(getattr(module, "__file__", ""))) for name, module in list(sys.modules.items())]
    ours = [name for name, file in loaded if file.startswith(tests) or name.startswith(("tests", "twin_"))]
    strange = [name for name, _ in loaded if is_project(name) and name not in ours]
    made_by_torch = "_remote_module_non_scriptable"  # only a watch over imports can tell
    assert set(strange) <= {"__main__", "__mp_main__", "_nbexp_bytecode", made_by_torch}


def test_requirements(write: Write) -> None:
    requires = (
        "twin_b>=2; python_version > '3'",
        "twin_c[x] (>=1)",
        "twin_d; extra == 'speed'",
        "twin_e; extra == 'tests'",
        "twin_f; extra == 'all'",
        "twin-G",
    )
    install(write, "twin_a", "1", "twin_a", requires=requires)
    found = distribution("twin_a")
    assert found == Distribution("twin_a", "1", ("twin-b", "twin-c", "twin-g"), ("twin-d",))
    assert owners(origin("twin_a").folder, "twin_a") == (found,)


def test_looking_a_module_up_runs_no_package_above_it(write: Write) -> None:
    write("work/twin_loud/__init__.py", "raise RuntimeError('imported')")
    inner = write("work/twin_loud/inner.py", "")
    spec = spec_of("twin_loud.inner")
    assert spec is not None and spec.origin == str(inner)
    assert "twin_loud" not in sys.modules
    assert spec_of("twin_loud.nothing") is None
    assert spec_of("twin_nothing.at.all") is None
