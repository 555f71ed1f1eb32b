"""Figures in texts are measured ones: each has its row in ``docs/evidence.md``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.soak import evidence
from tests.soak.evidence import ROOT, note, rows_in, unproven

TEXTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_figure_has_its_evidence(path: Path) -> None:
    assert list(unproven(path.read_text(encoding="utf-8"), rows_in())) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("12x faster <!-- evidence: speed -->", []),
        ("nothing stated", []),
        ("13x faster <!-- evidence: speed -->", ["speed"]),
        ("<!-- evidence: speed --> 12x", ["speed"]),
        ("12x <!-- evidence: speed --> and 0 lost <!-- evidence: kills -->", []),
        ("12x 0 lost <!-- evidence: kills --> and <!-- evidence: speed -->", ["speed"]),
        ("12x <!-- evidence: unknown -->", ["unknown"]),
        ("12x\n<!-- evidence: speed -->", ["speed"]),
    ],
)
def test_the_check_can_fail(tmp_path: Path, text: str, wrong: list[str]) -> None:
    path = tmp_path / "docs" / "evidence.md"
    note("speed", "12x", "make bench", path)
    note("kills", "0 lost", "make soak", path)
    found = list(unproven(text, rows_in(path)))
    assert len(found) == len(wrong)
    assert all(name in told for name, told in zip(wrong, found, strict=True))


def test_rows_are_kept_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "evidence.md"
    first = note("b", "1 of 2, in 3 s", "make soak", path)
    note("a", "5", "make bench", path)
    assert rows_in(path)["b"] == first
    note("b", "2 of 2", "make soak", path)
    assert {name: row.figure for name, row in rows_in(path).items()} == {"a": "5", "b": "2 of 2"}
    for bad in ("a|b", "a\nb", ""):
        with pytest.raises(ValueError, match="cell of a table"):
            note("c", bad, "make soak", path)
    with pytest.raises(ValueError, match="no id"):
        note("a b", "1", "make soak", path)


def test_several_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "evidence.md"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: note(f"n{number}", str(number), "make soak", path), range(16)))
    assert {name: row.figure for name, row in rows_in(path).items()} == {f"n{n}": str(n) for n in range(16)}


def test_what_a_killed_writer_left_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "LOCK_TRIES", 2)
    path = tmp_path / "docs" / "evidence.md"
    path.with_suffix(".lock").mkdir(parents=True)
    note("a", "5", "make bench", path)
    assert list(rows_in(path)) == ["a"]
    assert not path.with_suffix(".lock").exists()
