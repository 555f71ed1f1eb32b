"""Settings from pyproject.toml and the environment, and where a project begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbexp.config import Config, find_root, load_config
from nbexp.errors import BadUse


@pytest.mark.parametrize("mark", [".nbexp/", "pyproject.toml", ".git/", ".git"])
def test_the_root_is_the_nearest_marked_folder_upwards(tmp_path: Path, mark: str) -> None:
    place = tmp_path / mark
    place.mkdir() if mark.endswith("/") else place.write_text("")
    deep = tmp_path / "notebooks" / "deep"
    deep.mkdir(parents=True)
    assert find_root(deep, {}) == tmp_path
    (deep / "a.ipynb").write_text("{}")
    assert find_root(deep / "a.ipynb", {}) == tmp_path


def test_a_nearer_mark_wins(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "inner" / ".nbexp").mkdir(parents=True)
    assert find_root(tmp_path / "inner", {}) == tmp_path / "inner"


def test_home_wins_over_all_marks(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert find_root(tmp_path, {"NBEXP_HOME": "/somewhere"}) == Path("/somewhere")


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root(Path("/"), {"NBEXP_HOME": "here"}) == tmp_path / "here"


def test_without_a_mark_the_root_is_the_start() -> None:
    assert find_root(Path("/dev"), {}) == Path("/dev")


CASES: list[tuple[str, dict[str, str], Config]] = [
    ("", {}, Config()),
    ("[project]\nname = 'x'", {}, Config()),
    ("[tool.other]\nline = 'x'", {}, Config()),
    ("[tool.nbexp]\nline = 'changes'\nkeep = 'always'", {}, Config(line="changes", keep="always")),
    ("[tool.nbexp]\nread = false\nwrite = false", {}, Config(read=False, write=False)),
    ("[tool.nbexp]\nline = 'changes'", {"NBEXP_LINE": "off"}, Config(line="off")),
    ("[tool.nbexp]\nread = false", {"NBEXP_NO_READ": "0"}, Config()),
    (
        "",
        {"NBEXP_KEEP": "always", "NBEXP_NO_READ": "1", "NBEXP_NO_WRITE": "yes"},
        Config("all", "always", False, False),
    ),
    ("", {"NBEXP_LINE": "", "NBEXP_NO_READ": ""}, Config()),
    ("[tool.nbexp]\nbudget = '50 GB'", {}, Config(budget=50_000_000_000)),
    ("[tool.nbexp]\nbudget = '50 GB'", {"NBEXP_BUDGET": "1.5GiB"}, Config(budget=1_610_612_736)),
    ("", {"NBEXP_BUDGET": "800 b"}, Config(budget=800)),
]


@pytest.mark.parametrize(("text", "environ", "expected"), CASES)
def test_settings(tmp_path: Path, text: str, environ: dict[str, str], expected: Config) -> None:
    if text:
        (tmp_path / "pyproject.toml").write_text(text)
    assert load_config(tmp_path, environ) == expected


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("[tool.nbexp]\nlin = 'all'", {}, 'Did you mean "line"?'),
    ("[tool.nbexp]\nline = 'change'", {}, 'Did you mean "changes"?'),
    ("[tool.nbexp]\nline = ['all']", {}, 'Did you mean "all"?'),
    ("[tool.nbexp]\nzzz = 1", {}, "There are: line, keep, read, write, budget."),
    ("[tool.nbexp]\nread = 'no'", {}, "true or false"),
    ("[tool.nbexp\n", {}, "Correct that line."),
    ("tool.nbexp = 3", {}, "[tool.nbexp]"),
    ("tool = 3", {}, "[tool.nbexp]"),
    ("", {"NBEXP_LINE": "al"}, 'Did you mean "all"?'),
    ("", {"NBEXP_NO_READ": "maybe"}, "Use 1 or 0."),
    ("", {"NBEXP_BUDGET": "20"}, '"20 GB"'),
    ("[tool.nbexp]\nbudget = 20", {}, '"20 GB"'),
]


@pytest.mark.parametrize(("text", "environ", "advice"), REFUSED)
def test_mistakes_are_named_with_the_closest_word(
    tmp_path: Path, text: str, environ: dict[str, str], advice: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BadUse) as caught:
        load_config(tmp_path, environ)
    assert advice in caught.value.advice


def test_a_pyproject_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadUse, match=r"pyproject\.toml"):
        load_config(tmp_path, {})
