"""The command line: what it says, its JSON, its exit codes; nothing here starts a kernel but the marked tests."""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from nbexp.graphs.graph import dump
from nbexp.hashing import digest
from nbexp.records import Key, Metric, Part, Reason, Record, Result, Variable
from nbexp.runs import ledger
from nbexp.runs.ledger import CellRun
from nbexp.store import Keys, Store
from nbexp.ui.cli import main
from nbexp.ui.commands import COMMANDS
from tests.runs.notebooks import read, write, write_with_text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(project: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call ``nbexp`` with these words: exit code, standard output, standard error."""

    def call(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


def hexed(text: str) -> str:
    return digest("test", text).hex()


def store_record(
    project: Path,
    lr: float = 0.1,
    reasons: tuple[Reason, ...] = (),
    seconds: float = 2.5,
    results: tuple[Result, ...] = (Result("accuracy", 0.93),),
    metrics: tuple[Metric, ...] = (),
    notebook: str = "n.ipynb",
    **names: Any,
) -> str:
    """A record of the stage ``train`` of ``n.ipynb`` with these outputs."""
    parts = (Part("input", "lr", hexed(str(lr)), str(lr)), Part("source", "", hexed("source")))
    record = Record(
        stage="train",
        notebook=notebook,
        cell="c1",
        key=Key(hexed(f"key {lr} {names}"), parts),
        variables=tuple(Variable(name, "new", type(value).__name__, repr(value)) for name, value in names.items()),
        results=results,
        metrics=metrics,
        source="model = fit(lr)",
        reasons=reasons,
        seconds=seconds,
        python="3.11.7",
    )
    figure = project / "figure.txt"
    figure.write_text("drawn")
    dumped = dump({"names": names, "patches": []})
    store = Store.open(project)
    record_id = store.commit(record, dumped.graph, dumped.buffers, {"figure.txt": figure})
    store.drain()
    figure.unlink()
    return record_id


def store_run(project: Path, **changes: Any) -> ledger.Run:
    cells = (CellRun(0, "c0", "done"), CellRun(1, "c1", "restored", "train", ran_at="2026-11-21T14:02:00"))
    run = replace(ledger.new_run("n.ipynb", parameters={"lr": 0.1}, options={}), cells=cells, status="completed")
    run = replace(run, **changes)
    ledger.write_run(project / ".nbexp", run)
    return run


# --- shape of every command ---


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_json(cli: Any, command: str) -> None:
    code, out, _ = cli(command, "--help")
    assert code == 0
    assert f"Example: nbexp {command}" in out
    assert "--json" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_words_as_a_user_writes_them(cli: Any, command: str) -> None:
    """No types of Python, no brackets in brackets."""
    out = cli(command, "--help")[1]
    assert not [leak for leak in ("<", "{", "[[", "list[", "Path", "INTEGER", "TEXT") if leak in out]


def test_the_line_of_usage_has_the_arguments(cli: Any) -> None:
    assert "nbexp run [OPTIONS] NB...\n" in cli("run", "--help")[1]
    assert "nbexp get [OPTIONS] REF [STAGE] NAME\n" in cli("get", "--help")[1]
    assert "What to list. [default: stages]" in cli("ls", "--help")[1]


def test_help_lists_the_commands_each_with_a_whole_sentence(cli: Any) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    assert all(command in out for command in COMMANDS)
    assert "..." not in out.partition("Commands:")[2]


def test_version(cli: Any) -> None:
    import nbexp

    assert cli("--version") == (0, f"nbexp {nbexp.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        (["rum"], "no such command 'rum'", 'Did you mean "run"?'),
        (["xyzzy"], "no such command 'xyzzy'", "See `nbexp --help`."),
        (["run", "n.ipynb", "--untl", "x"], "no such option: --untl", 'Did you mean "--until"?'),
        (["run"], "missing argument 'NB...'", "See `nbexp run --help`."),
        (["ls", "-n", "x"], "invalid value for '-n'", "See `nbexp ls --help`."),
        (["ls", "-n", "0"], "invalid value for '-n'", "See `nbexp ls --help`."),
        (["ls", "rusn"], '"rusn" is nothing that can be listed', 'Did you mean "runs"?'),
        (["ls", "runs", "--size"], '--size lists what fills the store, not "runs"', "nbexp ls --size"),
        (["ls", "stages", "--size"], '--size lists what fills the store, not "stages"', "nbexp ls --size"),
        (["ls", "rusn", "--size"], '"rusn" is nothing that can be listed', 'Did you mean "runs"?'),
        (["run", "m.ipynb"], 'there is no notebook "m.ipynb"', 'Did you mean "n.ipynb"?'),
        (["run", "bad.ipynb"], '"bad.ipynb" is not a notebook', "Give the path of an .ipynb file."),
        (["run", "syntax.ipynb"], 'cell 1 of "syntax.ipynb" has a syntax error in line 1', "nothing was run"),
        (["run", "text.ipynb"], 'cell 2 of "text.ipynb" has a syntax error in line 2', "nothing was run"),
        (["run", "text.ipynb", "-p", "n=2"], 'cell 2 of "text.ipynb" has a syntax error in line 2', "nothing was run"),
        (["run", "n.ipynb", "--until", "trian"], 'no stage "trian"', 'Did you mean "train"?'),
        (["run", "n.ipynb", "-p", "lr"], '"lr" sets no parameter', "-p NAME=VALUE"),
        (["run", "n.ipynb", "-p", "lr=x"], '"x" is not a float', "lr: float"),
        (["run", "n.ipynb", "n.ipynb", "--until", "train"], "names something in one notebook", "one by one"),
        (["run", "n.ipynb", "--recheck", "--force", "train"], "--recheck runs all stages and compares", "--force"),
        (["run", "n.ipynb", "--recheck", "--no-read"], "--recheck runs all stages and compares", "--no-read"),
        (["run", "n.ipynb", "--recheck", "--only", "train"], "--recheck runs all stages and compares", "--only"),
        (["run", "n.ipynb", "--recheck", "--from", "train"], "--recheck runs all stages and compares", "--from"),
        (["params", "m.ipynb"], 'there is no notebook "m.ipynb"', 'Did you mean "n.ipynb"?'),
        (["why", "n.ipynb", "trian"], 'no stage "trian"', 'Did you mean "train"?'),
        (["show", "last"], '"last" names nothing', "nbexp ls"),
        (["why", "m.ipynb", "train"], 'there is no notebook "m.ipynb"', 'Did you mean "n.ipynb"?'),
        (["why", "n.ipynb:train", "train"], '"n.ipynb:train" names a stage already', "Write n.ipynb:train alone."),
        (["why", "syntax.ipynb"], "has a syntax error", "nothing was run"),
        (["get", "n.ipynb", "a", "b", "c"], "one word too many", "nbexp get NB STAGE NAME"),
        (["show", "abcd"], '"abcd" names no result', "Nothing is stored yet"),
        (["get", "last", "x"], '"last" names nothing', "nbexp ls"),
        (["run", "n.ipynb", "-o", "o.csv"], '"o.csv" is no .ipynb', "nbexp get"),
        (["run", "blank.ipynb"], "%%stage is indented in cell 2", "Take away the blanks"),
        (["trust", "addd"], '"addd" is no action', 'Did you mean "add"?'),
        (["trust", "xyz"], '"xyz" is no action', "There are: list, add, remove."),
        (["trust", "add"], "needs the author's name", "nbexp trust add alice@gpu1"),
        (["trust", "add", "bob@x", "12"], '"12" is not a public key', "64 digits"),
        (["trust", "add", "bob@x"], 'the key of "bob@x" is not known', "nbexp trust add bob@x KEY"),
        (["trust", "remove", "bob@x"], '"bob@x" is not trusted', "nobody"),
    ],
)
def test_bad_use_is_two_lines_exit_code_2_and_no_trace(
    cli: Any, project: Path, words: list[str], said: str, advice: str
) -> None:
    write(project / "n.ipynb", "# parameters\nlr: float = 1", "%%stage train\nmodel = 1")
    write(project / "syntax.ipynb", "x = (")
    (project / "bad.ipynb").write_text("{}")
    write_with_text(project / "blank.ipynb", "x = 1", " %%stage a\nx = 2")
    write_with_text(project / "text.ipynb", "# parameters\nn = 1", "%%stage a\nx = (")
    before = sorted(os.walk(project))
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert said in err.splitlines()[0]
    assert advice in err.splitlines()[1]
    assert sorted(os.walk(project)) == before


def test_settings_that_cannot_be_read_are_bad_use(cli: Any, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.nbexp]\nlien = 'off'")
    code, _, err = cli("ls")
    assert code == 2
    assert '"lien"' in err
    assert 'Did you mean "line"?' in err


def test_a_reader_that_leaves_early_gets_no_stack(project: Path) -> None:
    for _ in range(3):
        store_run(project)
    code = "import sys; from nbexp.ui.cli import main; sys.exit(main(['ls', 'runs']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=project
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""


# --- looking ---


def test_bare_nbexp_says_what_there_is_and_what_to_do_next(cli: Any, project: Path) -> None:
    assert "next: nbexp demo" in cli()[1]
    write(project / "n.ipynb", "1")
    assert "next: nbexp run n.ipynb" in cli()[1]
    store_record(project, model=1)
    run = store_run(project, status="failed")
    code, out, _ = cli()
    assert code == 0
    assert "1 stage, 1 record, 1 run" in out
    assert f"next: nbexp show {run.id[:6]}" in out


def test_an_empty_project_is_told_how_to_begin(cli: Any, project: Path) -> None:
    for what in ("stages", "records", "runs", "results"):
        code, out, _ = cli("ls", what)
        assert code == 0
        assert out.startswith("No ")
        assert str(project / ".nbexp") in out  # the results may lie in another project's
        assert json.loads(cli("ls", what, "--json")[1])[what] == []


def test_ls_lists_stages_records_runs_and_results(cli: Any, project: Path) -> None:
    record_id, run = store_record(project, model=[1, 2]), store_run(project)
    assert "train" in cli("ls")[1]
    assert record_id[:10] in cli("ls", "records")[1]
    assert run.id[:10] in cli("ls", "runs")[1]
    assert "0.93" in cli("ls", "results")[1]
    document = json.loads(cli("ls", "records", "--json")[1])
    assert (document["schema"], document["version"]) == ("nbexp.ls", 1)
    (row,) = document["records"]
    assert row["id"] == record_id
    assert row["seconds"] == 2.5
    assert row["outputs"] == ["model"]


def test_ls_of_one_notebook_and_of_so_many(cli: Any, project: Path) -> None:
    for lr in (0.1, 0.2, 0.3):
        store_record(project, lr=lr, model=lr)
    assert len(json.loads(cli("ls", "records", "-n", "2", "--json")[1])["records"]) == 2
    assert len(json.loads(cli("ls", "records", "--notebook", "n.ipynb", "--json")[1])["records"]) == 3
    write(project / "o.ipynb", "%%stage train\nmodel = 1")
    assert json.loads(cli("ls", "records", "--notebook", "o.ipynb", "--json")[1])["records"] == []
    code, _, err = cli("ls", "--notebook", "p.ipynb")
    assert (code, err.splitlines()[0]) == (2, 'nbexp: there is no notebook "p.ipynb"')


@pytest.mark.parametrize("ref", ["last", "n.ipynb:train", "n.ipynb", "n:train"])
def test_show_a_record_by_every_kind_of_ref(cli: Any, project: Path, ref: str) -> None:
    record_id = store_record(project, model=[1, 2])
    code, out, _ = cli("show", ref)
    assert code == 0
    assert record_id[:12] in out
    assert "model = fit(lr)" in out
    document = json.loads(cli("show", record_id[:6], "--json")[1])
    assert (document["kind"], document["id"], document["stage"]) == ("record", record_id, "train")


def test_show_says_why_a_record_ran(cli: Any, project: Path) -> None:
    store_record(project, model=1, reasons=(Reason("changed", "lr", "input `lr`: 1 -> 2"),))
    assert "  input `lr`: 1 -> 2\n" in cli("show", "last")[1]


def test_show_a_run(cli: Any, project: Path) -> None:
    run = store_run(project, error="", seconds=3.0)
    code, out, _ = cli("show", run.id[:5])
    assert code == 0
    assert "restored (ran 2026-11-21 14:02)" in out
    document = json.loads(cli("show", run.id, "--json")[1])
    assert (document["kind"], document["id"]) == ("run", run.id)


def test_an_ambiguous_ref_lists_the_candidates(cli: Any, project: Path) -> None:
    for run_id in ("abcd11", "abcd22"):
        store_run(project, id=run_id)
    code, _, err = cli("show", "abcd")
    assert code == 2
    assert "abcd11" in err
    assert "abcd22" in err


def test_why_names_what_changed(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "lr = 1", "%%stage train\nmodel = fit(lr)")
    assert "nothing is stored" in cli("why", "n.ipynb", "train")[1]
    store_record(project, lr=0.1, model=1)
    assert "it has not run before" in cli("why", "n.ipynb", "train")[1]
    store_record(project, lr=0.2, model=1)
    code, out, _ = cli("why", "n.ipynb", "train")
    assert code == 0
    assert "input `lr`: 0.1 -> 0.2" in out
    (told,) = json.loads(cli("why", "n.ipynb", "train", "--json")[1])["stages"]
    assert (told["stage"], told["status"], told["seconds"]) == ("train", "ran", 2.5)
    assert told["reasons"] == [{"kind": "changed", "name": "lr", "text": "input `lr`: 0.1 -> 0.2"}]


def test_a_stage_that_was_restored_under_another_name_is_known_by_it(cli: Any, project: Path) -> None:
    record_id = store_record(project, model=1)
    store = Store.open(project)
    store.note_used(store.find("n.ipynb:train"), "copy.ipynb", "fit", "c9")
    for words in (("show", "copy.ipynb:fit"), ("show", "copy"), ("show", "n.ipynb:train"), ("show", "last")):
        assert record_id[:12] in cli(*words)[1]
    assert cli("get", "copy.ipynb", "fit", "model")[1] == "1\n"
    listed = json.loads(cli("ls", "--json")[1])["stages"]
    assert {(row["notebook"], row["stage"]) for row in listed} == {("n.ipynb", "train"), ("copy.ipynb", "fit")}
    assert "fit" in cli("ls", "--notebook", "copy.ipynb")[1]
    out = cli("why", "copy.ipynb")[1]
    assert out.startswith("fit: ran (")
    assert "it ran as n.ipynb:train, and was restored here" in out
    assert "restored here" not in cli("why", "n.ipynb", "train")[1]


def test_a_stage_that_is_not_there_is_not_offered(cli: Any, project: Path) -> None:
    store_record(project, model=1)
    assert 'Did you mean "n.ipynb:train"?' in cli("show", "nn.ipynb:trian")[2]
    assert 'Did you mean "n.ipynb"? There are: train.' in cli("show", "nn.ipynb:clean")[2]


def test_why_of_a_stage_alone_says_in_which_notebook_it_is(cli: Any, project: Path) -> None:
    store_record(project)
    assert cli("why", "train") == (2, "", 'nbexp: "train" is a stage, and no notebook\n  Name both: n.ipynb:train.\n')


def test_why_knows_what_ran_in_a_kernel_that_was_not_told_its_notebook(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    store_record(project, notebook="", model=1)
    for words in (("why", "n.ipynb"), ("why", ":train")):
        code, out, _ = cli(*words)
        assert code == 0
        assert out.startswith("train: ran (")
    assert "papermill needs --engine nbexp" in cli("why", "n.ipynb")[1]


def test_why_believes_the_record_that_says_it(cli: Any, project: Path) -> None:
    """After `run --force` nothing differs, and nothing is gone."""
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    store_record(project, model=1)
    store_record(project, model=1, reasons=(Reason("forced", "", "--force"),), seconds=3.0)
    assert cli("why", "n.ipynb", "train")[1].splitlines()[1:] == ["  --force"]


def test_why_tells_what_kept_a_stage_from_being_stored_whole_and_with_advice(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    record_id = store_record(project, model=1)
    lock = Reason("unstorable", "m.lock", '"m.lock" (_thread.lock) cannot be stored: it is a lock. Drop it first.')
    store_run(project, cells=(CellRun(0, "c0", "unstored", "train", (lock,), seconds=2.0),))
    assert lock.text in cli("why", "n.ipynb")[1]
    assert "train: ran, not stored" in cli("why", "n.ipynb")[1]
    assert lock.text not in cli("why", record_id[:8])[1]


def test_why_of_a_stage_that_failed_says_what_it_raised(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    store_run(project, cells=(CellRun(0, "c0", "failed", "train", error="no such name", advice="Take another."),))
    head, *rest = cli("why", "n.ipynb", "train")[1].splitlines()
    assert head.startswith("train: failed (")
    assert rest == ["  no such name", "  Take another."]


def test_why_of_a_notebook_tells_of_all_its_stages_from_top_to_bottom(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%%stage a\nx = 1", "%%stage train\nmodel = 1")
    store_record(project, model=1)
    assert [line.partition(":")[0] for line in cli("why", "n.ipynb")[1].splitlines() if line[0] != " "] == [
        "a",
        "train",
    ]


ADDRESSES = [("n.ipynb", "train"), ("n.ipynb:train",), ("n:train",), ("n", "train")]


@pytest.mark.parametrize("words", ADDRESSES)
def test_every_command_takes_both_forms_of_a_stages_address(cli: Any, project: Path, words: tuple[str, ...]) -> None:
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    record_id = store_record(project, model=[1, 2])
    assert "train: ran" in cli("why", *words)[1]
    assert record_id[:12] in cli("show", *words)[1]
    assert cli("get", *words, "model")[1] == "[1, 2]\n"


def test_a_notebook_is_looked_up_in_its_own_project(cli: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "n.ipynb", "%%stage train\nmodel = 1")
    store_record(project, model=[1, 2])
    elsewhere = project / "other"
    (elsewhere / ".nbexp").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    assert "train: ran" in cli("why", "../n.ipynb:train")[1]
    assert cli("get", "../n.ipynb", "train", "model")[1] == "[1, 2]\n"
    assert cli("show", "../n.ipynb:train")[0] == 0


# --- keeping ---


def test_get_prints_a_value_a_result_or_writes_a_file(cli: Any, project: Path) -> None:
    store_record(project, model=[1, 2])
    assert cli("get", "last", "model")[1] == "[1, 2]\n"
    assert cli("get", "last", "accuracy")[1] == "0.93\n"
    assert json.loads(cli("get", "last", "model", "--json")[1])["value"] == [1, 2]
    assert cli("get", "n.ipynb:train", "model", "-o", "m.json")[0] == 0
    assert json.loads((project / "m.json").read_text()) == [1, 2]
    assert cli("get", "last", "figure.txt", "-o", "f.txt")[0] == 0
    assert (project / "f.txt").read_text() == "drawn"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["last", "modell"], 'Did you mean "model"?'),
        (["last"], "It has: model, accuracy, figure.txt."),
        (["train", "model"], 'Did you mean "n.ipynb:train"?'),
        (["n.ipynb", "train"], 'which value of "n.ipynb:train"?\n  It has: model, accuracy, figure.txt.'),
        (["last", "model", "-o", "m.xyz"], "no format that can be written"),
        (["last", "model", "-o", "m.csv"], 'a value of the type list cannot be written as ".csv"'),
        (["last", "model", "-o", "none/m.json"], "there is no folder"),
    ],
)
def test_get_refuses_with_advice(cli: Any, project: Path, words: list[str], said: str) -> None:
    store_record(project, model=[1, 2])
    code, out, err = cli("get", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 2
    assert sorted(os.listdir(project)) == [".nbexp", "pyproject.toml"]


def strict(text: str) -> Any:
    """JSON read as other languages read it."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_a_number_that_json_does_not_have_is_a_text_in_it(cli: Any, project: Path) -> None:
    results = (Result("best", float("nan")), Result("all", {"low": [-math.inf, 1.0]}))
    record_id = store_record(project, results=results, metrics=(Metric({"loss": math.inf}),), model=math.nan)
    rows = strict(cli("ls", "results", "--json")[1])["results"]
    assert [row["value"] for row in rows] == ["NaN", {"low": ["-Infinity", 1.0]}]
    assert strict(cli("show", "last", "--json")[1])["metrics"] == [{"values": {"loss": "Infinity"}, "step": None}]
    assert strict(cli("get", "last", "model", "--json")[1])["value"] == "NaN"
    assert cli("get", "last", "best")[1] == "nan\n"
    assert cli("get", "last", "model", "-o", "model.json")[0] == 0
    assert strict((project / "model.json").read_text()) == "NaN"
    (path,) = (project / ".nbexp" / "records").rglob(record_id)
    strict(path.read_bytes().split(b"\n", 1)[1].partition(b',"format":1}')[0].decode("ascii") + "}")


def test_metrics_are_shown_with_their_last_value(cli: Any, project: Path) -> None:
    metrics = tuple(Metric({"loss": 1 / (step + 3)}, step) for step in range(3)) + (Metric({"acc": 0.5}),)
    record_id = store_record(project, metrics=metrics, model=1)
    out = cli("show", "last")[1]
    assert re.search(r"\nmetrics\nname +last +step +points *\nloss +0\.2 +2 +3 *\nacc +0\.5 +1", out)
    code, _, err = cli("get", "n.ipynb:train", "loss")
    assert code == 2
    assert '"loss" is a metric, logged 3 times; the last value is 0.2' in err
    assert f"nbexp show {record_id[:10]} --json" in err


def test_get_of_a_run_asks_for_a_stage(cli: Any, project: Path) -> None:
    run = store_run(project)
    code, _, err = cli("get", run.id, "model")
    assert code == 2
    assert "n.ipynb:STAGE" in err


def test_params_lists_types_defaults_and_help(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "# parameters\nlr: float = 0.1  # learning rate\nn = 3")
    assert "learning rate" in cli("params", "n.ipynb")[1]
    document = json.loads(cli("params", "n.ipynb", "--json")[1])
    assert document["parameters"] == [
        {"name": "lr", "type": "float", "default": "0.1", "help": "learning rate"},
        {"name": "n", "type": "int", "default": "3", "help": ""},
    ]
    write(project / "plain.ipynb", "1")
    assert "has no parameters cell" in cli("params", "plain.ipynb")[1]


def test_trust_is_listed_added_and_removed(cli: Any) -> None:
    key = "ab" * 32
    assert json.loads(cli("trust", "--json")[1])["trusted"] == []
    assert cli("trust", "add", "alice@gpu1", key)[0] == 0
    assert json.loads(cli("trust", "--json")[1])["trusted"] == [{"name": "alice@gpu1", "key": key}]
    assert "alice@gpu1" in cli("trust")[1]
    assert cli("trust", "remove", "alice@gpu1")[0] == 0
    assert json.loads(cli("trust", "list", "--json")[1])["trusted"] == []


def test_trust_takes_no_key_from_the_store(cli: Any, project: Path, tmp_path: Path) -> None:
    """Whoever can write to the store says there which key is whose."""
    record = Record("train", "n.ipynb", "", Key(hexed("key"), ()), author="alice@gpu1")
    Store.open(project, keys=Keys(tmp_path / "mallory")).commit(record, b"x")
    Store.open(project).catalog()
    claimed = Keys(tmp_path / "mallory").identity()
    assert claimed is not None
    store = sqlite3.connect(project / ".nbexp/index.sqlite")
    store.execute("UPDATE records SET author = 'alice@gpu1'")
    store.commit()
    store.close()
    code, _, err = cli("trust", "add", "alice@gpu1")
    assert code == 2
    assert "nbexp trust add alice@gpu1 KEY" in err
    assert json.loads(cli("trust", "--json")[1])["trusted"] == []
    assert "index: 0 records" in cli("doctor")[1]  # as bare nbexp counts
    for command in ("trust", "doctor"):
        out = cli(command)[1]
        assert 'says it is by "alice@gpu1"' in out
        assert f"Ask them: if this is their key, nbexp trust add alice@gpu1 {claimed.key}" in " ".join(out.split())


def test_what_an_index_says_of_authors_is_printed_only_if_it_is_plain(cli: Any, project: Path, tmp_path: Path) -> None:
    record = Record("train", "n.ipynb", "", Key(hexed("key"), ()), author="alice@gpu1")
    Store.open(project, keys=Keys(tmp_path / "mallory")).commit(record, b"x")
    Store.open(project).catalog()
    store = sqlite3.connect(project / ".nbexp/index.sqlite")
    store.execute("UPDATE records SET author = 'x; rm -rf ~'")
    store.commit()
    store.close()
    assert "rm -rf" not in cli("trust")[1] + cli("doctor")[1]


# --- doctor ---


def verdicts(cli: Any, *words: str) -> tuple[int, dict[str, str]]:
    code, out, _ = cli("doctor", *words, "--json")
    return code, {row["subject"]: row["verdict"] for row in json.loads(out)["findings"]}


def test_a_sound_store_passes(cli: Any, project: Path) -> None:
    store_record(project, model=os.urandom(100_000))
    code, found = verdicts(cli, "--deep")
    assert code == 0
    assert set(found.values()) == {"ok"}
    assert {"kernel", "key", "store", "index", "records", "blobs"} <= set(found)


def test_a_flipped_byte_is_found_removed_and_told(cli: Any, project: Path) -> None:
    store_record(project, model=os.urandom(100_000))
    blob = max((p for p in (project / ".nbexp" / "blobs").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    before = blob.stat()
    blob.chmod(0o644)
    content = bytearray(blob.read_bytes())
    content[5000] ^= 1
    blob.write_bytes(content)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    code, found = verdicts(cli, "--deep")
    assert code == 1
    assert found[f"blob {blob.name[:12]}"] == "bad"
    assert not blob.exists()


def test_a_damaged_record_is_found(cli: Any, project: Path) -> None:
    record_id = store_record(project, model=1)
    (path,) = (p for p in (project / ".nbexp" / "records").rglob(record_id) if p.is_file())
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-10])
    code, found = verdicts(cli, "--deep")
    assert code == 1
    assert found[f"record {record_id[:12]}"] == "bad"


def test_a_store_that_is_switched_off_is_told(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBEXP_NO_WRITE", "1")
    code, found = verdicts(cli)
    assert (code, found["store"]) == (1, "bad")


# --- running ---


@pytest.mark.slow
def test_a_stage_that_had_to_be_restored_says_why_not_and_what_to_do(cli: Any, project: Path) -> None:
    cells = ("%load_ext nbexp", "# parameters\nn = 1", "%%stage a\nx = n", "%%stage b\ny = x")
    write(project / "n.ipynb", *cells)
    code, _, err = cli("run", "n.ipynb", "--only", "b")
    assert code == 1
    assert err.splitlines() == ['nbexp: "a" must run (it has not run before)', "  Drop --only, or use --until b."]
    assert cli("run", "n.ipynb", "--until", "a")[0] == 0
    code, _, err = cli("run", "n.ipynb", "--from", "b", "-p", "n=3")
    assert err.splitlines() == ['nbexp: "a" must run (input `n`: 1 -> 3)', "  Drop --from."]


@pytest.mark.slow
def test_a_stage_that_is_not_stored_is_told_shortly_and_where_all_of_it_stands(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%load_ext nbexp", "%%stage a\ng = (i for i in [1])")
    code, out, _ = cli("run", "n.ipynb")
    assert code == 0
    assert "  ran, not stored (cannot fingerprint g (generator))" in out
    assert "What keeps a stage from being stored: nbexp why n.ipynb" in out
    assert "Make a list of it" not in out
    assert "Make a list of it" in cli("why", "n.ipynb")[1]
    run = json.loads(cli("run", "n.ipynb", "--json")[1])["runs"][0]
    assert "Make a list of it" in run["cells"][1]["reasons"][0]["text"]


@pytest.mark.slow
def test_a_stage_is_forced_by_a_name_with_a_comma(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%load_ext nbexp", "%%stage\ndf, model = 1, 2")
    assert cli("run", "n.ipynb")[0] == 0
    assert "ran (--force)" in cli("run", "n.ipynb", "--force", "df, model")[1]
    assert "--force" in cli("why", "n.ipynb", "df, model")[1]
    assert "ran (--no-read)" in cli("run", "n.ipynb", "--no-read")[1]


@pytest.mark.slow
def test_run_prints_a_line_for_each_cell_and_a_hint_without_stages(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "import time", "# wait\ntime.sleep(1.1)", "1")
    code, out, err = cli("run", "n.ipynb")
    assert (code, err) == (0, "")
    assert "2/3  time.sleep(1.1)" in out
    assert "completed in" in out
    assert "Cell 2 took 1.1 s" in out
    assert "%%stage" in out


@pytest.mark.slow
def test_run_as_json(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "print('hello')")
    code, out, _ = cli("run", "n.ipynb", "--json", "-o", "o.ipynb")
    document = json.loads(out)
    assert code == 0
    assert document["schema"] == "nbexp.run"
    assert document["runs"][0]["status"] == "completed"
    assert read(project / "o.ipynb").cells[0].outputs[0].text == "hello\n"


@pytest.mark.slow
def test_run_stops_at_the_first_notebook_that_fails_and_says_where(cli: Any, project: Path) -> None:
    write(project / "a.ipynb", "1/0")
    write(project / "b.ipynb", "1")
    code, out, err = cli("run", "a.ipynb", "b.ipynb")
    assert code == 1
    assert "cell 1 failed: ZeroDivisionError: division by zero" in err
    assert len(err.splitlines()) == 2
    assert "b.ipynb" not in out


@pytest.mark.slow
def test_a_stage_without_the_extension_says_what_to_add(cli: Any, project: Path) -> None:
    write(project / "n.ipynb", "%%stage a\nx = 1")
    code, _, err = cli("run", "n.ipynb")
    assert code == 1
    assert "Add a cell with %load_ext nbexp above it." in err


# --- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_check_names_the_cells_whose_saved_outputs_are_not_those_of_a_run(cli: Any, project: Path) -> None:
    sound = write(project / "sound.ipynb", "x = 1", "x")
    wrong = write(project / "wrong.ipynb", "x = 1", "x", "undefined")
    assert cli("run", str(sound), "--in-place")[0] == 0
    notebook = read(wrong)
    notebook.cells[1].outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "2"})]
    notebook.cells[1].execution_count, notebook.cells[0].execution_count = 1, 2
    nbformat.write(notebook, wrong)
    before = wrong.read_bytes()

    code, out, _ = cli("check", str(sound), str(wrong), "--cold")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith(f"ok    {sound}: 2 cells as saved (")
    assert lines[1:8] == [
        f"WRONG {wrong}: 2 of 3 cells not as saved",
        "  cell 2 differs",
        "      saved: 2",
        "      now:   1",
        "  cell 3 fails",
        "      now:   NameError: name 'undefined' is not defined",
        "      The file's cells ran out of order: cell 2 before cell 1.",
    ]
    assert wrong.read_bytes() == before
    assert cli("check", str(sound))[0] == 0

    rows = json.loads(cli("check", str(wrong), "--json")[1])["notebooks"]
    assert [(each["cell"], each["kind"]) for each in rows[0]["differences"]] == [(2, "differs"), (3, "failed")]
    assert rows[0]["out_of_order"] == [1, 2]


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_gc_shows_before_it_deletes_and_leaves_what_is_pinned(cli: Any, project: Path) -> None:
    quick = store_record(project, lr=1, seconds=0.1, x=np.zeros(300_000))
    slow = store_record(project, lr=2, seconds=90.0, x=np.ones(300_000))
    pinned = store_record(project, lr=3, seconds=0.01, x=np.full(300_000, 3.0))
    assert cli("pin", pinned[:12])[:2] == (0, f"pinned {pinned[:12]}: 1 result is kept, whatever the budget.\n")

    code, out, _ = cli("gc", "--to", "5 MB")
    assert code == 0
    assert "7.2 MB in 3 results; the limit is 5.0 MB." in out
    assert quick[:10] in out
    assert slow[:10] not in out
    assert "2.4 MB would be free. Nothing is deleted yet: add --delete." in out
    assert cli("get", quick[:12], "x")[0] == 0

    code, out, _ = cli("gc", "--to", "5 MB", "--delete")
    assert code == 0
    assert "2.4 MB are free now." in out
    code, _, err = cli("get", quick[:12], "x")
    assert code == 1
    assert "were given up to keep the store within its budget" in err
    assert [cli("get", each[:12], "x")[0] for each in (slow, pinned)] == [0, 0]
    assert cli("show", quick[:12])[0] == 0

    answer = json.loads(cli("gc", "--to", "1 MB", "--delete", "--json")[1])
    assert [row["id"] for row in answer["evicted"]] == [slow]
    assert answer["freed"] == answer["bytes"]
    assert "Nothing has to go." in cli("gc", "--to", "10 GB")[1]


def test_gc_refuses_what_is_no_size(cli: Any, project: Path) -> None:
    assert cli("gc", "--to", "much") == (
        2,
        "",
        'nbexp: "much" is not a size (--to)\n  Write a number and a unit: "20 GB".\n',
    )


def test_a_run_is_pinned_with_all_its_results_and_a_pin_is_taken_away(cli: Any, project: Path) -> None:
    first = store_record(project, lr=1, x=np.zeros(300_000))
    key = Store.open(project).find(first[:12]).record.key.digest
    run = store_run(project, cells=(CellRun(0, "c0", "done"), CellRun(1, "c1", "ran", "train", key=key)))
    assert "Nothing is pinned" in cli("pin")[1]
    assert "1 result is kept" in cli("pin", run.id)[1]
    rows = json.loads(cli("pin", "--json")[1])["pins"]
    assert [(row["pin"], row["records"]) for row in rows] == [(run.id, 1)]
    assert "Nothing has to go" not in cli("gc", "--to", "1 MB", "--json")[1]
    assert json.loads(cli("gc", "--to", "1 MB", "--json")[1])["evicted"] == []
    assert cli("pin", run.id, "--remove")[0] == 0
    assert json.loads(cli("gc", "--to", "1 MB", "--json")[1])["evicted"] != []
    assert cli("pin", run.id, "--remove")[0] == 2
    assert cli("pin", "--remove")[0] == 2


def test_a_stage_is_pinned_by_two_words_as_by_one(cli: Any, project: Path) -> None:
    record_id = store_record(project, lr=1, x=np.zeros(300_000))
    assert json.loads(cli("pin", "n.ipynb", "train", "--json")[1])["pinned"] == record_id
    assert json.loads(cli("pin", "n.ipynb:train", "--remove", "--json")[1])["removed"] == record_id


def test_a_pin_is_taken_away_by_the_beginning_of_its_name_if_that_means_one(cli: Any, project: Path) -> None:
    for run_id in ("abcd11", "abcd22"):
        key = Store.open(project).find(store_record(project, model=run_id)).record.key.digest
        store_run(project, id=run_id, cells=(CellRun(0, "c0", "ran", "train", key=key),))
        assert json.loads(cli("pin", run_id, "--json")[1])["pinned"] == run_id
    code, _, err = cli("pin", "abcd", "--remove")
    assert (code, err.splitlines()[0]) == (2, 'nbexp: "abcd" is more than one pin')
    assert json.loads(cli("pin", "abcd1", "--remove", "--json")[1])["removed"] == "abcd11"
    assert cli("pin", "abcd", "--remove")[:2] == (0, "abcd22 is not pinned any more.\n")


def test_a_run_that_left_nothing_cannot_be_pinned(cli: Any, project: Path) -> None:
    run = store_run(project)
    code, out, err = cli("pin", run.id)
    assert (code, out) == (2, "")
    assert "is stored that could be kept" in err


def test_ls_size_lists_the_largest_first_and_what_was_saved(cli: Any, project: Path) -> None:
    store_record(project, lr=1, x=np.zeros(200_000))
    large = store_record(project, lr=2, x=np.ones(400_000), y=np.zeros(200_000))
    store = Store.open(project)
    store.commit(
        Record(stage="small", notebook="n.ipynb", cell="c9", key=Key(hexed("small"), ())), dump({"x": 1}).graph
    )
    store.drain()
    code, out, _ = cli("ls", "--size")
    assert code == 0
    assert "1 result more: no values, or so few that the record has them" in out
    assert out.splitlines()[1].split()[-1] == large[:10]
    assert "4.8 MB of values" in out
    assert "1.6 MB saved by storing equal content once" in out
    answer = json.loads(cli("ls", "--size", "--json")[1])
    assert answer["saved"] >= 1_600_000
    assert len(answer["results"]) == 2


@pytest.mark.slow
def test_run_recheck_names_the_stages_that_are_not_deterministic(cli: Any, project: Path) -> None:
    path = write(
        project / "n.ipynb",
        "%load_ext nbexp",
        "%%stage sure\nx = 1",
        "%%stage chance\nimport os\ny = os.urandom(8).hex()",
    )
    assert cli("run", str(path))[0] == 0
    code, out, _ = cli("run", str(path), "--recheck")
    assert code == 1
    assert "1 stage gave the same again, 1 did not." in out
    assert "  chance: not the same again: `y` is '" in out


def test_doctor_reads_notebooks(cli: Any, project: Path) -> None:
    path = write(project / "n.ipynb", "x = 1", "!pip install torch\ny = gone")
    code, out, _ = cli("doctor", str(path))
    assert code == 0
    assert out.splitlines()[:3] == [
        f"{path}: 2 remarks",
        "  cell 2, line 1  `!pip install torch` changes the environment while the notebook runs",
        "      Write it, with its version, into requirements.txt or pyproject.toml.",
    ]
    rows = json.loads(cli("doctor", str(path), "--json")[1])["notebooks"]
    assert [(each["kind"], each["cell"], each["line"]) for each in rows[0]["remarks"]] == [
        ("install", 2, 1),
        ("undefined", 2, 2),
    ]
    assert cli("doctor", str(path), "--deep")[0] == 2
    assert cli("doctor", "gone.ipynb")[0] == 2
