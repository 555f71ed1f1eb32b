"""Notebooks made by chance, and what their user does: run cells in any order, edit them, change files, restart.

What a notebook of stages shows and leaves must be what the same one shows and leaves without them. Statements share,
alias, mutate and delete a handful of variables, so that chance finds what nobody has thought of.
"""

# ruff: noqa: E501
from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.behaviour.model import Cell, Restart, Step, Write, with_ids

_START = """\
import random
import numpy as np
import pandas as pd
from functools import partial
from pathlib import Path
a, b, c = [1, 2], [3], []
d, e = {}, {'k': a}
n, m = 1, 2
s, r = 'text', 'more'
def f(q): return q
def g(q): return n
class A:
    v = 1
    def get(self): return self.v, m
    def __repr__(self): return 'A'
o, p = A(), A()
x, y = np.arange(3), np.ones(2)
t = u = pd.DataFrame({'i': [1, 2], 'j': [3, 4]})
it = iter([1, 2, 3])
random.seed(1); np.random.seed(1)"""

_KINDS = {"L": "abc", "D": "de", "N": "nm", "S": "sr", "F": "fg", "O": "op", "X": "xy", "T": "tu"}

_STATEMENTS = r"""{L} = [{K}, {K}]
{L} = {L}
{L}.append({V})
{L} = {L} + [{V}]
{L} += [{V}]
{L}[0] = {V}
{L} = {L}[:]
{L} = [{L}, {L}]
{L} = list(map({F}, [{K}, {K}]))
{L} = sorted({L}, key=repr)
del {L}[:1]
{D} = {{'k': {L}, {K}: {V}}}
{D}['k'] = {L}
{D}.setdefault('q', []).append({V})
{D} = dict({D})
{D}.update(z={V})
{D}['self'] = {O}
{L} = {D}['k']
{D}.pop('k', None)
{N} = {K}
{N} += {K}
{N} = len({L})
{N}, {L} = {K}, [{V}]
{N} = {F}({K})
{N} = len({D}) + int({X}[0])
def {F}(q):\n    return q, {N}
def {F}(q):\n    return len({L}), q
def {F}(q, w={L}):\n    w.append(q)\n    return len(w)
def {F}(q):\n    global {N}\n    {N} = q\n    return q
{F} = lambda q: ({N}, q)
{F} = partial(pow, {K})
def make(z):\n    def inner(q):\n        nonlocal z\n        z = z + 1\n        return z\n    return inner\n{F} = make({K})
{F}.mark = {V}
{F} = {F}
{S} = {O}.get()
{S} = str({F}({K}))
class A:\n    v = {K}\n    def get(self):\n        return self.v, {N}\n    def __repr__(self):\n        return 'A'
class A(A):\n    w = {K}
{O} = A()
{O}.w = {V}
{O} = {O}
A.v = {V}
A.get = lambda self: {K}
{S} = repr({O}.get())
{S} = getattr({O}, 'w', None)
{X} = np.arange({K} + 2)
{X} = {X}[1:]
{X} = {X}.copy()
{X}[0] = {K}
{X} += 1
{X} = {X} * 2
np.multiply({X}, 3, out={X})
{S} = {X}.sum()
{T} = pd.DataFrame({{'i': [{K}, {K}], 'j': {X}[:2].tolist()}})
{T}['i'] = {K}
{T}.iloc[0, 0] = {K}
{T} = {T}.copy()
{T} = {T}
{S} = {T}['i']
{T}.attrs['l'] = {L}
{N} = random.randrange(100)
random.seed({K})
{N} = int(np.random.randint(100))
np.random.seed({K})
print({N}, len({L}))
print(type({S}).__name__, {S} if isinstance({S}, (str, int, float)) else '')
{N}
{L}
{D}
del {L}
del {N}
if {N}:\n    {L} = [{K}]
for i in range({K}):\n    {N} = i
try:\n    {D}['none']\nexcept Exception as error:\n    {S} = type(error).__name__
{S} = Path('data.txt').read_text()
import mod\n{S} = mod.f({K})
from mod import f as {F}
import mod\nmod.V = {K}
{N} = next(it, None)
it = iter({L})
exec('{N} = {K}')
globals()['{N}'] = {K}
{N} = globals().get('{N}')
z = {L} is {L}, {O} is {O}
z = [{L} is value for value in {D}.values()]
{L} = [{N} for {N} in range({K})]
{S} = f'{{{N}}} {{{L}}}'
{N} = 1 / ({K} - 1)
raise ValueError({N})
{N} = (lambda: {N})()
{S} = [one for one in 'abcdenm' if one in globals()]
np.set_printoptions(precision={K})
pd.options.display.max_rows = {K}
{D} = {{**{D}, **{D}}}
{L}.extend({L})
{L}.clear()
{O}.__dict__.update(w={V})
{O}.__class__ = A
{S} = {{{K}, {N}}}
{S} = ({L}, {K})
{S} = ({S}, {S})
q = np.random.default_rng({K})
{N} = int(q.integers(9))
{S} = random.Random({K})
{N} = {S}.random() if hasattr({S}, 'random') else 0
import functools\n@functools.lru_cache\ndef {F}(q):\n    return q, {N}
{F}.cache_clear()
import functools\n@functools.wraps({F})\ndef {F}(q, inner={F}):\n    return inner(q), {K}
{X} = {T}['i'].to_numpy(copy=True)
{X} = {X}.reshape(-1, 1)[:, 0]
{T} = {T}.groupby('i', as_index=False).sum()
{T}.loc[{K}] = {K}
{T}.index = {T}.index + 1
{T}['o'] = [{O}] * len({T})
from dataclasses import dataclass, field\n@dataclass\nclass B:\n    w: int = {K}\n    l: list = field(default_factory=list)\n{S} = B()
{S} = B({K}, {L})
import enum\nclass E(enum.Enum):\n    ONE = {K}\n{S} = E.ONE
{O}.go = {F}
{O}.self = {O}
{S} = {O}.go({K})
from collections import deque\n{S} = deque({L}, maxlen=3)
from collections import defaultdict\n{S} = defaultdict(list, k={L})
{S}['k'].append({K})
import warnings\nwarnings.warn('w{K}')
{S} = np.array([{K}, {L}, None], dtype=object)
{S} = slice({K})
from IPython.display import display\ndisplay({N}, {S} == 1)
{N};
import asyncio\nawait asyncio.sleep(0)\n{N} = {K}
{L}[:] = [{V}]
{L}.sort(key=repr)
{L}.reverse()
{L} is {L} or {L}.append({K})
[{L}, {L}][0].append({K})
while n > 0:\n    n -= 1
match {N}:\n    case 1:\n        {L} = [1]\n    case _:\n        {L}.append({K})
with open('data.txt') as h:\n    {S} = h.read()
{N} = max({N} for {N} in [1, {K}])
{S} = type('K', (A,), {{'v': {K}}})
{O}.v = {K}
del {O}.v
A.__init__ = lambda self: setattr(self, 'w', {N})
A.n = property(lambda self: {N})
A.shared = {L}
{O}.shared.append({K})
{S} = {O}.n
if len({L}) > {K}:\n    del {N}
try:\n    {N} = {L}[{K}]\nexcept IndexError:\n    pass
for {N} in {L}:\n    if {N} == {K}:\n        break\nelse:\n    {S} = {K}
{N} = {K} if ({N} := {K}) else 0
def {F}(q):\n    from mod import V\n    return V, q
def {F}(q):\n    import mod\n    mod.V = q\n    return mod.f(q)
def {F}(q):\n    return eval('{N} + 1')
{S} = [{F}(one) for one in range(2)]
{S} = [one for one in ({F}(two) for two in range(2))]
{D}[{K}] = {D}
{O}, {O} = {O}, {O}
{L}, {L} = {L}, {L}
import copy\n{L} = copy.deepcopy({L})
import copy\n{O} = copy.copy({O})
{S} = Path('data.txt').exists(), Path('none.txt').exists()
{L} += {L}""".splitlines()

