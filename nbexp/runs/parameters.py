"""The parameters of a notebook: found in its parameters cell, typed by their annotations, set by one injected cell.

The parameters cell is the one tagged ``parameters`` (papermill's convention), else the first whose first line is
``# parameters``. It is read as source and never executed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.errors import BadUse, closest
from nbexp.runs.annotations import type_of_annotation, type_of_value
from nbexp.runs.notebook import python_tree
from nbexp.runs.types import ANY, Type

#: The id of the cell that sets parameters: always the same, so that two runs write the same notebook.
INJECTED_ID = "nbexp-parameters"
INJECTED_TAG = "injected-parameters"

_TITLE = re.compile(r"\s*#\s*parameters\s*(\n|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        type: What values it takes, from its annotation, else from its default.
        annotation: The annotation as written, empty if there is none.
        default: The default as written.
        help: The comment behind it on the same line, without the ``#``.
    """

    name: str
    type: Type
    annotation: str
    default: str
    help: str = ""


def parameters_cell(notebook: Any) -> int | None:
    """The position of the parameters cell, None if the notebook has none."""
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    tagged = [i for i, cell in code if "parameters" in cell.metadata.get("tags", ())]
    own = [(i, cell) for i, cell in code if INJECTED_TAG not in cell.metadata.get("tags", ())]
    titled = [i for i, cell in own if is_titled(cell.source)]
    return next(iter(tagged + titled), None)


def parameters(notebook: Any) -> tuple[Parameter, ...]:
    """The notebook's parameters in the order of their cell; none if it has no parameters cell."""
    index = parameters_cell(notebook)
    if index is None:
        return ()
    source = notebook.cells[index].source
    comments = _comments(source)
    found = {each.name: _parameter(each, comments) for each in assigned(python_tree(source))}
    return tuple(found.values())


def is_titled(source: str) -> bool:
    """Whether a cell's first line is ``# parameters``."""
    return bool(_TITLE.match(source))


@dataclass(frozen=True, slots=True)
class Assigned:
    """A name that a parameters cell binds: its annotation and value if it has one, and the line on which it ends."""

    name: str
    annotation: ast.expr | None
    value: ast.expr | None
    line: int


def assigned(tree: ast.Module) -> Iterator[Assigned]:
    """The parameters of a parameters cell: what its own statements assign.

    ``n = 3``, ``n: int = 3``, ``a, b = 1, 2`` do; variables of loops and comprehensions are none.

    Args:
        tree: The cell as IPython runs it.
    """
    for statement in tree.body:
        line = statement.end_lineno or 0
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield Assigned(statement.target.id, statement.annotation, statement.value, line)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from (Assigned(name, None, value, line) for name, value in _pairs(target, statement.value))


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name in the target of an assignment, and its own value where that can be seen."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        fits = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        values = value.elts if fits and isinstance(value, ast.Tuple | ast.List) else [None] * len(target.elts)
        for inner, part in zip(target.elts, values, strict=True):
            yield from _pairs(inner, part)
    elif isinstance(target, ast.Starred):
        yield from _pairs(target.value, None)


def _parameter(each: Assigned, comments: dict[int, str]) -> Parameter:
    default, text = ast.unparse(each.value) if each.value else "", comments.get(each.line, "")
    if each.annotation is not None:
        return Parameter(each.name, type_of_annotation(each.annotation), ast.unparse(each.annotation), default, text)
    return Parameter(each.name, type_of_value(each.value) if each.value else ANY, "", default, text)


def _comments(source: str) -> dict[int, str]:
    """Line number -> comment behind code; an unfinished cell gives those before the error."""
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string.lstrip("# ").strip()
    except (tokenize.TokenError, SyntaxError):
        # magics are no Python tokens: the comments read so far are all the help there is
        pass
    return found


def parse_assignments(notebook: Any, texts: Iterable[str], *, where: str) -> dict[str, Any]:
    """``["lr=0.1", "layers=3"]`` as values of the parameters' types.

    Args:
        notebook: The notebook whose parameters are set.
        texts: The ``NAME=VALUE`` given by the user.
        where: The notebook's path, for messages.

    Raises:
        BadUse: No ``=``, an unknown parameter (with the closest name), or a value that its type does not take.
    """
    known = {parameter.name: parameter for parameter in parameters(notebook)}
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise BadUse(f'"{text}" sets no parameter', "Write -p NAME=VALUE, for example -p lr=0.1.")
        if name not in known:
            raise _unknown(name, known, where)
        try:
            values[name] = known[name].type.parse(value)
        except ValueError as error:
            raise BadUse(f'parameter "{name}": {error}', _declared(known[name])) from None
    return values


def _declared(parameter: Parameter) -> str:
    if parameter.annotation:
        return f"The parameters cell says `{parameter.name}: {parameter.annotation} = {parameter.default}`."
    return f"Its default is `{parameter.default}`; for another type annotate it: `{parameter.name}: TYPE = …`."


def _unknown(name: str, known: dict[str, Parameter], where: str) -> BadUse:
    if not known:
        return BadUse(
            f'"{where}" has no parameter "{name}": it has no parameters cell',
            "Tag a cell `parameters`, or start it with the line `# parameters`.",
        )
    return BadUse(f'"{where}" has no parameter "{name}"', closest(name, known))


def inject(notebook: Any, values: dict[str, Any]) -> None:
    """Set parameters by one cell below the parameters cell, in place; an earlier injected cell is replaced."""
    import nbformat

    known = {parameter.name: parameter for parameter in parameters(notebook)}
    lines = [f"{name} = {known[name].type.source(value)}" for name, value in values.items()]
    notebook.cells = [c for c in notebook.cells if INJECTED_TAG not in c.metadata.get("tags", ())]
    cell = nbformat.v4.new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED_TAG]})
    cell["id"] = INJECTED_ID
    if notebook.nbformat_minor < 5:
        del cell["id"]
    index = parameters_cell(notebook)
    assert index is not None
    notebook.cells.insert(index + 1, cell)
