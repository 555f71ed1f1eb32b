"""`%nbexp` in a shell: what it prints."""

from __future__ import annotations

from typing import Any

import pytest


def printed(shell: Any, capsys: pytest.CaptureFixture[str], source: str) -> list[str]:
    capsys.readouterr()
    shell.run_cell(source)
    out, err = capsys.readouterr()
    return [*out.splitlines(), *err.splitlines()]


SHORT = "a: ran, not stored (cannot fingerprint g (generator))"


def test_why_has_each_reason_whole_and_once(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%stage a\ng = (i for i in [1])")
    head, reason = printed(shell, capsys, "%nbexp why a")
    assert head.startswith("a: ran, not stored (0.")
    assert reason.startswith('  - "g" (generator) cannot be fingerprinted: ')
    assert reason.endswith("Make a list of it, or make it where it is used.")


def test_the_line_of_what_was_not_stored_is_short(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(shell, capsys, "%%stage a\ng = (i for i in [1])") == [SHORT]
    assert printed(shell, capsys, "%nbexp status") == [SHORT]


def test_why_of_a_hit_says_when_it_ran(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%stage a\nx = 1")
    shell.run_cell("%%stage a\nx = 1")
    (line,) = printed(shell, capsys, "%nbexp why")
    assert line.startswith("a: restored (ran 2")


def test_why_takes_a_name_with_a_comma(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%stage\ndf, model = 1, 2")
    assert printed(shell, capsys, "%nbexp why df, model")[1:] == ["  - it has not run before"]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("%nbexp statsu", 'Did you mean "status"?'),
        ("%nbexp foo", "There are: status, why, run-stale, strict, on, off, help."),
        ("%nbexp why trian", 'Did you mean "train"?'),
        ("%nbexp why foo", "There are: train."),
    ],
)
def test_a_word_that_is_not_known(shell: Any, capsys: pytest.CaptureFixture[str], line: str, advice: str) -> None:
    shell.run_cell("%%stage train\nx = 1")
    assert printed(shell, capsys, line)[-1] == advice


CAUGHT = "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    raise ValueError('stopped')"


@pytest.mark.parametrize("body", ["signal.raise_signal(signal.SIGINT)", CAUGHT], ids=["plain", "context"])
def test_an_interrupted_stage_ends_in_its_own_code(shell: Any, capsys: pytest.CaptureFixture[str], body: str) -> None:
    text = "\n".join(printed(shell, capsys, f"%%stage a\nimport signal\n{body}"))
    assert "KeyboardInterrupt" in text
    assert "interrupts.py" not in text
    assert "a: failed" in text


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%stage a\n1 / 0", "ZeroDivisionError: division by zero"),
        ("%%stage a\nassert False", "AssertionError"),
        ("%%stage a --ignore nothere\nx = 1", "--ignore"),
        ("%%stage a --in nothere\nx = 1", 'there is no variable "nothere", which --in names'),
        ("%%stage a --out y\nx = 1", 'the stage "a" does not define "y", which --out promises. Define y'),
    ],
)
def test_why_of_a_stage_that_failed_says_what_it_raised(
    shell: Any, capsys: pytest.CaptureFixture[str], cell: str, said: str
) -> None:
    shell.run_cell(cell)
    head, first, *_ = printed(shell, capsys, "%nbexp why a")
    assert head.startswith("a: failed")
    assert first.startswith("  - ")
    assert said in first


def test_a_header_that_is_indented_says_so(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "UsageError: %%stage is indented, and the cell below it is not." in printed(
        shell, capsys, " %%stage a\nx = 1"
    )
    assert printed(shell, capsys, "  %%stage a\n  x = 1") == ["a: ran (it has not run before)"]


@pytest.mark.parametrize(
    ("body", "line", "advice"),
    [
        ("open('rf.joblib', 'w').close()", "it wrote the file rf.joblib", "write it in a plain cell below."),
        ("import os; os.chdir('..')", "it changed the working directory", "Do that in a plain cell above"),
    ],
)
def test_what_cannot_be_kept_says_what_to_do(
    shell: Any, capsys: pytest.CaptureFixture[str], body: str, line: str, advice: str
) -> None:
    assert printed(shell, capsys, f"%%stage a\n{body}") == [f"a: ran, not stored ({line})"]
    assert advice in printed(shell, capsys, "%nbexp why")[1]
