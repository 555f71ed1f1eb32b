"""Which places source sets in modules that are not the project's, and what stands there."""

from __future__ import annotations

import ast
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from nbexp.adapters.base import Name
from nbexp.code.assigned import ABSENT, find_place, places_set, told_elsewhere, value_at


def found(source: str, **namespace: Any) -> set[str]:
    names = {find_place(place, namespace) for place in places_set(ast.parse(source))}
    return {str(name) for name in names if name is not None}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import json\njson.answer = 1", "json.answer"),
        ("import json as j\nj.answer = 1", "json.answer"),
        ("import json.decoder\njson.decoder.answer = 1", "json.decoder.answer"),
        ("import json.decoder as d\nd.answer = 1", "json.decoder.answer"),
        ("from json import decoder\ndecoder.answer = 1", "json.decoder.answer"),
        ("from json import JSONDecoder as D\nD.answer = 1", "json.decoder.JSONDecoder.answer"),
        ("def f():\n    import json\n    json.answer = 1", "json.answer"),
        ("js.answer = 1", "json.answer"),
        ("Decoder.answer = 1", "json.decoder.JSONDecoder.answer"),
        ("js.answer += 1", "json.answer"),
        ("js.answer: int = 1", "json.answer"),
        ("del js.answer", "json.answer"),
        ("js.a, (js.b, *js.c) = x", "json.a json.b json.c"),
        ("for js.answer in x: pass", "json.answer"),
        ("with x as js.answer: pass", "json.answer"),
        ("setattr(js, 'answer', 1)", "json.answer"),
        ("mock.patch.object(js, 'answer', 1).start()", "json.answer"),
        ("mock.patch('json.decoder.answer', 1).start()", "json.decoder.answer"),
        ("vars(js)['answer'] = 1", "json.answer"),
        ("js.__dict__['answer'] = 1", "json.answer"),
        ("js.table['a'] = 1", "json.table"),
        ("js.table.update(a=1)", "json.table"),
        ("js.decoder.JSONDecoder.table.clear()", "json.decoder.JSONDecoder.table"),
        ("x = js.answer", ""),
        ("js = 1", ""),
        ("setattr(js, name, 1)", ""),
        ("things['a'] = 1", ""),
        ("things.update(a=1)", ""),
        ("Own.answer = 1", ""),
        ("import no_such_module\nno_such_module.answer = 1", ""),
        ("f().answer = 1", ""),
    ],
)
def test_places(source: str, names: str) -> None:
    class Own:
        pass

    Own.__module__ = "__main__"
    assert found(source, js=json, Decoder=json.JSONDecoder, things={}, Own=Own) == set(names.split())


def test_a_module_that_is_imported_later(monkeypatch: pytest.MonkeyPatch) -> None:
    (place,) = places_set(ast.parse("import json.twin_late as late\nlate.table['a'] = 1"))
    assert str(find_place(place, {})) == "json.twin_late.table"
    late = ModuleType("json.twin_late")
    assert value_at(Name("json.twin_late", ("table",)), inside=True) is ABSENT
    monkeypatch.setitem(sys.modules, "json.twin_late", late)
    vars(late)["table"] = {"a": 1}
    assert value_at(Name("json.twin_late", ("table",)), inside=True) == {"a": 1}


def test_only_plain_containers_are_changed_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    class Table(dict[str, int]):
        pass

    monkeypatch.setattr(json, "table", Table(a=1), raising=False)
    name = Name("json", ("table",))
    assert value_at(name) == {"a": 1}
    assert value_at(name, inside=True) is ABSENT


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        (Name("sys", ("path",)), True),
        (Name("sys", ("stdout",)), True),
        (Name("sys", ("argv",)), False),
        (Name("warnings", ("filters",)), True),
        (Name("warnings", ("defaultaction",)), False),
        (Name("logging", ("root", "handlers")), True),
    ],
)
def test_what_is_told_elsewhere(name: Name, elsewhere: bool) -> None:
    assert told_elsewhere(name) is elsewhere