_LIBRARIES_START = """\
import numpy as np, pandas as pd, random, torch, copy
from torch import nn
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
import matplotlib.pyplot as plt
np.random.seed(1); random.seed(1); torch.manual_seed(1)
x, y = np.random.rand(8, 2), np.random.rand(8)
u, v = torch.rand(4, 2), torch.rand(4, 1)
m, k = nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Linear(2, 1))
o = p = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
e, h = Ridge(), make_pipeline(StandardScaler(), Ridge())
f, g = plt.subplots()
a, b = g.plot([1, 2])[0], []
plt.close(f)
l, n = [], 1
def loss(model): return ((model(u) - v) ** 2).mean()"""

_LIBRARIES_KINDS = {
    "M": "mk",
    "O": "op",
    "U": "uv",
    "X": "xy",
    "E": "eh",
    "L": "lb",
    "F": "f",
    "G": "g",
    "A": "a",
    "N": "n",
}

_LIBRARIES_STATEMENTS = r"""{M} = nn.Linear(2, 1)
torch.manual_seed({K})
{O} = torch.optim.SGD({M}.parameters(), lr=0.{K}1, momentum=0.9)
{O} = torch.optim.Adam({M}.parameters(), lr=0.{K}1)
{O}.zero_grad()
loss({M}).backward()
loss({M}).backward()\n{O}.step()\n{L}.append(loss({M}).item())
{O}.zero_grad()\nt = loss({M})\nt.backward()\n{O}.step()
{M}.eval()
{M}.train()
with torch.no_grad():\n    {U} = {M}({U}) if {U}.shape[1] == 2 else {U} * 2
{U} = torch.rand(4, 2)
{U} += {K}
{U}[0] = {K}
{U} = {U}.clone()
{U} = {U}.detach()
{U} = {U}[1:]
{U} = {M}.weight if hasattr({M}, 'weight') else {U}
{M}.load_state_dict({M}.state_dict())
{L}.append({M}.state_dict())
{L}.append(copy.deepcopy({M}))
{M} = copy.deepcopy({M})
{L}.append(list({M}.parameters())[0])
list({M}.parameters())[0].requires_grad_(False)
{M}.extra = {U}
{M}.register_buffer('kept', {U})
{M}.register_forward_hook(lambda module, args, out: out * 2)
nn.init.constant_(list({M}.parameters())[0], {K})
{N} = loss({M}).item()
for group in {O}.param_groups:\n    group['lr'] = 0.{K}
{E}.fit(x, y)
{E} = Ridge(alpha={K})
{E} = RandomForestRegressor(2, random_state={K})
{E} = SGDRegressor(random_state={K})
{E} = RandomForestRegressor(2)
{E}.set_params(alpha={K})
{X} = {E}.predict(x) if {K} else {X}
{E}.note = {L}
{L} = [{E}, {M}]
{L} = []
{X} = np.random.rand(8, 2)
{X} *= 2
x[{K}] = {K}
{G}.plot([{K}, {N}])
{G}.set_title('{K}')
{A}.set_color('r' if {K} else 'b')
{A} = {G}.plot([1, {K}])[0]
{F}, {G} = plt.subplots()\nplt.close({F})
{G}.cla()
{G}.legend(['{K}'])
{F}.suptitle('{K}')
{F}
plt.rcParams['lines.linewidth'] = {K}
plt.plot([{K}])\nplt.show()
torch.set_default_dtype(torch.float64 if {K} == 1 else torch.float32)
torch.set_grad_enabled({K} != 1)
{N} = {K}
print({N}, len({L}))
{N}
def loss(model): return ((model(u) - v) ** 2).sum() * {K}
{O}.param_groups[0]['params'][0].data.add_({K})
class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.one = nn.Linear(2, 1)\n        self.two = self.one\n    def forward(self, q):\n        return self.two(q) * {K}\n{M} = Net()
{M} = Net()
{O}.state.clear()
s = torch.optim.lr_scheduler.StepLR({O}, 1)\ns.step()""".splitlines()

