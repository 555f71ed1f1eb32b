"""Functions that torch calls by itself: they are read like code that a stage calls, and so is what they change."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from functools import partial

from tests.behaviour.model import OTHER, RAN, UNSTORED, Case, Step, case, cell, final, replayed, stage, twins

_C = "hooks"
_twins = partial(twins, category=_C, needs="torch")


def _replayed(name: str, setup: str, source: str, *ends: Step) -> Case:
    return replayed(name, _C, setup, source, *ends, needs="torch")


_STEP = """import torch
w = torch.zeros(2, requires_grad=True)
def step(p):{note}
    with torch.no_grad(): p -= {rate} * p.grad
handle = w.register_post_accumulate_grad_hook(step)
{end}
"""
_BACKWARD = "(w * 3).sum().backward()\nmoved = round(float(w.detach().sum()), 3)"

_OPTIMIZERS = """import torch
torch.manual_seed(0)
m = torch.nn.Linear(2, 1)
optimizers = {p: torch.optim.SGD([p], lr=.1, momentum=.9) for p in m.parameters()}
def step(p):
    optimizers[p].step()
    optimizers[p].zero_grad()
for p in m.parameters(): p.register_post_accumulate_grad_hook(step)
None
"""

_CLOSURE = """import torch
torch.manual_seed(0)
m = torch.nn.Linear(2, 1)
def counting():
    seen = []
    def count(p): seen.append(len(seen))
    return seen, count
seen, count = counting()
for p in m.parameters(): p.register_post_accumulate_grad_hook(count)
del count
"""


#: In this process the numbers of hooks go on where the last kernel's ended.
_EVERY = """import torch
torch.utils.hooks.RemovableHandle.next_id = 1000
m, factor = torch.nn.Identity(), {}
def scaled(m, i, o): return o * factor{}
handle = torch.nn.modules.module.register_module_forward_hook(scaled)
{}
"""

_MODE = """import torch
from torch.overrides import TorchFunctionMode
seen = []
class Mode(TorchFunctionMode):
    def __torch_function__(self, f, t, a=(), k=None):
        seen.append(f.__name__)
        return f(*a, **(k or {}))
mode, w = Mode(), torch.ones(2)
"""


def _step(rate: float = .1, note: str = "", end: str = "") -> str:
    return _STEP.format(rate=rate, note=note, end=end)


CASES = [
    *_twins("a step after the gradient", setup=_step(), source=_BACKWARD, miss=_step(.5), hit=_step(note="  # down"), value=("moved", -3.0, -0.6)),
    *_twins("a step after the gradient that is removed", setup=_step(), source=_BACKWARD, miss=_step(end="handle.remove()"), hit=_step(), value=("moved", 0.0, -0.6)),
    *_twins("a removed step after the gradient", setup=_step(end="handle.remove()"), source=_BACKWARD, miss=_step(), hit=_step(.5, end="handle.remove()"), value=("moved", -0.6, 0.0)),
    _replayed("optimizers that step in hooks", _OPTIMIZERS, "m(torch.ones(1, 2)).sum().backward()\nNone", final("[len(o.state) for o in optimizers.values()]", [1, 1]), final("[len(p._post_accumulate_grad_hooks) for p in optimizers]", [1, 1])),
    _replayed("what a hook holds by itself", _CLOSURE, "m(torch.ones(1, 2)).sum().backward()\nNone", final("seen", [0, 1])),
    _replayed("a hook set by the stage", "import torch\nw = torch.zeros(2, requires_grad=True)\nlog = []", "w.register_post_accumulate_grad_hook(lambda p: log.append(1))\nNone", final("w.sum().backward() or log", [1])),
    _replayed("a handle above a stage that trains", _step(), _BACKWARD, final("handle.remove() or len(w._post_accumulate_grad_hooks)", 0)),
    *_twins("a hook of all modules", setup=_EVERY.format(2, "", ""), source="y = m(torch.ones(1)).item()", miss=_EVERY.format(3, "", ""), hit=_EVERY.format(2, "  # scaled", ""), value=("y", 3.0, 2.0)),
    *_twins("a hook of all modules that is removed", setup=_EVERY.format(2, "", ""), source="y = m(torch.ones(1)).item()", miss=_EVERY.format(2, "", "handle.remove()"), hit=_EVERY.format("1 + 1", "", ""), value=("y", 1.0, 2.0)),
    _replayed("a hook of all modules set by the stage", "import torch\nm = torch.nn.Identity()\ndef scaled(m, i, o): return o * 2", "torch.nn.modules.module.register_module_forward_hook(scaled)\nNone", final("m(torch.ones(1)).item()", 2.0)),
    case("a mode that is active", _C, OTHER, cell(_MODE), cell("mode.__enter__(); None"), stage("y = float(w.sum())", UNSTORED, why="with mode"), final("seen", ["sum", "__float__"]), cell("mode.__exit__(None, None, None)"), stage("y = float(w.sum())", RAN), needs="torch"),
    case("a mode that is active for new tensors", _C, OTHER, cell(_MODE), cell("mode.__enter__(); None"), stage("y = float(torch.ones(2).sum())", UNSTORED, why="with mode"), final("seen", ["ones", "sum", "__float__"]), needs="torch"),
    case("a mode that the stage does not leave", _C, OTHER, cell(_MODE), stage("mode.__enter__()\nNone", UNSTORED, why="with mode"), needs="torch"),
    case("no gradients ever", _C, OTHER, cell("import torch\nw, mode = torch.ones(2), torch.inference_mode()\nmode.__enter__(); None"), stage("y = float(w.sum())", UNSTORED, why="inference_mode"), cell("mode.__exit__(None, None, None)"), stage("y = float(w.sum())", RAN), needs="torch"),
    _replayed("a mode inside the stage", _MODE, "with mode:\n    y = float(w.sum())", final("seen, y", (["sum", "__float__"], 2.0))),
]
