"""Values by reference: what the index claims is compared with the record before a value is loaded."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse, NbexpError
from nbexp.graphs.graph import dump
from nbexp.hashing import digest
from nbexp.kernel.active import active_session
from nbexp.records import Key, Record, Variable
from nbexp.runs.values import find_value, load_value
from nbexp.store import Store
from tests.behaviour.in_process import project_in
from tests.behaviour.model import Cell


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.open(tmp_path)
    for number, stage in enumerate(("clean", "noisy")):
        dumped = dump({"names": {"df": stage}, "patches": []})
        key = Key(digest("test", stage).hex(), ())
        record = Record(stage, "prep.ipynb", "", key, variables=(Variable("df", "new", "str"),), created=f"202{number}")
        made.commit(record, dumped.graph, dumped.buffers)
    made.catalog()
    return made


def forge(store: Store, *statements: str) -> None:
    connection = sqlite3.connect(store.path / "index.sqlite")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


FORGED = [
    ("UPDATE records SET stage = CASE stage WHEN 'clean' THEN 'noisy' ELSE 'clean' END",),
    ("UPDATE records SET outputs = 'x'",),
    ("UPDATE records SET created = '2030' WHERE stage = 'noisy'", "UPDATE records SET stage = 'clean'"),
]


@pytest.mark.parametrize("statements", FORGED)
def test_a_forged_index_leads_to_no_other_stages_value(store: Store, statements: tuple[str, ...]) -> None:
    forge(store, *statements)
    for stage in ("clean", "noisy"):
        assert load_value(store, find_value(store, f"prep.ipynb:{stage}", "df")) == stage


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET key = (SELECT key FROM records WHERE stage = 'noisy')",
        "UPDATE records SET id = 'ff' || substr(id, 3) WHERE stage = 'clean'",
    ],
)
def test_a_row_of_no_record_leads_nowhere(store: Store, statement: str) -> None:
    forge(store, statement)
    with pytest.raises(BadUse):
        find_value(store, "prep.ipynb:clean", "df")
    assert load_value(store, find_value(store, "prep.ipynb:noisy", "df")) == "noisy"


def test_a_forged_list_of_outputs_leads_to_no_other_value(store: Store) -> None:
    forge(store, "UPDATE outputs SET name = 'x'")
    with pytest.raises(BadUse):
        find_value(store, "last", "x")


def test_an_unknown_variable_names_the_closest(store: Store) -> None:
    with pytest.raises(BadUse, match="dff"):
        find_value(store, "prep:clean", "dff")


# --- values that hold objects of the inputs of their stage ------------------------------------------------------------


def run(root: Path, *sources: str) -> Store:
    with project_in(root) as project:
        project.start()
        for number, source in enumerate(sources):
            project.run(Cell(source, f"c{number}"))
        active_session().store.drain()
    return Store.open(root)


def value(store: Store, name: str) -> Any:
    return load_value(store, find_value(store, "last", name))


FRAME = "%%stage data\ndf = pd.DataFrame({'a': [1, 2], 'b': [3, 5]})"


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("%%stage s\ny = pd.Series([7, 8], index=df.index)", "y", "0    7\n1    8"),
        ("%%stage s\ndf['z'] = df.a * 2", "df", "   a  b  z\n0  1  3  2\n1  2  5  4"),
        ("%%stage s\ndf['z'] = df.a * 2\nX = df[['z']]", "X", "   z\n0  2\n1  4"),
        ("%%stage s\nrows = [df, df]", "rows", "[   a  b\n0  1  3\n1  2  5,    a  b\n0  1  3\n1  2  5]"),
    ],
)
def test_an_input_comes_from_the_stage_that_made_it(tmp_path: Path, source: str, name: str, expected: str) -> None:
    pytest.importorskip("pandas")
    store = run(tmp_path, "import pandas as pd", FRAME, source)
    found = value(store, name)
    assert (found.to_string() if hasattr(found, "to_string") else str(found)) == expected


def test_an_input_comes_from_the_stage_that_changed_it_last(tmp_path: Path) -> None:
    store = run(
        tmp_path, "%%stage a\nx = [1]", "%%stage b\nx.append(2)", "%%stage c\nx.append(3)", "%%stage d\ny = [x, x]"
    )
    found = value(store, "y")
    assert found == [[1, 2, 3], [1, 2, 3]]
    assert found[0] is found[1]
    assert value(store, "x") == [1, 2, 3]


def test_what_is_changed_after_it_was_loaded_is_changed_in_no_other_value(tmp_path: Path) -> None:
    store = run(tmp_path, "%%stage a\nx = [1]", "%%stage b\ny = [x]")
    value(store, "y")[0].append(9)
    assert value(store, "y") == [[1]]
    assert value(store, "x") == [1]


@pytest.mark.parametrize("source", ["y = pd.Series([7, 8], index=df.index)", "y = [df]"])
def test_an_input_that_no_stage_made_is_named(tmp_path: Path, source: str) -> None:
    pytest.importorskip("pandas")
    store = run(tmp_path, "import pandas as pd", FRAME.partition("\n")[2], f"%%stage s\n{source}")
    with pytest.raises(NbexpError, match='what "s" made holds objects of `df`, which the store does not have'):
        value(store, "y")


def test_an_input_that_was_changed_is_as_it_was_left_though_another_is_missing(tmp_path: Path) -> None:
    store = run(tmp_path, "z = [0]", "%%stage a\nx = [1]", "%%stage b\nx.append(2)\nv = [x]\nw = [z]")
    assert value(store, "v") == [[1, 2]]
    assert value(store, "x") == [1, 2]
    with pytest.raises(NbexpError, match="objects of `z`"):
        value(store, "w")


def test_what_was_left_in_an_input_that_is_missing_holds_nothing_that_stands_for_an_object(tmp_path: Path) -> None:
    store = run(tmp_path, "z = [0]\nx = [1]", "%%stage b\nx.append(z)")
    with pytest.raises(NbexpError, match="objects of"):
        value(store, "x")


def test_an_input_that_has_changed_since_is_not_taken(tmp_path: Path) -> None:
    """The newest record with a variable of that name has another content."""
    store = run(tmp_path, "x = [1]", "%%stage b\ny = [x]", "%%stage a\nx = [2]")
    with pytest.raises(NbexpError, match="objects of `x`"):
        value(store, "y")
