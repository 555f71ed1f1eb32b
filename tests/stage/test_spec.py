"""Headers of stages: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from nbexp.errors import BadUse
from nbexp.stage.analysis import analyse
from nbexp.stage.spec import HELP, Spec, default_name, parse_spec


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("%%stage", {}),
        ("%%stage train", {"name": "train"}),
        ("train", {"name": "train"}),
        ("  %%stage   train  ", {"name": "train"}),
        ("%%stage 'train-2.b'", {"name": "train-2.b"}),
        ("%%stage größe_1", {"name": "größe_1"}),
        ("%%stage --in a,b --out x", {"ins": ("a", "b"), "outs": ("x",)}),
        ("%%stage --in=a,b", {"ins": ("a", "b")}),
        ("%%stage --in a --in b,a", {"ins": ("a", "b")}),
        ("%%stage --in 'a, b'", {"ins": ("a", "b")}),
        ("%%stage --ignore n_jobs t", {"ignore": ("n_jobs",), "name": "t"}),
        ("%%stage --seed 0", {"seed": 0}),
        ("%%stage --seed=4294967295", {"seed": 4294967295}),
        ("%%stage t --force", {"name": "t", "force": True}),
        ("%%stage --always --no-store", {"always": True, "no_store": True}),
        ("%%stage --recheck", {"recheck": True}),
    ],
)
def test_headers(line: str, fields: dict[str, Any]) -> None:
    assert parse_spec(line) == Spec(**fields)


@pytest.mark.parametrize(
    ("line", "what", "advice"),
    [
        ("%%stage --sede 1", '"--sede"', "--seed"),
        ("%%stage --forse", '"--forse"', "--force"),
        ("%%stage --nostore", '"--nostore"', "--no-store"),
        ("%%stage --input a", '"--input"', "--in"),
        ("%%stage -f", '"-f"', "%%stage? lists them all."),
        ("%%stage a b", '"b"', "- or _"),
        ("%%stage a/b", '"a/b"', "letters"),
        ("%%stage 'my stage'", '"my stage" is not a valid stage name', "letters"),
        ("%%stage a:b", '"a:b"', "letters"),
        ("%%stage -- a", '"--"', "%%stage? lists them all."),
        ("%%stage --in", '"--in" needs a value', "%%stage?"),
        ("%%stage --in --out x", '"--in" needs a value', "%%stage?"),
        ("%%stage --in ,", '"--in"', "commas"),
        ("%%stage --in=", '"--in"', "commas"),
        ("%%stage --in a.b", '"a.b"', "commas"),
        ("%%stage --out class", '"class"', "commas"),
        ("%%stage --seed x", '"--seed x"', "4294967295"),
        ("%%stage --seed -1", '"--seed -1"', "4294967295"),
        ("%%stage --seed 4294967296", '"--seed 4294967296"', "4294967295"),
        ("%%stage --force=yes", '"yes"', "--force alone"),
        ("%%stage 'a", "quote", "Close"),
        ("%%stage --reads *.csv", '"--reads" is not available', "--always"),
        ("%%stage --writes=x", '"--writes" is not available', "--always"),
        ("%%stage --env HOME", '"--env" is not available', "os.environ"),
    ],
)
def test_bad_headers_name_what_is_wrong_and_what_to_do(line: str, what: str, advice: str) -> None:
    with pytest.raises(BadUse) as caught:
        parse_spec(line)
    assert what in caught.value.what
    assert advice in caught.value.advice
    assert "\n" not in caught.value.what + caught.value.advice


def test_the_help_names_every_field() -> None:
    for field in ("in", "out", "ignore", "seed", "force", "always", "no-store"):
        assert f"--{field}" in HELP


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("df = load()\nmodel = fit(df)", "df, model"),
        ("a = b = c = d = 1", "a, b, c"),
        ("import numpy as np\nx = np.ones(3)", "x"),
        ("import numpy as np", "np"),
        ("def clean(df): pass\nclass Model: pass", "clean, Model"),
        ("for row in rows:\n    total += row", "total"),
        ("for row in rows: print(row)", "row"),
        ("row = 1\nfor row in rows: pass", "row"),
        ("_tmp = 1\nx = _tmp", "x"),
        ("_tmp = 1", "_tmp"),
        ("with open(p) as f:\n    text = f.read()", "text"),
        ("df.head()", "cell"),
        ("", "cell"),
    ],
)
def test_default_name(source: str, name: str) -> None:
    assert default_name(analyse(ast.parse(source), source)) == name
