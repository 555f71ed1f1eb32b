"""The demo tells its story, and every scene of it is checked by the demo itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbexp.ui.cli import main

pytest.importorskip("sklearn")


@pytest.mark.slow
def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path / "demo"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    scenes = ["\n".join(scene["lines"]) for scene in told["scenes"]]
    assert len(scenes) == 6
    assert scenes[0].count(" ran ") == 5
    assert "all 5 stages restored" in scenes[1]
    assert "function `ink` edited, and gave the same values" in scenes[2]
    assert scenes[2].count("restored") == 2
    assert "does not see the edited helper" in scenes[3]
    assert "was altered" in scenes[4] and scenes[4].count("restored") == 4
    assert "signed by no trusted key" in scenes[5]
    assert (tmp_path / "demo" / "digits.ipynb").is_file()


def test_demo_leaves_other_folders_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    assert main(["demo", str(tmp_path)]) != 0
    assert "mine.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_demo_names_its_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbexp.ui.commands.demo.find_spec", lambda name: None)
    assert main(["demo", str(tmp_path / "demo")]) == 2
    assert 'pip install "nbexp[demo]"' in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
