"""What a notebook names as a result: plain data, or a message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nbexp
from nbexp.errors import BadUse


def test_plain_data_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    nbexp.result("r", {"a": [1, (2.5, None)], "b": np.array(3), "same": [[1]] * 2})
    assert "r: {'a': [1, [2.5, None]], 'b': 3, 'same': [[1], [1]]}" in capsys.readouterr().out


def around_itself() -> Any:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (around_itself(), 'the result "r" contains itself'),
        (np.datetime64("2026-11-21"), 'the result "r" is datetime64, not plain data'),
        (object(), 'the result "r" is object, not plain data'),
    ],
)
def test_what_json_cannot_hold_is_refused(value: Any, what: str) -> None:
    with pytest.raises(BadUse) as raised:
        nbexp.result("r", value)
    assert raised.value.what == what
