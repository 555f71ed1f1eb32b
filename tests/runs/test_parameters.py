"""The parameters cell: found, read, and followed by one injected cell."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from nbexp.errors import BadUse
from nbexp.runs.parameters import INJECTED_ID, inject, parameters, parameters_cell, parse_assignments

CELL = """\
# parameters
import os
lr: float = 0.1  # learning rate
layers = 3
a = b = "x"
name: str | None = None
sizes: list[int] = [1,
                    2]  # of the layers
undefined: int
x.y = 3
"""


def notebook(*cells: tuple[str, str] | str) -> Any:
    made = nbformat.v4.new_notebook()
    for cell in cells:
        source, tag = cell if isinstance(cell, tuple) else (cell, "")
        made.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": [tag]} if tag else {}))
    return made


@pytest.mark.parametrize(
    ("cells", "index"),
    [
        (("1", ("lr = 1", "parameters")), 1),
        (("# parameters\nlr = 1", ("lr = 1", "parameters")), 1),
        (("1", "# parameters\nlr = 1", "# parameters\n"), 1),
        (("1", "#parameters\nlr = 1"), 1),
        (("1", ("# Parameters\nlr = 1", "injected-parameters")), None),
        (("1", "# parameters of the model\nlr = 1"), None),
        (("1", "lr = 1\n# parameters"), None),
        ((), None),
    ],
)
def test_the_parameters_cell_is_the_tagged_one_else_the_first_with_the_title(cells: Any, index: int | None) -> None:
    assert parameters_cell(notebook(*cells)) == index


def test_variables_of_loops_and_comprehensions_are_no_parameters_and_magics_do_not_matter() -> None:
    source = "# parameters\n%precision 3\nsizes = [s for s in (1, 2)]\nfor t in sizes: t\na, (b, *c) = 1, (2, 3)"
    found = [(p.name, str(p.type), p.default) for p in parameters(notebook(source))]
    assert found == [
        ("sizes", "any", "[s for s in (1, 2)]"),
        ("a", "int", "1"),
        ("b", "int", "2"),
        ("c", "any", ""),
    ]


def test_parameters_have_type_default_and_help() -> None:
    found = [(p.name, str(p.type), p.default, p.help) for p in parameters(notebook(CELL))]
    assert found == [
        ("lr", "float", "0.1", "learning rate"),
        ("layers", "int", "3", ""),
        ("a", "str", "'x'", ""),
        ("b", "str", "'x'", ""),
        ("name", "str or None", "None", ""),
        ("sizes", "list of int", "[1, 2]", "of the layers"),
        ("undefined", "int", "", ""),
    ]


def test_values_are_typed_by_the_parameters() -> None:
    texts = ["lr=1", "layers=4", "a=1", "name=None", "sizes=[3]"]
    values = parse_assignments(notebook(CELL), texts, where="n.ipynb")
    assert values == {"lr": 1.0, "layers": 4, "a": "1", "name": None, "sizes": [3]}
    assert type(values["lr"]) is float


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("lr", '"lr" sets no parameter', "-p NAME=VALUE"),
        ("=1", '"=1" sets no parameter', "-p NAME=VALUE"),
        ("layer=1", 'no parameter "layer"', 'Did you mean "layers"?'),
        ("zzz=1", 'no parameter "zzz"', "There are: lr, layers"),
        ("layers=2.5", '"2.5" is not an int', "annotate it"),
        ("lr=fast", '"fast" is not a float', "`lr: float = 0.1`"),
    ],
)
def test_what_cannot_be_set_is_refused_with_advice(text: str, what: str, advice: str) -> None:
    with pytest.raises(BadUse) as caught:
        parse_assignments(notebook(CELL), [text], where="n.ipynb")
    assert what in caught.value.what
    assert advice in caught.value.advice


def test_without_a_parameters_cell_the_advice_says_how_to_make_one() -> None:
    with pytest.raises(BadUse, match="no parameters cell") as caught:
        parse_assignments(notebook("lr = 1"), ["lr=2"], where="n.ipynb")
    assert "# parameters" in caught.value.advice


def test_the_injected_cell_stands_below_and_is_always_the_same() -> None:
    made = [notebook("1", CELL, "2"), notebook("1", CELL, "2")]
    for one in made:
        inject(one, {"lr": 0.5, "a": "it's"})
    cells = made[0].cells
    assert [cell.source for cell in cells][2] == '# Parameters\nlr = 0.5\na = "it\'s"'
    assert cells[2].id == INJECTED_ID
    assert cells[2] == made[1].cells[2]


def test_an_earlier_injected_cell_is_replaced_and_never_taken_for_the_parameters_cell() -> None:
    made = notebook("# parameters\nlr = 1", ("# Parameters\nlr = 7", "injected-parameters"), "2")
    inject(made, {"lr": 3})
    assert [cell.source for cell in made.cells] == ["# parameters\nlr = 1", "# Parameters\nlr = 3", "2"]


def test_magics_in_the_parameters_cell_do_no_harm() -> None:
    assert [p.name for p in parameters(notebook("# parameters\n%matplotlib inline\nn = 1"))] == ["n"]
