"""What TAB offers in a stage's header and after `%nbexp`."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbexp
from nbexp.stage.spec import OPTIONS
from nbexp.ui.magics import unload_extension


def offered(shell: InteractiveShell, text: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the completer's interface is called provisional
        return [f"{text[: found.start]}{found.text}" for found in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("%nbexp sta", ["%nbexp status"]),
        ("%nbexp why t", ["%nbexp why train"]),
        ("%nbexp why df, m", ["%nbexp why df, model"]),
        ("%%stage a --see", ["%%stage a --seed"]),
        ("%%stage a --force --n", ["%%stage a --force --no-store"]),
        ("%%stage a --ignore n_j", ["%%stage a --ignore n_jobs"]),
        ("%%stage a --in=df,n_j", ["%%stage a --in=df,n_jobs"]),
        ("%%stage a\nn_jo", ["%%stage a\nn_jobs"]),
    ],
)
def test_what_can_follow_is_offered_and_nothing_else(shell: Any, text: str, lines: list[str], jedi: bool) -> None:
    shell.Completer.use_jedi = jedi
    shell.user_ns["n_jobs"] = 1
    shell.run_cell("%%stage train\nx = 1")
    shell.run_cell("%%stage\ndf, model = 1, 2")
    assert offered(shell, text) == lines


def test_each_option_and_each_word_is_offered(shell: Any) -> None:
    assert {line.removeprefix("%nbexp ") for line in offered(shell, "%nbexp ")} == {
        "status",
        "run-stale",
        "strict",
        "why",
        "on",
        "off",
        "help",
    }
    assert offered(shell, "%%stage a --") == sorted(offered(shell, "%%stage a "))
    assert len(offered(shell, "%%stage a --")) == len(OPTIONS)


def test_unloading_takes_it_away(shell: Any) -> None:
    before = len(shell.Completer.custom_matchers)
    unload_extension(shell)
    assert len(shell.Completer.custom_matchers) == before - 1


def test_the_package_shows_its_public_names_only() -> None:
    assert set(dir(nbexp)) == set(nbexp.__all__)
    assert [name for name in vars(nbexp) if name in ("Any", "TYPE_CHECKING", "import_module", "annotations")] == []
