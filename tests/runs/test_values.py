"""Values by reference: what the index claims is compared with the record before a value is loaded."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nbexp.errors import BadUse
from nbexp.graphs.graph import dump
from nbexp.hashing import digest
from nbexp.records import Key, Record, Variable
from nbexp.runs.values import find_value, load_value
from nbexp.store import Store


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
