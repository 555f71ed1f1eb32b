"""Values as files: what cannot be written says why, and what would help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse, NbexpError
from nbexp.ui.exporting import export


class Frame:
    """Stands for a frame whose writer lacks a package."""

    def to_parquet(self, path: str) -> None:
        raise ImportError("Unable to find a usable engine; tried using: 'pyarrow', 'fastparquet'.")


@pytest.mark.parametrize(
    ("value", "name", "what", "advice"),
    [
        (Frame(), "x.parquet", "a .parquet needs pyarrow", "pip install pyarrow"),
        (
            [1],
            "x.csv",
            'a value of the type list cannot be written as ".csv": it has no to_csv and no write_csv',
            "Use .pkl or .txt.",
        ),
        ([1], "x.npy", 'a value of the type list cannot be written as ".npy": not an array', "Use .pkl or .txt."),
        ([1], "x.zzz", 'x.zzz" names no format that can be written', ".csv, .parquet, .json, .npy, .png, .svg, .pdf"),
        ([1], "x.zzz", "names no format", ".html, .txt, .pkl."),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, value: Any, name: str, what: str, advice: str) -> None:
    with pytest.raises(BadUse) as raised:
        export(value, tmp_path / name)
    assert what in raised.value.what
    assert advice in raised.value.advice
    assert not (tmp_path / name).exists()


def test_a_place_that_cannot_be_written_is_no_bad_use(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(NbexpError, match="cannot be written") as raised:
        export("text", tmp_path / "x.txt")
    assert not isinstance(raised.value, BadUse)
