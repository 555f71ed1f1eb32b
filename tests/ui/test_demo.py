"""The demo tells its story from real runs, and holds itself to what it says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from nbexp.ui.cli import main
from nbexp.ui.commands.demo import command

pytest.importorskip("sklearn")


@pytest.mark.slow
def test_the_story_is_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second time in the folder of the first
        assert main(["demo", str(tmp_path / "demo"), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
    cold, again, edited, memory, damaged, planted = told["chapters"]
    assert set(cold["stages"].values()) == {"ran"}
    assert set(again["stages"].values()) == {"restored"}
    assert again["outputs_equal"]
    assert again["byte_identical"]
    assert edited["same_value"] == {"clean": True, "brightness": False}
    assert edited["stages"] == again["stages"] | {"clean": "ran", "brightness": "ran"}
    assert memory["joblib"] == memory["before"] != memory["nbexp"]
    assert damaged["noticed"] == ["data"]
    assert planted["stages"] == again["stages"] | {"clean": "ran"}
    assert planted["pickle_ran"] is False
    assert Path(told["notebook"]).is_file()


def test_another_folder_of_that_name_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    assert main(["demo", str(tmp_path)]) == 2
    assert "is not of the demo" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_its_last_lines_name_a_command_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / ".venv" / "bin" / "nbexp"
    own.parent.mkdir(parents=True)
    own.write_text("")
    own.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(own)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command() == os.path.join(".venv", "bin", "nbexp")
    monkeypatch.setenv("PATH", str(own.parent))
    assert command() == "nbexp"


def test_without_its_extra_the_demo_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["nbexp.ui.commands.demo"], "find_spec", lambda name: None)
    assert main(["demo", str(tmp_path / "demo")]) == 2
    assert 'pip install "nbexp[demo]"' in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
