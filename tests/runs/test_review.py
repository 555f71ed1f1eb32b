"""What reading a notebook finds: each kind of remark beside its nearest harmless neighbour."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from nbexp.runs.review import review


def notebook(*sources: str) -> Any:
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def found(*sources: str) -> list[tuple[str, int, int]]:
    return [(each.kind, each.cell, each.line) for each in review(notebook(*sources))]


STAGE = "%%stage a\n"

FOUND: dict[str, tuple[tuple[str, ...], list[tuple[str, int, int]]]] = {
    "a path of this machine": (("a = 1", "b = 2\nopen('/home/ann/data.csv')"), [("path", 2, 2)]),
    "a path on Windows": (("p = r'C:\\data\\x.csv'",), [("path", 1, 1)]),
    "a path from the home folder": (("p = '~/x.csv'",), [("path", 1, 1)]),
    "a path in a stage": ((STAGE + "p = '/mnt/x/y.csv'",), [("path", 1, 2)]),
    "pip": (("!pip install -q torch",), [("install", 1, 1)]),
    "%pip": (("x = 1\n%pip install torch",), [("install", 1, 2)]),
    "conda": (("!conda install torch",), [("install", 1, 1)]),
    "numpy's generator": (("import numpy as np", STAGE + "x = np.random.rand(3)"), [("randomness", 2, 2)]),
    "Python's generator": (("import random", STAGE + "random.shuffle([1])"), [("randomness", 2, 2)]),
    "a generator without a seed": (("import numpy as np", STAGE + "np.random.default_rng()"), [("randomness", 2, 2)]),
    "a split without a seed": (
        ("from sklearn.model_selection import train_test_split", STAGE + "a, b = train_test_split([1, 2])"),
        [("randomness", 2, 2)],
    ),
    "a frame's sample by a number": (("df = [0]", STAGE + "df.sample(3)"), [("randomness", 2, 2)]),
    "another sample": (("d = x = [0]", STAGE + "d.sample(x)"), []),
    "a frame's sample": (("import pandas as pd\ndf = pd.Series()", STAGE + "df.sample(n=3)"), [("randomness", 2, 2)]),
    "a parameter set again": (("# parameters\nlr = 1", "a = 2\nlr = 3"), [("parameter", 2, 2)]),
    "a name that no cell makes": (("a = 1", "b = a + gone"), [("undefined", 2, 1)]),
    "a name made below": (("b = a", "a = 1"), [("undefined", 1, 1)]),
    "a name read by a function": (("def f():\n    return gone", "f()"), [("undefined", 1, 2)]),
    "an AWS key": (("k = 'AKIAABCDEFGHIJKLMNOP'",), [("secret", 1, 1)]),
    "an API key": (("k = 'sk-proj-Ab1' + 'x'\n# sk-proj-Ab1Cd2Ef3Gh4Ij5Kl6Mn7",), [("secret", 1, 2)]),
    "an API key of small letters": (("k = 1  # sk-0a1b2c3d4e5f60718293a4b5c6d7e8f9",), [("secret", 1, 1)]),
    "a token in a comment": (("# hf_" + "a" * 34,), [("secret", 1, 1)]),
    "a password": (("db_password = 'correct horse'",), [("secret", 1, 1)]),
    "a secret with a type": (("token: str = 'correct horse'",), [("secret", 1, 1)]),
    "a variable of the environment": (("import os\nos.environ['WANDB_API_KEY'] = 'abcdefgh'",), [("secret", 1, 2)]),
    "an argument": (("import db\ndb.connect(password='correct horse')",), [("secret", 1, 2)]),
    "a member": (("d = {'password': 'correct horse'}",), [("secret", 1, 1)]),
    "an address": (("u = 'https://ann:hunter22@example.org'",), [("secret", 1, 1)]),
    "a token in a cell that cannot be parsed": (("x = (\nt = 'hf_" + "a" * 34 + "'",), [("secret", 1, 2)]),
    "an attribute": (("import openai\nopenai.api_key = 'abcdefgh'",), [("secret", 1, 2)]),
}  # fmt: skip

HARMLESS: dict[str, tuple[str, ...]] = {
    "a relative path": ("open('data/x.csv')",),
    "an address": ("u = 'https://example.org/home/x'",),
    "a route": ("r = '/api/v1/items'",),
    "a device": ("p = '/dev/null'",),
    "text": ("t = 'one / two'",),
    "an installation that is only listed": ("!pip list",),
    "a draw in a plain cell": ("import numpy as np\nnp.random.rand()",),
    "a draw with --seed": ("import numpy as np", "%%stage a --seed 1\nx = np.random.rand()"),
    "a draw that was seeded above": ("import numpy as np\nnp.random.seed(0)", STAGE + "x = np.random.rand()"),
    "a generator with a seed": ("import numpy as np", STAGE + "r = np.random.default_rng(0)"),
    "a split with a seed": (
        "from sklearn.model_selection import train_test_split",
        STAGE + "a = train_test_split([1, 2], random_state=0)",
    ),
    "a parameter that is read": ("# parameters\nlr = 1", "rate = lr"),
    "a parameter as an index": ("# parameters\nlr = 1", "scores = {}\nscores[lr] = 0.5"),
    "another name in a function": ("# parameters\nlr = 1", "def f():\n    lr = 2"),
    "builtins and history": ("print(len([_]), __name__, In)",),
    "a function made below, called further below": ("def f():\n    return g()", "def g():\n    return 1", "f()"),
    "a name that a star may have brought": ("from os.path import *", "join('a')"),
    "a name that %run may have made": ("%run other.py", "x"),
    "a name bound on some ways": ("if True:\n    a = 1", "a"),
    "a name made in the cell": ("for i in range(3):\n    last = i\nprint(last)",),
    "a magic that binds": ("%matplotlib inline", "import math", "math.pi"),
    "a placeholder": ("password = 'your password here'", "token = '<token>'", "api_key = 'xxxxxxxx'"),
    "names of classes in HTML": ("html = '<label class=\"sk-toggleable__label-arrow sk-estimator-id-12\">'",),
    "a secret that is read": ("import os\ntoken = os.environ['TOKEN']",),
    "an empty one": ("password = ''",),
    "a cell that cannot be parsed": ("a = (",),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found(name: str) -> None:
    sources, expected = FOUND[name]
    assert found(*sources) == expected


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless(name: str) -> None:
    assert found(*HARMLESS[name]) == []


def test_a_secret_is_not_shown() -> None:
    secret = "hf_" + "abcdefghij" * 4
    remarks = review(notebook(f"print('{secret}')"))
    assert len(remarks) == 1
    assert "hf_a…" in remarks[0].text
    assert secret[:8] not in remarks[0].text + remarks[0].advice


@pytest.mark.parametrize(
    "source", ["%pip install -i https://ann:hunter22@pypi.corp/simple x", "!pip install git+https://ghp_" + "a1" * 20]
)
def test_what_is_quoted_shows_no_secret(source: str) -> None:
    remarks = review(notebook(source))
    assert {each.kind for each in remarks} == {"install", "secret"}
    assert not any("hunter22" in each.text or "a1a1a1" in each.text for each in remarks)


def test_a_secret_in_a_saved_output_is_found() -> None:
    book = notebook("show()")
    book.cells[0].outputs = [new_output("stream", name="stdout", text="token hf_" + "q" * 34)]
    assert [(each.kind, each.cell) for each in review(book)] == [("secret", 1), ("undefined", 1)]


def test_remarks_say_where_the_name_is_made() -> None:
    below, nowhere = review(notebook("b = a\nc = gone", "a = 1"))
    assert (below.text, below.advice) == ("`a` is read, and cell 2 below makes it", "Move that cell up.")
    assert nowhere.text == "`gone` is read, and no cell makes it"
