"""Types of parameters: read from annotations and defaults, texts into values, values into source."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexp.runs.annotations import type_of_annotation, type_of_value
from nbexp.runs.types import ANY, Type


def annotated(text: str) -> Type:
    return type_of_annotation(ast.parse(text, mode="eval").body)


def defaulted(text: str) -> Type:
    return type_of_value(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ("int", "int"),
        ("float", "float"),
        ("'int'", "int"),
        ("typing.Optional[int]", "int or None"),
        ("int | None", "int or None"),
        ("Union[None, str]", "str or None"),
        ("list[int]", "list of int"),
        ("tuple[float, ...]", "tuple of float"),
        ("tuple[int, str]", "tuple"),
        ("dict[str, float]", "dict of float"),
        ("Literal['sgd', 'adam']", "one of 'sgd', 'adam'"),
        ("Annotated[float, Gt(0)]", "float > 0"),
        ("Annotated[float, annotated_types.Gt(0), Le(1)]", "float > 0, <= 1"),
        ("Annotated[int, Interval(ge=1, le=8)]", "int >= 1, <= 8"),
        ("Annotated[int, Field(multiple_of=8)]", "int a multiple of 8"),
        ("pathlib.Path", "path"),
        ("torch.device", "any"),
        ("int | str", "any"),
    ],
)
def test_an_annotation_names_a_type(annotation: str, said: str) -> None:
    assert str(annotated(annotation)) == said


@pytest.mark.parametrize(
    ("default", "kind"),
    [
        ("1", "int"),
        ("1.0", "float"),
        ("True", "bool"),
        ("'a'", "str"),
        ("[1]", "list"),
        ("{}", "dict"),
        ("(1,)", "tuple"),
        ("None", "any"),
        ("Path('x')", "path"),
        ("compute()", "any"),
        ("-3", "int"),
    ],
)
def test_a_default_names_a_type(default: str, kind: str) -> None:
    assert defaulted(default).kind == kind


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("int", "3", 3),
        ("int", " -7 ", -7),
        ("float", "3", 3.0),
        ("float", "1e-3", 0.001),
        ("float", "inf", math.inf),
        ("bool", "true", True),
        ("bool", "0", False),
        ("str", "3", "3"),
        ("str", " a b ", " a b "),
        ("str", "None", "None"),
        ("str | None", "None", None),
        ("list[int]", "[1, 2]", [1, 2]),
        ("list[float]", "[1, 2.5]", [1.0, 2.5]),
        ("list[str]", '["a", "b"]', ["a", "b"]),
        ("tuple[int, ...]", "[1]", (1,)),
        ("dict[str, int]", '{"a": 1}', {"a": 1}),
        ("Literal[1, 2]", "2", 2),
        ("Literal['1', 2]", "1", "1"),
        ("Annotated[float, Gt(0)]", "0.1", 0.1),
        ("Unknown", "[1, true]", [1, True]),
        ("Unknown", "plain words", "plain words"),
        ("Unknown", "(1, 2)", (1, 2)),
    ],
)
def test_a_text_becomes_a_value_of_the_type(annotation: str, text: str, value: object) -> None:
    found = annotated(annotation).parse(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text", "said"),
    [
        ("int", "3.5", '"3.5" is not an int'),
        ("int", "", "is not an int"),
        ("float", "fast", "is not a float"),
        ("bool", "maybe", "is not a bool"),
        ("Literal['a', 'b']", "c", "one of 'a', 'b'"),
        ("Literal[1]", "true", "one of 1"),
        ("Annotated[int, Gt(0)]", "0", "> 0"),
        ("Annotated[float, Lt(1)]", "nan", "< 1"),
        ("list[int]", "[1, 2.5]", "2.5"),
        ("list[int]", '["1"]', "'1'"),
        ("list[int]", "[true]", "True"),
        ("list[int]", "3", "not a list"),
        ("list", "[1", "neither JSON"),
        ("dict[str, int]", "[1]", "not a dict"),
    ],
)
def test_a_text_that_is_no_value_of_the_type_is_refused(annotation: str, text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        annotated(annotation).parse(text)
    assert said in str(caught.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
    max_leaves=8,
)


@given(values)
def test_the_source_of_a_value_gives_the_value(value: object) -> None:
    again = eval(ANY.source(value), {"float": float})
    assert again == value
    assert type(again) is type(value)


def test_the_source_of_nan_is_no_name() -> None:
    assert ANY.source([math.nan, -math.inf]) == "[float('nan'), float('-inf')]"


def test_a_path_is_made_by_the_notebooks_own_constructor() -> None:
    kind = annotated("pathlib.Path | None")
    assert kind.source(kind.parse("a/b")) == "pathlib.Path('a/b')"
    assert kind.source(None) == "None"
    assert Path(kind.parse("a/b")) == Path("a/b")