_COMMENTS = ("# {K}", "pass", "'{K}'")


@dataclass(frozen=True)
class _Cell:
    """A cell as it stands: its statements, and whether it is a stage."""

    id: str
    statements: tuple[str, ...]
    stage: bool

    def step(self) -> Cell:
        body = "\n".join(self.statements)
        return Cell(f"%%stage {self.id}\n{body}" if self.stage else body)


@dataclass(frozen=True)
class Words:
    """What notebooks are made of.

    Attributes:
        start: The first cell; it binds all variables. kinds: The variables of each kind.
        statements: With a kind in braces where a variable stands, ``{K}`` for a number, ``{V}`` for any plain value.
    """

    start: str
    kinds: dict[str, str]
    statements: list[str]


PLAIN = Words(_START, _KINDS, _STATEMENTS)
LIBRARIES = Words(_LIBRARIES_START, _LIBRARIES_KINDS, _LIBRARIES_STATEMENTS)


@dataclass
class _Story:
    chance: random.Random
    words: Words
    cells: list[_Cell] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def statement(self) -> str:
        chosen = self.chance.choice(_COMMENTS if self.chance.random() < 0.05 else self.words.statements)
        text = chosen.replace("\\n", "\n")
        while "{V}" in text:
            value = self.chance.choice(("{K}", "{N}", "{L}", "{O}", "'{K}'", "({K}, {L})", "{K}.0"))
            text = text.replace("{V}", value, 1)
        while "{K}" in text:
            text = text.replace("{K}", str(self.chance.randrange(4)), 1)
        for kind, names in self.words.kinds.items():
            while f"{{{kind}}}" in text:
                text = text.replace(f"{{{kind}}}", self.chance.choice(names), 1)
        return text.replace("{{", "{").replace("}}", "}")

    def some(self, count: int) -> tuple[str, ...]:
        return tuple(self.statement() for _ in range(count))

    def edit(self) -> None:
        at = self.chance.randrange(len(self.cells))
        statements = list(self.cells[at].statements)
        where = self.chance.randrange(len(statements) + 1)
        how = self.chance.random()
        if how < 0.4 or not statements[where : where + 1]:
            statements.insert(where, self.statement())
        elif how < 0.7 or len(statements) == 1:
            statements[where] = self.statement()
        else:
            del statements[where]
        self.cells[at] = replace(self.cells[at], statements=tuple(statements))

    def write(self) -> None:
        number = self.chance.randrange(3)
        if self.chance.random() < 0.5:
            self.steps.append(Write("data.txt", f"{number}"))
        else:
            self.steps.append(Write("mod.py", f"V = {number}\ndef f(q):\n    return q, V\n"))

    def run(self) -> None:
        """A round of the user's: cells are edited or not, and run from the top, or some of them in any order."""
        for act, share in ((self.edit, 0.7), (self.edit, 0.3), (self.write, 0.2)):
            if self.chance.random() < share:
                act()
        if self.chance.random() < 0.6:
            self.steps += [Restart(), Cell(self.words.start, id="start")]
            chosen = self.cells
        else:
            chosen = self.chance.choices(self.cells, k=self.chance.randrange(1, len(self.cells)))
        self.steps += [cell.step() for cell in chosen]


def story(seed: int, words: Words = PLAIN, cells: int = 6, rounds: int = 5) -> list[Step]:
    """What a user does with one notebook.

    Args:
        seed: The same seed, the same story. words: What it is made of. cells: Of the notebook. rounds: Of editing and
            running.
    """
    made = _Story(random.Random(seed), words)
    made.cells = [
        _Cell(f"s{at}", made.some(made.chance.randrange(1, 5)), made.chance.random() < 0.8) for at in range(cells)
    ]
    made.steps += [Write("data.txt", "0"), Write("mod.py", "V = 0\ndef f(q):\n    return q, V\n"), Restart()]
    made.steps.append(Cell(words.start, id="start"))
    made.steps += [cell.step() for cell in made.cells]
    for _ in range(rounds):
        made.run()
    return list(with_ids(made.steps))  # cells that run again are others, below: `sessions.py` has them run in any order
