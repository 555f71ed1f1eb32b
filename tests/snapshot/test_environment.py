"""Installed packages by version and by what they need; Python by its minor version."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from nbexp.code import distributions
from nbexp.code.origin import origin_of_file
from nbexp.records import Part
from nbexp.snapshot import environment
from nbexp.snapshot.environment import package_part, python_part

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution, its package and its needs into a folder of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(environment, "_loaded", {})

    def install(name: str, version: str, *requires: str) -> None:
        for old in tmp_path.glob(f"{name}-*.dist-info"):
            old.rename(tmp_path / f"removed-{old.name}.old")
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n{needs}\n")
        (folder / "RECORD").write_text(f"{name}/__init__.py,,\n")
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "__init__.py").write_text("")
        invalidate_caches()
        origin_of_file.cache_clear()
        distributions._listing.cache_clear()  # folders made within one tick of the clock look unchanged

    yield install
    for name in [name for name in sys.modules if name.startswith("twin_")]:
        del sys.modules[name]


def digest(root: str) -> str:
    part = package_part(root)
    assert part is not None
    return part.digest


def test_a_package(install: Install) -> None:
    install("twin_a", "1.0")
    assert package_part("twin_a") == Part("package", "twin_a", digest("twin_a"), "1.0")


CHANGES: dict[str, tuple[tuple[str, ...], bool]] = {
    "its version": (("twin_a", "1.1", "twin_b", "twin_x; extra == 'fast'", "twin_y; extra == 'dev'"), True),
    "a need": (("twin_b", "2", "twin_c"), True),
    "a need of a need": (("twin_c", "2"), True),
    "what it uses if it is there": (("twin_x", "2"), True),
    "a need of that": (("twin_z", "2"), True),
    "what its developers use": (("twin_y", "2"), False),
    "what it does not use": (("twin_other", "2"), False),
}


@pytest.mark.parametrize(("change", "counts"), CHANGES.values(), ids=CHANGES)
def test_what_counts(install: Install, change: tuple[str, ...], counts: bool) -> None:
    install("twin_a", "1", "twin_b", "twin_x; extra == 'fast'", "twin_y; extra == 'dev'")
    install("twin_b", "1", "twin_c>=1 ; python_version > '3'")
    install("twin_x", "1", "twin_z")
    for name in ("twin_c", "twin_y", "twin_z", "twin_other"):
        install(name, "1")
    before = digest("twin_a")
    assert digest("twin_a") == before
    install(*change)
    assert (digest("twin_a") != before) is counts


def test_packages_that_need_each_other(install: Install) -> None:
    install("twin_a", "1", "twin_b")
    install("twin_b", "1", "twin_a")
    assert digest("twin_a") != digest("twin_b")


def test_a_need_that_is_not_installed(install: Install) -> None:
    install("twin_a", "1", "twin_not_there")
    before = digest("twin_a")
    install("twin_not_there", "1")
    assert digest("twin_a") != before


def test_a_loaded_package_keeps_the_version_that_runs(install: Install) -> None:
    install("twin_a", "1")
    __import__("twin_a")
    before = digest("twin_a")
    install("twin_a", "2")
    assert digest("twin_a") == before


@pytest.mark.parametrize("root", ["os", "nbexp", "twin_nothing", "tests"])
def test_what_is_no_package(root: str) -> None:
    assert package_part(root) is None


def test_a_package_not_named_as_it_is_imported() -> None:
    part = package_part("sklearn")
    assert part is not None
    assert (part.name, part.text) == ("scikit-learn", __import__("sklearn").__version__)


@pytest.mark.slow
def test_the_same_in_another_process() -> None:
    script = "from nbexp.snapshot.environment import package_part as p; print(p('pandas').digest, p('sklearn').digest)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [digest("pandas"), digest("sklearn")]


def test_python() -> None:
    part = python_part()
    assert (part.kind, part.text) == ("python", f"{sys.version_info.major}.{sys.version_info.minor}")
    assert python_part() == part
